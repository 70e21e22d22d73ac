"""The hash chain of a ledger: one chain per tenant, each entry bound to all before it.

An entry is JSON ``{v, tenant, seq, kind, key, at, data, prev, hash}``; ``hash`` is SHA-256 of the rest in canonical form
(sorted keys, no blanks), ``prev`` the hash before it. So nothing can be changed, left out or moved between without being
found; only the end could be cut off.
"""

import hashlib
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from runtime.errors import StartError
from runtime.log import Log, Message, Received
from runtime.machine import Entry
from runtime.outputs import cause_of
from schemas.identity import compose

GENESIS = "0" * 64
SNAPSHOT = "ledger.snapshot"
SNAPSHOT_HEADER = "snapshot"
_PIECE = 512 * 1024
_FIELDS = {"v", "tenant", "seq", "kind", "key", "at", "data", "prev", "hash"}

Upcaster = Callable[[Entry], Entry]


class BrokenLedger(StartError):
    """What the ledger holds is not what was written; nothing is decided on it."""


@dataclass(frozen=True, slots=True)
class Link:
    """The end of a tenant's chain."""

    seq: int = 0
    head: str = GENESIS


@dataclass(frozen=True, slots=True)
class Line:
    """One entry as it stands in the ledger."""

    tenant: str
    at: int
    entry: Entry
    link: Link
    prev: str
    value: bytes

    @property
    def is_snapshot(self) -> bool:
        """Whether it is a piece of a state and no transition."""
        return self.entry.kind == SNAPSHOT


def forge(tenant: str, link: Link, entry: Entry, at: int) -> Line:
    """Return the line that binds ``entry`` behind ``link``. Its data is what a reader will find: plain JSON.

    Raises:
        TypeError: the data is not JSON.
    """
    body = {"v": entry.version, "tenant": tenant, "seq": link.seq + 1, "kind": entry.kind, "key": entry.key, "at": at,
            "data": entry.data, "prev": link.head}  # fmt: skip
    canonical = orjson.dumps(body, option=orjson.OPT_SORT_KEYS)
    digest = hashlib.sha256(canonical).hexdigest()
    value = canonical[:-1] + f',"hash":"{digest}"}}'.encode()
    data = orjson.loads(canonical)["data"]
    plain = Entry(entry.kind, entry.key, data, entry.version)
    return Line(tenant, at, plain, Link(link.seq + 1, digest), link.head, value)


def parse(received: Received) -> Line:
    """Return the line that ``received`` holds.

    Raises:
        BrokenLedger: it is not the entry that was written.
    """
    try:
        body = orjson.loads(received.value)
    except orjson.JSONDecodeError as error:
        raise _broken(received, f"it is not JSON ({error})") from error
    if not isinstance(body, dict) or set(body) != _FIELDS:
        raise _broken(received, "it has not the fields of an entry")
    digest = body.pop("hash")
    if hashlib.sha256(orjson.dumps(body, option=orjson.OPT_SORT_KEYS)).hexdigest() != digest:
        raise _broken(received, "its hash is not that of its content")
    if body["tenant"] != received.tenant:
        raise _broken(received, f"it stands under the tenant {received.tenant!r} and is one of {body['tenant']!r}")
    entry = Entry(body["kind"], body["key"], body["data"], body["v"])
    return Line(body["tenant"], body["at"], entry, Link(body["seq"], digest), body["prev"], received.value)


def follow(received: Received, link: Link | None) -> Line:
    """Return the line of ``received``, which must come right behind ``link``; None: behind anything.

    Raises:
        BrokenLedger: something was changed, left out or put between.
    """
    line = parse(received)
    if link is not None and (line.prev, line.link.seq) != (link.head, link.seq + 1):
        raise _broken(received, f"entry {line.link.seq} does not follow entry {link.seq}")
    return line


def message_of(line: Line, topic: str) -> Message:
    """Return the line as it travels; the header of a snapshot lets a reader find it without decoding."""
    headers = {"seq": str(line.link.seq), "kind": line.entry.kind}
    if line.is_snapshot:
        headers[SNAPSHOT_HEADER] = f"{line.entry.data['part']}/{line.entry.data['parts']}"
    return Message(topic, line.tenant, compose(line.tenant, line.entry.key), line.value, headers)


def snapshot_entries(state: Mapping[str, Any]) -> Sequence[Entry]:
    """Return the entries that hold ``state``, in pieces that the log takes.

    Raises:
        TypeError: the state is not JSON.
    """
    text = orjson.dumps(state, option=orjson.OPT_SORT_KEYS).decode()
    digest = hashlib.sha256(text.encode()).hexdigest()
    pieces = [text[start : start + _PIECE] for start in range(0, len(text), _PIECE)]
    shared = {"parts": len(pieces), "digest": digest}
    return [Entry(SNAPSHOT, "", shared | {"part": part, "text": piece}) for part, piece in enumerate(pieces)]


def state_of(lines: Sequence[Line], last: Received) -> Mapping[str, Any]:
    """Return the state that the pieces hold.

    Raises:
        BrokenLedger: it is not the state that was written.
    """
    text = "".join(line.entry.data["text"] for line in lines)
    whole = [line.entry.data["part"] for line in lines] == list(range(lines[-1].entry.data["parts"]))
    if not whole or hashlib.sha256(text.encode()).hexdigest() != lines[-1].entry.data["digest"]:
        raise _broken(last, "the snapshot that ends here is not whole")
    state: Mapping[str, Any] = orjson.loads(text)
    return state


def upcast(entry: Entry, upcasters: Mapping[tuple[str, int], Upcaster]) -> Entry:
    """Return ``entry`` in the newest version that ``upcasters`` (by kind and version) lead to."""
    while upcaster := upcasters.get((entry.kind, entry.version)):
        entry = upcaster(entry)
    return entry


async def audit(log: Log, topic: str, partition: int) -> AsyncIterator[Line]:
    """Yield every line of a ledger from its first on, each checked against its chain.

    Raises:
        BrokenLedger: at the first line that is not what was written.
    """
    links: dict[str, Link] = {}
    async for received in log.read(topic, partition):
        line = follow(received, links.get(received.tenant, Link()))
        links[line.tenant] = line.link
        yield line


def _broken(received: Received, why: str) -> BrokenLedger:
    return BrokenLedger(
        f"the ledger is broken at {cause_of(received)} (tenant {received.tenant!r}): {why};"
        " restore the log from a backup made before, nothing is decided on it"
    )
