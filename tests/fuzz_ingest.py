"""Fuzzes ingest: ``python -m tests.fuzz_ingest [--records 100000] [--seed 1]``.

Three quarters of the records are mutations of valid ones, most of them gentle ones (a value changed, a key lost, a type turned),
the rest are blows to the bytes or noise from the start. Every record must end as an event or as a refusal with a reason:
nothing may crash, nothing may be lost.
"""

import argparse
import random
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any, Final

import orjson

from runtime.errors import Rejected
from schemas.identity import REPLAY_KEY
from services.ingest.adapters import load_sources
from services.ingest.core import Context, Normalizer
from services.ingest.ports import AUTO, Example, Hints

Mutation = Callable[[random.Random, bytes], bytes]

WEIRD: Final[tuple[Any, ...]] = (
    None, True, 0, -1, 2**63, 1e308, "", "-", " ", "\x00", "%%14592", "0x", "0xffffffffffffffffff", "A" * 3000, "\\\\", "../..",
    "ünï\u202e", "{{7*7}}", "'; --", [], {}, [None], {"#text": 1}, [["x"] * 3], {"a": {"b": {"c": 1}}}, "2024-13-45T99:99:99Z",
    "9999-12-31 23:59:59.999", "::ffff:192.0.2.1", "999.1.1.1", "DOM\\a\\b", "\\", "@", "a@b@c",
)  # fmt: skip


def valid() -> list[Example]:
    """The examples of every source that maps."""
    return [example for source in load_sources() for example in source.examples if example.class_uid]


def change_value(dice: random.Random, record: bytes) -> bytes:
    """Give one value of a JSON object another one, of any type."""
    document, places = _places(record)
    if places:
        holder, key = _chosen(dice, places)
        holder[key] = dice.choice(WEIRD)
    return orjson.dumps(document) if places else change_word(dice, record)


def lose_key(dice: random.Random, record: bytes) -> bytes:
    """Take one key away."""
    document, places = _places(record)
    if places:
        holder, key = _chosen(dice, places)
        del holder[key]
    return orjson.dumps(document) if places else change_word(dice, record)


def double_key(dice: random.Random, record: bytes) -> bytes:
    """Repeat one key with another value, as somebody would who hides it from one of two parsers."""
    if not record.startswith(b"{") or len(orjson.loads(record)) < 3:
        return change_value(dice, record)
    key = orjson.dumps(dice.choice(list(orjson.loads(record))))
    return record.rstrip()[:-1] + b"," + key + b":" + orjson.dumps(dice.choice(WEIRD)) + b"}"


def change_word(dice: random.Random, record: bytes) -> bytes:
    """Put another word for one of a line's."""
    words = re.split(r"([ \t:\[\]]+)", record.decode())
    words[dice.randrange(0, len(words), 2)] = str(dice.choice(WEIRD))
    return "".join(words).encode()


def flip_bytes(dice: random.Random, record: bytes) -> bytes:
    """Change up to three bytes."""
    mutated = bytearray(record)
    for _ in range(dice.randint(1, 3)):
        mutated[dice.randrange(len(mutated))] = dice.randrange(256)
    return bytes(mutated)


def cut(dice: random.Random, record: bytes) -> bytes:
    """Keep the beginning only."""
    return record[: dice.randrange(len(record))]


def noise(dice: random.Random, record: bytes) -> bytes:
    """Have nothing to do with the record."""
    return dice.randbytes(dice.randrange(len(record)))


def untouched(dice: random.Random, record: bytes) -> bytes:
    """Leave it as it is."""
    return record


ROUTING: Final = frozenset(
    {
        "EventID",
        "Channel",
        "Event",
        "System",
        "winlog",
        "event_id",
        "channel",
        "eventName",
        "eventSource",
        "eventType",
        "_path",
        "ts",
    }
)

MUTATIONS: Final[tuple[tuple[Mutation, int], ...]] = (
    (change_value, 54), (lose_key, 22), (double_key, 10), (untouched, 4), (flip_bytes, 4), (cut, 3), (noise, 3),
)  # fmt: skip
OF_VALID: Final = frozenset({change_value, lose_key, double_key, untouched, flip_bytes, cut})


def records(count: int, seed: int) -> Iterator[tuple[Mutation, bytes, Hints]]:
    """Yield ``count`` fuzzed records with what was done to them."""
    dice, examples = random.Random(seed), valid()
    mutations, weights = zip(*MUTATIONS, strict=True)
    for _ in range(count):
        example = dice.choice(examples)
        mutation = dice.choices(mutations, weights)[0]
        yield mutation, mutation(dice, example.record), example.hints


def fuzz(count: int, seed: int) -> Counter[str]:
    """Return what became of ``count`` records; whatever is neither an event nor a refusal is raised.

    A mapper that was reached may still find that what its class requires is gone: then the event is a base event.
    """
    normalizer, found = Normalizer(load_sources()), Counter[str]()
    kinds = {example.kind for example in valid()}
    for number, (mutation, record, hints) in enumerate(records(count, seed)):
        found["records"] += 1
        found["of valid"] += mutation in OF_VALID
        try:
            made = normalizer.normalize(record, Context("fuzz", REPLAY_KEY, AUTO, f"fuzz:{number}", hints))
        except Rejected:
            found["refused"] += 1
        else:
            assert orjson.loads(made.value)["unmapped"] == orjson.loads(made.headers.native(made.value))
            found["normalized" if made.mapped else "base"] += 1
            found["reached"] += mutation in OF_VALID and made.headers.kind in kinds
    return found


def main() -> int:
    """Fuzz, print the counts, and say by the exit status whether all held."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--records", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    wanted = parser.parse_args()
    found = fuzz(wanted.records, wanted.seed)
    lost = found["records"] - found["normalized"] - found["base"] - found["refused"]
    share = found["reached"] / found["records"]
    print(
        f"records {found['records']}: normalized {found['normalized']}, base {found['base']}, refused {found['refused']}"
    )
    print(f"mutations of valid records that reached a mapper: {share:.1%} of all; crashes 0; lost {lost}")
    return 0 if lost == 0 and share >= 0.70 else 1


def _chosen(dice: random.Random, places: list[tuple[dict[str, Any], str]]) -> tuple[dict[str, Any], str]:
    """One of the places; those that say what kind of record it is only now and then, else few would reach a mapper."""
    while True:
        place = dice.choice(places)
        if place[1] not in ROUTING or dice.random() < 0.1:
            return place


def _places(record: bytes) -> tuple[Any, list[tuple[dict[str, Any], str]]]:
    """The JSON value that the record is, and every place in it where a key stands."""
    if not record.startswith(b"{"):
        return None, []
    document = orjson.loads(record)
    return document, list(_keys(document))


def _keys(value: Any) -> Iterator[tuple[dict[str, Any], str]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield value, key
            yield from _keys(inner)


if __name__ == "__main__":
    sys.exit(main())
