"""Network namespaces of a test's own, joined by wires that lead nowhere else; and programs that run inside of them."""

import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Final

from tests.servers.available import missing

PREFIX: Final = "stanch-"
_numbers: Final = count()
_PATH: Final = f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/sbin"


def program(name: str) -> str:
    """Return where a program lies; a test that needs one that is absent skips, or fails where what is real is required."""
    found = shutil.which(name, path=_PATH)
    return (
        found if found is not None else missing(f"the program {name} is not installed (make test as root installs it)")
    )


@dataclass(frozen=True, slots=True)
class Namespace:
    """One of them, by its name."""

    name: str

    def command(self, *words: str) -> list[str]:
        """Return the command line that runs ``words`` inside."""
        return [program("ip"), "netns", "exec", self.name, *words]

    def run(self, *words: str, timeout: float = 20.0) -> "subprocess.CompletedProcess[str]":
        """Run ``words`` inside, to their end."""
        command = self.command(*words)
        return subprocess.run(command, capture_output=True, text=True, timeout=timeout, check=False)

    def ip(self, *words: str) -> None:
        """Set up the network inside."""
        _ip("-n", self.name, *words)

    def routes(self) -> Sequence[str]:
        """Return the routes inside, one line each."""
        return [line.strip() for line in self.run(program("ip"), "route").stdout.splitlines()]


@contextlib.contextmanager
def namespace() -> Iterator[Namespace]:
    """A namespace in which only loopback is up; gone at the end with all that is in it."""
    if os.geteuid() != 0:
        missing("network namespaces need root")
    program("ip")
    one = Namespace(f"{PREFIX}{os.getpid()}-{next(_numbers)}")
    _ip("netns", "add", one.name)
    try:
        one.ip("link", "set", "lo", "up")
        yield one
    finally:
        _ip("netns", "del", one.name)


def wire(left: Namespace, left_address: str, right: Namespace, right_address: str) -> None:
    """Join two namespaces; the addresses have a prefix length, and nothing but what lies in it can be reached."""
    number = next(_numbers)
    names = (f"st{os.getpid() % 100_000}l{number}", f"st{os.getpid() % 100_000}r{number}")
    _ip("link", "add", names[0], "netns", left.name, "type", "veth", "peer", "name", names[1], "netns", right.name)
    for place, name, address in zip((left, right), names, (left_address, right_address), strict=True):
        place.ip("address", "add", address, "dev", name)
        place.ip("link", "set", name, "up")


def need_packet_filter(where: Namespace) -> None:
    """Let the test skip, or fail where what is real is required, unless the kernel has nftables with what we need of it."""
    wanted = "{ type ipv4_addr; flags timeout; counter; }"
    for words in (("add", "table", "inet", "probe"), ("add", "set", "inet", "probe", "probe", wanted)):
        done = where.run(program("nft"), *words)
        if done.returncode:
            missing(f"no nftables here: {done.stderr.strip()}")
    where.run(program("nft"), "delete", "table", "inet", "probe")


def inside(where: Namespace, folder: Path, *names: str) -> Path:
    """Return a folder of programs that run in ``where``, for the front of PATH.

    ``nft`` keeps what it was given in ``calls``, and meets the fault whose name is in the file ``fault``, once.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "calls").mkdir(exist_ok=True)
    for name in names:
        enter = f"{program('ip')} netns exec {where.name} {program(name)}"
        script = _FAULTY.format(folder=folder, enter=enter) if name == "nft" else f'#!/bin/sh\nexec {enter} "$@"\n'
        (folder / name).write_text(script)
        (folder / name).chmod(0o755)
    return folder


def _ip(*words: str) -> None:
    done = subprocess.run([program("ip"), *words], capture_output=True, text=True, timeout=20, check=False)
    if done.returncode:
        missing(f"ip {' '.join(words)}: {done.stderr.strip()}")


_FAULTY: Final = """\
#!/bin/sh
given={folder}/calls/$(date +%s%N)-$$
cat > "$given"
fault=$(cat {folder}/fault 2>/dev/null)
case "$fault" in *every) ;; *) rm -f {folder}/fault ;; esac
case "$fault" in
lost*) {enter} "$@" < "$given"; kill -9 $$ ;;
late*) {enter} "$@" < "$given"; exec sleep 5 ;;
busy*) echo 'netlink: Error: Could not process rule: Device or resource busy' >&2; exit 1 ;;
odd*) echo 'Error: something that nobody knows' >&2; exit 1 ;;
forbidden*) echo 'netlink: Error: cache initialization failed: Operation not permitted' >&2; exit 1 ;;
unsupported*) echo 'internal:0:0-0: Error: Could not process rule: Operation not supported' >&2; exit 1 ;;
garbage*) echo '<html>'; exit 0 ;;
*) exec {enter} "$@" < "$given" ;;
esac
"""
