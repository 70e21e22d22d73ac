"""The tables, and how a connection to them is opened.

A message's ``id`` is its place in the upper and its offset in the lower 40 bits, so that one integer key keeps every
partition together and in order.
"""

import sqlite3
from pathlib import Path

from runtime.errors import StartError

VERSION = 1
OFFSET_BITS = 40
OFFSET_MASK = (1 << OFFSET_BITS) - 1
BUSY_MS = 50

_TABLES = """
CREATE TABLE places (id INTEGER PRIMARY KEY AUTOINCREMENT, topic TEXT NOT NULL, partition INTEGER NOT NULL,
    next INTEGER NOT NULL, UNIQUE (topic, partition));
CREATE TABLE messages (id INTEGER PRIMARY KEY, at INTEGER NOT NULL, tenant TEXT NOT NULL, key TEXT NOT NULL,
    headers BLOB NOT NULL, value BLOB NOT NULL);
CREATE TABLE offsets (reader TEXT NOT NULL, topic TEXT NOT NULL, partition INTEGER NOT NULL, next INTEGER NOT NULL,
    PRIMARY KEY (reader, topic, partition)) WITHOUT ROWID;
CREATE TABLE readers (reader TEXT NOT NULL, pattern TEXT NOT NULL, PRIMARY KEY (reader, pattern)) WITHOUT ROWID;
CREATE TABLE epochs (service TEXT NOT NULL, partition INTEGER NOT NULL, epoch INTEGER NOT NULL,
    PRIMARY KEY (service, partition)) WITHOUT ROWID;
CREATE TABLE layouts (prefix TEXT PRIMARY KEY, partitions INTEGER NOT NULL) WITHOUT ROWID;
"""


def connect(path: Path | None, most_bytes: int) -> sqlite3.Connection:
    """Open the database, making its tables if it is new; it will not grow past ``most_bytes``.

    Raises:
        StartError: a newer release wrote the file, or it is no log, or it cannot be opened.
    """
    try:
        return _opened(path, most_bytes)
    except (sqlite3.DatabaseError, OSError) as error:
        raise StartError(f"{path}: cannot open the log: {error}") from error


def _opened(path: Path | None, most_bytes: int) -> sqlite3.Connection:
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)  # it holds everybody's events; SQLite gives its side files the same mode
    connection = sqlite3.connect(path or ":memory:", isolation_level=None, check_same_thread=False)
    try:
        _configure(connection, most_bytes)
        _create(connection, path)
    except BaseException:
        connection.close()
        raise
    return connection


def _configure(connection: sqlite3.Connection, most_bytes: int) -> None:
    connection.execute("PRAGMA busy_timeout = 2000")
    connection.execute("PRAGMA page_size = 8192")  # most events fit into one page; takes effect on a new file only
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA journal_size_limit = 67108864")
    connection.execute("PRAGMA cache_size = -32768")
    (page,) = connection.execute("PRAGMA page_size").fetchone()
    connection.execute(f"PRAGMA max_page_count = {max(1, most_bytes // page)}")


def _create(connection: sqlite3.Connection, path: Path | None) -> None:
    if _version(connection, path) == VERSION:
        return
    connection.execute("BEGIN IMMEDIATE")
    if _version(connection, path) == 0:  # another process may have been faster
        for statement in _TABLES.split(";"):
            connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {VERSION}")
    connection.execute("COMMIT")


def _version(connection: sqlite3.Connection, path: Path | None) -> int:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version > VERSION:
        raise StartError(f"{path}: the log has layout {version}, this release knows {VERSION}: use the newer release")
    return int(version)


def lay_out(connection: sqlite3.Connection, prefix: str, partitions: int) -> None:
    """Bind the topics under ``prefix`` to their number of partitions, once and for all.

    Raises:
        StartError: they were made with another number, under which keys would change their partition.
    """
    query = "SELECT partitions FROM layouts WHERE prefix = ?"
    if connection.execute(query, (prefix,)).fetchone() is None:
        connection.execute("INSERT OR IGNORE INTO layouts VALUES (?, ?)", (prefix, partitions))
    (found,) = connection.execute(query, (prefix,)).fetchone()
    if found != partitions:
        raise StartError(f"the log was made with {found} partitions and is opened with {partitions}: set it back")
