"""The adapter on a broker that speaks TLS and wants to know who we are."""

import ssl
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from runtime.clock import WallClock
from runtime.errors import Unavailable
from runtime.kafka import KafkaAdmin, KafkaLog, Security
from runtime.log import Message, TopicPartition
from tests.contract.log_adapters import after, content, drain, finding, ignore
from tests.servers.available import missing
from tests.servers.kafka import Unobtainable, free_ports, new_broker

USER, PASSWORD, STORE = "stanch", "a password of the tests", "changeit"
GUARDED = """
listeners=PLAINTEXT://127.0.0.1:{broker},CONTROLLER://127.0.0.1:{controller},GUARDED://127.0.0.1:{guarded}
advertised.listeners=PLAINTEXT://127.0.0.1:{broker},GUARDED://127.0.0.1:{guarded}
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,GUARDED:SASL_SSL
sasl.enabled.mechanisms=PLAIN
listener.name.guarded.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required {users};
listener.name.guarded.ssl.keystore.location={store}
listener.name.guarded.ssl.keystore.password={password}
listener.name.guarded.ssl.key.password={password}
"""


def certificate(folder: Path) -> tuple[Path, Path]:
    """A key store for the broker, and the certificate in it, which is its own authority."""
    store, pem = folder / "broker.p12", folder / "broker.pem"
    made = ["-genkeypair", "-keyalg", "EC", "-dname", "CN=127.0.0.1", "-ext", "SAN=IP:127.0.0.1", "-validity", "2"]
    common = ["-alias", "broker", "-keystore", str(store), "-storepass", STORE, "-storetype", "PKCS12"]
    subprocess.run(["keytool", *made, *common], check=True, capture_output=True)
    subprocess.run(["keytool", "-exportcert", "-rfc", "-file", str(pem), *common], check=True, capture_output=True)
    return store, pem


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Security]]:
    try:
        broker = new_broker()
    except Unobtainable as error:
        missing(f"no Kafka broker of one's own: {error}")
    store, pem = certificate(tmp_path_factory.mktemp("store"))
    (port,) = free_ports(1)
    users = f'user_{USER}="{PASSWORD}"'
    text = GUARDED.format(
        broker=broker.port, controller=broker.controller, guarded=port, users=users, store=store, password=STORE
    )
    with (broker.folder / "server.properties").open("a") as file:
        file.write(text)
    try:
        broker.start()
        yield f"127.0.0.1:{port}", Security("SASL_SSL", "PLAIN", USER, PASSWORD, str(pem))
    finally:
        broker.kill()
        broker.remove()


async def test_topics_groups_owners_and_appends_all_speak_so(guarded: tuple[str, Security]) -> None:
    bootstrap, security = guarded
    async with KafkaAdmin(bootstrap, "safe.", security=security) as admin:
        await admin.create(["acme"], 2)
        assert await admin.problems(["acme"]) == []
    log = KafkaLog(bootstrap, WallClock(), "safe.", security=security)
    await log.append([finding("a")])
    async with log.subscribe("g", ["findings"], ignore, ignore) as subscription:
        got = await drain(subscription, 1)
        owner = await log.own("respond", got[0].partition)
        await owner.commit([Message("holds", "acme", "h", b"held")], after(got), "g")
        assert await subscription.committed(TopicPartition("findings", got[0].partition)) == got[0].offset + 1
    assert await content(log, "holds", got[0].partition) == ["held"]
    await log.close()


@pytest.mark.parametrize("change", [{"password": "wrong"}, {"ca_file": None}, {"protocol": "PLAINTEXT"}])
async def test_whoever_is_not_who_they_should_be_gets_nothing(
    guarded: tuple[str, Security], change: dict[str, str | None]
) -> None:
    bootstrap, security = guarded
    log = KafkaLog(bootstrap, WallClock(), "safe.", security=replace(security, **change))  # type: ignore[arg-type]
    with pytest.raises(Unavailable):
        await log.append([finding("a")])
    await log.close()


def test_the_brokers_certificate_is_checked_against_the_authority_that_was_named(
    guarded: tuple[str, Security],
) -> None:
    context = guarded[1].context()
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname
