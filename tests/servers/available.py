"""The broker that the tests of one run share: found or started once, by whoever needs it first."""

import atexit
import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from functools import cache
from typing import Final, NoReturn

import pytest
from testcontainers.core.config import testcontainers_config
from testcontainers.core.container import DockerContainer

from tests.servers.kafka import ADDRESS, Unobtainable, free_ports, running_broker, settings, wait_for

IMAGE: Final = "apache/kafka:4.3.1"
REQUIRED: Final = "STANCH_REQUIRE_REAL"
_running = contextlib.ExitStack()


@contextlib.contextmanager
def broker() -> Iterator[tuple[str, str]]:
    """Where a broker listens, and what it is: the one that the environment names, else a container, else a process.

    Raises:
        Unobtainable: there is none to be had.
    """
    if named := os.environ.get(ADDRESS):
        yield named, f"{named}, named by {ADDRESS}"
    elif _container_is_possible():
        with _container() as bootstrap:
            yield bootstrap, f"{bootstrap}, a container of {IMAGE}"
    else:
        with running_broker() as own:
            yield own.bootstrap, f"{own.bootstrap}, a process of this machine"


@cache
def kafka_bootstrap() -> str:
    """Where the broker of this run listens; without one the test skips, and fails where a real one is required."""
    try:
        bootstrap, _ = _running.enter_context(broker())
    except Unobtainable as error:
        missing(f"no Kafka broker: {error}")
    atexit.register(_running.close)
    return bootstrap


def missing(reason: str) -> NoReturn:
    """Skip for want of something real, or fail where it is required."""
    if os.environ.get(REQUIRED) == "1":
        pytest.fail(f"{REQUIRED}=1, and {reason}")
    pytest.skip(reason)


@contextlib.contextmanager
def _container() -> Iterator[str]:
    """The same settings as the local process, in the way the image wants them: KAFKA_ and the name in capitals."""
    testcontainers_config.ryuk_disabled = True
    (port,) = free_ports(1)
    container = DockerContainer(IMAGE).with_bind_ports(9092, port)
    values = settings(broker=9092, controller=9093, data="/tmp/kraft")  # inside of the container
    values["listeners"] = "PLAINTEXT://0.0.0.0:9092,CONTROLLER://0.0.0.0:9093"
    values["advertised.listeners"] = f"PLAINTEXT://127.0.0.1:{port}"
    for name, value in values.items():
        container.with_env(f"KAFKA_{name.upper().replace('.', '_')}", value)
    with container:
        wait_for(f"127.0.0.1:{port}", lambda: True)
        yield f"127.0.0.1:{port}"


def _container_is_possible() -> bool:
    docker = shutil.which("docker")
    if docker is None:
        return False
    try:
        done = subprocess.run([docker, "image", "inspect", IMAGE], capture_output=True, check=False, timeout=10)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0
