"""Following files: every whole line once, under one id, whatever happens to the file or to us."""

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import pytest

from runtime.clock import VirtualClock
from runtime.deployment import Deployment
from runtime.errors import ConfigError, StartError, Unavailable
from runtime.log import MAX_RECORD_BYTES, Log, Message
from schemas.tenant import Tenant
from schemas.times import SECOND
from services.ingest.receivers.tail_files import Tailer, tailer
from services.ingest.receivers.tail_places import FILE
from services.ingest.settings import Settings, TailSettings

START = 1_760_000_000_000
LINGER = 10


class Killed(BaseException):
    """The process is gone, at this very place."""


@dataclass
class Paper:
    """A log that keeps what is appended. ``dies`` says when the writer is killed; ``full`` lets it take nothing."""

    lines: list[Message] = field(default_factory=list)
    dies: str = ""
    full: bool = False

    async def append(self, messages: Sequence[Message]) -> None:
        """Take the messages."""
        if self.dies == "before":
            raise Killed
        if self.full:
            raise Unavailable("the disk is full")
        self.lines += messages
        if self.dies == "after":
            raise Killed


@dataclass
class Desk:
    """A tailer on one pattern of a folder, and what it wrote."""

    folder: Path
    pattern: str = "*.log"
    source: dict[str, Any] = field(default_factory=dict)
    paper: Paper = field(default_factory=Paper)
    clock: VirtualClock = field(default_factory=lambda: VirtualClock(START))
    tail: Tailer | None = None

    @property
    def home(self) -> Path:
        """Where the tailer keeps its places."""
        return self.folder / "home"

    def deployment(self, *, virtual: bool = False) -> Deployment:
        """What the tailer is given."""
        self.home.mkdir(exist_ok=True)
        source = {"path": str(self.folder / self.pattern), "kind": "sshd_syslog", "begin": "beginning", **self.source}
        tenant = Tenant.model_validate({"slug": "acme", "sources": [source]})
        return Deployment(cast("Log", self.paper), {"acme": tenant}, self.clock, self.home, virtual=virtual)

    async def begin(self) -> None:
        """Start one, in the place of the one before."""
        self.tail = Tailer(self.deployment(), TailSettings(poll_ms=1, linger_seconds=LINGER))
        await self.tail.start()

    async def read(self) -> list[str]:
        """Everything that has come, in order, as text."""
        assert self.tail is not None
        while await self.tail.step(0):
            pass
        return [line.value.decode() for line in self.paper.lines]

    async def wait(self, seconds: float) -> None:
        """Let time pass while it looks."""
        await self.read()
        self.clock.advance(self.clock.now() + int(seconds * SECOND))
        await self.read()

    def positions(self) -> list[str]:
        """The places of all lines."""
        return [line.headers["position"] for line in self.paper.lines]


@pytest.fixture
async def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def write(path: Path, text: str) -> None:
    """Append, as a daemon does."""
    with path.open("a") as file:
        file.write(text)


def open_files() -> int:
    """How many this process holds."""
    return len(list(Path("/proc/self/fd").iterdir()))


async def test_a_line_becomes_a_record_of_the_tenant_with_what_the_configuration_says(
    desk: Desk, tmp_path: Path
) -> None:
    desk.source = {"host": "WEB01"}
    await desk.begin()
    write(tmp_path / "a.log", "Invalid user x from 203.0.113.9 port 1\n")
    await desk.read()
    (record,) = desk.paper.lines
    assert (record.topic, record.tenant, record.key) == ("records.acme", "acme", "sshd_syslog")
    assert record.value == b"Invalid user x from 203.0.113.9 port 1"
    assert record.headers["host"] == "WEB01"
    assert record.headers["source"] == "sshd_syslog"
    assert record.headers["received"] == str(START)


async def test_a_line_waits_for_its_end(desk: Desk, tmp_path: Path) -> None:
    await desk.begin()
    write(tmp_path / "a.log", "one\ntw")
    assert await desk.read() == ["one"]
    write(tmp_path / "a.log", "o\n")
    assert await desk.read() == ["one", "two"]


async def test_empty_lines_and_foreign_line_ends(desk: Desk, tmp_path: Path) -> None:
    await desk.begin()
    write(tmp_path / "a.log", "\n\none\r\n  \ntwo\n")
    assert await desk.read() == ["one", "two"]


