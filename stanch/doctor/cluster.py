"""Kafka: is it there, are the topics as declared, and may we do what the services do?"""

from collections.abc import AsyncIterator, Sequence

from runtime.clock import WallClock
from runtime.errors import Fenced, StartError, Unavailable
from runtime.log_address import KafkaAddress
from stanch.doctor.verdict import Verdict, warning, well, wrong

PROBE = "doctor"


async def examine(address: KafkaAddress, tenants: Sequence[str]) -> AsyncIterator[Verdict]:
    """Yield what is to be said of the cluster and of the deployment's topics on it."""
    try:
        async with address.admin() as admin:
            yield well("broker", f"{address.bootstrap} answers")
            problems = await admin.problems(tenants)
            for problem in problems:
                yield wrong("topics", problem, "see `stanch topics create` and `stanch topics check`")
            yield _replicas([one.replication for one in await admin.topics() if one.declared])
        if not problems:
            yield await _rights(address)
    except Unavailable as error:
        cure = "start the broker, or mend --log; from a container 127.0.0.1 is the container itself"
        yield wrong("broker", f"{address.bootstrap} does not answer: {error}", cure)


def _replicas(counts: Sequence[int]) -> Verdict:
    if not counts:
        return wrong("replicas", "there are no topics", "stanch topics create")
    least = min(counts)
    if least < 2:
        cure = "on a cluster of three: `stanch topics create --replication 3`, before there is any data"
        return warning("replicas", "some topics are kept by one broker alone: its disk is the only copy", cure)
    return well("replicas", f"every topic is kept by at least {least} brokers")


async def _rights(address: KafkaAddress) -> Verdict:
    """Write an empty transaction, as every ledger service does."""
    log = address.open(WallClock())
    try:
        await (await log.own(PROBE, 0)).commit([], {}, address.group_prefix + PROBE)
    except (Fenced, StartError, Unavailable) as error:
        cure = "allow IdempotentWrite, and Write and Describe on the transactional ids, groups and topics of the deployment"
        return wrong("rights", f"a transaction is refused: {error}", cure)
    finally:
        await log.close()
    return well("rights", "transactions are allowed")
