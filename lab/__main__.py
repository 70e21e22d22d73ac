"""``python -m lab``: the simulated products on one port of the loopback interface."""

import argparse
import json
import socket
import sys

import uvicorn

from lab.clock import LabClock
from lab.faults import Fault, FaultKind
from lab.server import doors
from lab.world import SECRET, World


def _fault(text: str) -> Fault:
    kind, product, operation, target, seconds = (text.split(":", 4) + [""] * 4)[:5]
    return Fault(FaultKind(kind), product or "*", operation or "*", target or "*", int(seconds or "60"))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m lab", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument(
        "--fault", action="append", default=[], type=_fault, metavar="KIND[:PRODUCT[:OPERATION[:TARGET[:SECONDS]]]]"
    )
    parser.add_argument("--no-limits", action="store_true", help="switch the products' rate limits off")
    parser.add_argument(
        "--virtual-from", type=int, default=None, metavar="MS", help="a clock that only POST /lab/clock moves"
    )
    return parser.parse_args()


def main() -> None:
    """Serve until interrupted; the first line of output says where, as JSON."""
    arguments = _arguments()
    clock = LabClock(arguments.virtual_from)
    world = World(clock, rate_limits=not arguments.no_limits)
    for fault in arguments.fault:
        world.faults.seed(fault)
    with socket.create_server(("127.0.0.1", arguments.port)) as listener:
        address = f"http://127.0.0.1:{listener.getsockname()[1]}"
        sys.stdout.write(json.dumps({"address": address, "secret": SECRET}) + "\n")
        sys.stdout.flush()
        config = uvicorn.Config(doors(world, clock), lifespan="off", access_log=False, log_level="warning")
        uvicorn.Server(config).run(sockets=[listener])


if __name__ == "__main__":
    main()
