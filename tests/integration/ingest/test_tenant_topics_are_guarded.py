"""What docs/how-to/publish-events.md says of access rules, on a real broker that has them: one tool, one tenant, nothing else."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError, TopicAuthorizationFailedError
from aiokafka.protocol.admin import CreateAclsRequest, DescribeAclsRequest

from runtime.kafka import KafkaAdmin
from tests.servers.available import missing
from tests.servers.kafka import Unobtainable, free_ports, new_broker

TOOL = "acme-edr"
PASSWORD = "a password of the tests"
TOPIC, LITERAL, ALLOW = 2, 3, 3
WRITE, DESCRIBE, CREATE, ANY = 4, 8, 5, 1
GUARDED = """
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
allow.everyone.if.no.acl.found=false
super.users=User:ANONYMOUS
listeners=PLAINTEXT://127.0.0.1:{broker},CONTROLLER://127.0.0.1:{controller},TOOLS://127.0.0.1:{tools}
advertised.listeners=PLAINTEXT://127.0.0.1:{broker},TOOLS://127.0.0.1:{tools}
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,TOOLS:SASL_PLAINTEXT
sasl.enabled.mechanisms=PLAIN
listener.name.tools.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required {users};
"""


@dataclass(frozen=True)
class Guarded:
    """A broker with access rules: we are its super-user at ``inside``; tools name themselves at ``outside``."""

    inside: str
    outside: str

    def as_tool(self, user: str = TOOL) -> dict[str, Any]:
        login = {"sasl_plain_username": user, "sasl_plain_password": PASSWORD, "sasl_mechanism": "PLAIN"}
        return {"bootstrap_servers": self.outside, "security_protocol": "SASL_PLAINTEXT", **login}


@pytest.fixture(scope="module")
def guarded() -> Iterator[Guarded]:
    try:
        broker = new_broker()
    except Unobtainable as error:
        missing(f"no Kafka broker of one's own: {error}")
    (tools,) = free_ports(1)
    users = " ".join(f'user_{name}="{PASSWORD}"' for name in (TOOL, "nobody"))
    with (broker.folder / "server.properties").open("a") as file:
        file.write(GUARDED.format(broker=broker.port, controller=broker.controller, tools=tools, users=users))
    try:
        broker.start()
        yield Guarded(broker.bootstrap, f"127.0.0.1:{tools}")
    finally:
        broker.kill()
        broker.remove()


@pytest.fixture
async def allowed(guarded: Guarded) -> Guarded:
    """The broker with all topics, and the tool allowed to produce to ``records.acme``: what ``--producer`` stands for."""
    async with KafkaAdmin(guarded.inside) as admin:
        await admin.create(["acme", "other"], 1)
    client = AIOKafkaAdminClient(bootstrap_servers=guarded.inside)
    await client.start()
    rules = [(TOPIC, "records.acme", LITERAL, f"User:{TOOL}", "*", one, ALLOW) for one in (WRITE, DESCRIBE, CREATE)]
    for rule in rules:
        answer: Any = await client._send_to_controller(CreateAclsRequest(*rule))
        assert [code for code, _ in answer.creation_responses] == [0]
    async with asyncio.timeout(30):
        while await in_force(client) < len(rules):  # noqa: ASYNC110 # the broker tells nobody when it has learnt of them
            await asyncio.sleep(0.05)
    await client.close()
    return guarded


async def in_force(client: AIOKafkaAdminClient) -> int:
    """How many rules the broker knows by now: it learns of them a moment after they were taken."""
    answer: Any = await client._send_request(
        DescribeAclsRequest(TOPIC, "records.acme", LITERAL, f"User:{TOOL}", "*", ANY, ANY)
    )
    return sum(len(resource[-1]) for resource in answer.resources)


@asynccontextmanager
async def producer(guarded: Guarded, user: str = TOOL) -> AsyncIterator[AIOKafkaProducer]:
    """Idempotent where it may be: to whom nothing is allowed, the broker refuses that as well."""
    one = AIOKafkaProducer(
        **guarded.as_tool(user), acks="all", enable_idempotence=user == TOOL, request_timeout_ms=5_000
    )
    await one.start()
    try:
        yield one
    finally:
        with suppress(KafkaError):
            await one.stop()


async def test_a_tool_publishes_to_its_tenant(allowed: Guarded) -> None:
    async with producer(allowed) as tool:
        await tool.send_and_wait("records.acme", b'{"a":1}')
    async with AIOKafkaConsumer(
        "records.acme", bootstrap_servers=allowed.inside, auto_offset_reset="earliest"
    ) as reader:
        assert (await reader.getone()).value == b'{"a":1}'


@pytest.mark.parametrize(
    "topic", ["records.other", "records.acme2", "events", "decisions", "modes", "holds", "dead-letters"]
)
async def test_a_tool_publishes_nowhere_else(allowed: Guarded, topic: str) -> None:
    async with producer(allowed) as tool:
        with pytest.raises(TopicAuthorizationFailedError):
            await tool.send_and_wait(topic, b"{}")


async def test_a_tool_reads_nothing_not_even_what_it_wrote(allowed: Guarded) -> None:
    reader = AIOKafkaConsumer(**allowed.as_tool())
    await reader.start()
    try:
        reader.assign([TopicPartition("records.acme", 0)])
        await reader.seek_to_beginning()
        with pytest.raises(TopicAuthorizationFailedError):
            await reader.getone()
    finally:
        await reader.stop()


async def test_somebody_without_a_rule_publishes_nothing(allowed: Guarded) -> None:
    async with producer(allowed, "nobody") as tool:
        with pytest.raises(TopicAuthorizationFailedError):
            await tool.send_and_wait("records.acme", b"{}")
