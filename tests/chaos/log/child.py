"""A process of its own that works on a log until the work is done, or until a failpoint ends or freezes it.

``python -m tests.chaos.log.child ADDRESS ROLE [N]``. Each line on its standard output is something that the log has
acknowledged; whoever started it holds the log to that.
"""

import asyncio
import itertools
import os
import resource
import sys
from collections.abc import Sequence

from runtime.errors import Fenced, Unavailable
from runtime.log import Log, Message, Received, TopicPartition
from tests.contract.log_adapters import after, content, finding, ignore, open_log

SERVICE = "respond"
BATCH = 5
FENCED = 3
DOWN = 4
INPUT = TopicPartition("findings", 0)


def outputs_for(messages: Sequence[Received]) -> list[Message]:
    """One ledger entry and one hold for each message, so that a lost or doubled one shows."""
    texts = [message.value.decode() for message in messages]
    entries = [Message("respond.ledger", "acme", "lane", text.encode()) for text in texts]
    return entries + [Message("holds", "acme", text, text.encode()) for text in texts]


async def produce(log: Log, count: int) -> None:
    """Append batches of numbered messages, going on after those that are there."""
    done = len(await content(log, "findings"))
    for start in range(done, count, BATCH):
        await log.append([finding(str(number)) for number in range(start, start + BATCH)])
        print(start + BATCH, flush=True)


async def race(log: Log, count: int) -> None:
    """Append one by one, each message signed, while others do the same."""
    for number in range(count):
        await log.append([finding(f"{os.getpid()} {number}")])


async def flood(log: Log, most: int) -> None:
    """Append until the disk refuses: no file of this process may grow beyond ``most`` bytes."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
    for number in itertools.count():
        await log.append([finding(str(number)), finding("x" * 10_000)])
        print(number, flush=True)


async def decide(log: Log, _: int) -> None:
    """What a ledger service does: outputs, entries and offsets in one transaction, as the partition's owner."""
    owner = await log.own(SERVICE, 0)
    print("owner", flush=True)
    async with log.subscribe(SERVICE, ["findings"], ignore, ignore) as subscription:
        while messages := await subscription.poll(BATCH, 0.2):
            await owner.commit(outputs_for(messages), after(messages), SERVICE)
            print(messages[-1].offset, flush=True)


async def forward(log: Log, _: int) -> None:
    """What a stateless service does: outputs, then offsets."""
    async with log.subscribe(SERVICE, ["findings"], ignore, ignore) as subscription:
        while messages := await subscription.poll(BATCH, 0.2):
            await subscription.commit(after(messages), outputs_for(messages))
            print(messages[-1].offset, flush=True)


ROLES = {"produce": produce, "race": race, "flood": flood, "decide": decide, "forward": forward}


async def main(address: str, role: str, count: int) -> int:
    log = open_log(address, member="child")  # the next life of a killed child is the same member of its groups
    try:
        await ROLES[role](log, count)
    except Fenced:
        return FENCED
    except Unavailable as error:
        print(error, file=sys.stderr)
        return DOWN
    finally:
        await log.close()
    return 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3]) if len(sys.argv) > 3 else 0)))
