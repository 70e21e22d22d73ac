"""Inputs that are read again: in a replay their header tells when they came, live nobody's header does."""

from dataclasses import replace

import pytest

from runtime.clock import VirtualClock
from runtime.ledger.rebuild import past
from runtime.log import TopicPartition
from runtime.pace import LivePace, Pace, VirtualPace
from tests.unit.runtime.toy import NOON, memory_log, said

FAR_AHEAD = 99_999_999_999_999

LIVE = (LivePace(VirtualClock(NOON)), [("incidents", NOON), ("decisions", NOON)])
REPLAY = (VirtualPace(VirtualClock(0)), [("decisions", NOON), ("incidents", FAR_AHEAD)])


@pytest.mark.parametrize(("pace", "expected"), [LIVE, REPLAY], ids=["live", "replay"])
async def test_whose_clock_counts(pace: Pace, expected: list[tuple[str, int]]) -> None:
    log = memory_log()
    await log.append([said(now=FAR_AHEAD, add=1), replace(said(add=2), topic="decisions")])
    ends = {TopicPartition("incidents", 0): 1, TopicPartition("decisions", 0): 1}
    again = [(one.topic, pace.moment(one)) async for one in past(log, ends, 0, pace)]
    assert again == expected
