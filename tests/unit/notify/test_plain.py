"""Hostile text stays text."""

import pytest

from services.notify.plain import defang, plain


@pytest.mark.parametrize(
    ("hostile", "harmless"),
    [
        ("\x1b[2J\x1b[31mWKS07", "[2J [31mWKS07"),
        ("one\r\nBcc: two", "one Bcc: two"),
        ("\u202egnp.exe", "gnp.exe"),
        ("zero\u200bwidth", "zero width"),
        ("<!channel> & <script>", "\u2039!channel\u203a + \u2039script\u203a"),
        ("@everyone", "[@]everyone"),
        ("`rm -rf`", "'rm -rf'"),
        ("[click](x)", "[click] (x)"),
        ("lone \ud800 surrogate", "lone surrogate"),
        ("ACME\\j.smith", "ACME\\j.smith"),
        ("C:\\Users\\anna\\report.docx", "C:\\Users\\anna\\report.docx"),
    ],
)
def test_control_characters_markup_and_mentions_are_neutralised(hostile: str, harmless: str) -> None:
    assert plain(hostile) == harmless


@pytest.mark.parametrize(
    ("address", "broken"),
    [
        ("10.20.0.99", "10[.]20[.]0[.]99"),
        ("2001:db8::7", "2001:db8:[:]7"),
        ("https://evil.example/x", "hxxps[:]//evil[.]example/x"),
        ("ftp://a.b.example", "ftp[:]//a[.]b[.]example"),
        ("fe80::1%eth0", "fe80:[:]1%eth0"),
        ("2001:db8:0:0:0:0:0:7", "2001:db8:0:0:0:0:0[:]7"),
        ("::ffff:c0a8:1", "::ffff:c0a8[:]1"),
        ("anna@evil.example", "anna@evil[.]example"),
        ("at 21:28:34 today", "at 21:28:34 today"),
        ("powershell.exe", "powershell.exe"),
    ],
)
def test_addresses_are_broken_so_that_no_client_links_them(address: str, broken: str) -> None:
    assert defang(address) == broken


def test_length_is_bounded_and_the_cut_is_visible() -> None:
    assert plain("x" * 10_000, 20) == "x" * 19 + "…"
