"""What exists and happens in the simulated company: machines, people, their traffic and sign-ins, and the clock."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from uuid import NAMESPACE_URL, UUID, uuid5

from lab.clock import wall_clock
from lab.faults import FaultTable
from lab.limits import Limits
from lab.timeline import Beat, Timeline
from lab.tokens import Tokens
from lab.transitions import Transitions

DIRECTORY = "0f1e2d3c-4b5a-4978-8695-a4b3c2d1e0f9"
CLIENT_ID = "5f0c7f4e-52a3-4ad8-bd52-0d5e1c8a7b10"
SECRET = "lab-secret"  # noqa: S105 the lab's own, worth nothing elsewhere
RIGHTS = frozenset(
    {
        "Machine.Read.All",
        "Machine.Isolate",
        "AdvancedQuery.Read.All",
        "Ti.ReadWrite",
        "User.Read.All",
        "User.EnableDisableAccount.All",
        "User.RevokeSessions.All",
        "AuditLog.Read.All",
    }
)


@dataclass(frozen=True, slots=True)
class Timings:
    """How long things take and how often they happen, in milliseconds of the world's clock.

    ``call`` is the latency that a driver of virtual time should book per call; the lab itself never waits.
    """

    call: int = 50
    action_pending: int = 1_000
    action_in_progress: int = 2_000
    directory_lag: int = 1_000
    revoke_lag: int = 2_000
    flow_every: int = 5_000
    sign_in_every: int = 10_000
    token: int = 3_599_000


@dataclass(slots=True)
class Host:
    """An enrolled machine. ``name`` is its short name in upper case."""

    name: str
    dns_name: str
    machine_id: str
    addresses: tuple[str, ...]
    enrolled_at: int
    os_platform: str = "Windows10"
    isolated: Timeline = field(default_factory=lambda: Timeline(False))

    def names(self) -> tuple[str, ...]:
        """Return everything that it answers to."""
        return (self.name, self.dns_name, self.machine_id, *self.addresses)


@dataclass(slots=True)
class Account:
    r"""An enrolled account. ``name`` is ``DOMAIN\name``, or the user principal name of a cloud one."""

    name: str
    object_id: str
    upn: str
    sam: str
    dns_domain: str
    sid: str
    privileged: bool
    enrolled_at: int
    desired: bool = True
    enabled: Timeline = field(default_factory=lambda: Timeline(True))
    admitted: Timeline = field(default_factory=lambda: Timeline(True))
    valid_from: list[tuple[int, int]] = field(default_factory=list)

    def names(self) -> tuple[str, ...]:
        """Return everything that it answers to."""
        return (self.name, self.upn, self.object_id, self.sid)

    def sessions_valid_from(self, now: int) -> int:
        """Return the instant before which sessions are refused, as reads show it at ``now``."""
        return max((value for visible, value in self.valid_from if visible <= now), default=self.enrolled_at)


class World:
    """One company with its products' shared truth.

    Args:
        clock: tells the present instant in epoch milliseconds; nothing here reads another clock.
        rate_limits: whether the products' published limits hold.
        timings: how long things take.
        secret: client secret and bearer token that the products accept.
    """

    def __init__(
        self,
        clock: Callable[[], int] = wall_clock,
        *,
        rate_limits: bool = True,
        timings: Timings | None = None,
        secret: str = SECRET,
    ) -> None:
        self.clock = clock
        self.timings = timings or Timings()
        self.secret = secret
        self.rights: set[str] = set(RIGHTS)
        self.hosts: dict[str, Host] = {}
        self.accounts: dict[str, Account] = {}
        self.transitions = Transitions()
        self.faults = FaultTable()
        self.limits = Limits(rate_limits)
        self.tokens = Tokens(self.timings.token)
        self._made = 0

    def enrol_host(
        self, name: str, domain: str = "", addresses: tuple[str, ...] = (), machine_id: str = "", os: str = "Windows10"
    ) -> Host:
        """Return the machine ``name`` of the DNS domain ``domain``, enrolled now unless it was already.

        A machine id of your own makes a second machine under the same name.
        """
        short, _, suffix = name.partition(".")
        dns_name = ".".join(part for part in (short, suffix or domain) if part).lower()
        key = machine_id or hashlib.sha1(dns_name.encode(), usedforsecurity=False).hexdigest()
        if key not in self.hosts:
            self.hosts[key] = Host(short.upper(), dns_name, key, addresses, self.clock(), os)
        return self.hosts[key]

    def enrol_account(
        self, name: str, dns_domain: str = "", *, upn: str = "", sid: str = "", privileged: bool = False
    ) -> Account:
        r"""Return the account ``DOMAIN\name`` (or a user principal name), enrolled now unless it was already."""
        object_id = str(uuid5(NAMESPACE_URL, f"lab/{name.casefold()}"))
        if object_id not in self.accounts:
            domain, _, sam = name.rpartition("\\")
            sam, _, at_domain = sam.partition("@")
            dns_domain = (dns_domain or (domain and at_domain) or domain).lower()
            upn = (upn or f"{sam}@{at_domain or dns_domain or 'lab.example'}").lower()
            self.accounts[object_id] = Account(
                name, object_id, upn, sam, dns_domain, sid, privileged, enrolled_at=self.clock()
            )
        return self.accounts[object_id]

    def new_id(self) -> UUID:
        """Return the next id of the world: the same sequence in every run."""
        self._made += 1
        return uuid5(NAMESPACE_URL, f"lab/object/{self._made}")

    def traffic(self, name: str) -> Beat:
        """Return the beat of background traffic of a host or to an address: its own phase, the same in every run."""
        return _beat(name, self.timings.flow_every)

    def sign_ins(self, account: Account) -> Beat:
        """Return the beat on which an account tries to sign in."""
        return _beat(account.object_id, self.timings.sign_in_every)


def _beat(name: str, period: int) -> Beat:
    digest = hashlib.sha1(name.casefold().encode(), usedforsecurity=False).digest()
    return Beat(period, int.from_bytes(digest[:4]) % period)
