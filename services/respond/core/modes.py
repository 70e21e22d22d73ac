"""Which mode applies: the lowest of what the tenant's configuration and the topic ``modes`` say."""

from collections.abc import Iterable, Mapping

from pydantic import ValidationError

from runtime.log import Received
from schemas.control import Control
from schemas.identity import compose
from schemas.mode import Mode, ModeChange, lowest
from schemas.tenant import Tenant
from services.respond.core.draft import Draft
from services.respond.core.records import ModeRecord

STOPPED = frozenset({Mode.HALT, Mode.HALT_ALL})
_UNREADABLE = "unreadable"


def mode_of(
    tenant: Tenant, modes: Mapping[str, ModeRecord], control: Control, connector: str | None, rules: Iterable[str]
) -> tuple[Mode, str]:
    """Return the mode for a control on a connector because of ``rules``, and who set it so and why."""
    titles = frozenset(rules)
    said = [(tenant.mode, "the tenant's configuration")]
    if control in tenant.modes:
        said.append((tenant.modes[control], f"the tenant's configuration of {control}"))
    said += [
        (one.mode, f"{one.by}: {one.reason}") for one in modes.values() if _applies(one, control, connector, titles)
    ]
    mode = lowest(*(one for one, _ in said))
    return mode, next(why for one, why in said if one is mode)


def take_mode(draft: Draft, given: Received) -> None:
    """Take in one entry of the topic ``modes``. One that cannot be read means OBSERVE until a readable one follows."""
    try:
        change = ModeChange.model_validate_json(given.value)
    except ValidationError:
        draft.put_mode(_UNREADABLE, _unreadable(given, draft.now))
        return
    if change.tenant not in (None, draft.tenant):
        return
    unreadable = draft.modes.get(compose(_UNREADABLE, given.key))
    if unreadable is not None and unreadable.mode is Mode.OBSERVE:
        draft.put_mode("readable", ModeRecord(unreadable.scope, Mode.ARMED, change.by, change.reason, change.at))
    record = _record(change, given.key)
    known = draft.modes.get(record.scope)
    if known is None or (known.at <= record.at and known != record):
        draft.put_mode("changed", record)


def _record(change: ModeChange, log_key: str) -> ModeRecord:
    scope = compose(change.tenant or "*", change.connector or "*", change.control or "*", change.rule or "*")
    return ModeRecord(
        scope, change.mode, change.by, change.reason, change.at, change.connector, change.control, change.rule, log_key
    )


def _unreadable(given: Received, now: int) -> ModeRecord:
    scope = compose(_UNREADABLE, given.key)
    return ModeRecord(scope, Mode.OBSERVE, "stanch", f"the mode at offset {given.offset} cannot be read", now)


def _applies(one: ModeRecord, control: Control, connector: str | None, rules: frozenset[str]) -> bool:
    return (
        one.connector in (None, connector)
        and one.control in (None, control.value)
        and (one.rule is None or one.rule in rules)
    )
