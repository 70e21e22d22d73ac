"""Who of a group reads which partitions, within one process. Pure bookkeeping; Kafka's range assignment."""

from collections.abc import Hashable, Iterable


class Groups:
    """The groups of one log. Those who read the same topics under one name share them."""

    def __init__(self, partitions: int) -> None:
        self._partitions = partitions
        self._groups: dict[tuple[str, frozenset[str]], Group] = {}

    def find(self, name: str, topics: Iterable[str]) -> "Group":
        """Return the group of all who read ``topics`` as ``name``.

        Raises:
            ValueError: somebody reads some of them together with others, so that nobody could tell who owns what.
        """
        wanted = frozenset(topics)
        for (other, read), group in self._groups.items():
            if other == name and read != wanted and read & wanted and group.members:
                raise ValueError(f"group {name} reads {sorted(read)}; it cannot be joined for {sorted(wanted)}")
        return self._groups.setdefault((name, wanted), Group(self._partitions))


class Group:
    """The members of one group and what each holds.

    A partition changes hands in two steps: its holder gives it up when it next polls, then the other takes it. So the
    one has always been told of its loss before the other is told of its gain.
    """

    def __init__(self, partitions: int) -> None:
        self._partitions = partitions
        self._members: list[Hashable] = []
        self._holder: dict[int, Hashable] = {}

    @property
    def members(self) -> int:
        """How many there are."""
        return len(self._members)

    def join(self, member: Hashable) -> None:
        """Add ``member``; what is due to everybody changes."""
        self._members.append(member)

    def leave(self, member: Hashable) -> None:
        """Remove ``member``, who must have given up everything."""
        if member in self._members:
            self._members.remove(member)

    def due(self, member: Hashable) -> frozenset[int]:
        """Return the partitions that ``member`` should hold: a run of them, the first members having one more."""
        if member not in self._members:
            return frozenset()
        index, count = self._members.index(member), len(self._members)
        share, rest = divmod(self._partitions, count)
        start = index * share + min(index, rest)
        return frozenset(range(start, start + share + (index < rest)))

    def held(self, member: Hashable) -> frozenset[int]:
        """Return the partitions that ``member`` holds now."""
        return frozenset(partition for partition, holder in self._holder.items() if holder is member)

    def surplus(self, member: Hashable) -> frozenset[int]:
        """Return what ``member`` holds and must give up."""
        return self.held(member) - self.due(member)

    def release(self, member: Hashable, partitions: frozenset[int]) -> None:
        """Free those of ``partitions`` that ``member`` holds."""
        for partition in partitions & self.held(member):
            del self._holder[partition]

    def claim(self, member: Hashable) -> frozenset[int]:
        """Take what is due to ``member`` and free, and return it."""
        gained = frozenset(partition for partition in self.due(member) if partition not in self._holder)
        self._holder.update(dict.fromkeys(gained, member))
        return gained
