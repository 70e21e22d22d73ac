"""Follows log files as they grow: rotated by a new name or emptied in place, made later, matched by a pattern.

Each line becomes a record of the tenant whose configuration names the file. A line that has no end yet waits for it. Nothing is
forgotten before the log has it; see ``tail_places`` for what a kill leaves behind.
"""

import asyncio
import stat
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import structlog

from runtime.deployment import Deployment
from runtime.errors import ConfigError, Unavailable
from runtime.log import Message
from runtime.worker import Worker
from schemas.tenant import TailedFile, Tenant
from schemas.times import SECOND
from schemas.topics import records_of
from services.ingest.adapters import load_sources
from services.ingest.labels import CONTENT_TYPE, HOST, POSITION, RECEIVED, SOURCE
from services.ingest.ports import AUTO
from services.ingest.receivers import tail_places
from services.ingest.receivers.tail_places import Place
from services.ingest.receivers.tail_reading import GrowingFile, Reading
from services.ingest.settings import Settings, TailSettings

NAME: Final = "ingest.tail"
_UNKNOWN: Final = "there is no source {!r}; there are {}"
_log = structlog.get_logger("tail")

Key = tuple[int, int]
"""Device and inode: what a file is, whatever it is called."""


def tailer(deployment: Deployment, settings: Settings) -> Worker | None:
    """Return what follows the files that the tenants name; None where they name none, or time is virtual.

    Raises:
        ConfigError: a source is of no known kind; lists all of them.
        PluginError: a source breaks its contract.
    """
    configured = [
        (tenant, number, one) for tenant in deployment.tenants.values() for number, one in enumerate(tenant.sources)
    ]
    if deployment.virtual or not configured:
        return None
    known = [AUTO, *sorted(source.name for source in load_sources(settings.mappings))]
    problems = [
        f"tenant {tenant.slug}: sources.{number}: {_UNKNOWN.format(one.kind, ', '.join(known))}"
        for tenant, number, one in configured
        if one.kind not in known
    ]
    if problems:
        raise ConfigError(tuple(problems))
    return Tailer(deployment, settings.tail)


@dataclass(slots=True)
class _Followed:
    """One configured source, and the files that it has led to."""

    tenant: str
    config: TailedFile
    files: list[GrowingFile] = field(default_factory=list)

    @property
    def name(self) -> str:
        return f"{self.tenant}:{self.config.path}"

    def present(self) -> Iterator[tuple[Path, Key]]:
        """Yield the files that the pattern matches now."""
        root = Path("/")
        for path in sorted(root.glob(self.config.path.lstrip("/"))):
            key = _key(path)
            if key is not None:
                yield path, key

    def message(self, place: Place, offset: int, record: bytes, at: int) -> Message:
        """Return a line as it travels."""
        config = self.config
        headers = {SOURCE: config.kind, POSITION: place.position(offset), RECEIVED: str(at), CONTENT_TYPE: "text/plain"}
        if config.host:
            headers[HOST] = config.host
        return Message(records_of(self.tenant), self.tenant, config.kind, record, headers)


