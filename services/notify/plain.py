"""Hostile text stays text: what an attacker named must not steer a terminal, a chat client or a reader.

Log lines choose host names, account names and file names. In what people read they lose control characters and
direction marks, cannot form markup, mentions or links, and have a bounded length.
"""

import re
import unicodedata

CELL = 160
"""Longest value within a line."""

LINE = 500
"""Longest sentence."""

_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_MARKUP = str.maketrans({"<": "\u2039", ">": "\u203a", "`": "'", "|": "¦", "@": "[@]", "&": "+"})
_SCHEME = re.compile(r"\b([a-z][a-z0-9+.-]{1,15})://", re.IGNORECASE)
_IPV4 = re.compile(r"\b(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})\b")
_GROUP = "[0-9a-f]{1,4}"
_GROUPS = rf"{_GROUP}(?::{_GROUP})"
_IPV6 = re.compile(
    rf"(?<![\w:])(?:{_GROUPS}{{4,7}}|(?:{_GROUPS}{{0,5}})?::(?:{_GROUPS}{{0,5}})?)(?![\w:])", re.IGNORECASE
)
_NAME = re.compile(r"(?<![\w.\\-])(?:[\w-]{1,63}\.)+[a-z]{2,24}(?![\w-])", re.IGNORECASE)
_FILES = frozenset(
    ["exe", "dll", "sys", "ps", "bat", "cmd", "vbs", "vbe", "js", "jse", "hta", "tmp", "log", "txt", "dmp", "lnk", "dat", "bin",
     "xml", "json", "yml", "yaml", "csv", "doc", "docx", "docm", "xls", "xlsx", "xlsm", "pdf", "msi", "evtx", "ini", "conf"]
)  # fmt: skip


def plain(text: str, limit: int = CELL) -> str:
    """Return ``text`` on one line, without control characters or markup, its addresses defanged, at most ``limit`` long."""
    visible = "".join(_visible(char) for char in text[: limit * 4])
    harmless = defang(visible.translate(_MARKUP).replace("](", "] ("))
    joined = " ".join(harmless.split())
    return joined if len(joined) <= limit else joined[: limit - 1] + "…"


def defang(text: str) -> str:
    """Return ``text`` with its addresses and names broken, so that no client makes a link of them."""
    text = _SCHEME.sub(lambda found: found[1].replace("tt", "xx").replace("TT", "XX") + "[:]//", text)
    text = _IPV4.sub(r"\1[.]\2[.]\3[.]\4", text)
    text = _IPV6.sub(lambda found: "[:]".join(found[0].rsplit(":", 1)), text)
    return _NAME.sub(_broken_name, text)


def _visible(char: str) -> str:
    return " " if unicodedata.category(char) in _INVISIBLE else char


def _broken_name(found: re.Match[str]) -> str:
    name = found[0]
    return name if name.rpartition(".")[2].lower() in _FILES else name.replace(".", "[.]")
