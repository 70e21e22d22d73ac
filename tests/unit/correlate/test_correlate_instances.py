"""Which process is meant: pids are reused, sensors see one process in their own words, and some lose the pid."""

import random
from collections.abc import Sequence

from schemas.fact import Command, Fact, ProcessEnded, ProcessRef, ProcessStarted
from services.detect.correlate.core.filing import file_fact
from services.detect.correlate.core.nodes import Process
from services.detect.correlate.core.store import Store
from services.detect.correlate.core.view import View

IMAGE = "\\windows\\system32\\cmd.exe"
LINE = Command(text="cmd /c whoami", digest="d1")


def begun(
    second: int, *, guid: str = "", pid: int = 0, image: str = IMAGE, command: Command = LINE, user: str = ""
) -> ProcessStarted:
    reference = ProcessRef(guid, pid, image)
    return ProcessStarted(
        time=second * 1000, host="A", event=f"s{second}{guid}{pid}", process=reference, command=command, user=user
    )


def ended(second: int, pid: int) -> ProcessEnded:
    return ProcessEnded(time=second * 1000, host="A", event=f"e{second}{pid}", process=ProcessRef(pid=pid, image=IMAGE))


def view_of(facts: Sequence[Fact]) -> View:
    store = Store()
    for fact in facts:
        file_fact(store, fact)
    return View(store)


def meant(facts: Sequence[Fact], second: int, *, guid: str = "", pid: int = 0, image: str = "") -> Process:
    found: dict[str, Process] = {}
    for seed in range(6):
        shuffled = list(facts)
        random.Random(seed).shuffle(shuffled)
        process = view_of(shuffled).process("A", ProcessRef(guid, pid, image), second * 1000)
        assert process is not None
        found[repr(process)] = process
    assert len(found) == 1, "the answer depends on the order of arrival"
    return next(iter(found.values()))


def test_two_sensors_see_one_process() -> None:
    facts = [begun(100, guid="g1", pid=7), begun(101, pid=7, user="CORP\\eve")]
    assert meant(facts, 110, pid=7).id == meant(facts, 110, guid="g1").id
    assert meant(facts, 110, pid=7).user == "CORP\\eve"


def test_a_pid_is_used_again() -> None:
    facts: list[Fact] = [begun(100, guid="g1", pid=7), ended(200, 7), begun(1000, guid="g2", pid=7)]
    assert meant(facts, 150, pid=7).guids == ("g1",)
    assert meant(facts, 1100, pid=7).guids == ("g2",)


def test_a_pid_is_used_again_and_only_one_sensor_says_so() -> None:
    facts: list[Fact] = [begun(100, pid=7), ended(200, 7), begun(1000, pid=7)]
    assert meant(facts, 150, pid=7).id != meant(facts, 1100, pid=7).id


def test_the_image_tells_two_processes_of_one_pid_apart() -> None:
    other = "\\windows\\system32\\notepad.exe"
    facts = [begun(100, guid="g1", pid=7), begun(130, guid="g2", pid=7, image=other)]
    assert meant(facts, 135, pid=7, image=IMAGE).guids == ("g1",)
    assert meant(facts, 135, pid=7, image=other).guids == ("g2",)


def test_a_sensor_lost_the_pid_and_the_command_line_brings_it_back() -> None:
    facts = [begun(100, guid="g1"), begun(101, pid=7)]
    assert meant(facts, 110, pid=7).id == meant(facts, 110, guid="g1").id


def test_a_sensor_lost_the_pid_and_a_child_names_it() -> None:
    child = ProcessStarted(
        time=120_000, host="A", event="c", process=ProcessRef("g2", 9, IMAGE), parent=ProcessRef("g1", 7, IMAGE)
    )
    facts = [begun(100, guid="g1", command=Command()), begun(101, pid=7, command=Command()), child]
    assert meant(facts, 110, pid=7).id == meant(facts, 110, guid="g1").id


def test_two_runs_of_one_command_stay_two() -> None:
    facts = [begun(100, guid="g1"), begun(140, guid="g2"), begun(101, pid=7), begun(141, pid=8)]
    assert meant(facts, 110, pid=7).guids == ("g1",)
    assert meant(facts, 150, pid=8).guids == ("g2",)


def test_a_process_that_nobody_saw_begin_is_one_for_all_who_name_it() -> None:
    facts: list[Fact] = [
        ProcessEnded(time=500_000, host="A", event="e", process=ProcessRef("g1", 7, IMAGE)),
    ]
    assert meant(facts, 100, pid=7).id == meant(facts, 100, guid="g1").id


def test_the_system_itself_is_nobody() -> None:
    assert view_of([begun(1, pid=7)]).process("A", ProcessRef(pid=4), 0) is None
