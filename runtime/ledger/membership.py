"""Whether a partition is still ours, as the group sees it."""

from runtime.log import Subscription, TopicPartition


async def confirm(subscription: Subscription, place: TopicPartition) -> None:
    """Commit once more what is committed: the log takes it from a member of the group alone.

    Raises:
        Fenced: the partition is another member's by now.
    """
    await subscription.commit({place: await subscription.committed(place)})
