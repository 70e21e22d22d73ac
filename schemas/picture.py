"""Draws the data flow from the declarations of the topics: ``python -m schemas.picture [--check]``.

The drawing in ARCHITECTURE.md stands between two markers and is never edited by hand.
"""

import sys
from collections.abc import Iterable
from pathlib import Path

from schemas.topics import TOPICS, Topic

PAGE = Path(__file__).parents[1] / "ARCHITECTURE.md"
BEGIN, END = "<!-- picture: python -m schemas.picture -->", "<!-- end of picture -->"
ASIDE = frozenset({"dead-letters", "measures"})


def mermaid(topics: Iterable[Topic] = TOPICS.values()) -> str:
    """Return the flow as a Mermaid chart: services are boxes, topics the arrows between them.

    What every service writes (dead letters, measures) and what a service writes for itself alone is left out.
    """
    drawn = [topic for topic in topics if topic.name not in ASIDE and topic.public]
    names = sorted({name for topic in drawn for name in (*topic.producers, *topic.consumers)})
    boxes = [f"    {_id(name)}[{name}]" for name in names]
    arrows = [
        f'    {_id(producer)} -->|"{_label(topic)}"| {_id(consumer)}'
        for topic in drawn
        for producer in topic.producers
        for consumer in topic.consumers
    ]
    return "\n".join(["```mermaid", "flowchart LR", *boxes, *arrows, "```"])


def table(topics: Iterable[Topic] = TOPICS.values()) -> str:
    """Return the topics as a table."""
    head = ["| topic | key | what | from | to |", "|---|---|---|---|---|"]
    rows = [
        f"| `{one.name}` | {_cell(one.key)} | {_cell(one.what)} | {_names(one.producers)} | {_names(one.consumers)} |"
        for one in topics
    ]
    return "\n".join(head + rows)


def drawn_into(page: str) -> str:
    """Return ``page`` with the present picture between its markers.

    Raises:
        ValueError: the page lacks a marker.
    """
    before, rest = page.split(BEGIN)
    _, after = rest.split(END)
    return f"{before}{BEGIN}\n{mermaid()}\n\n{table()}\n{END}{after}"


def main(arguments: list[str]) -> int:
    """Draw, or check with ``--check``; return the exit status."""
    page = PAGE.read_text()
    wanted = drawn_into(page)
    if arguments == ["--check"]:
        if page != wanted:
            sys.stderr.write("the picture in ARCHITECTURE.md is out of date: python -m schemas.picture\n")
        return int(page != wanted)
    PAGE.write_text(wanted)
    return 0


def _id(name: str) -> str:
    return name.replace(".", "_")


def _label(topic: Topic) -> str:
    return topic.name.replace("<", "#lt;").replace(">", "#gt;")


def _names(names: tuple[str, ...]) -> str:
    return ", ".join(names) or "–"  # noqa: RUF001 # an empty cell reads better with a dash


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
