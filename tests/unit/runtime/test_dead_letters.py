"""Dead letters: bounded, recognisable, and put back whole after a fix, once."""

import hashlib

import pytest

from runtime.dead_letters import REPLAYED_FROM, Failure, as_message, dead_letter, letters, replay
from runtime.embedded import EmbeddedLog
from runtime.log import Message, Received
from schemas.dead_letter import KEPT_BYTES, DeadLetter, Fate
from tests.unit.runtime.toy import memory_log

REFUSED = Failure(Fate.REJECTED, "no event")


def received(value: bytes = b"{}", offset: int = 0, **headers: str) -> Received:
    return Received("records.acme", 0, offset, "acme", "sshd", value, headers, 5)


def letter(value: bytes = b"{}", offset: int = 0, **headers: str) -> DeadLetter:
    return dead_letter("ingest", received(value, offset, **headers), REFUSED, 9)


async def returned(log: EmbeddedLog) -> list[Received]:
    return [one async for one in log.read("records.acme", 0) if REPLAYED_FROM in one.headers]


def test_its_uid_follows_from_the_service_and_the_place() -> None:
    assert letter().uid == letter(b"other bytes").uid
    assert len({letter().uid, letter(offset=1).uid, dead_letter("notify", received(), REFUSED, 9).uid}) == 3


def test_a_large_message_is_kept_in_part_and_named_whole() -> None:
    value = bytes(range(256)) * 1_000
    kept = DeadLetter.model_validate_json(as_message(letter(value)).value)
    assert kept.value == value[:KEPT_BYTES]
    assert (kept.length, kept.sha256) == (len(value), hashlib.sha256(value).hexdigest())


def test_endless_reasons_are_cut() -> None:
    endless = dead_letter("ingest", received(), Failure(Fate.BUG, "x" * 10**6, "y" * 10**6), 9)
    assert len(as_message(endless).value) < 30_000


@pytest.mark.parametrize("value", [b"\x00\xff\n", b"", "\u202e".encode(), b"\xed\xa0\x80"])
def test_any_bytes_come_back(value: bytes) -> None:
    assert DeadLetter.model_validate_json(as_message(letter(value)).value).value == value


@pytest.mark.parametrize("foreign", [b"", b"{}", b"\xff", b"[" * 5_000])
async def test_what_others_wrote_beside_them_hides_no_letter(foreign: bytes) -> None:
    log = memory_log()
    await log.append([Message("dead-letters", "acme", "x", foreign), as_message(letter())])
    assert [one.uid async for one in letters(log)] == [letter().uid]


class TestReplay:
    """The original bytes, key and headers go back to the original topic."""

    async def buried(self, *buried: DeadLetter) -> EmbeddedLog:
        log = memory_log()
        for one in buried:
            await log.append([Message(one.topic, one.tenant, one.key, one.value[:10], one.headers)])
        await log.append([as_message(one) for one in buried])
        return log

    async def test_what_went_in_comes_out(self) -> None:
        one = letter(b"\x00raw", source="file:7")
        log = await self.buried(one)
        assert (await replay(log, lambda _: True)).returned == (one.uid,)
        (back,) = await returned(log)
        assert (back.value, back.key, back.tenant) == (b"\x00raw", "sshd", "acme")
        assert back.headers == {"source": "file:7", REPLAYED_FROM: one.uid}

    async def test_a_second_replay_adds_nothing(self) -> None:
        one = letter()
        log = await self.buried(one)
        await replay(log, lambda _: True)
        again = await replay(log, lambda _: True)
        assert (again.returned, again.already) == ((), (one.uid,))
        assert len(await returned(log)) == 1

    async def test_one_that_died_again_can_be_put_back_again(self) -> None:
        one = letter()
        log = await self.buried(one)
        await replay(log, lambda _: True)
        (back,) = await returned(log)
        await log.append([as_message(dead_letter("ingest", back, REFUSED, 10))])
        second = await replay(log, lambda _: True)
        assert second.already == (one.uid,)
        assert len(second.returned) == 1

    async def test_only_the_chosen_ones(self) -> None:
        log = await self.buried(letter(offset=0), letter(offset=1))
        done = await replay(log, lambda one: one.offset == 1)
        assert done.returned == (letter(offset=1).uid,)

    async def test_one_whose_bytes_were_cut_is_refused_with_the_reason(self) -> None:
        log = await self.buried(letter(b"x" * 70_000))
        (refusal,) = (await replay(log, lambda _: True)).refused
        assert refusal.reason == "only 65536 of its 70000 bytes were kept; send it again from its source"
        assert await returned(log) == []

    async def test_what_was_no_message_is_refused(self) -> None:
        log = await self.buried(letter(offset=-1))
        (refusal,) = (await replay(log, lambda _: True)).refused
        assert "no message of a topic" in refusal.reason

    async def test_two_services_that_gave_up_one_message_are_both_believed(self) -> None:
        log = await self.buried(letter())
        await log.append([as_message(dead_letter("notify", received(), REFUSED, 9))])
        assert len((await replay(log, lambda _: True)).returned) == 2

    async def test_a_letter_that_somebody_else_wrote_reaches_no_topic(self) -> None:
        log = await self.buried(letter(b"{}"))
        forged = dead_letter("notify", received(b'{"evil":1}'), REFUSED, 9)
        await log.append([as_message(forged)])
        (refusal,) = (await replay(log, lambda one: one.service == "notify")).refused
        assert refusal.reason.startswith("another message lies where it says that it was")
        assert await returned(log) == []

    @pytest.mark.parametrize("topic", ["decisions", "modes", "incidents", "respond.ledger"])
    async def test_nor_one_whose_original_nobody_can_see(self, topic: str) -> None:
        log = memory_log()
        forged = dead_letter("respond", Received(topic, 0, 7, "acme", "acme|x", b"{}", {}, 5), REFUSED, 9)
        await log.append([as_message(forged)])
        (refusal,) = (await replay(log, lambda _: True)).refused
        assert refusal.reason == "the topic does not hold the original any more"
        assert [one async for one in log.read(topic, 0)] == []

    @pytest.mark.parametrize(("topic", "partition"), [("payroll", 0), ("events", 99), ("events", -1)])
    async def test_nor_one_of_a_place_that_is_not_ours(self, topic: str, partition: int) -> None:
        log = memory_log()
        forged = dead_letter("respond", Received(topic, partition, 0, "acme", "x", b"{}", {}, 5), REFUSED, 9)
        await log.append([as_message(forged)])
        (refusal,) = (await replay(log, lambda _: True)).refused
        assert refusal.reason == "it names no place of ours"

    async def test_the_same_letter_written_twice_is_one(self) -> None:
        log = await self.buried(letter(), letter())
        assert [one.uid async for one in letters(log)] == [letter().uid]
        await replay(log, lambda _: True)
        assert len(await returned(log)) == 1
