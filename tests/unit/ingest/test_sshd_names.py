"""Whoever knocks at sshd chooses the user's name; no name makes another address or another account the culprit."""

import orjson
import pytest

from schemas.identity import REPLAY_KEY
from services.ingest.__main__ import normalizer
from services.ingest.core import Context
from services.ingest.ports import Hints

INNOCENT, ATTACKER = "192.0.2.10", "198.51.100.66"
LONG = "b" * 300

SAYINGS = {
    "a name with an address": f"Invalid user x from {INNOCENT} port 22 from {ATTACKER} port 4000",
    "a long name with an address": f"Invalid user x from {INNOCENT} port 22 {LONG} from {ATTACKER} port 4000",
    "refused": f"Failed password for invalid user x from {INNOCENT} port 22 ssh2 from {ATTACKER} port 4000 ssh2",
    "refused, long": f"Failed password for invalid user x from {INNOCENT} port 22 {LONG} from {ATTACKER} port 4000 ssh2",
    "too many": f"maximum authentication attempts exceeded for x from {INNOCENT} port 22 {LONG} from {ATTACKER} port 4000 ssh2",
    "disconnected for it": (
        f"Disconnecting invalid user x {INNOCENT} port 22: Too many {ATTACKER} port 4000: Too many authentication failures"
    ),
    "closed": f"Connection closed by invalid user x {INNOCENT} port 22 {ATTACKER} port 4000 [preauth]",
    "PAM": (
        f"pam_unix(sshd:auth): authentication failure; logname= uid=0 euid=0 tty=ssh ruser= rhost={ATTACKER}"
        f"  user=x rhost={INNOCENT}"
    ),
    "PAM again": f"PAM 2 more authentication failures; logname= uid=0 tty=ssh ruser= rhost={ATTACKER}  user=x rhost={INNOCENT}",
    "a reverse name": (
        f"reverse mapping checking getaddrinfo for {INNOCENT}.example.org [{ATTACKER}] failed - POSSIBLE BREAK-IN ATTEMPT!"
    ),
    "a reverse name that maps elsewhere": (
        f"Address {ATTACKER} maps to {INNOCENT}.example.org, but this does not map back to the address."
    ),
}


@pytest.mark.parametrize("message", SAYINGS.values(), ids=SAYINGS.keys())
def test_the_address_is_the_one_that_sshd_saw(message: str) -> None:
    line = f"2024-03-05T08:00:00Z gw-1 sshd[811]: {message}".encode()
    made = normalizer().normalize(line, Context("acme", REPLAY_KEY, "auto", "1", Hints(0)))
    event = orjson.loads(made.value)
    assert event["src_endpoint"]["ip"] == ATTACKER
    assert [one["value"] for one in event["observables"] if one["name"] == "src_endpoint.ip"] == [ATTACKER]
    assert event["unmapped"]["source_ip"] == ATTACKER
