"""pulse: measures in, findings about the watching itself out; silent sources, odd volumes, dead letters, noisy rules."""
