"""Runs every benchmark, or those named: ``python -m benchmarks [NAME ...]``."""

import sys
from importlib import import_module
from pathlib import Path

FOUND = sorted(path.stem for path in Path(__file__).parent.glob("*.py") if not path.stem.startswith("_"))


def main(wanted: list[str]) -> int:
    """Run the benchmarks called ``wanted``, all where none is; return the exit status."""
    unknown = set(wanted) - set(FOUND)
    if unknown:
        print(f"no benchmark called {', '.join(sorted(unknown))}; there are {', '.join(FOUND)}", file=sys.stderr)
        return 2
    for name in wanted or FOUND:
        print(f"\n== {name}", flush=True)
        import_module(f"benchmarks.{name}").main()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
