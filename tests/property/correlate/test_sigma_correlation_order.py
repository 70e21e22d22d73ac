"""Whatever the order of arrival, the same findings lead to the same conclusions."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.finding import Finding
from services.detect.correlate.sigma_correlation.rule import Correlation, Operator
from tests.unit.sigma_correlations import counting, found, told

_EVENTS = st.lists(
    st.tuples(st.integers(0, 110), st.sampled_from("ab"), st.sampled_from(["root", "admin", "test"])), max_size=40
)
_OPERATORS: st.SearchStrategy[Operator] = st.sampled_from(["gte", "gt", "lt", "lte", "eq", "neq"])


@st.composite
def _rules(draw: st.DrawFn) -> Correlation:
    condition = (draw(_OPERATORS), float(draw(st.integers(1, 5))))
    seconds = draw(st.sampled_from([1, 7, 30, 60, 200]))
    if draw(st.booleans()):
        return counting(condition, seconds=seconds)
    return counting(condition, seconds=seconds, kind="value_count", counted=("user",))


def _plain(conclusions: dict[str, Finding]) -> dict[str, Any]:
    return {uid: conclusion.model_dump() for uid, conclusion in conclusions.items()}


@settings(max_examples=300, deadline=None)
@given(_EVENTS, _rules(), st.randoms(use_true_random=False))
def test_order_does_not_matter_within_the_allowed_lateness(
    events: list[tuple[int, str, str]], rule: Correlation, dice: Any
) -> None:
    findings = [found(at, f"e{n}", {"src_ip": host, "user": user}) for n, (at, host, user) in enumerate(events)]
    shuffled = list(findings)
    dice.shuffle(shuffled)
    closing = [found(10_000, "z", {"src_ip": "z", "user": "z"})]
    in_order = sorted(findings, key=lambda finding: finding.time)
    assert _plain(told([rule], in_order + closing)) == _plain(told([rule], shuffled + closing))


@settings(max_examples=200, deadline=None)
@given(_EVENTS, st.integers(1, 5), st.sampled_from([1, 7, 30]))
def test_a_conclusion_is_drawn_exactly_where_some_window_meets_the_condition(
    events: list[tuple[int, str, str]], number: int, seconds: int
) -> None:
    findings = [found(at, f"e{n}", {"src_ip": host, "user": user}) for n, (at, host, user) in enumerate(events)]
    conclusions = told([counting(("gte", number), seconds=seconds)], findings)
    concluded = {conclusion.unmapped.stanch.matched["src_ip"] for conclusion in conclusions.values()}
    expected = {
        host
        for host in "ab"
        for end in {at for at, where, _ in events if where == host}
        if sum(1 for at, where, _ in events if where == host and end - seconds <= at <= end) >= number
    }
    assert concluded == expected
