"""Every story of a few steps, none left out: breadth first over the function that production uses, equal states once."""

import pytest

from tests.property.respond.stories import Story, judge
from tests.unit.respond.bench import FakeProduct
from tests.unit.respond.incidents import START

MINUTE = 60_000
STEPS = (
    ("perform", "ok"),
    ("perform", "lost"),
    ("perform", "not_sent"),
    ("crash", "before the call"),
    ("crash", "after the call"),
    ("time", "next"),
    ("finish", ""),
    ("wish", "i-2"),
    ("release", ""),
    ("mode", "HALT"),
    ("mode", "HALT_ALL"),
)


def begin(where: str, names_owner: bool, asynchronous: bool) -> Story:
    """A story at one of its turns: wished for, in place, or being released."""
    story = Story(FakeProduct(names_owner=names_owner, asynchronous=asynchronous))
    story.play("wish", "i-1")
    if where != "wished":
        story.bench.go_on(START + MINUTE)
    if where == "releasing":
        story.play("release", "")
        story.play("perform", "ok")
    return story


@pytest.mark.parametrize("where", ["wished", "in place", "releasing"])
@pytest.mark.parametrize("asynchronous", [False, True])
@pytest.mark.parametrize("names_owner", [False, True])
def test_every_short_story_ends_well(where: str, names_owner: bool, asynchronous: bool) -> None:
    explore(begin(where, names_owner, asynchronous), depth=4)


def explore(start: Story, depth: int) -> None:
    """Tell every story that goes on from ``start``, and judge each end."""
    seen = {start.picture()}
    front = [start]
    for _ in range(depth):
        following = []
        for story in front:
            for step in STEPS:
                other = story.fork()
                other.play(*step)
                if (picture := other.picture()) not in seen:
                    seen.add(picture)
                    following.append(other)
        front = following
    assert front
    for story in front:
        story.rest()
        judge(story)
