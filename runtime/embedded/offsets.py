"""What each group has done, and which groups there are."""

import sqlite3
from collections.abc import Mapping, Sequence

from runtime.log import TopicPartition


def commit_offsets(connection: sqlite3.Connection, group: str, upto: Mapping[TopicPartition, int]) -> None:
    """Remember that ``group`` has done everything before each offset; the places carry stored names."""
    connection.executemany(
        "INSERT INTO offsets (reader, topic, partition, next) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (reader, topic, partition) DO UPDATE SET next = excluded.next",
        [(group, place.topic, place.partition, offset) for place, offset in upto.items()],
    )


def committed_offset(connection: sqlite3.Connection, group: str, place: TopicPartition) -> int:
    """Return the first offset of ``place`` that ``group`` has not done."""
    row = connection.execute(
        "SELECT next FROM offsets WHERE reader = ? AND topic = ? AND partition = ?",
        (group, place.topic, place.partition),
    ).fetchone()
    return 0 if row is None else int(row[0])


def committed_offsets(connection: sqlite3.Connection, group: str) -> dict[TopicPartition, int]:
    """Return all that ``group`` has committed, under stored names."""
    rows = connection.execute("SELECT topic, partition, next FROM offsets WHERE reader = ?", (group,))
    return {TopicPartition(topic, partition): following for topic, partition, following in rows}


def is_registered(connection: sqlite3.Connection, group: str, patterns: Sequence[str]) -> bool:
    """Whether retention already knows that ``group`` reads ``patterns``."""
    rows = connection.execute("SELECT pattern FROM readers WHERE reader = ?", (group,))
    return set(patterns) <= {pattern for (pattern,) in rows}


def register(connection: sqlite3.Connection, group: str, patterns: Sequence[str]) -> None:
    """Make retention wait for ``group`` on ``patterns``, from now on and before its first commit."""
    connection.executemany("INSERT OR IGNORE INTO readers VALUES (?, ?)", [(group, pattern) for pattern in patterns])


def matches(topic: str, pattern: str) -> bool:
    """Whether the pattern, a name or a beginning followed by ``*``, stands for ``topic``."""
    return topic.startswith(pattern[:-1]) if pattern.endswith("*") else topic == pattern
