"""``python -m lab.recording OUT.ndjson``: write our own recording, and its labels where asked."""

import argparse
import sys
from pathlib import Path

import orjson

from lab.recording import RecordingOptions, record


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m lab.recording", description=__doc__)
    parser.add_argument("out", type=Path, metavar="OUT.ndjson")
    parser.add_argument("--benign", type=int, default=1, metavar="N", help="N times the everyday traffic")
    parser.add_argument("--no-attack", action="store_true", help="leave the intrusion out")
    parser.add_argument("--swap", nargs=2, metavar="HOST", help="two hosts change places")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--labels", type=Path, metavar="OUT.json", help="where to write the labels")
    return parser.parse_args()


def main() -> None:
    """Write the files and say how many events they hold."""
    given = _arguments()
    swap = tuple(given.swap) if given.swap else None
    recording = record(
        RecordingOptions(benign_factor=given.benign, attack=not given.no_attack, swap=swap, seed=given.seed)
    )
    given.out.write_bytes(b"".join(recording.lines))
    if given.labels:
        given.labels.write_bytes(orjson.dumps(recording.labels, option=orjson.OPT_INDENT_2))
    sys.stdout.write(f"{len(recording.lines)} events\n")


if __name__ == "__main__":
    main()
