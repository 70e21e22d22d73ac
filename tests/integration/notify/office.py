"""notify at work on a log, for tests of its channels; the test moves the clock."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from runtime.clock import VirtualClock, WallClock
from runtime.deployment import Deployment
from runtime.embedded import EmbeddedLog
from runtime.log import Log, Message
from runtime.worker import Worker
from schemas.notification import Notification
from schemas.tenant import Contact, Tenant
from schemas.topics import NOTIFICATIONS
from services.notify.__main__ import compose
from services.notify.settings import Settings
from tests.unit.notify.stage import received

World = tuple[Log, VirtualClock]


@dataclass
class Office:
    """notify at work on a log; the test moves the clock."""

    log: Log
    clock: VirtualClock
    worker: Worker

    async def tell(self, *models: object) -> None:
        messages = [received(model) for model in models]  # type: ignore[arg-type]
        await self.log.append([Message(one.topic, one.tenant, one.key, one.value) for one in messages])
        await self.settle()

    async def settle(self, quiet: int = 3) -> None:
        """Step until nothing has come home for a while."""
        while quiet:
            quiet = 3 if await self.worker.step(0.05) else quiet - 1

    async def wait(self, seconds: float) -> None:
        end = self.clock.now() + round(seconds * 1_000)
        while (due := self.worker.deadline()) is not None and due <= end:
            self.clock.advance(due)
            await self.settle()
        self.clock.advance(end)
        await self.settle()

    async def published(self) -> list[Notification]:
        read = self.log.read(NOTIFICATIONS.name, 0)
        return [Notification.model_validate_json(one.value) async for one in read]


@asynccontextmanager
async def office(contact: Contact, log: Log, clock: VirtualClock, settings: Settings) -> AsyncIterator[Office]:
    tenant = Tenant(slug="acme", contacts=(contact,))
    deployment = Deployment(log, {"acme": tenant}, clock, Path())
    worker = compose(deployment, settings)
    await worker.start()
    try:
        yield Office(log, clock, worker)
    finally:
        await worker.stop()


@asynccontextmanager
async def new_world() -> AsyncIterator[World]:
    """An empty log and a clock that stands at now."""
    clock = VirtualClock(WallClock().now())
    log = EmbeddedLog(None, clock)
    yield log, clock
    await log.close()
