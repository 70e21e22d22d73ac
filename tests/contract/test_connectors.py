"""What every connector promises, on its product in the lab: found by its file, no list to edit.

The lab's product of ``microsoft_defender`` is ``/defender``: the last word of the name. A connector whose product is no HTTP server
makes the same promises in a file of its own, ``test_connector_<name>.py``.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from lab.clock import LabClock
from lab.faults import Fault, FaultKind
from lab.server import doors
from lab.world import CLIENT_ID, DIRECTORY, SECRET, World
from schemas.command import Args, Command
from schemas.control import VOCABULARY, Control
from schemas.tenant import ConnectorConfig
from schemas.times import HOUR
from services.respond.plugins import load_connectors
from services.respond.ports.aims import Aim, ControlKind
from services.respond.ports.connectors import (
    Absent,
    Accepted,
    Connector,
    ConnectorExample,
    CredentialsRefused,
    NotSent,
    Observed,
    Order,
    OutcomeUnknown,
    Refused,
    Resolved,
    Session,
)

START = 1_760_000_000_000
CONNECTORS = load_connectors()
SECRETS = {"directory": DIRECTORY, "client_id": CLIENT_ID, "client_secret": SECRET, "token": SECRET}
HERE = Path(__file__).parent
ELSEWHERE = {path.stem.removeprefix("test_connector_") for path in HERE.glob("test_connector_*.py")}
ALL = [(name, control) for name, connector in CONNECTORS.items() for control in connector.specs]
OFFERS = [(name, control) for name, control in ALL if name not in ELSEWHERE]
EXAMPLES = [(name, example) for name, connector in CONNECTORS.items() for example in connector.examples]
Answer = Callable[[httpx.Request], httpx.Response]


@dataclass
class Bench(httpx.AsyncBaseTransport):
    """One connector at its product. ``instead`` answers in the product's place where it returns something."""

    connector: Connector
    control: Control
    now: int = START
    sent: list[httpx.Request] = field(default_factory=list)
    instead: Callable[[httpx.Request], httpx.Response | None] = lambda _: None

    def __post_init__(self) -> None:
        self.world = World(lambda: self.now, rate_limits=True)
        self.aim = next(one.aim for one in self.connector.examples if one.taken and one.control is self.control)
        self.now = START - HOUR
        self.world.enrol_host("WKS01", "corp.example")
        self.world.enrol_account("CORP\\jane", "corp.example")
        self.world.enrol_account("j@corp.example")
        self.now = START
        self.lab = httpx.ASGITransport(doors(self.world, LabClock(START)))
        client = httpx.AsyncClient(transport=self, timeout=5)
        prefix = self.connector.name.rpartition("_")[2]
        config = ConnectorConfig.model_validate(
            {"name": "it", "kind": self.connector.name, "base_url": f"http://lab/{prefix}", "secrets": SECRETS}
        )
        self.session: Session = self.connector.open(config, client, lambda: self.now)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Stand between the connector and the lab."""
        self.sent.append(request)
        return self.instead(request) or await self.lab.handle_async_request(request)

    async def resolved(self) -> Resolved:
        """The one object of the product."""
        found = await self.session.resolve(self.aim)
        assert isinstance(found, Resolved)
        return found

    async def order(self, key: str = "key-1") -> Order:
        """An effect as it is sent."""
        command = Command(
            action="contain", target={"x": {}}, args=Args(start_time=self.now, stop_time=self.now + HOUR), actuator={},
            command_id=key,
        )  # fmt: skip
        return Order(command, self.control, await self.resolved(), self.now, self.now + HOUR)

    async def observed(self, since: int = START) -> Observed:
        """The product's state."""
        return await self.session.observe(await self.resolved(), self.control, since)

    async def wait(self, answer: Accepted | Refused, seconds: int = 20) -> None:
        """Let an accepted order come to its end."""
        assert isinstance(answer, Accepted), answer
        self.now += seconds * 1000
        if answer.handle is not None:
            assert (await self.session.poll(self.control, answer.handle)).status == "succeeded"

    def orders(self) -> list[httpx.Request]:
        """The calls that change something."""
        reads = ("/oauth2/", "/advancedqueries/")
        return [one for one in self.sent if one.method != "GET" and not any(part in one.url.path for part in reads)]

    def replace_orders(self, answer: Answer) -> None:
        """Answer every call that changes something in the product's place."""
        self.instead = lambda request: answer(request) if request in self.orders() else None


