"""What a correlation rule reads in a finding: the groups that it belongs to, and the values to be counted."""

from collections.abc import Iterator, Mapping
from itertools import islice, product
from typing import Any, Final

from schemas.finding import Finding
from schemas.taxonomy import every_alias, field_values
from services.detect.correlate.sigma_correlation.rule import Correlation
from services.detect.correlate.sigma_correlation.window import Entry

MAX_GROUPS_PER_EVENT: Final = 16
_MAX_FIELDS: Final = 32
_MAX_TEXT: Final = 256


def entries_of(rule: Correlation, finding: Finding) -> Iterator[Entry]:
    """Yield one entry per group that the event belongs to; none where it lacks a field that the rule groups by."""
    native, detail = native_of(finding), finding.unmapped.stanch
    counted_by = rule_of(finding)
    fields = [rule.aliases.get(name, {}).get(counted_by, name) for name in rule.group_by]
    options = [_texts(native, field) for field in fields]
    values = tuple(_combined(native, rule.counted))
    if rule.kind == "value_count" and not values:
        return
    data = _small(native)
    for group in islice(product(*options), MAX_GROUPS_PER_EVENT):
        yield Entry(finding.time, detail.event_uid, group, values, detail.event_kind, detail.event_source, data)


def rule_of(finding: Finding) -> str:
    """Return the id of the rule that found it."""
    analytic = finding.finding_info.analytic
    return analytic.uid if analytic else ""


def native_of(finding: Finding) -> Mapping[str, Any]:
    """Return the native object behind a finding."""
    return finding.evidences[0].data if finding.evidences else {}


def _texts(native: Mapping[str, Any], field: str) -> tuple[str, ...]:
    found = field_values(native, field, every_alias())
    return tuple(dict.fromkeys(str(value) for value in found if isinstance(value, str | int | float) and value != ""))


def _combined(native: Mapping[str, Any], fields: tuple[str, ...]) -> Iterator[str]:
    """Yield the values to be told apart; of several fields their combinations."""
    for values in islice(product(*(_texts(native, field) for field in fields)), MAX_GROUPS_PER_EVENT):
        yield "\0".join(values).lower()


def _small(native: Mapping[str, Any]) -> dict[str, Any]:
    """A window keeps thousands of events: of each only its short scalar fields."""
    scalars = ((name, value) for name, value in native.items() if isinstance(value, str | int | float))
    return {
        name: value[:_MAX_TEXT] if isinstance(value, str) else value for name, value in islice(scalars, _MAX_FIELDS)
    }
