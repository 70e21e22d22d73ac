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
    "a certificate's name with an address": (
        f"Failed publickey for x from {ATTACKER} port 4000 ssh2: ED25519-CERT SHA256:abc ID from:{INNOCENT}"
        " (serial 0) CA ED25519 SHA256:def"
    ),
    "a name that looks like a certificate": (
        f"Failed publickey for x from {INNOCENT} port 1 ssh2: ED25519-CERT SHA256:abc ID y (serial 0) CA ED25519 SHA256:def"
        f" from {ATTACKER} port 4000 ssh2: ED25519 SHA256:def"
    ),
    "a key": f"Failed publickey for x from {INNOCENT} port 22 ssh2 from {ATTACKER} port 4000 ssh2: RSA SHA256:abc",
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


AMBIGUOUS = {
    "a certificate's name with an address": (
        f"Failed publickey for x from {ATTACKER} port 4000 ssh2: ED25519-CERT SHA256:abc ID y from {INNOCENT} port 22 ssh2"
        " (serial 0) CA ED25519 SHA256:def"
    ),
    "two names with addresses": (
        f"Failed publickey for x from {INNOCENT} port 1 ssh2: ED25519-CERT SHA256:abc ID y from {ATTACKER} port 4000 ssh2:"
        f" ED25519-CERT SHA256:abc ID z from {INNOCENT} port 22 ssh2 (serial 0) CA ED25519 SHA256:def"
    ),
    "another name in the same connection": (
        f"Disconnecting invalid user x {ATTACKER} port 4000: Change of username or service not allowed:"
        f" (x,ssh-connection) -> (y {INNOCENT} port 22: Too many authentication failures [preauth],ssh-connection) [preauth]"
    ),
}


@pytest.mark.parametrize("message", AMBIGUOUS.values(), ids=AMBIGUOUS.keys())
def test_where_nobody_can_tell_the_innocent_is_not_named(message: str) -> None:
    line = f"2024-03-05T08:00:00Z gw-1 sshd[811]: {message}".encode()
    event = orjson.loads(normalizer().normalize(line, Context("acme", REPLAY_KEY, "auto", "1", Hints(0))).value)
    named = [one["value"] for one in event.get("observables", ()) if one["name"] == "src_endpoint.ip"]
    assert (event.get("src_endpoint", {}).get("ip"), *named) in [(None,), (ATTACKER, ATTACKER)]