@pytest.fixture(params=OFFERS, ids=lambda offer: f"{offer[0]}-{offer[1]}")
def bench(request: pytest.FixtureRequest) -> Bench:
    """Each control of each connector."""
    name, control = request.param
    return Bench(CONNECTORS[name], control)


def test_each_is_named_as_its_file_and_offers_something() -> None:
    assert {"microsoft_defender", "microsoft_entra", "plain_firewall"} <= set(CONNECTORS)
    for name, connector in CONNECTORS.items():
        assert connector.name == name
        assert connector.specs
        assert all(spec.rights for spec in connector.specs.values()), f"{name} must name the rights it needs"


@pytest.mark.parametrize(("name", "example"), EXAMPLES, ids=lambda one: getattr(one, "title", one))
def test_it_takes_and_refuses_what_its_examples_say(name: str, example: ConnectorExample) -> None:
    refusal = CONNECTORS[name].refuses(example.control, example.aim)
    assert (refusal == "") is example.taken, refusal


@pytest.mark.parametrize(("name", "control"), ALL)
def test_it_shows_an_example_of_the_right_type_for_each_control(name: str, control: Control) -> None:
    shown = [one for one in CONNECTORS[name].examples if one.control is control]
    assert any(one.taken for one in shown)
    assert all(one.aim.type is VOCABULARY[control].target for one in shown if one.taken)


async def test_it_applies_proves_and_releases_with_one_call_each(bench: Bench) -> None:
    assert not (await bench.observed()).applied
    order = await bench.order()
    before = await bench.observed()
    await bench.wait(await bench.session.apply(order))
    seen = await bench.observed()
    assert seen.applied
    assert seen.pending is None
    assert seen.owner in (order.key, None)
    since = bench.now
    bench.now += 20_000
    assert (await bench.session.verify(order.resolved, bench.control, since)).verdict == "holds"
    assert len(bench.orders()) == 1
    if bench.connector.specs[bench.control].kind is ControlKind.LEVEL:
        await bench.wait(await bench.session.release(await bench.order("key-2"), before.pre_image))
        assert not (await bench.observed()).applied
        assert len(bench.orders()) == 2
    assert bench.world.transitions.count(direction="apply") == 1


async def test_it_stamps_the_effect_key_where_the_product_keeps_one(bench: Bench) -> None:
    await bench.session.apply(await bench.order("the-key"))
    assert [one.cause for one in bench.world.transitions.log] == ["the-key"]


async def test_evidence_tells_a_control_that_does_not_work(bench: Bench) -> None:
    bench.world.faults.seed(Fault(FaultKind.INEFFECTIVE))
    order = await bench.order()
    await bench.wait(await bench.session.apply(order))
    since = bench.now
    bench.now += 20_000
    found = await bench.session.verify(order.resolved, bench.control, since)
    edge = bench.connector.specs[bench.control].kind is ControlKind.EDGE
    assert found.verdict == "contradicts" or (edge and not (await bench.observed()).applied)
    assert "GET" in found.source or "POST" in found.source


async def test_a_native_expiry_is_handed_over(bench: Bench) -> None:
    if not bench.connector.specs[bench.control].native_ttl:
        pytest.skip("the product knows no expiry for this control")
    order = await bench.order()
    await bench.wait(await bench.session.apply(order))
    assert (await bench.observed()).until == order.until
    bench.now = order.until + 1000
    assert not (await bench.observed()).applied


async def test_a_lost_answer_is_an_unknown_outcome_and_a_look_finds_it(bench: Bench) -> None:
    bench.world.faults.seed(Fault(FaultKind.LOST_ANSWER))
    with pytest.raises(OutcomeUnknown):
        await bench.session.apply(await bench.order())
    bench.now += 20_000
    assert (await bench.observed()).applied
    assert len(bench.orders()) == 1, "it tried again by itself"


