"""Runs the tests in suites and tells the time of each.

``scripts/run_tests.py [SUITE ...] [-- PYTEST ARGUMENTS]``; without a suite, all of them. The exit status is 0 only when every suite
passed. The suites share one Kafka broker. STANCH_REQUIRE_REAL=1 makes a test fail that would skip for want of a server.
"""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import servers  # noqa: E402

from tests.servers.available import REQUIRED, broker  # noqa: E402
from tests.servers.kafka import ADDRESS, Unobtainable  # noqa: E402

PARALLEL = ("-n", "2", "--dist", "loadfile")
NOTHING_COLLECTED = 5


@dataclass(frozen=True, slots=True)
class Suite:
    """Folders of tests that run together."""

    name: str
    folders: tuple[str, ...]
    arguments: tuple[str, ...] = ()


SUITES = (
    Suite("fast", ("unit", "property", "contract", "golden", "architecture"), PARALLEL),
    Suite("integration", ("integration",), PARALLEL),
    Suite("e2e", ("e2e",), PARALLEL),
    Suite("chaos", ("chaos",)),
)


@dataclass(frozen=True, slots=True)
class Result:
    """How a suite ended."""

    name: str
    code: int
    seconds: float


def main(arguments: list[str]) -> int:
    """Run what is asked for; return the exit status."""
    wanted, extra = _split(arguments)
    suites = _chosen(wanted)
    if suites is None:
        return 2
    _tell_surroundings()
    if code := servers.main():
        return code
    with _kafka():
        results = [_run(suite, extra) for suite in suites]
    _sum_up(results)
    return 0 if all(result.code == 0 for result in results) else 1


def _split(arguments: list[str]) -> tuple[list[str], list[str]]:
    if "--" not in arguments:
        return arguments, []
    at = arguments.index("--")
    return arguments[:at], arguments[at + 1 :]


def _chosen(wanted: list[str]) -> list[Suite] | None:
    known = {suite.name: suite for suite in SUITES}
    singles = {name: Suite(name, (name,), suite.arguments) for suite in SUITES for name in suite.folders}
    unknown = [name for name in wanted if name not in known and name not in singles]
    if unknown:
        print(f"no suite called {', '.join(unknown)}; there are {', '.join({**known, **singles})}", file=sys.stderr)
        return None
    return [known.get(name) or singles[name] for name in wanted] or list(SUITES)


def _tell_surroundings() -> None:
    data = Path(os.environ.get("STANCH_DATA", ROOT.parent / "shared" / "data"))
    print(f"recordings: {'present' if data.is_dir() else 'absent, tests that need them skip (set STANCH_DATA)'}")
    print(f"what is real is required: {'yes' if os.environ.get(REQUIRED) == '1' else f'no ({REQUIRED}=1 requires it)'}")


@contextmanager
def _kafka() -> Iterator[None]:
    """Have a broker for all suites; without one the tests that need it skip, or fail, each with the reason."""
    try:
        with broker() as (bootstrap, what):
            print(f"Kafka: {what}", flush=True)
            os.environ[ADDRESS] = bootstrap
            yield
    except Unobtainable as error:
        print(f"Kafka: none ({error})", flush=True)
        yield


def _run(suite: Suite, extra: list[str]) -> Result:
    print(f"\n== {suite.name}", flush=True)
    folders = [f"tests/{name}" for name in suite.folders if any((ROOT / "tests" / name).rglob("test_*.py"))]
    if not folders:
        print("no tests")
        return Result(suite.name, 0, 0.0)
    began = time.monotonic()
    command = [sys.executable, "-m", "pytest", "-q", *suite.arguments, *folders, *extra]
    code = subprocess.run(command, cwd=ROOT, check=False).returncode
    passed = extra and code == NOTHING_COLLECTED
    return Result(suite.name, 0 if passed else code, time.monotonic() - began)


def _sum_up(results: list[Result]) -> None:
    print("\nsuite          time  result")
    for result in results:
        print(
            f"{result.name:<12}{result.seconds:>6.1f} s  {'passed' if result.code == 0 else f'FAILED ({result.code})'}"
        )
    print(f"{'all':<12}{sum(result.seconds for result in results):>6.1f} s", flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
