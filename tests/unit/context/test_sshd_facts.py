"""What context reads from sshd: who was let in, and whose credential was refused; from ingest's own native fields."""

from typing import Any

import orjson
import pytest

from schemas.fact import CredentialUsed, Fact, SessionOpened
from services.detect.context.core import facts
from services.ingest.core import Context, Normalizer
from services.ingest.ports import Hints
from services.ingest.sources.sshd_syslog import SOURCE

AT = 1_760_000_000_000
PEER = "203.0.113.40"


def told(line: str) -> tuple[Fact, ...]:
    """The facts of a line as ``sshd -E`` writes it on the machine WEB01."""
    normalized = Normalizer((SOURCE,)).normalize(
        line.encode(), Context("acme", b"k", "sshd_syslog", "1", Hints(AT, "WEB01"))
    )
    event = orjson.loads(normalized.value)
    return facts(normalized.headers.kind, event["unmapped"], normalized.headers.time, normalized.headers.uid)


def only(line: str) -> Any:
    (fact,) = told(line)
    assert (fact.host, fact.time) == ("WEB01", AT)
    return fact


def test_a_logon_is_a_session_named_by_where_it_came_from() -> None:
    fact = only(f"Accepted password for Jane from {PEER} port 40022 ssh2")
    assert isinstance(fact, SessionOpened)
    assert (fact.account, fact.client, fact.client_port, fact.kind) == ("WEB01\\jane", PEER, 40022, "network")
    assert fact.session == f"sshd:{PEER}:40022"


def test_a_refusal_is_a_failed_credential_of_the_account_from_the_peer() -> None:
    fact = only(f"Failed password for root from ::ffff:{PEER} port 40022 ssh2")
    assert isinstance(fact, CredentialUsed)
    assert (fact.method, fact.account, fact.client) == ("failure", "WEB01\\root", PEER)


@pytest.mark.parametrize(
    "line",
    [
        f"Failed password for invalid user admin from {PEER} port 40022 ssh2",
        f"Failed none for root from {PEER} port 40022 ssh2",
        f"Invalid user admin from {PEER} port 40022",
        f"Connection closed by {PEER} port 40022 [preauth]",
        "Server listening on 0.0.0.0 port 22.",
    ],
)
def test_what_tries_no_credential_that_exists_is_no_fact(line: str) -> None:
    assert told(line) == ()


def test_who_chooses_a_name_chooses_no_peer() -> None:
    fact = only(f"Failed password for root from 192.0.2.1 port 22 ssh2 from {PEER} port 40022 ssh2")
    assert fact.client == PEER
