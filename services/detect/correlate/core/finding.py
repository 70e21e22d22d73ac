"""Findings as the core files them: what was concluded, and about whom."""

from dataclasses import dataclass, field

from schemas.entity import Entity
from schemas.fact import NO_PROCESS, ProcessRef
from schemas.finding import Level, Stage


@dataclass(frozen=True, slots=True)
class Actor:
    """To whom a finding belongs; never the object that was attacked."""

    host: str
    process: ProcessRef = NO_PROCESS
    session: str = ""
    account: str = ""
    service: str = ""
    source: str = ""
    source_port: int = 0


@dataclass(frozen=True, slots=True)
class Mention:
    """A host or account that the event of a finding names."""

    kind: str
    name: str


@dataclass(frozen=True, slots=True)
class Filed:
    """One finding. ``named`` are the entities that a rule of stage `contain` groups by."""

    uid: str
    event: str
    time: int
    rule: str
    title: str
    level: Level
    actor: Actor
    tactics: tuple[str, ...] = ()
    stage: Stage = Stage.ALERT
    anchor: str = ""
    ours: bool = False
    mentions: tuple[Mention, ...] = ()
    named: tuple[Entity, ...] = field(default=())
