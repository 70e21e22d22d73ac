"""The six services on a broker, each a process of its own, against a lab of its own."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx

from stanch.replay.crew import FLOW
from tests.chaos.broker.load import BRIEF, BRIEF_SECONDS, INTRUSIONS, PATIENT, token_variable, tokens
from tests.e2e.processes import Home, Up, lab, tenant_file

DEPLOYMENT: Final = "drill"
PARTITIONS: Final = "2"
LAST_WORDS: Final = 12
QUICK: Final = """\
ingest: {http: {port: 0}}
respond: {first_pause_ms: 100, longest_pause_ms: 400, longest_lag_ms: 8000}
"""
_CONTACTS: Final = "contacts: [{channel: terminal, address: stderr}]\n"


@dataclass(frozen=True, slots=True)
class Crew:
    """The processes by service, the address of their log, and the lab's."""

    members: Mapping[str, Up]
    log: str
    lab: str

    @property
    def door(self) -> str:
        """Where records are taken."""
        return self.members["ingest"].address

    def transitions(self) -> list[dict[str, Any]]:
        """What the lab counts."""
        rows: list[dict[str, Any]] = httpx.get(f"{self.lab}/lab/transitions", timeout=30).json()
        return rows

    def unwell(self) -> Mapping[str, str]:
        """Who has ended, is not ready, or crashed in between."""
        found = {service: _ailment(member) for service, member in self.members.items()}
        return {service: ailment for service, ailment in found.items() if ailment}

    def complaints(self) -> Mapping[str, Sequence[object]]:
        """The last that each has logged as a warning or worse."""
        loud = ("warning", "error", "critical")
        return {
            service: [line for line in member.told if line.get("level") in loud][-LAST_WORDS:]
            for service, member in self.members.items()
        }


def _ailment(member: Up) -> str:
    if (code := member.process.poll()) is not None:
        return f"ended with {code}"
    ready = httpx.get(f"{member.address}/ready", timeout=10)
    if ready.status_code != 200:
        return ready.text
    crashes = [line["reason"] for line in member.told if line["event"] == "service crashed"]
    return f"crashed: {crashes}" if crashes else ""


@contextmanager
def crew(folder: Path, bootstrap: str) -> Iterator[Crew]:
    """Everything at work, and everybody enrolled whom the load will take."""
    home, log = Home(folder, tokens()), f"kafka://{bootstrap}/{DEPLOYMENT}"
    with ExitStack() as stack:
        products = stack.enter_context(lab())
        _configure(home, products)
        _enrol(products)
        made = home.command("topics", "create", "--config", str(home.config), "--log", log, "--partitions", PARTITIONS)
        assert made.returncode == 0, made.stderr
        members = {service: Up(home, f"services.{service}", "--log", log, "--member", "0") for service in FLOW}
        for member in members.values():
            stack.callback(member.end)
        for member in members.values():
            member.wait_for("up")
        yield Crew(members, log, products)


def _configure(home: Home, products: str) -> None:
    brief = f"{_CONTACTS}hold_minutes: {BRIEF_SECONDS / 60}\n"
    tenants = {PATIENT: _CONTACTS, BRIEF: brief}
    home.configure({slug: tenant_file(products, token_variable(slug), more) for slug, more in tenants.items()}, QUICK)


def _enrol(products: str) -> None:
    hosts = [{"name": one.host, "domain": "corp.example"} for one in INTRUSIONS]
    accounts = [{"name": one.account, "dns_domain": "corp.example"} for one in INTRUSIONS]
    for path, body in (("hosts", hosts), ("accounts", accounts)):
        httpx.post(f"{products}/lab/{path}", json=body, timeout=30).raise_for_status()
