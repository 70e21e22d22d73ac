"""Live, not recorded: an unmodified sshd, somebody who guesses its passwords, and `stanch up` beside the server.

Three network namespaces of the test's own: the server, whoever guesses, and whoever manages the server. Wires join them, and nothing
leads out. The addresses are public ones, for a private one is never blocked by itself.
"""

import ctypes
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.e2e.following import hold_of, published
from tests.e2e.processes import Home, Up
from tests.servers.namespaces import Namespace, namespace, need_packet_filter, program, wire
from tests.servers.sshd import Sshd, running_sshd

SERVER, GUESSER = "11.0.0.1", "11.0.0.2"
SERVER_INSIDE, MANAGER = "11.0.1.1", "11.0.1.2"
ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 40.0
PINGS_A_SECOND, LONGEST_PING = 100, 60
DECIDING = 10
CLONE_NEWNET = 0x40000000

STANCH = """\
correlate: {stages: {sshd_guessing: contain}}
respond: {native_margin_ms: 1000, http_timeout_ms: 2000}
"""
TENANT = """\
mode: ARMED
modes: {identity.account_disabled: OBSERVE}
hold_minutes: %(minutes)s
sources: [{kind: sshd_syslog, path: %(log)s, host: WEB01, begin: beginning}]
connectors: [{name: packet-filter, kind: nftables, base_url: "local:", management: [11.0.1.0/24]}]
contacts: [{channel: terminal, address: stderr}]
%(more)s"""


@dataclass
class Stage:
    """The three namespaces, the server in one of them, and what `stanch up` is configured with."""

    server: Namespace
    guesser: Namespace
    manager: Namespace
    sshd: Sshd
    home: Home

    def configure(self, seconds: float, more: str = "") -> None:
        """Hold for so long."""
        tenant = TENANT % {"minutes": seconds / 60, "log": self.sshd.log, "more": more}
        self.home.configure({"home": tenant}, STANCH)

    @contextmanager
    def up(self) -> Iterator[Up]:
        """`stanch up` beside the server."""
        with ExitStack() as stack:
            with entered(self.server):
                up = stack.enter_context(self.home.up())
            yield up

    def guess(self, most: int = 40) -> "subprocess.Popen[str]":
        """Let the guesser begin."""
        command = self.guesser.command(sys.executable, "-m", "tests.servers.guesser", SERVER, "--most", str(most))
        return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)

    def passes(self, source: Namespace, address: str) -> bool:
        """Whether ping and a TCP connection from ``source`` reach the server."""
        return _pings(source, address) and _dials(source, address)

    def is_cut(self) -> bool:
        """Whether nothing of the guesser's reaches the server."""
        return not _pings(self.guesser, SERVER) and not _dials(self.guesser, SERVER)

    def ruleset(self) -> str:
        """What an administrator of the server sees."""
        return self.server.run(program("nft"), "list", "ruleset").stdout


def _pings(source: Namespace, address: str) -> bool:
    return source.run(program("ping"), "-n", "-c", "1", "-W", "1", address).returncode == 0


def _dials(source: Namespace, address: str) -> bool:
    return source.run(program("timeout"), "1", program("bash"), "-c", f"exec 3<>/dev/tcp/{address}/22").returncode == 0


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    program("ping")
    with namespace() as server, namespace() as guesser, namespace() as manager:
        need_packet_filter(server)
        wire(server, f"{SERVER}/24", guesser, f"{GUESSER}/24")
        wire(server, f"{SERVER_INSIDE}/24", manager, f"{MANAGER}/24")
        for place in (server, guesser, manager):
            assert all("scope link" in route for route in place.routes()), "a way out"
        lines = ("PasswordAuthentication yes", "PermitRootLogin yes", "MaxStartups 100", "LoginGraceTime 20")
        with running_sshd(tmp_path / "sshd", lines, server, "0.0.0.0") as sshd:
            yield Stage(server, guesser, manager, sshd, Home(tmp_path / "home"))


