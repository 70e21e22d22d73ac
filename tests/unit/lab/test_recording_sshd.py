"""The gateway's night: staff at work, and one guessing attack that succeeds."""

import re

from lab.recording import Names, RecordingOptions
from lab.recording.sshd import record_sshd

LINE = re.compile(rb"^[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \S+ sshd\[\d+\]: .+\n$")


def test_every_line_is_syslog_and_the_same_options_give_the_same_bytes() -> None:
    night = record_sshd()
    assert all(LINE.match(line) for line in night.lines)
    assert len(night.lines) >= 1_000
    assert record_sshd() == night


def test_the_guesses_come_from_one_address_and_the_last_one_is_right() -> None:
    names = Names()
    outside = [line for line in record_sshd().lines if names.command.encode() in line]
    assert sum(b"Failed password" in line for line in outside) == 60
    assert outside[-1].count(b"Accepted password for " + names.accounts["backup"].encode()) == 1


def test_without_the_attack_only_the_staff_is_seen() -> None:
    quiet = record_sshd(RecordingOptions(attack=False))
    assert not any(Names().command.encode() in line for line in quiet.lines)
    assert quiet.labels["attacker_controlled"] == {"account": [], "address": []}
