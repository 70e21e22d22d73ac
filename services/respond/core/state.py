"""The state of one tenant, and the only function that changes it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from runtime.machine import Entry
from schemas.entity import AssetClass
from services.respond.core.records import LEASED, Hold, Known, Lane, ModeRecord

Record = Hold | Lane | Known | ModeRecord
RECORDS: dict[str, type[Record]] = {"hold": Hold, "lane": Lane, "known": Known, "mode": ModeRecord}


@dataclass(slots=True)
class State:
    """Everything that respond knows of a tenant. ``due`` and the last two are derived."""

    tenant: str
    holds: dict[str, Hold] = field(default_factory=dict)
    lanes: dict[str, Lane] = field(default_factory=dict)
    known: dict[str, Known] = field(default_factory=dict)
    modes: dict[str, ModeRecord] = field(default_factory=dict)
    leases: dict[str, int] = field(default_factory=dict)
    due: dict[str, int] = field(default_factory=dict)
    classes: dict[str, AssetClass] = field(default_factory=dict)
    own_addresses: dict[str, str] = field(default_factory=dict)


def entry(kind: str, key: str, record: Record) -> Entry:
    """Return the ledger entry ``kind`` (``hold.pending``, ``lane.dispatched``) that carries the whole new record."""
    return Entry(kind, key, msgspec.to_builtins(record))


def fold(state: State, one: Entry) -> State:
    """Return the state after ``one``."""
    noun = one.kind.partition(".")[0]
    put(state, one.key, msgspec.convert(one.data, RECORDS[noun], strict=False))
    return state


def put(state: State, key: str, record: Record) -> None:
    """File ``record`` under ``key``."""
    match record:
        case Hold():
            state.holds[key] = record
            _index(state.leases, key, record.expires_at if record.state in LEASED and not record.ended_by else None)
        case Lane():
            state.lanes[key] = record
            _index(state.due, key, record.effect.due if record.effect and record.effect.is_open else None)
        case Known():
            state.known[key] = record
            state.classes[record.id] = record.asset_class
            state.own_addresses.update(dict.fromkeys(record.addresses, record.id))
        case ModeRecord():
            state.modes[key] = record


def snapshot(state: State) -> Mapping[str, Any]:
    """Return the state as JSON."""
    parts: dict[str, Mapping[str, Record]] = {
        "hold": state.holds,
        "lane": state.lanes,
        "known": state.known,
        "mode": state.modes,
    }
    return {noun: {key: msgspec.to_builtins(one) for key, one in part.items()} for noun, part in parts.items()}


def restore(tenant: str, data: Mapping[str, Any]) -> State:
    """Return the state that ``snapshot`` wrote."""
    state = State(tenant)
    for noun, part in data.items():
        for key, one in part.items():
            put(state, key, msgspec.convert(one, RECORDS[noun], strict=False))
    return state


def _index(index: dict[str, int], key: str, instant: int | None) -> None:
    if instant is None:
        index.pop(key, None)
    else:
        index[key] = instant
