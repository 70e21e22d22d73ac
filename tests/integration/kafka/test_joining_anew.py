"""A member whose client has silently given up joining begins anew: nobody but the client would have told."""

import asyncio
from pathlib import Path

from runtime.kafka import subscription as subscriptions
from tests.contract.log_adapters import ADAPTERS, ANSWER_SECONDS, KAFKA, finding, ignore, texts

(ADAPTER,) = [adapter for adapter in ADAPTERS if adapter.name == KAFKA]


async def test_a_client_that_gave_up_while_the_group_shares_out_is_replaced(tmp_path: Path) -> None:
    async with ADAPTER.open(tmp_path) as log, log.subscribe("g", ["findings"], ignore, ignore) as opened:
        subscription = getattr(opened, "inner", opened)
        assert isinstance(subscription, subscriptions.KafkaSubscription)
        membership = subscription._membership
        first = membership.consumer
        await membership.take_back(first)  # as the group does before it shares out anew
        assert first._coordinator is not None
        first._coordinator._coordination_task.cancel()
        await log.append([finding("after")])
        async with asyncio.timeout(ANSWER_SECONDS):
            while not (page := await opened.poll(1, 0.1)):
                pass
        assert texts(page) == ["after"]
        assert membership.consumer is not first
