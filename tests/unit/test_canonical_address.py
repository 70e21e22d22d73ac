"""One address has one name, however it is written: whoever is protected is so under all of them."""

import pytest

from schemas.entity import canonical_address


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("203.0.113.7", "203.0.113.7"),
        (" 203.0.113.7\n", "203.0.113.7"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("::ffff:203.0.113.7%1", "203.0.113.7"),
        ("2001:DB8:0:0::7", "2001:db8::7"),
        ("2001:db8::7%1", "2001:db8::7"),
        ("2001:db8::7%; flush ruleset", "2001:db8::7"),
        ("fe80::1%eth0", "fe80::1"),
        ("::1%lo", "::1"),
    ],
)
def test_one_name(written: str, name: str) -> None:
    assert canonical_address(written) == name


@pytest.mark.parametrize(
    "text", ["", "203.0.113.7;", "203.0.113.7%1", "0.0.0.0/0", "::/0", "127.1", "0x7f.0.0.1", "01.2.3.4", "WEB01"]
)
def test_anything_else_is_no_address(text: str) -> None:
    assert canonical_address(text) == ""
