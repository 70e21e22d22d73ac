"""``python -m lab.recording OUT.ndjson``: write our own recording, and its labels where asked."""

import argparse
import sys
from pathlib import Path

import orjson

from lab.recording import Names, RecordingOptions, record
from lab.recording.sshd import record_sshd


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m lab.recording", description=__doc__)
    parser.add_argument("out", type=Path, metavar="OUT.ndjson")
    parser.add_argument("--benign", type=int, default=1, metavar="N", help="N times the everyday traffic")
    parser.add_argument("--no-attack", action="store_true", help="leave the intrusion out")
    parser.add_argument("--swap", nargs=2, metavar="HOST", help="two hosts change places")
    parser.add_argument("--rename", type=int, metavar="N", help="give every host, account and address another name")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--sshd", type=Path, metavar="OUT.log", help="write a night of a gateway's sshd as well")
    parser.add_argument("--labels", type=Path, metavar="OUT.json", help="where to write the labels")
    return parser.parse_args()


def main() -> None:
    """Write the files and say how many events they hold."""
    given = _arguments()
    swap = tuple(given.swap) if given.swap else None
    names = Names() if given.rename is None else Names.scrambled(given.rename)
    options = RecordingOptions(
        names=names, benign_factor=given.benign, attack=not given.no_attack, swap=swap, seed=given.seed
    )
    recording = record(options)
    given.out.write_bytes(b"".join(recording.lines))
    labels: dict[str, object] = {**recording.labels}
    if given.sshd:
        night = record_sshd(options)
        given.sshd.write_bytes(b"".join(night.lines))
        labels["sshd"] = night.labels
    if given.labels:
        given.labels.write_bytes(orjson.dumps(labels, option=orjson.OPT_INDENT_2))
    sys.stdout.write(f"{len(recording.lines)} events\n")


if __name__ == "__main__":
    main()
