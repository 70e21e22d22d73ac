"""In which order, and at which virtual instant, the records of a replay are received."""

import re
from pathlib import Path

import pytest

from runtime.errors import Rejected
from schemas.ocsf.objects import Observable
from schemas.times import HOUR
from services.ingest.ports import AUTO, Hints
from stanch.replay.recording import read

START = 1_778_832_000_000


class Reader:
    """Takes the number in a record for its hour of the day."""

    def peek(self, record: bytes, source: str, hints: Hints) -> tuple[int, list[Observable]]:  # noqa: ARG002 - its shape
        found = re.search(rb'"hour":(\d+)', record)
        if found is None:
            raise Rejected("no time")
        return START + int(found[1]) * HOUR, []


def hours(folder: Path, **files: list[int | None]) -> list[float]:
    for name, times in files.items():
        lines = ('{"no":1}' if hour is None else f'{{"hour":{hour}}}' for hour in times)
        (folder / f"{name}.ndjson").write_text("\n".join(lines))
    paths = [folder / f"{name}.ndjson" for name in files]
    return [(one.at - START) / HOUR for one in read(paths, AUTO, Reader(), lambda _: None).records]


@pytest.mark.parametrize(
    ("times", "expected"),
    [
        pytest.param([1, 3, 2, 4], [1, 3, 3, 4], id="time never goes back"),
        pytest.param([None, 2, None, 3], [2, 2, 2, 3], id="a record without a time has its neighbour's"),
        pytest.param([1, 80_000, 2, 3], [1, 1, 2, 3], id="one wrong clock does not end the day"),
        pytest.param([80_000, 1, 2], [1, 1, 2], id="not even at the beginning"),
    ],
)
def test_virtual_receipt(times: list[int | None], expected: list[int], tmp_path: Path) -> None:
    assert hours(tmp_path, one=times) == expected


def test_files_are_merged_by_time_and_each_keeps_its_order(tmp_path: Path) -> None:
    assert hours(tmp_path, one=[1, 5, 4], other=[2, 3]) == [1, 2, 3, 5, 5]
