"""What is forgotten and what is not: memory is bounded, a story in progress is kept."""

from schemas.fact import ProcessEnded
from schemas.finding import Level
from schemas.times import HOUR, MINUTE
from services.detect.correlate.core.engine import Engine
from services.detect.correlate.core.finding import Actor, Filed, Mention
from services.detect.correlate.core.inventory import Inventory
from tests.correlate_facts import START, Run, Story
from tests.correlate_harness import evidences, play
from tests.correlate_scenes import Estate, background, intrusion


def told(engine: Engine, story: Story) -> None:
    for moment in story.moments:
        for fact in moment.facts:
            engine.fact(fact)


def tables(engine: Engine) -> set[str]:
    return {str(key[0]) for key in engine.store.items}


def test_an_ordinary_day_is_forgotten_but_not_whose_the_addresses_are() -> None:
    engine, story = Engine(Inventory(), evidences()), Story()
    background(story, Estate(), 50)
    told(engine, story)
    engine.settle()
    before = len(engine.store.items)
    for hour in range(1, 30):
        engine.evict(START + hour * HOUR)
    assert len(engine.store.items) < before / 2
    assert not {"start", "peers", "session", "tickets", "image"} & tables(engine)
    assert {"own", "controller", "addresses"} <= tables(engine)


def test_a_process_that_lives_is_kept_and_one_that_ended_is_not() -> None:
    engine, story = Engine(Inventory(), evidences()), Story()
    alive = story.start(1, Run("PC1", 10, "\\program files\\a.exe", "CORP\\eve"))
    gone = story.start(1, Run("PC1", 20, "\\program files\\b.exe", "CORP\\eve"))
    story.fact(60, ProcessEnded, "PC1", process=gone.ref)
    told(engine, story)
    for minute in range(1, 40):
        engine.evict(START + minute * MINUTE)
    assert engine.store.table(("start", "PC1", alive.pid))
    assert not engine.store.table(("start", "PC1", gone.pid))


def test_what_an_incident_rests_on_is_kept() -> None:
    story = Story()
    background(story, Estate())
    intrusion(story, Estate())
    played = play(story.moments)
    engine = played.state.work.engine
    [group] = engine.groups()
    nodes = set(group.group.nodes) if group.group else set()
    for hour in range(1, 12):
        engine.evict(START + hour * HOUR)
    engine.settle()
    assert {name for each in engine.groups() if each.group for name in each.group.nodes} >= nodes


def test_a_flood_of_one_kind_stays_bounded() -> None:
    engine, story = Engine(Inventory(), evidences()), Story()
    scanner = Run("PC1", 10, "\\program files\\scan.exe", "CORP\\eve")
    for number in range(5000):
        story.connect(number / 100, scanner, ("10.1.0.1", 1000 + number), (f"10.9.{number // 250}.{number % 250}", 445))
    told(engine, story)
    assert max(len(table) for table in engine.store.items.values()) <= 2048


def test_whom_a_finding_elsewhere_names_makes_no_story_be_looked_at_again() -> None:
    story = Story()
    intrusion(story, Estate())
    played = play(story.moments)
    engine = played.state.work.engine
    assert engine.groups()
    assert not engine.is_due
    named = (Mention("host", "PC9"), Mention("account", "CORP\\pc9$"), Mention("account", "CORP\\eva"))
    engine.finding(Filed("finding-9", "event-9", START, "rule-9", "Elsewhere", Level.LOW, Actor("PC9"), mentions=named))
    assert not engine.is_due