@pytest.mark.parametrize(
    "error", [httpx.ConnectError("refused"), httpx.ConnectTimeout("slow"), httpx.PoolTimeout("full")]
)
async def test_what_never_left_is_known_not_to_be_sent(bench: Bench, error: Exception) -> None:
    def fail(_: httpx.Request) -> httpx.Response:
        raise error

    order = await bench.order()
    bench.replace_orders(fail)
    with pytest.raises(NotSent):
        await bench.session.apply(order)


@pytest.mark.parametrize(
    "error",
    [httpx.ReadTimeout("slow"), httpx.ReadError("reset"), httpx.WriteError("reset"), httpx.RemoteProtocolError("x")],
)
async def test_what_may_have_arrived_is_unknown(bench: Bench, error: Exception) -> None:
    def fail(_: httpx.Request) -> httpx.Response:
        raise error

    order = await bench.order()
    bench.replace_orders(fail)
    with pytest.raises(OutcomeUnknown):
        await bench.session.apply(order)
    assert len(bench.orders()) == 1


@pytest.mark.parametrize("status", [500, 502, 504])
async def test_a_broken_product_leaves_the_outcome_unknown(bench: Bench, status: int) -> None:
    order = await bench.order()
    bench.replace_orders(lambda _: httpx.Response(status))
    with pytest.raises(OutcomeUnknown):
        await bench.session.apply(order)


@pytest.mark.parametrize(
    ("status", "kind"), [(429, "later"), (503, "later"), (409, "conflict"), (400, "permanent"), (403, "permanent")]
)
async def test_a_refusal_is_typed(bench: Bench, status: int, kind: str) -> None:
    order = await bench.order()
    headers = {"Retry-After": "7"} if status == 429 else {}
    body = {"error": {"code": "Code", "message": "said <script>"}}
    bench.replace_orders(lambda request: httpx.Response(status, json=body, headers=headers, request=request))
    answer = await bench.session.apply(order)
    assert isinstance(answer, Refused)
    assert (answer.kind, answer.retry_after) == (kind, 7_000 if status == 429 else 0)
    assert f"HTTP {status} Code: said" in answer.why
    assert len(bench.orders()) == 1


async def test_a_token_that_went_bad_is_fetched_anew_once(bench: Bench) -> None:
    if "client_secret" not in bench.connector.secrets:
        pytest.skip("its token does not change")
    await bench.observed()
    bench.world.tokens._issued.clear()
    assert not (await bench.observed()).applied
    assert sum("/oauth2/" in one.url.path for one in bench.sent) == 2


async def test_refused_credentials_are_told_apart_from_a_product_that_is_down(bench: Bench) -> None:
    bench.instead = lambda request: httpx.Response(401, request=request)
    with pytest.raises(CredentialsRefused):
        await bench.session.observe(Resolved("x", "x"), bench.control, START)
    bench.instead = lambda request: httpx.Response(503, request=request)
    with pytest.raises((NotSent, OutcomeUnknown, CredentialsRefused)):
        await bench.session.observe(Resolved("x", "x"), bench.control, START)


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"null", b"\xff\xfe", b'{"value": 3}', b'{"value": [3]}'])
async def test_garbage_in_an_answer_is_no_crash(bench: Bench, body: bytes) -> None:
    resolved = await bench.resolved()
    bench.instead = lambda request: (
        httpx.Response(200, content=body, request=request) if "oauth2" not in request.url.path else None
    )
    try:
        seen = await bench.session.observe(resolved, bench.control, START)
    except (OutcomeUnknown, NotSent):
        return
    assert isinstance(seen, Observed)


@pytest.mark.parametrize("name", ["NOBODY", "CORP\\nobody", "x' or 1 eq 1 or 'x' eq 'x", "a/../b", "ünï", "a?b#c&d"])
async def test_hostile_names_find_nothing_and_reach_no_other_path(bench: Bench, name: str) -> None:
    aim = Aim(bench.aim.type, name, (name,))
    if bench.connector.refuses(bench.control, aim):
        return
    found = await bench.session.resolve(aim)
    assert isinstance(found, Absent)
    assert bench.orders() == []