class Tailer:
    """The files of all tenants at work."""

    def __init__(self, deployment: Deployment, settings: TailSettings) -> None:
        self._deployment = deployment
        self._settings = settings
        self._sources = _sources(deployment.tenants)
        self._places = tail_places.Places()
        self._told: set[str] = set()

    @property
    def name(self) -> str:
        """The worker's name."""
        return NAME

    async def start(self) -> None:
        """Find the files again that were followed before, under whatever name."""
        await asyncio.to_thread(self._start)

    async def step(self, wait: float) -> int:
        """Hand over what has come; return how many lines. Looks again and again for at most ``wait`` seconds."""
        loop = asyncio.get_running_loop()
        end = loop.time() + wait
        while True:
            count = await self._pass()
            left = end - loop.time()
            if count or left <= 0:
                return count
            await asyncio.sleep(min(self._settings.poll_ms / 1000, left))

    def deadline(self) -> int | None:
        """It has nothing to do at any instant of its own."""
        return None

    async def advance(self, instant: int) -> int:  # noqa: ARG002 files know no virtual time
        """Nothing is ever due."""
        return 0

    async def stop(self) -> None:
        """Let go of the files; how far they were read is kept already."""
        for source in self._sources:
            for file in source.files:
                file.close()
            source.files.clear()

    def _start(self) -> None:
        self._places = tail_places.load(self._deployment.home)
        for source in self._sources:
            places = self._places.sources.get(source.name, [])
            places[:] = [place for place in places if self._found_again(source, place)]

    def _found_again(self, source: _Followed, place: Place) -> bool:
        """Follow the file of ``place`` again; look beside its path too, where a rotation may have put it meanwhile."""
        path = Path(place.path)
        beside = sorted(path.parent.iterdir()) if path.parent.is_dir() else []
        for candidate in dict.fromkeys((path, *(found for found, _ in source.present()), *beside)):
            if (_key(candidate) or (0, 0))[1] != place.inode:
                continue
            file = self._opened(candidate, place)
            if file is not None and (
                candidate == path or file.is_the_one()
            ):  # under its own name: emptied, if anything
                source.files.append(file)
                return True
            if file is not None:
                file.close()
        _log.warning(
            "a file that was followed is gone, or was emptied meanwhile; what it still held is lost", path=place.path
        )
        return False

    async def _pass(self) -> int:
        gathered = await asyncio.to_thread(self._gather)
        if not gathered:
            return 0
        await asyncio.to_thread(tail_places.save, self._deployment.home, self._places)
        count = 0
        try:
            for source, file, reading in gathered:
                count += await self._hand_over(source, file, reading)
        except Unavailable as error:
            self._tell(f"the log takes nothing now: {error}", "")
        else:
            self._told.discard("")
        await asyncio.to_thread(tail_places.save, self._deployment.home, self._places)
        return count

    async def _hand_over(self, source: _Followed, file: GrowingFile, reading: Reading) -> int:
        place, at = file.place, reading.batch.at
        messages = [source.message(place, offset, record, at) for offset, record in reading.lines]
        if messages:
            await self._deployment.log.append(messages)
        file.note(reading.batch)
        return max(len(messages), 1)  # a piece that is passed over is progress too

    def _gather(self) -> Sequence[tuple[_Followed, GrowingFile, Reading]]:
        """Return what every file holds beyond its place, noted as about to be handed over."""
        now = self._deployment.clock.now()
        gathered = []
        for source in self._sources:
            present = self._discover(source, now)
            for file in tuple(source.files):
                reading = self._read(source, file, now, is_away=file.inode not in present)
                if reading is not None:
                    file.place.batch = reading.batch
                    gathered.append((source, file, reading))
        return gathered

    def _discover(self, source: _Followed, now: int) -> frozenset[Key]:
        """Follow what the pattern matches anew; return what it matches, by device and inode."""
        is_first = source.name not in self._places.sources
        places = self._places.sources.setdefault(source.name, [])
        known = len(places)
        followed = {file.inode: file for file in source.files}
        present: set[Key] = set()
        for path, key in source.present():
            if key in followed:
                followed[key].place.path = str(path)
            elif key not in present:
                place = Place(uid=f"{key[1]:x}-{now:x}", path=str(path), inode=key[1])
                file = self._opened(path, place)
                if file is None:
                    continue
                if is_first and source.config.begin == "end":
                    file.begin_at_the_end()
                source.files.append(file)
                places.append(place)
            present.add(key)
        if is_first or len(places) > known:
            tail_places.save(self._deployment.home, self._places)
        return frozenset(present)

    def _read(self, source: _Followed, file: GrowingFile, now: int, *, is_away: bool) -> Reading | None:
        """Return what has come. A file that lost its name is read to its end once nobody has written to it for a while."""
        is_over = (
            is_away and file.idle_since is not None and now - file.idle_since >= self._settings.linger_seconds * SECOND
        )
        begun = file.place.rewritten
        try:
            reading = file.read(now, to_the_end=is_over)
        except OSError as error:
            self._tell(f"cannot be read: {error.strerror}", file.place.path)
            return None
        if reading is not None:
            return reading
        if file.place.rewritten != begun:
            tail_places.save(self._deployment.home, self._places)
        if is_over:
            self._let_go(source, file)
        elif file.idle_since is None or not is_away:
            file.idle_since = now
        return None

    def _let_go(self, source: _Followed, file: GrowingFile) -> None:
        file.close()
        source.files.remove(file)
        self._places.sources[source.name].remove(file.place)
        tail_places.save(self._deployment.home, self._places)

    def _opened(self, path: Path, place: Place) -> GrowingFile | None:
        try:
            file = GrowingFile(path, place)
        except OSError as error:
            self._tell(f"cannot be opened: {error.strerror}", str(path))
            return None
        self._told.discard(str(path))
        return file

    def _tell(self, reason: str, path: str) -> None:
        """Say it once, not at every look."""
        if path not in self._told:
            self._told.add(path)
            _log.warning("waiting", reason=reason, path=path or None)


def _sources(tenants: Mapping[str, Tenant]) -> Sequence[_Followed]:
    return [_Followed(slug, config) for slug, tenant in tenants.items() for config in tenant.sources]


def _key(path: Path) -> Key | None:
    """Return what file is called ``path``; None where none is, or no regular one."""
    try:
        found = path.stat()
    except OSError:
        return None
    return (found.st_dev, found.st_ino) if stat.S_ISREG(found.st_mode) else None
