"""What pulse tells of sources and rules, and what it lets pass; time is an argument."""

import pytest

from runtime.errors import Rejected
from schemas.finding import Finding, Kind, Stage
from schemas.measure import Measure
from services.detect.pulse.core.pulse import Pulse
from services.detect.pulse.settings import Settings

START = 1_760_000_040  # the beginning of a window
WINDOW = 60
SETTINGS = Settings()


class Scene:
    """One tenant's day: windows of measures, one after another."""

    def __init__(self, settings: Settings = SETTINGS) -> None:
        self.pulse = Pulse(settings)
        self.window = 0
        self.told: list[Finding] = []

    def passes(self, windows: int = 1, **counts: int) -> "Scene":
        """Let windows pass in which each of ``source`` or ``source__name`` counts so many, spread over six seconds."""
        for _ in range(windows):
            for second in range(START + self.window * WINDOW, START + (self.window + 1) * WINDOW, 10):
                for what, count in counts.items():
                    self.says(what, second, count // 6)
            self.window += 1
            self.look((START + self.window * WINDOW) * 1000)
        return self

    def says(self, what: str, second: int, count: int, cause: str = "") -> None:
        source, _, name = what.partition("__")
        service = "detect.match" if name == "findings" else "ingest"
        one = Measure(
            tenant="acme", service=service, name=name or "normalized", subject=source, second=second, count=count
        )
        self.pulse.observe(one, cause or f"{what}/{second}", second * 1000 + 1000)

    def look(self, now: int) -> None:
        self.told += self.pulse.advance("acme", now)

    @property
    def titles(self) -> list[str]:
        return [finding.finding_info.title for finding in self.told]

    @property
    def facts(self) -> list[dict[str, object]]:
        return [finding.evidences[0].data for finding in self.told]


def test_a_steady_day_is_not_worth_a_word() -> None:
    assert Scene().passes(100, gateway=600, dc=60_000, dc__dead_letters=60, rule__findings=12).told == []


class TestSilence:
    def test_is_told_once_with_since_when_and_the_usual_rate(self) -> None:
        scene = Scene().passes(20, gateway=600, dc=600).passes(20, dc=600)
        assert scene.titles == ["A Source Fell Silent"]
        assert scene.facts == [
            {
                "service": "ingest",
                "source": "gateway",
                "since": "2025-10-09T09:13:50.000Z",
                "usual_count": 600,
                "window_seconds": 60,
                "usual_gap_seconds": 10,
            }
        ]

    def test_its_end_is_told_too(self) -> None:
        scene = Scene().passes(20, gateway=600).passes(20).passes(5, gateway=600)
        assert scene.titles == ["A Source Fell Silent", "A Silent Source Speaks Again"]
        assert scene.facts[1]["silent_seconds"] == 20 * WINDOW + 10
        assert scene.told[0].finding_info.uid != scene.told[1].finding_info.uid

    def test_is_noticed_without_any_message(self) -> None:
        scene = Scene().passes(20, gateway=600)
        due = scene.pulse.deadline()
        assert due is not None
        while due is not None and not scene.told:
            scene.look(due - 1)
            assert scene.told == []
            scene.look(due)
            due = scene.pulse.deadline()
        assert scene.titles == ["A Source Fell Silent"]
        assert due is None

    def test_of_a_source_that_speaks_rarely_takes_its_own_time(self) -> None:
        scene = Scene()
        for _ in range(12):
            scene.passes(1, backup=6).passes(9)
        assert scene.passes(25).told == []
        assert scene.passes(30).titles == ["A Source Fell Silent"]

    def test_that_was_told_does_not_become_usual(self) -> None:
        scene = Scene().passes(20, gateway=600).passes(60).passes(20, gateway=600).passes(20)
        assert scene.titles == ["A Source Fell Silent", "A Silent Source Speaks Again", "A Source Fell Silent"]

    def test_of_a_source_that_is_hardly_known_is_not_told(self) -> None:
        assert Scene().passes(3, gateway=600).passes(60).told == []

    def test_of_a_source_that_may_be_silent_is_not_told(self) -> None:
        assert Scene(Settings(unwatched=("gateway",))).passes(20, gateway=600).passes(60).told == []

    def test_of_a_rule_is_what_one_hopes_for(self) -> None:
        assert Scene().passes(20, rule__findings=60).passes(60).told == []


class TestVolume:
    def test_that_doubles_is_let_pass(self) -> None:
        assert Scene().passes(20, gateway=600).passes(10, gateway=1200).told == []

    def test_that_explodes_is_told_once_and_becomes_usual_in_time(self) -> None:
        scene = Scene().passes(60, gateway=600).passes(80, gateway=60_000)
        assert scene.titles == ["A Source Says Far More Than Usual"]
        assert (scene.facts[0]["count"], scene.facts[0]["usual_count"]) == (60_000, 600)
        assert scene.passes(5, gateway=60_000).titles == ["A Source Says Far More Than Usual"]

    def test_that_explodes_again_later_is_told_again_under_another_id(self) -> None:
        scene = Scene()
        for _ in range(2):
            scene.passes(30, gateway=600).passes(2, gateway=60_000)
        scene.passes(3, gateway=600)
        assert scene.titles == ["A Source Says Far More Than Usual"] * 2
        assert len({finding.finding_info.uid for finding in scene.told}) == 2

    def test_that_breaks_in_is_told_in_its_second_window(self) -> None:
        scene = Scene().passes(20, gateway=6000).passes(1, gateway=60).passes(3, gateway=6000)
        assert scene.told == []
        assert scene.passes(4, gateway=60).titles == ["A Source Says Far Less Than Usual"]

    def test_of_a_few_is_not_judged(self) -> None:
        assert Scene().passes(20, gateway=6).passes(10, gateway=60).told == []

    def test_of_a_new_source_is_not_judged(self) -> None:
        assert Scene().passes(5, gateway=600).passes(4, gateway=60_000).told == []

    def test_that_always_varies_may_vary(self) -> None:
        scene = Scene()
        for _ in range(15):
            scene.passes(1, bursty=600).passes(1, bursty=60_000)
        assert scene.told == []


class TestDeadLetters:
    def test_of_a_source_that_breaks_are_told(self) -> None:
        scene = Scene().passes(20, gateway=600).passes(10, gateway=300, gateway__dead_letters=300)
        assert scene.titles == ["Far More Records Than Usual Become Dead Letters"]
        assert (scene.facts[0]["dead_letters"], scene.facts[0]["records"]) == (300, 600)

    def test_of_what_no_source_understood_are_a_share_of_all(self) -> None:
        scene = Scene().passes(20, gateway=600).passes(10, gateway=600, auto__dead_letters=300)
        assert scene.titles == ["Far More Records Than Usual Become Dead Letters"]
        assert scene.facts[0]["source"] == "auto"

    def test_that_were_always_there_are_not_told(self) -> None:
        assert Scene().passes(40, gateway=300, gateway__dead_letters=300).told == []

    def test_few_among_many_are_not_told(self) -> None:
        assert Scene().passes(20, gateway=60_000).passes(5, gateway=60_000, auto__dead_letters=300).told == []


class TestNoise:
    def test_of_a_rule_is_told_once(self) -> None:
        scene = Scene().passes(20, good__findings=60, bad__findings=6).passes(20, good__findings=60, bad__findings=600)
        assert scene.titles == ["A Rule Became Noisy"]
        assert scene.facts[0]["rule"] == "bad"

    def test_of_a_rule_that_is_new_is_told(self) -> None:
        assert Scene().passes(20, good__findings=60).passes(5, good__findings=60, new__findings=600).titles == [
            "A Rule Became Noisy"
        ]

    def test_an_attack_that_many_rules_see_is_none(self) -> None:
        rules = {f"r{number}__findings": 6 for number in range(6)}
        assert Scene().passes(20, **rules).passes(5, **dict.fromkeys(rules, 600)).told == []


class TestState:
    def test_what_comes_twice_counts_once(self) -> None:
        scene = Scene().passes(20, gateway=600)
        for _ in range(100):
            scene.says("gateway", START + 20 * WINDOW, 100, cause="the same")
        assert scene.passes(2, gateway=600).told == []

    def test_what_two_members_count_in_one_second_is_added(self) -> None:
        scene = Scene().passes(20, gateway=600)
        for member in range(100):
            scene.says("gateway", START + 20 * WINDOW, 100, cause=f"records.acme/{member}/1")
        assert scene.passes(1, gateway=600).passes(1).titles == ["A Source Says Far More Than Usual"]

    def test_a_measure_of_a_window_that_is_over_changes_no_count(self) -> None:
        scene = Scene().passes(20, gateway=600)
        scene.says("gateway", START, 1_000_000, cause="late")
        assert scene.passes(2, gateway=600).told == []

    def test_a_measure_of_the_future_is_refused(self) -> None:
        pulse = Pulse(SETTINGS)
        one = Measure(tenant="acme", service="ingest", name="base", subject="x", second=START + 31, count=1)
        with pytest.raises(Rejected, match="has not come"):
            pulse.observe(one, "", START * 1000)

    def test_the_stalest_are_forgotten(self) -> None:
        scene = Scene(Settings(most_series=50))
        for number in range(500):
            scene.says(f"source-{number}", START + number, 1)
        assert len(scene.pulse.watches["acme"].series) == 50

    def test_memory_does_not_grow_with_time(self) -> None:
        scene = Scene().passes(300, gateway=600)
        series = scene.pulse.watches["acme"].series["ingest", "gateway"]
        assert (len(series.past), len(series.gaps), len(series.open)) == (60, 60, 1)


def test_what_is_told_is_of_the_operations_kind_and_can_contain_nothing() -> None:
    (finding,) = Scene().passes(20, gateway=600).passes(20).told
    detail = finding.unmapped.stanch
    assert (detail.kind, detail.stage, detail.tactics, detail.anchor) == (Kind.OPERATIONS, Stage.OBSERVE, (), None)
