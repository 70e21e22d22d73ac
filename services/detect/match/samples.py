"""What ``rules test`` tells: recorded samples, and the samples inside rule files, against the rules that they name.

``read_events`` opens a recording through ingest; this process never imports it.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from schemas.event import EventHeaders, LogSource
from schemas.taxonomy import aliases_of
from services.detect.match.core.closures import closure
from services.detect.match.core.engine import Engine
from services.detect.match.core.rule import Rule, RuleTest
from services.detect.match.core.translate import Placeholders
from services.detect.match.core.view import View
from services.detect.match.load import load

Event = tuple[Mapping[str, Any], EventHeaders]
ReadEvents = Callable[[Path], Iterable[Event]]
_RECORDINGS = {".evtx", ".json", ".ndjson"}


@dataclass(frozen=True, slots=True)
class SampleResult:
    """One sample: whether its rule fired, how often, and why not."""

    rule_uid: str
    title: str
    sample: Path
    fired: int
    reason: str = ""

    @property
    def passed(self) -> bool:
        """The rule did what the sample says it should."""
        return not self.reason


def check_samples(
    regression_dir: Path, dirs: Sequence[Path], read_events: ReadEvents, placeholders: Placeholders | None = None
) -> tuple[SampleResult, ...]:
    """Return one result per recording below ``regression_dir`` and rule that its ``info.yml`` names."""
    rules = {rule.uid: rule for rule in load(dirs, placeholders).rules}
    return tuple(
        _sample(recording, uid, title, rules.get(uid), read_events)
        for info in sorted(regression_dir.rglob("info.yml"))
        for uid, title in _named(info)
        for recording in _recordings(info.parent)
    )


def self_test(rules: Iterable[Rule]) -> tuple[SampleResult, ...]:
    """Return one result per sample inside the rule files."""
    return tuple(_own(rule, own, Engine([rule])) for rule in rules for own in rule.extension.tests)


def event_of(rule: Rule, own: RuleTest) -> Event:
    """Return the event that a sample inside a rule file stands for."""
    channel, event_id = own.event.get("Channel"), own.event.get("EventID")
    kind = own.kind or (f"{channel}/{event_id}".lower() if channel and event_id is not None else "")
    logsource = LogSource(**own.logsource) if own.logsource else rule.logsource
    return own.event, EventHeaders(own.name, "sample", logsource, kind, 0, 0, 0)


def _own(rule: Rule, own: RuleTest, engine: Engine) -> SampleResult:
    fired = len(engine.match(*event_of(rule, own)))
    reason = "" if bool(fired) is own.fires else f"{own.name}: {'fired, but should not' if fired else 'did not fire'}"
    return SampleResult(rule.uid, rule.title, Path(rule.path), fired, reason)


def _sample(recording: Path, uid: str, title: str, rule: Rule | None, read_events: ReadEvents) -> SampleResult:
    if rule is None:
        return SampleResult(uid, title, recording, 0, "no such rule among those that compile")
    events = list(read_events(recording))
    engine = Engine([rule])
    fired = sum(bool(engine.match(native, headers)) for native, headers in events)
    reason = "" if fired else _why_not(rule, engine, events)
    return SampleResult(uid, rule.title, recording, fired, reason)


def _why_not(rule: Rule, engine: Engine, events: Sequence[Event]) -> str:
    if not events:
        return "the recording holds no event"
    kinds = ", ".join(sorted({headers.kind or "unknown kind" for _, headers in events}))
    if any(engine.concerns(headers) for _, headers in events):
        return f"no event meets the condition ({len(events)} events: {kinds})"
    test_anywhere, aliases = closure(rule.node), aliases_of(rule.logsource.product, rule.logsource.category)
    if any(test_anywhere(View(native, aliases)) for native, _ in events):
        return f"an event meets the condition, but the rule's logsource does not concern its kind ({kinds})"
    return f"the rule's logsource concerns none of the events ({kinds})"


def _named(info: Path) -> list[tuple[str, str]]:
    content = yaml.safe_load(info.read_text(encoding="utf-8"))
    named = content.get("rule_metadata") if isinstance(content, Mapping) else None
    return [(str(entry.get("id")), str(entry.get("title", ""))) for entry in named or [] if isinstance(entry, Mapping)]


def _recordings(directory: Path) -> list[Path]:
    return sorted(path for path in directory.iterdir() if path.suffix in _RECORDINGS)
