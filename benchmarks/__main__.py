"""Runs every benchmark but the soak, or those named: ``python -m benchmarks [NAME ...]``."""

import signal
import sys
from importlib import import_module
from pathlib import Path

FOUND = sorted(path.stem for path in Path(__file__).parent.glob("*.py") if not path.stem.startswith("_"))


LONG = {"soak"}
"""What takes so long that it runs by its name only."""


def main(wanted: list[str]) -> int:
    """Run the benchmarks called ``wanted``, all but the long ones where none is; return the exit status."""
    unknown = set(wanted) - set(FOUND)
    if unknown:
        print(f"no benchmark called {', '.join(sorted(unknown))}; there are {', '.join(FOUND)}", file=sys.stderr)
        return 2
    for name in wanted or [name for name in FOUND if name not in LONG]:
        print(f"\n== {name}", flush=True)
        import_module(f"benchmarks.{name}").main()
    return 0


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # whoever is asked to end ends what it has started
    sys.exit(main(sys.argv[1:]))
