"""The lab as a process of its own, on a free port, with short times: it outlives every respond that is killed."""

import socket
from multiprocessing.connection import Connection

import uvicorn

from lab.clock import LabClock
from lab.server import doors
from lab.world import Timings, World

QUICK = Timings(
    action_pending=200, action_in_progress=300, directory_lag=200, revoke_lag=300, flow_every=400, sign_in_every=400
)


def serve(told: Connection) -> None:
    """Serve until killed; say the address first."""
    clock = LabClock()
    world = World(clock, rate_limits=False, timings=QUICK)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        told.send(f"http://127.0.0.1:{listener.getsockname()[1]}")
        config = uvicorn.Config(doors(world, clock), lifespan="off", access_log=False, log_level="error")
        uvicorn.Server(config).run(sockets=[listener])
