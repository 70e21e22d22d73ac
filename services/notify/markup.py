"""The message as HTML, for mail. Every text goes in as the text of an element, so that the serialiser escapes it.

Nothing is fetched and nothing is a link: no image, no style sheet, no address that a click could follow.
"""

from collections.abc import Iterable
from typing import Final
from xml.etree.ElementTree import Element, SubElement, tostring

from schemas.notification import Cause
from services.notify.text import DECIDE, UNDO, Part

FOOTER: Final = (
    "Names and addresses in this message come from log lines that an attacker may have written. They are broken on purpose "
    "(hxxp, [.], [@]), so that none of them is a link."
)
_PAGE: Final = "margin:0;padding:24px 12px;background:#eef0f3"
_CARD: Final = (
    "max-width:640px;margin:0 auto;padding:20px 24px;background:#ffffff;color:#1f2933;border-top:6px solid {colour};"
    "font-family:-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif;font-size:15px;line-height:1.5;"
    "overflow-wrap:anywhere"
)
_HEADLINE: Final = "margin:0 0 16px;font-size:21px;line-height:1.3"
_TITLE: Final = "margin:20px 0 4px;font-size:13px;font-weight:600;color:#52606d"
_TEXT: Final = "margin:4px 0"
_LIST: Final = "margin:4px 0;padding-left:20px"
_DETAIL: Final = "font-size:13px;color:#52606d"
_CODE: Final = "font-family:Consolas,Menlo,monospace;background:#eef0f3;color:#1f2933;padding:1px 5px;border-radius:3px"
_URGENT: Final = "margin:20px 0 0;padding:4px 14px 8px;background:#fff8e6;border-left:4px solid #d99a00"
_FOOT: Final = "margin:24px 0 0;padding-top:10px;border-top:1px solid #dde1e6;font-size:12px;color:#7b8794"
_BAD, _QUESTION, _GOOD, _OVER, _QUIET = "#c62828", "#d99a00", "#2e7d32", "#2b6cb0", "#7b8794"
_COLOURS: Final[dict[Cause, str]] = {
    "first": _BAD,
    "escalated": _BAD,
    "ineffective": _BAD,
    "proposed": _QUESTION,
    "contained": _GOOD,
    "released": _OVER,
    "merged": _OVER,
    "closed": _OVER,
    "none": _QUIET,
}


def page(headline: str, parts: Iterable[Part], cause: Cause) -> str:
    """Return the message as one HTML document."""
    root = Element("html", lang="en")
    head = SubElement(root, "head")
    SubElement(head, "meta", charset="utf-8")
    SubElement(head, "meta", name="viewport", content="width=device-width,initial-scale=1")
    SubElement(head, "title").text = headline
    body = SubElement(root, "body", style=_PAGE)
    card = SubElement(body, "div", style=_CARD.format(colour=_COLOURS[cause]))
    SubElement(card, "h1", style=_HEADLINE).text = headline
    for part in parts:
        _write(card, part)
    SubElement(card, "p", style=_FOOT).text = FOOTER
    return "<!DOCTYPE html>" + tostring(root, encoding="unicode", method="html")


def _write(card: Element, part: Part) -> None:
    place = SubElement(card, "div", style=_URGENT) if part.title == DECIDE else card
    if part.title:
        SubElement(place, "h2", style=_TITLE).text = part.title
    if part.text:
        SubElement(place, "p", style=_TEXT).text = part.text
    if part.lines:
        _list(place, part.lines)


def _list(place: Element, lines: Iterable[str]) -> None:
    items = SubElement(place, "ul", style=_LIST)
    for line in lines:
        if line.startswith("  ") and len(items):
            _detail(items[-1], line)
        else:
            SubElement(items, "li", style=_TEXT).text = line


def _detail(item: Element, line: str) -> None:
    below = SubElement(item, "div", style=_DETAIL)
    if line.startswith(UNDO):
        below.text = UNDO.lstrip()
        SubElement(below, "code", style=_CODE).text = line.removeprefix(UNDO)
    else:
        below.text = line.strip()
