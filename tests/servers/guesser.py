"""Guesses passwords at an sshd, some dozens of times and for some seconds: ``python -m tests.servers.guesser ADDRESS [--most 30]``.

It refuses to begin unless it runs in a network namespace that a test made, from which nothing but neighbours on a wire can be reached,
and the address is one of them. It ends by itself after so many guesses or seconds, or when nobody answers any more; then it tells how
many were refused.
"""

import argparse
import asyncio
import json
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import asyncssh

from tests.servers.namespaces import PREFIX

MOST: Final = 60
LONGEST_SECONDS: Final = 20.0
_ANSWER_SECONDS: Final = 1.5


def main(arguments: list[str]) -> int:
    """Guess as far as it is allowed; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("address")
    parser.add_argument("--most", type=int, default=30)
    options = parser.parse_args(arguments)
    reason = why_not(options.address)
    if reason:
        print(f"refused: {reason}", file=sys.stderr)
        return 2
    refused = asyncio.run(_guess(options.address, min(options.most, MOST)))
    print(json.dumps({"refused": refused}))
    return 0


def why_not(address: str) -> str:
    """Return why guessing at ``address`` is out of the question from here; ``""`` where it is a neighbour in a closed space."""
    here = Path("/proc/self/ns/net").stat().st_ino
    if here not in {place.stat().st_ino for place in Path("/run/netns").glob(f"{PREFIX}*")}:
        return "this is no network namespace of a test"
    if any("gateway" in route or route.get("dst") == "default" for route in _told("route", "show", "table", "all")):
        return "this network namespace has a way to elsewhere"
    way = _told("route", "get", address)
    if not way or "gateway" in way[0] or way[0].get("type") == "local":
        return f"{address} is no neighbour on a wire"
    return ""


async def _guess(address: str, most: int) -> int:
    refused = 0
    try:
        async with asyncio.timeout(LONGEST_SECONDS):
            while refused < most:
                await _try(address, f"guess-{refused}")
                refused += 1
    except (TimeoutError, OSError, asyncssh.ConnectionLost):
        return refused
    return refused


async def _try(address: str, password: str) -> None:
    try:
        async with asyncssh.connect(
            address, 22, username="root", password=password, known_hosts=None, config=[], client_keys=None,
            agent_path=None, preferred_auth="password", connect_timeout=_ANSWER_SECONDS, login_timeout=_ANSWER_SECONDS,
        ):  # fmt: skip
            raise SystemExit("a guess was right: this is no server of a test")
    except asyncssh.PermissionDenied:
        return


def _told(*words: str) -> list[dict[str, Any]]:
    done = subprocess.run(["/usr/sbin/ip", "-j", *words], capture_output=True, check=False, timeout=5)
    found: list[dict[str, Any]] = json.loads(done.stdout or b"[]") if done.returncode == 0 else []
    return found


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
