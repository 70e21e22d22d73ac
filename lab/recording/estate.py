"""The company as the sensors see it: machines that hand out pids, ports and logon ids; accounts; sessions; processes."""

import random
from dataclasses import dataclass, field
from itertools import count

from lab.recording.names import Names

DOMAIN_SID = "S-1-5-21-3341052087-1190247733-2846113905"
SYSTEM32 = "C:\\Windows\\System32\\"


@dataclass(frozen=True)
class Account:
    """Who acts."""

    domain: str
    name: str
    sid: str
    is_admin: bool = False

    @property
    def qualified(self) -> str:
        r"""Return ``DOMAIN\name``."""
        return f"{self.domain}\\{self.name}"


SYSTEM = Account("NT AUTHORITY", "SYSTEM", "S-1-5-18", is_admin=True)
NETWORK_SERVICE = Account("NT AUTHORITY", "NETWORK SERVICE", "S-1-5-20")
LOCAL_SERVICE = Account("NT AUTHORITY", "LOCAL SERVICE", "S-1-5-19")


@dataclass(frozen=True)
class Logon:
    """A session on one machine, under its logon id."""

    id: int
    account: Account
    type: int
    number: int = 0

    @property
    def text(self) -> str:
        """Return the id as the sensors write it."""
        return hex(self.id)


@dataclass(eq=False)
class Process:
    """One process on one machine."""

    machine: "Machine"
    pid: int
    guid: str
    image: str
    command: str
    logon: Logon
    integrity: str
    parent: "Process | None"
    started: int

    @property
    def name(self) -> str:
        """Return the file name of its image."""
        return self.image.rpartition("\\")[2]


@dataclass(eq=False)
class Machine:
    """One computer: what runs on it since it booted, and its counters."""

    role: str
    number: int
    name: str
    fqdn: str
    address: str
    netbios: str
    booted: int
    rng: random.Random
    running: dict[str, Process] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.account = Account(self.netbios, f"{self.name}$", f"{DOMAIN_SID}-{1000 + self.number}")
        self.tag = f"{self.rng.getrandbits(32):08x}"
        self._pid, self._port, self._logon = 2000, 49_700 + 16 * self.number, 0x5A000 + 0x11000 * self.number
        self._made = count(1)

    def next_pid(self) -> int:
        """Return a pid that no process of the recording has."""
        self._pid += 4 * self.rng.randint(1, 5)
        return self._pid

    def next_port(self) -> int:
        """Return the next client port."""
        self._port = self._port + 1 if self._port < 65_500 else 49_200
        return self._port

    def next_logon(self, account: Account, kind: int, number: int = 0) -> Logon:
        """Return a fresh session."""
        self._logon += 16 * self.rng.randint(3, 900) + 7
        return Logon(self._logon, account, kind, number)

    def guid(self, instant: int) -> str:
        """Return a process guid: machine, second of the start, counter."""
        second = instant // 1000
        return f"{{{self.tag}-{second & 0xFFFF:04x}-{second >> 16:04x}-{next(self._made):04x}-000000000700}}"

    def process(
        self, instant: int, image: str, command: str, *, logon: Logon, integrity: str, parent: Process | None
    ) -> Process:
        """Return a new process; nothing is recorded of it yet."""
        pid = self.next_pid()
        return Process(self, pid, self.guid(instant), image, command, logon, integrity, parent, instant)


_SERVICES = {
    "dnscache": ("-k NetworkService -p -s Dnscache", NETWORK_SERVICE, 0x3E4),
    "schedule": ("-k netsvcs -p -s Schedule", SYSTEM, 0x3E7),
    "wuauserv": ("-k netsvcs -p -s wuauserv", SYSTEM, 0x3E7),
    "dcom": ("-k DcomLaunch -p", SYSTEM, 0x3E7),
    "rpcss": ("-k RPCSS -p", NETWORK_SERVICE, 0x3E4),
    "winrm": ("-k NetworkService -p -s WinRM", NETWORK_SERVICE, 0x3E4),
    "defend": ("-k LocalServiceNetworkRestricted -p", LOCAL_SERVICE, 0x3E5),
    "themes": ("-k netsvcs -p -s Themes", SYSTEM, 0x3E7),
    "appinfo": ("-k netsvcs -p -s Appinfo", SYSTEM, 0x3E7),
}


class Estate:
    """All machines and accounts, booted an hour before the recording starts."""

    def __init__(self, names: Names, seed: int, start: int) -> None:
        self.names = names
        self.start = start
        self.realm = names.dns_domain.upper()
        self.machines = {
            role: _boot(names, role, number, start - 3_600_000 - 977 * number, random.Random(f"{seed}/{role}"))  # noqa: S311 a recording, no secret
            for number, role in enumerate(names.hosts, 1)
        }
        self.accounts = {
            role: Account(
                names.netbios,
                name,
                f"{DOMAIN_SID}-{1100 + number}",
                role in ("administrator", "deployment", "engineer"),
            )
            for number, (role, name) in enumerate(names.accounts.items(), 1)
        }

    @property
    def controller(self) -> Machine:
        """Return the domain controller."""
        return self.machines["controller"]


def _boot(names: Names, role: str, number: int, booted: int, rng: random.Random) -> Machine:
    name, address = names.hosts[role]
    fqdn = f"{name}.{names.dns_domain}"
    machine = Machine(role, number, name, fqdn, address, names.netbios, booted, rng)
    system = Logon(0x3E7, SYSTEM, 0)
    kernel = Process(machine, 4, machine.guid(booted), "System", "", system, "System", None, booted)
    wininit = _resident(kernel, "wininit.exe", "wininit.exe")
    services = _resident(wininit, "services.exe", SYSTEM32 + "services.exe")
    lsass = _resident(wininit, "lsass.exe", SYSTEM32 + "lsass.exe")
    winlogon = _resident(kernel, "winlogon.exe", "winlogon.exe")
    machine.running |= {"system": kernel, "services": services, "lsass": lsass, "winlogon": winlogon}
    for service, (arguments, account, logon) in _SERVICES.items():
        command = f"{SYSTEM32}svchost.exe {arguments}"
        session = Logon(logon, account, 5)
        machine.running[service] = _resident(services, "svchost.exe", command, session)
    return machine


def _resident(parent: Process, name: str, command: str, logon: Logon | None = None) -> Process:
    session = logon or parent.logon
    return parent.machine.process(
        parent.machine.booted, SYSTEM32 + name, command, logon=session, integrity="System", parent=parent
    )
