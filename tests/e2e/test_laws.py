"""It understands, it does not remember: what must not change the conclusions, and what must change them.

"The same" compares the fate of every target and who is what in which incident, never ids and times.
"""

import random
from collections.abc import Callable, Mapping
from pathlib import Path

import orjson
import pytest

from lab.recording import Names, Recording, RecordingOptions, record
from tests.replaying import LONG, Conclusion, company, conclusion, held, play_lines

FILM = record(RecordingOptions())
PATIENT = {"freshness_minutes": LONG, "hold_minutes": LONG}


def conclude(film: Recording, home: Path, lines: list[bytes] | None = None, **changes: object) -> Conclusion:
    return conclusion(play_lines(lines or list(film.lines), home, company(film, **changes)))


@pytest.fixture(scope="module")
def usual(tmp_path_factory: pytest.TempPathFactory) -> Conclusion:
    return conclude(FILM, tmp_path_factory.mktemp("usual"))


def renamed(found: Conclusion, names: Mapping[str, str]) -> Conclusion:
    def new(entity: str) -> str:
        return names.get(entity.casefold(), entity)

    return Conclusion(
        frozenset((control, kind, new(entity), fate) for control, kind, entity, fate in found.fates),
        frozenset(
            frozenset((kind, new(entity), role) for kind, entity, role in incident) for incident in found.incidents
        ),
    )


def dictionary(old: Names, new: Names) -> dict[str, str]:
    """Every canonical id of one naming to that of the other."""
    pairs: dict[str, str] = {old.delivery: new.delivery, old.command: new.command}
    for role, (host, address) in old.hosts.items():
        name, other = new.hosts[role]
        pairs |= {host: name.upper(), address: other}
        pairs[f"{old.netbios}\\{host}$"] = f"{new.netbios}\\{name.lower()}$"
    for role, account in old.accounts.items():
        pairs[f"{old.netbios}\\{account}"] = f"{new.netbios}\\{new.accounts[role].lower()}"
    return {key.casefold(): value for key, value in pairs.items()}


@pytest.mark.parametrize("seed", [1, 2])
def test_with_everything_renamed_it_concludes_the_same_renamed(usual: Conclusion, tmp_path: Path, seed: int) -> None:
    names = Names.scrambled(seed)
    film = record(RecordingOptions(names=names))
    assert conclude(film, tmp_path) == renamed(usual, dictionary(Names(), names))


@pytest.mark.parametrize("pair", [("finance", "sales"), ("finance", "operations"), ("files", "management")])
def test_when_two_hosts_change_places_the_holds_change_with_them(
    usual: Conclusion, tmp_path: Path, pair: tuple[str, str]
) -> None:
    one, other = (Names().hosts[role][0] for role in pair)
    film = record(RecordingOptions(swap=(one, other)))
    hosts = {hold[2] for hold in conclude(film, tmp_path).fates if hold[1] == "host"}
    swap = {one: other, other: one}
    assert hosts == {swap.get(hold[2], hold[2]) for hold in usual.fates if hold[1] == "host"}


def test_without_the_attack_nothing_is_held(tmp_path: Path) -> None:
    assert conclude(record(RecordingOptions(attack=False)), tmp_path).fates == frozenset()


@pytest.mark.slow
def test_ten_times_the_everyday_traffic_changes_no_hold(usual: Conclusion, tmp_path: Path) -> None:
    film = record(RecordingOptions(benign_factor=10))
    assert conclude(film, tmp_path).fates == usual.fates


def instant(line: bytes) -> str:
    return str(orjson.loads(line)["@timestamp"])


def shuffled_within(seconds: float) -> Callable[[int], list[bytes]]:
    def shuffle(seed: int) -> list[bytes]:
        dice = random.Random(seed)
        order = sorted(
            range(len(FILM.lines)), key=lambda number: position(FILM.lines[number]) + dice.uniform(0, seconds)
        )
        return [FILM.lines[number] for number in order]

    return shuffle


def position(line: bytes) -> float:
    hours, minutes, rest = instant(line)[11:].rstrip("Z").split(":")
    return int(hours) * 3600 + int(minutes) * 60 + float(rest)


@pytest.mark.parametrize("seed", [11, 12])
def test_a_shuffle_within_two_seconds_changes_nothing(usual: Conclusion, tmp_path: Path, seed: int) -> None:
    assert conclude(FILM, tmp_path, shuffled_within(2)(seed)) == usual


@pytest.mark.parametrize("seed", [21, 22])
def test_any_order_of_all_events_changes_nothing(usual: Conclusion, tmp_path: Path, seed: int) -> None:
    lines = list(FILM.lines)
    random.Random(seed).shuffle(lines)
    assert conclude(FILM, tmp_path, lines, **PATIENT) == usual


def test_the_starter_rules_alone_reach_the_acting_threshold(tmp_path: Path) -> None:
    assert held(play_lines(FILM.lines, tmp_path, company(FILM)))