class TestWhereItBegins:
    """A first start does not tell old stories; nothing that comes later is missed."""

    async def test_at_the_very_first_start_at_the_end(self, desk: Desk, tmp_path: Path) -> None:
        desk.source = {"begin": "end"}
        write(tmp_path / "a.log", "of last week\n")
        await desk.begin()
        assert await desk.read() == []
        write(tmp_path / "a.log", "fresh\n")
        assert await desk.read() == ["fresh"]

    async def test_a_file_that_appears_later_at_its_beginning(self, desk: Desk, tmp_path: Path) -> None:
        desk.source = {"begin": "end"}
        await desk.begin()
        await desk.read()
        write(tmp_path / "b.log", "first\nsecond\n")
        assert await desk.read() == ["first", "second"]

    async def test_after_a_restart_where_it_was_left(self, desk: Desk, tmp_path: Path) -> None:
        desk.source = {"begin": "end"}
        await desk.begin()
        await desk.read()
        write(tmp_path / "a.log", "one\n")
        await desk.read()
        write(tmp_path / "a.log", "while it was down\n")
        write(tmp_path / "b.log", "a new file meanwhile\n")
        await desk.begin()
        assert await desk.read() == ["one", "while it was down", "a new file meanwhile"]


class TestRotation:
    """By another name, or emptied in place."""

    async def test_by_a_new_name_the_rest_of_the_old_file_is_read_too(self, desk: Desk, tmp_path: Path) -> None:
        desk.pattern = "a.log"
        await desk.begin()
        write(tmp_path / "a.log", "one\n")
        await desk.read()
        (tmp_path / "a.log").rename(tmp_path / "a.log.1")
        write(tmp_path / "a.log.1", "two, by a writer that has not noticed\n")
        write(tmp_path / "a.log", "three\n")
        assert sorted(await desk.read()) == ["one", "three", "two, by a writer that has not noticed"]

    async def test_by_a_new_name_while_it_was_down(self, desk: Desk, tmp_path: Path) -> None:
        desk.pattern = "a.log"
        await desk.begin()
        write(tmp_path / "a.log", "one\n")
        await desk.read()
        write(tmp_path / "a.log", "two\n")
        (tmp_path / "a.log").rename(tmp_path / "a.log.1")
        write(tmp_path / "a.log", "three\n")
        await desk.begin()
        assert sorted(await desk.read()) == ["one", "three", "two"]

    async def test_the_last_line_of_an_old_file_counts_without_its_end(self, desk: Desk, tmp_path: Path) -> None:
        desk.pattern = "a.log"
        await desk.begin()
        write(tmp_path / "a.log", "one\ncut sho")
        await desk.read()
        (tmp_path / "a.log").rename(tmp_path / "a.log.1")
        await desk.wait(LINGER + 1)
        assert await desk.read() == ["one", "cut sho"]

    async def test_an_old_file_is_let_go_in_time(self, desk: Desk, tmp_path: Path) -> None:
        desk.pattern = "a.log"
        await desk.begin()
        write(tmp_path / "a.log", "one\n")
        await desk.read()
        before = open_files()
        (tmp_path / "a.log").unlink()
        await desk.wait(LINGER + 1)
        await desk.wait(LINGER + 1)
        assert open_files() == before - 1
        assert b"a.log" not in (desk.home / FILE).read_bytes().split(b"[", 1)[1]

    @pytest.mark.parametrize("after", ["x\n", "shorter\n", "something of its own that is much longer than before\n"])
    async def test_emptied_in_place_it_begins_anew_with_places_of_its_own(
        self, desk: Desk, tmp_path: Path, after: str
    ) -> None:
        await desk.begin()
        write(tmp_path / "a.log", "one and some more\n")
        await desk.read()
        os.truncate(tmp_path / "a.log", 0)
        write(tmp_path / "a.log", after)
        assert await desk.read() == ["one and some more", after.strip()]
        assert len(set(desk.positions())) == 2

    async def test_the_same_lines_again_after_emptying_are_other_records(self, desk: Desk, tmp_path: Path) -> None:
        await desk.begin()
        for _ in range(3):
            write(tmp_path / "a.log", "one\n")
            await desk.read()
            os.truncate(tmp_path / "a.log", 0)
            await desk.read()
        assert len(set(desk.positions())) == len(desk.paper.lines) == 3


