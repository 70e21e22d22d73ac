"""Every figure that README.md and BENCHMARKS.md quote."""
