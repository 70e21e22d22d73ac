"""The broker is away for a while under load: nothing lost, nothing doubled, every service recovers by itself."""

from pathlib import Path
from typing import get_args

import pytest

from tests.chaos.broker.drill import How, drill
from tests.servers.available import missing
from tests.servers.kafka import Unobtainable, jars

AWAY_SECONDS = 15.0


@pytest.fixture(scope="module", autouse=True)
def _java() -> None:
    try:
        jars()
    except Unobtainable as error:
        missing(f"no Kafka broker of one's own: {error}")


@pytest.mark.slow
@pytest.mark.parametrize("how", get_args(How))
def test_the_broker_goes_and_comes_back(how: How, tmp_path: Path) -> None:
    verdict = drill(how, AWAY_SECONDS, tmp_path)
    print(*verdict.complaints.items(), sep="\n")  # shown where it fails
    assert verdict.wrong == {}
    assert None not in verdict.recovered.values(), verdict.recovered
