"""What every guard promises: its examples, totality, and a fact with each verdict. Found by its file."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.control import VOCABULARY, Control
from schemas.entity import AssetClass, Authority, Role
from schemas.tenant import Tenant
from services.respond.plugins import load_guards
from services.respond.ports.aims import Aim
from services.respond.ports.guards import Allow, Ask, Facts, GuardExample, Plan, Refuse, Resolution

GUARDS = load_guards()
EXAMPLES = [(name, example) for name, guard in GUARDS.items() for example in guard.examples]
VERDICTS = {"allow": Allow, "ask": Ask, "refuse": Refuse}

plans = st.builds(
    lambda control, name, aliases, role, authority, asset_class, observed, at: Plan(
        control, Aim(VOCABULARY[control].target, name, tuple(aliases)), role, "", authority, asset_class, observed, at
    ),
    st.sampled_from(Control), st.text(max_size=20), st.lists(st.text(max_size=20), max_size=3), st.sampled_from(Role),
    st.sampled_from(Authority), st.sampled_from(AssetClass), st.booleans(), st.integers(0, 2**42),
)  # fmt: skip
resolutions = st.sampled_from(
    [None, Resolution("resolved", ("a",)), Resolution("ambiguous", ("a", "b")), Resolution("absent")]
)


def test_the_guards_of_the_first_release_are_there() -> None:
    assert {"protected", "address_sanity", "unique_resolution", "role", "freshness"} <= set(GUARDS)


@pytest.mark.parametrize(("name", "example"), EXAMPLES, ids=lambda one: getattr(one, "title", one))
def test_it_judges_its_examples_as_they_say(name: str, example: GuardExample) -> None:
    said = GUARDS[name].judge(example.plan, example.facts, example.now)
    assert isinstance(said, VERDICTS[example.verdict]), said


@pytest.mark.parametrize("name", GUARDS)
def test_it_shows_what_it_allows_and_what_it_does_not(name: str) -> None:
    verdicts = {example.verdict for example in GUARDS[name].examples}
    assert "allow" in verdicts
    assert verdicts & {"ask", "refuse"}
    assert GUARDS[name].controls


@pytest.mark.parametrize("name", GUARDS)
@given(plan=plans, resolution=resolutions, now=st.integers(0, 2**42))
def test_it_answers_whatever_it_is_asked_and_says_why(
    name: str, plan: Plan, resolution: Resolution | None, now: int
) -> None:
    facts = Facts(Tenant(slug="example"), resolution=resolution)
    said = GUARDS[name].judge(plan, facts, now)
    assert said.fact
    assert isinstance(said, Allow) or said.would_change
    assert GUARDS[name].judge(plan, facts, now) == said
