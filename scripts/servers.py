"""Brings in the servers that tests use and pip cannot: sshd, nftables, what belongs to network namespaces, and what Kafka runs on.

As root on Debian they are installed by apt, once; nothing is started. ``SERVERS=none`` leaves the machine alone; whoever is not
root is told the command. What stays missing makes its tests skip with the reason, or fail under STANCH_REQUIRE_REAL=1.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Final

PROGRAMS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "sshd": "openssh-server",
        "ssh": "openssh-client",
        "ssh-keygen": "openssh-client",
        "nft": "nftables",
        "ip": "iproute2",
        "conntrack": "conntrack",
        "ping": "iputils-ping",
        "java": "default-jre-headless",
        "mvn": "maven",
    }
)
"""The programs that tests start, and Debian's packages that bring them."""

_PATH: Final = os.pathsep.join((os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin"))
_POLICY: Final = Path("/usr/sbin/policy-rc.d")
_START_NOTHING: Final = "#!/bin/sh\nexit 101\n"


def main() -> int:
    """Install what is missing where that is possible, and tell; the exit status is 0 unless apt failed."""
    absent = ensure()
    if not absent:
        return 0
    if os.environ.get("SERVERS") == "none":
        print(f"servers for tests: SERVERS=none; {', '.join(absent)} missing, their tests skip", flush=True)
        return 0
    if not _may_install():
        print(f"servers for tests: {', '.join(absent)} missing, their tests skip; to have them:\n  {_command(absent)}")
        return 0
    return _install(absent)


def ensure() -> list[str]:
    """Return the packages that are missing; nothing is installed."""
    return sorted({package for program, package in PROGRAMS.items() if shutil.which(program, path=_PATH) is None})


def _may_install() -> bool:
    return os.geteuid() == 0 and shutil.which("apt-get") is not None


def _command(packages: list[str]) -> str:
    return f"sudo apt-get update && sudo apt-get install --no-install-recommends {' '.join(packages)}"


def _install(packages: list[str]) -> int:
    print(f"servers for tests: installing {', '.join(packages)} by apt (once; SERVERS=none forbids it)", flush=True)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    apt = ["apt-get", "-qq", "-o", "Dpkg::Use-Pty=0"]
    install = [*apt, "install", "--no-install-recommends", *packages]
    with _nothing_starts():
        for command in ([*apt, "update"], install):
            done = subprocess.run(
                command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
            )
            if done.returncode:
                print(f"{' '.join(command)} failed:\n{done.stdout}{done.stderr}", file=sys.stderr)
                return done.returncode
    return 0


@contextmanager
def _nothing_starts() -> Iterator[None]:
    """Forbid package scripts to start services, unless the machine's own policy decides on that already."""
    if _POLICY.exists():
        yield
        return
    _POLICY.write_text(_START_NOTHING)
    _POLICY.chmod(0o755)
    try:
        yield
    finally:
        _POLICY.unlink()


if __name__ == "__main__":
    sys.exit(main())
