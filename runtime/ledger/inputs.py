"""Inputs that are no messages of the log, in the form in which causes name them and dead letters hold them."""

import orjson

from runtime.log import Received, TopicPartition
from runtime.machine import Outcome, Tick

NO_OFFSET = -1


def own_input(ledger: TopicPartition, tenant: str, given: Tick | Outcome, seq: int, now: int) -> Received:
    """Return ``given``, which came to the tenant behind entry ``seq`` of its ledger, as a message would stand there."""
    if isinstance(given, Outcome):
        what, data = f"outcome/{given.action}", dict(given.data)
    else:
        what, data = f"{'resumed' if given.resumed else 'tick'}/{seq}", {}
    value = orjson.dumps(data, default=str, option=orjson.OPT_NON_STR_KEYS)
    return Received(ledger.topic, ledger.partition, NO_OFFSET, tenant, f"{tenant}/{what}", value, {}, now)
