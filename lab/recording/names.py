"""What everything in the recording is called. Every name and address is a parameter, so that none can be learnt by heart."""

import random
from dataclasses import dataclass, field, replace

HOSTS = {
    "finance": ("FIN-WS07", "10.20.4.17"),
    "sales": ("SAL-WS03", "10.20.4.23"),
    "personnel": ("HR-WS11", "10.20.4.31"),
    "helpdesk": ("HD-WS01", "10.20.5.11"),
    "operations": ("OPS-WS02", "10.20.5.12"),
    "files": ("FS01", "10.20.1.20"),
    "management": ("MGT01", "10.20.1.30"),
    "controller": ("DC01", "10.20.1.10"),
}
ACCOUNTS = {
    "accountant": "maria.keller",
    "seller": "tom.brandt",
    "recruiter": "lena.vogt",
    "supporter": "jonas.hauser",
    "administrator": "adm.hauser",
    "engineer": "stefan.weber",
    "deployment": "svc-deploy",
    "backup": "svc-backup",
}
SITES = {
    "www.newsdaily.example": "192.0.2.11",
    "cdn.newsdaily.example": "192.0.2.12",
    "mail.cloudoffice.example": "192.0.2.21",
    "docs.cloudoffice.example": "192.0.2.22",
    "telemetry.cloudoffice.example": "192.0.2.23",
    "updates.osvendor.example": "192.0.2.31",
    "delivery.osvendor.example": "192.0.2.32",
    "download.pdfviewer.example": "192.0.2.41",
    "gateway.chatter.example": "192.0.2.51",
    "search.webfind.example": "192.0.2.61",
    "erp.supplier.example": "192.0.2.71",
}


_HEADS = (
    "bor",
    "dul",
    "fen",
    "gim",
    "hax",
    "jot",
    "kel",
    "lum",
    "mip",
    "nov",
    "pry",
    "quz",
    "ruk",
    "vex",
    "wob",
    "zan",
)
_TAILS = ("ado", "eki", "iru", "oma", "uve", "ylo")


@dataclass(frozen=True)
class Names:
    """Names by role.

    Attributes:
        dns_domain: the company's DNS domain.
        netbios: its short name.
        hosts: role to (short name, address).
        accounts: role to account name.
        sites: DNS name to address, of what the company talks to on the internet.
        delivery: address that the intruder's file is downloaded from.
        command: address of the intruder's command and control.
        network: the company's own network.
    """

    dns_domain: str = "corp.example"
    netbios: str = "CORP"
    hosts: dict[str, tuple[str, str]] = field(default_factory=lambda: dict(HOSTS))
    accounts: dict[str, str] = field(default_factory=lambda: dict(ACCOUNTS))
    sites: dict[str, str] = field(default_factory=lambda: dict(SITES))
    delivery: str = "203.0.113.45"
    command: str = "198.51.100.23"
    network: str = "10.20.0.0/16"

    @staticmethod
    def scrambled(seed: int) -> "Names":
        """Return names of which none is one of the usual ones; each seed gives others. The internet's names stay."""
        dice = random.Random(f"names/{seed}")  # noqa: S311 a recording, no secret
        words = iter(dice.sample([a + b for a in _HEADS for b in _TAILS], 2 * len(HOSTS) + len(ACCOUNTS)))
        subnet, public = dice.randrange(16, 32), dice.randrange(256)
        name = next(words)
        return Names(
            dns_domain=f"{name}.test",
            netbios=name.upper(),
            hosts={role: (f"{next(words).upper()}{n}", f"172.{subnet}.{n}.9") for n, role in enumerate(HOSTS, 1)},
            accounts={role: f"{next(words)}.{n}" for n, role in enumerate(ACCOUNTS, 1)},
            sites={site: f"198.18.{public}.{n}" for n, site in enumerate(SITES, 1)},
            delivery=f"198.19.{public}.33",
            command=f"198.19.{public}.77",
            network=f"172.{subnet}.0.0/16",
        )

    def swapped(self, one: str, other: str) -> "Names":
        """Return names in which two hosts, given by name, have changed places.

        Raises:
            KeyError: there is no such host.
        """
        roles = {name: role for role, (name, _) in self.hosts.items()}
        a, b = roles[one], roles[other]
        return replace(self, hosts={**self.hosts, a: self.hosts[b], b: self.hosts[a]})
