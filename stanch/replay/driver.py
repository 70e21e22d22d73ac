"""Plays a recording through all services in one process, on the embedded log and a virtual clock."""

import time
from uuid import uuid4

from runtime.clock import VirtualClock
from runtime.deployment import Deployment
from runtime.embedded import EmbeddedLog
from stanch.assembly import SECTIONS, Doors, assemble
from stanch.replay import laboratory
from stanch.replay.lockstep import Lockstep
from stanch.replay.play import Play, Played, Watcher, batches, messages, outcome


async def replay(play: Play, watcher: Watcher) -> Played:
    """Play the recording to the end and past the last expiry.

    Raises:
        StartError: a connector leads elsewhere than to the lab.
    """
    began = time.perf_counter()
    tenant = laboratory.armed_against_the_lab(play.tenant)
    clocks = {name: VirtualClock(play.recording.start) for name in SECTIONS}
    world = laboratory.open_lab(clocks["respond"])
    laboratory.enrol(world, play.recording, tenant)
    log = EmbeddedLog(None, VirtualClock(play.recording.start), prefix=f"replay-{uuid4().hex[:12]}.")

    def deployment(service: str) -> Deployment:
        return Deployment(log, {tenant.slug: tenant}, clocks[service], play.home, virtual=True)

    doors = Doors(laboratory.transport(world), play.terminals)
    lockstep = Lockstep(assemble(deployment, play.settings, doors))
    try:
        await lockstep.start()
        await _play(play, log, lockstep, watcher)
        await lockstep.run_out()
        return await outcome(play, log, began)
    finally:
        await lockstep.stop()
        await log.close()


async def _play(play: Play, log: EmbeddedLog, lockstep: Lockstep, watcher: Watcher) -> None:
    for batch in batches(play.recording):
        await log.append(messages(batch, play.tenant.slug))
        await lockstep.settle()
        await watcher.played(batch[-1], len(batch), log)