class TestKilled:
    """kill -9 at any moment: no line is lost, and what goes out twice is the very same record."""

    @pytest.mark.parametrize("moment", ["before", "after"])
    async def test_around_the_hand_over(self, desk: Desk, tmp_path: Path, moment: str) -> None:
        await desk.begin()
        write(tmp_path / "a.log", "one\n")
        await desk.read()
        write(tmp_path / "a.log", "two\nthree\n")
        desk.paper.dies = moment
        with pytest.raises(Killed):
            await desk.read()
        desk.paper.dies = ""
        desk.clock.advance(START + 60 * SECOND)
        write(tmp_path / "a.log", "four\n")
        await desk.begin()
        await desk.read()
        assert list(dict.fromkeys(line.value.decode() for line in desk.paper.lines)) == ["one", "two", "three", "four"]
        assert len({(str(line.headers), line.value) for line in desk.paper.lines}) == 4, "a second id or another time"

    async def test_emptied_in_place_before_it_came_back(self, desk: Desk, tmp_path: Path) -> None:
        await desk.begin()
        write(tmp_path / "a.log", "one\n")
        desk.paper.dies = "after"
        with pytest.raises(Killed):
            await desk.read()
        desk.paper.dies = ""
        os.truncate(tmp_path / "a.log", 0)
        write(tmp_path / "a.log", "2\n")
        await desk.begin()
        assert await desk.read() == ["one", "2"]

    async def test_a_state_that_cannot_be_read_is_no_silent_new_beginning(self, desk: Desk) -> None:
        desk.home.mkdir()
        (desk.home / FILE).write_text("{")
        with pytest.raises(StartError, match="cannot read how far"):
            await desk.begin()


class TestLimits:
    """What is too long, and what is too much."""

    async def test_a_line_over_the_limit_goes_out_cut_off_and_the_next_one_is_whole(
        self, desk: Desk, tmp_path: Path
    ) -> None:
        await desk.begin()
        write(tmp_path / "a.log", "x" * (3 * MAX_RECORD_BYTES))
        await desk.read()
        write(tmp_path / "a.log", "xx\nnext\n")
        read = await desk.read()
        assert [len(line) for line in read] == [MAX_RECORD_BYTES + 1, 4]
        assert len(set(desk.positions())) == 2

    async def test_long_lines_within_the_limit_stay_whole(self, desk: Desk, tmp_path: Path) -> None:
        await desk.begin()
        write(tmp_path / "a.log", f"{'x' * (MAX_RECORD_BYTES - 1)}\nnext\n")
        assert [len(line) for line in await desk.read()] == [MAX_RECORD_BYTES - 1, 4]

    async def test_much_at_once_comes_whole_and_in_order(self, desk: Desk, tmp_path: Path) -> None:
        await desk.begin()
        lines = [f"line {number} {'.' * 40}" for number in range(20_000)]
        write(tmp_path / "a.log", "\n".join(lines) + "\n")
        assert await desk.read() == lines

    async def test_while_the_log_takes_nothing_nothing_is_lost(self, desk: Desk, tmp_path: Path) -> None:
        await desk.begin()
        desk.paper.full = True
        write(tmp_path / "a.log", "one\n")
        assert desk.tail is not None
        assert await desk.tail.step(0) == 0
        assert await desk.tail.step(0) == 0
        desk.paper.full = False
        assert await desk.read() == ["one"]


class TestPatterns:
    """Which files are followed."""

    async def test_several_files_each_with_its_own_places(self, desk: Desk, tmp_path: Path) -> None:
        await desk.begin()
        write(tmp_path / "a.log", "one\n")
        write(tmp_path / "b.log", "one\n")
        write(tmp_path / "c.txt", "no\n")
        (tmp_path / "d.log").mkdir()
        os.mkfifo(tmp_path / "e.log")
        assert await desk.read() == ["one", "one"]
        assert len(set(desk.positions())) == 2

    async def test_a_file_under_two_names_is_read_once(self, desk: Desk, tmp_path: Path) -> None:
        write(tmp_path / "a.log", "one\n")
        (tmp_path / "b.log").hardlink_to(tmp_path / "a.log")
        (tmp_path / "c.log").symlink_to(tmp_path / "a.log")
        await desk.begin()
        assert await desk.read() == ["one"]

    async def test_renamed_within_the_pattern_it_is_not_read_again(self, desk: Desk, tmp_path: Path) -> None:
        await desk.begin()
        write(tmp_path / "a.log", "one\n")
        await desk.read()
        (tmp_path / "a.log").rename(tmp_path / "b.log")
        write(tmp_path / "b.log", "two\n")
        assert await desk.read() == ["one", "two"]


class TestConfiguration:
    """When there is nothing to follow, and when it is wrong."""

    def test_a_source_of_no_known_kind_is_refused(self, desk: Desk) -> None:
        desk.source = {"kind": "ssh_syslog"}
        with pytest.raises(ConfigError, match=r"sources\.0: there is no source 'ssh_syslog'; there are auto, "):
            tailer(desk.deployment(), Settings())

    def test_a_replay_follows_nothing(self, desk: Desk) -> None:
        assert tailer(desk.deployment(virtual=True), Settings()) is None
        assert tailer(desk.deployment(), Settings()) is not None