@contextmanager
def entered(place: Namespace) -> Iterator[None]:
    """Let this thread's next children begin in ``place``."""
    libc = ctypes.CDLL(None, use_errno=True)
    with open("/proc/self/ns/net") as before, open(f"/run/netns/{place.name}") as there:  # noqa: PTH123 descriptors
        assert libc.setns(there.fileno(), CLONE_NEWNET) == 0, os.strerror(ctypes.get_errno())
        try:
            yield
        finally:
            assert libc.setns(before.fileno(), CLONE_NEWNET) == 0, os.strerror(ctypes.get_errno())


def until(condition: Callable[[], bool], what: str) -> None:
    """Wait for it."""
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, f"not within {PATIENCE} s: {what}"
        time.sleep(0.05)


@dataclass
class Watch:
    """Sees when the deciding line is written, to some milliseconds, and every block that the kernel is told of."""

    stage: Stage
    decided_at: float = 0.0
    added: list[str] = field(default_factory=list)

    @contextmanager
    def at_work(self) -> Iterator["Watch"]:
        """Watch while the body runs."""
        monitor = self.stage.server.command(program("nft"), "monitor", "new", "elements")
        over = threading.Event()
        with subprocess.Popen(monitor, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            told = iter(process.stdout.readline, "")
            threads = [
                threading.Thread(target=lambda: self.added.extend(line for line in told if GUESSER in line)),
                threading.Thread(target=self._read_log, args=(over,)),
            ]
            for thread in threads:
                thread.start()
            try:
                yield self
            finally:
                over.set()
                process.terminate()
                for thread in threads:
                    thread.join()

    def _read_log(self, over: threading.Event) -> None:
        while not over.wait(0.002):
            if self.stage.sshd.log.read_text().count("Failed password for ") >= DECIDING:
                self.decided_at = time.time()
                return


class Ping:
    """A flow of packets from the guesser to the server, answered until it is cut."""

    def __init__(self, stage: Stage) -> None:
        pause, most = 1 / PINGS_A_SECOND, PINGS_A_SECOND * LONGEST_PING
        words = (program("ping"), "-n", "-D", "-i", str(pause), "-c", str(most), "-w", str(LONGEST_PING), SERVER)
        self.process = subprocess.Popen(stage.guesser.command(*words), stdout=subprocess.PIPE, text=True)

    def last_answer(self) -> float:
        """End it; return when the last packet that passed had its answer, in seconds of the epoch."""
        self.process.terminate()
        out, _ = self.process.communicate(timeout=10)
        return max(float(found) for found in re.findall(r"^\[([\d.]+)\] \d+ bytes from", out, re.MULTILINE))


async def test_a_guesser_is_blocked_within_a_second_the_way_back_stays_and_it_ends_in_time(
    stage: Stage, capsys: pytest.CaptureFixture[str], record_property: Callable[[str, object], None]
) -> None:
    stage.configure(seconds=8)
    with stage.up(), Watch(stage).at_work() as watch:
        ping = Ping(stage)
        guesser = stage.guess()
        hold = await published(stage.home.state, "holds", hold_of(GUESSER, "active", "verified"))
        until(stage.is_cut, "the guesser is cut off")
        dropped_at = ping.last_answer() + 1 / PINGS_A_SECOND
        assert stage.passes(stage.manager, SERVER_INSIDE), "the way back is never cut"
        guesser.communicate(timeout=PATIENCE)
        until(lambda: stage.passes(stage.guesser, SERVER), "it passes again")
        released = await published(stage.home.state, "holds", hold_of(GUESSER, "released"))
    took = (dropped_at - watch.decided_at) * 1000
    record_property("ms from the deciding line to the first packet dropped", round(took))
    with capsys.disabled():
        print(f"\nfrom the deciding line written to the first packet dropped: {took:.0f} ms")
    assert len(watch.added) == 1, watch.added
    assert released["uid"] == hold["uid"]
    assert released["command_uid"] in watch.added[0]
    assert GUESSER not in stage.ruleset()
    assert hold["connector"] == "packet-filter"
    proven = await published(stage.home.state, "holds", hold_of(GUESSER, "verified"))
    assert proven["decided_by"] == "policy:block_address"


async def test_killed_while_it_blocks_it_still_lets_go_in_time_and_blocks_once(stage: Stage) -> None:
    stage.configure(seconds=14)
    with Watch(stage).at_work() as watch:
        with stage.up() as up:
            guesser = stage.guess()
            hold = await published(stage.home.state, "holds", hold_of(GUESSER, "active", "verified"))
            up.kill()
        guesser.communicate(timeout=PATIENCE)
        assert stage.is_cut(), "the kernel blocks on"
        with stage.up():
            released = await published(stage.home.state, "holds", hold_of(GUESSER, "released"))
            until(lambda: stage.passes(stage.guesser, SERVER), "it passes again")
            assert released["uid"] == hold["uid"]
    assert len(watch.added) == 1, watch.added


async def test_killed_before_it_knew_that_it_had_blocked_it_looks_instead_of_blocking_again(stage: Stage) -> None:
    stage.configure(seconds=60)
    with Watch(stage).at_work() as watch:
        stage.home.secrets = {"STANCH_FAILPOINT": "respond.response.received"}
        with stage.up() as up:
            guesser = stage.guess()
            assert up.process.wait(PATIENCE) == -signal.SIGKILL
        guesser.communicate(timeout=PATIENCE)
        assert GUESSER in stage.ruleset()
        stage.home.secrets = {}
        with stage.up():
            hold = await published(stage.home.state, "holds", hold_of(GUESSER, "verified"))
            assert stage.home.command("release", hold["uid"], "--reason", "a drill").returncode == 0
            until(lambda: GUESSER not in stage.ruleset(), "a human lets go")
    assert len(watch.added) == 1, watch.added


async def test_killed_and_never_back_the_kernel_lets_go(stage: Stage) -> None:
    stage.configure(seconds=4)
    with stage.up() as up:
        guesser = stage.guess()
        await published(stage.home.state, "holds", hold_of(GUESSER, "active", "verified"))
        up.kill()
    guesser.communicate(timeout=PATIENCE)
    until(lambda: stage.passes(stage.guesser, SERVER), "it passes again")
    assert GUESSER not in stage.ruleset()


async def test_a_protected_address_is_left_alone_and_the_message_says_why(stage: Stage) -> None:
    stage.configure(60, f"assets: [{{name: SCANNER, aliases: [{GUESSER}], protected: true}}]\n")
    with stage.up() as up:
        guesser = stage.guess(most=15)
        incident = await published(stage.home.state, "incidents", lambda _: True)
        guesser.communicate(timeout=PATIENCE)
        until(lambda: any("Left alone" in line["event"] for line in up.told), "the message")
        assert stage.passes(stage.guesser, SERVER)
        assert "stanch" not in stage.ruleset()
        (spared,) = (one for one in incident["unmapped"]["stanch"]["entities"] if one["id"] == GUESSER)
        assert (spared["role"], spared["why"]) == ("infrastructure", "the inventory holds it as the tenant's own")
        told = "".join(line["event"] for line in up.told).partition("Left alone:")[2]
        assert "11[.]0[.]0[.]2" in told
        assert "the inventory holds it as the tenant's own" in told


def test_the_guesser_guesses_at_nobody_but_a_neighbour_in_a_closed_space(stage: Stage) -> None:
    command = (sys.executable, "-m", "tests.servers.guesser")
    outside = subprocess.run([*command, "127.0.0.1"], cwd=ROOT, capture_output=True, text=True, check=False)
    own = stage.server.run(*command, SERVER)
    stranger = stage.guesser.run(*command, MANAGER)
    stage.guesser.ip("route", "add", "default", "via", SERVER)
    open_space = stage.guesser.run(*command, SERVER)
    assert [one.returncode for one in (outside, own, stranger, open_space)] == [2, 2, 2, 2]
    assert "no network namespace of a test" in outside.stderr
    assert "no neighbour" in own.stderr
    assert "no neighbour" in stranger.stderr
    assert "a way to elsewhere" in open_space.stderr
