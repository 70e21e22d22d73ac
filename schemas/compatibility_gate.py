"""The gate: no published schema may change so that a message of the last release is no longer understood.

``released/<version>/`` keeps the schemas of the last release. What our services read must take everything that was valid then;
what they write must be understood by whoever reads with the schemas of then, and ignores properties that he does not know.
"""

import json
import re
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from schemas.compatibility import Break, Comparison, Schema
from schemas.topics import PEOPLE, TOPICS

RELEASED: Final = Path(__file__).parent / "released"
THIS: Final = "this tree"
DOCUMENTS: Final[Mapping[str, tuple[bool, bool]]] = {
    "tenant": (True, False),
    "command": (True, True),
    "response": (True, True),
    "replay-report": (False, True),
}
"""What is on no topic: whether we read it, whether we write it."""

CURE: Final = """\
Keep to what was released: add optional properties, leave the others as they are.
To break it deliberately: raise the version in pyproject.toml (the second number before 1.0, the first one after), say in
CHANGELOG.md what others must change, and keep the new schemas: python -m schemas.publish --release <version>
"""
_VERSION: Final = re.compile(r"(\d{1,4})\.(\d{1,4})\.(\d{1,4})", re.ASCII)
_ASYNCAPI: Final = "asyncapi"
_CHANNEL: Final = ("address", "x-key", "x-partition-by")

Version = tuple[int, int, int]


class Refused(Exception):
    """This version cannot be released."""


def last_release(folder: Path = RELEASED) -> str | None:
    """Return the version whose schemas are kept, the highest if there are several."""
    versions = [path.name for path in folder.glob("*") if path.is_dir()] if folder.is_dir() else []
    return max(versions, key=_parsed, default=None)


def problems(schemas: Mapping[str, Schema], folder: Path = RELEASED) -> list[str]:
    """Return every incompatible change since the last release: which file, which place, what."""
    version = last_release(folder)
    if version is None:
        return []
    released = {path.stem: json.loads(path.read_text()) for path in sorted((folder / version).glob("*.json"))}
    return [problem for name, old in released.items() for problem in _changes(name, old, schemas.get(name), version)]


def release(version: str, schemas: Mapping[str, Schema], folder: Path = RELEASED) -> None:
    """Keep ``schemas`` as those of ``version``, instead of the release before.

    Raises:
        Refused: the version is none, not higher than the last one, or too little higher for what has changed.
    """
    new, last = _parsed(version), last_release(folder)
    if last is not None:
        _check(new, _parsed(last), breaks=bool(problems(schemas, folder)))
        shutil.rmtree(folder / last)
    (folder / version).mkdir(parents=True)
    for name, schema in schemas.items():
        (folder / version / f"{name}.json").write_text(json.dumps(schema, sort_keys=True, ensure_ascii=False) + "\n")


def _check(new: Version, last: Version, *, breaks: bool) -> None:
    if new <= last:
        raise Refused(f"{_text(last)} is released already; the next version must be higher")
    least = (last[0] + 1, 0, 0) if last[0] else (0, last[1] + 1, 0)
    if breaks and new < least:
        raise Refused(f"the schemas break {_text(last)}: the next version must be {_text(least)} or higher")


def _changes(name: str, old: Schema, new: Schema | None, version: str) -> Iterator[str]:
    file = f"schemas/published/{name}.json"
    if new is None:
        yield f"{file}: {version} has it, {THIS} has not"
    elif name == _ASYNCAPI:
        yield from (f"{file} {problem}" for problem in _channels(old, new, version))
    else:
        yield from (f"{file} {problem}" for problem in _breaks(name, old, new, version))


def _breaks(name: str, old: Schema, new: Schema, version: str) -> Iterator[str]:
    reads, writes = _directions(name)
    found: list[Break] = []
    if reads:
        found += Comparison(new, old, THIS, version).breaks()
    if writes:
        found += Comparison(old, new, version, THIS, must_ignore=True).breaks()
    return (f"{one.path}: {one.what}" for one in dict.fromkeys(found))


def _directions(name: str) -> tuple[bool, bool]:
    """Return whether our services read it, and whether they write it: then others read it."""
    topic = TOPICS.get(name)
    if topic is None:
        return DOCUMENTS.get(name, (True, True))
    return bool(topic.consumers), bool({*topic.producers} - {*PEOPLE})


def _channels(old: Schema, new: Schema, version: str) -> Iterator[str]:
    """Yield what changed about where and how messages travel."""
    for name, before in old["channels"].items():
        now = new["channels"].get(name)
        if now is None:
            yield f"$.channels.{name}: {version} has it, {THIS} has not"
            continue
        for place, was in _travels(before).items():
            if (will := _travels(now).get(place)) != was:
                yield f"$.channels.{name}.{place}: {version} has {was!r}, {THIS} has {will!r}"


def _travels(channel: Schema) -> dict[str, Any]:
    types = {f"messages.{name}.contentType": one.get("contentType") for name, one in channel["messages"].items()}
    return {**{name: channel.get(name) for name in _CHANNEL}, **types}


def _parsed(version: str) -> Version:
    found = _VERSION.fullmatch(version)
    if found is None:
        raise Refused(f"{version!r} is no version; write three numbers, 1.2.3")
    major, minor, patch = map(int, found.groups())
    return major, minor, patch


def _text(version: Version) -> str:
    return ".".join(map(str, version))
