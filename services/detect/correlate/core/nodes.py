"""The nodes of the causal graph, and what is observed on them. Ids follow from the facts alone."""

from dataclasses import dataclass, field

from schemas.fact import NO_COMMAND, NO_PROCESS, Command, ProcessRef
from schemas.finding import Level, Stage

WEIGHTS: dict[Level, int] = {
    Level.CRITICAL: 40,
    Level.HIGH: 20,
    Level.MEDIUM: 8,
    Level.LOW: 2,
    Level.INFORMATIONAL: 0,
}
HARD_ANCHORS = frozenset({"foreign", "tool", "script", "inject", "cred", "service", "spray"})
IMPLANT_ANCHORS = frozenset({"foreign", "tool", "script", "inject", "cred", "spray"})


@dataclass(frozen=True, slots=True)
class Observation:
    """One thing that a rule says of one node."""

    rule: str
    uid: str
    level: Level
    time: int
    event: str
    why: str
    anchor: str = ""
    tactics: tuple[str, ...] = ()
    stage: Stage = Stage.ALERT
    ours: bool = True

    @property
    def weight(self) -> int:
        """What the rule adds to a score."""
        return WEIGHTS[self.level]

    @property
    def is_hard(self) -> bool:
        """Whether it says how the attacker controls this."""
        return self.anchor in HARD_ANCHORS


@dataclass(slots=True)
class Process:
    """One process as all sensors together saw it. ``start`` is None where nobody saw it begin."""

    id: str
    host: str
    pid: int = 0
    guids: tuple[str, ...] = ()
    image: str = ""
    command: Command = NO_COMMAND
    user: str = ""
    session: str = ""
    integrity: str = ""
    parent: ProcessRef = NO_PROCESS
    parent_command: Command = NO_COMMAND
    parent_user: str = ""
    start: int | None = None
    end: int | None = None
    first: int = 0
    event: str = ""


@dataclass(slots=True)
class Session:
    """One logon session."""

    id: str
    host: str
    logon: str
    account: str = ""
    kind: str = ""
    opened: int = 0
    event: str = ""
    clients: tuple[tuple[str, int], ...] = ()

    @property
    def is_remote(self) -> bool:
        """Whether it came over the network."""
        return self.kind in {"network", "remote_interactive"}


@dataclass(slots=True)
class Service:
    """One service or scheduled task."""

    id: str
    host: str
    form: str
    name: str
    commands: tuple[Command, ...] = ()
    installers: tuple[str, ...] = ()
    made: int = 0
    event: str = ""


@dataclass(slots=True)
class Principal:
    """Evidence that names an account and a source, but no process: what a controller or a server sees."""

    id: str
    account: str = ""
    workstation: str = ""
    address: str = ""
    hosts: tuple[str, ...] = field(default=())


Node = Process | Session | Service | Principal


@dataclass(frozen=True, slots=True)
class Edge:
    """Why two nodes belong to one story."""

    rule: str
    left: str
    right: str
    why: str
