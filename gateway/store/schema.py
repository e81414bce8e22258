"""The database file: what it looks like, how it is opened, and what its errors mean.

One connection in the whole system (reference/engine.md §3: SQLite before 3.51.3 can damage a WAL
database that two connections write): :func:`lock` keeps a second store away, and inspection with
other tools is for reading only.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

BUSY_MILLISECONDS = 500
LOCK_WAIT_SECONDS = 1.5

NOTIFICATION_COLUMNS = (
    "unique_id, apns_id, token, topic, push_type, priority,"
    " received_at, expires_at, collapse_id, payload"
)
CHANNEL_COLUMNS = "channel_id, environment, bundle_id, policy, created_at, checkpoint"
BROADCAST_COLUMNS = (
    "channel_id, environment, bundle_id, checkpoint, unique_id, apns_id, priority,"
    " received_at, expires_at, payload"
)
REGISTRATION_COLUMNS = (
    "token, device, topic, environment, registered_at, unregistered_at, purpose, is_expired"
)

_DEVICES = """
-- AUTOINCREMENT: a seq (and a fence, below) is never given twice, not even after a restart.
CREATE TABLE notification (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    device TEXT NOT NULL,
    unique_id TEXT NOT NULL,
    apns_id TEXT NOT NULL,
    token BLOB NOT NULL,
    topic TEXT NOT NULL,
    push_type TEXT NOT NULL,
    priority INTEGER NOT NULL,
    received_at REAL NOT NULL,
    expires_at REAL NOT NULL,
    collapse_id BLOB,
    payload BLOB NOT NULL
);
-- All there is to know of a device without its rows: fetch and attach take them in order, accept
-- looks for those of a topic (few: one per topic waits for an absent device). One index rather
-- than two: for random devices each costs a page of log per push, a third of the accept rate.
CREATE INDEX notification_of_device ON notification (device, seq, topic, expires_at);
-- expire: the oldest deadline first.
CREATE INDEX notification_deadline ON notification (expires_at);
-- Who is attached, through which gateway process; a row less is an absent device.
CREATE TABLE session (
    fence INTEGER PRIMARY KEY AUTOINCREMENT,
    device TEXT NOT NULL UNIQUE,
    node TEXT NOT NULL
);
CREATE TABLE registration (
    token BLOB PRIMARY KEY,
    device TEXT NOT NULL,
    topic TEXT NOT NULL,
    environment TEXT NOT NULL,
    registered_at REAL NOT NULL,
    unregistered_at REAL
) WITHOUT ROWID;
-- Only written when repetitions are to be recognised (same_id_since).
CREATE TABLE seen (
    device TEXT NOT NULL,
    apns_id TEXT NOT NULL,
    accepted_at REAL NOT NULL,
    unique_id TEXT NOT NULL,
    seq INTEGER NOT NULL,
    PRIMARY KEY (device, apns_id)
) WITHOUT ROWID;
CREATE INDEX seen_at ON seen (accepted_at);
-- Written and emptied during an outage, to find out whether it is over.
CREATE TABLE probe (room BLOB);
"""

_CHANNELS = """
CREATE TABLE channel (
    channel_id TEXT PRIMARY KEY,
    environment TEXT NOT NULL,
    bundle_id TEXT NOT NULL,
    policy INTEGER NOT NULL,
    created_at REAL NOT NULL,
    checkpoint INTEGER NOT NULL
) WITHOUT ROWID;
-- The newest message of a channel, and of one that is deleted: no reference to it. With rowid,
-- because of the payload: rows of 5 KB in the tree itself would make it deep.
CREATE TABLE broadcast (
    channel_id TEXT PRIMARY KEY,
    environment TEXT NOT NULL,
    bundle_id TEXT NOT NULL,
    checkpoint INTEGER NOT NULL,
    unique_id TEXT NOT NULL,
    apns_id TEXT NOT NULL,
    priority INTEGER NOT NULL,
    received_at REAL NOT NULL,
    expires_at REAL NOT NULL,
    payload BLOB NOT NULL
);
CREATE INDEX broadcast_deadline ON broadcast (expires_at);
"""

_PURPOSES = """
ALTER TABLE registration ADD COLUMN purpose TEXT NOT NULL DEFAULT '';
ALTER TABLE registration ADD COLUMN is_expired INTEGER NOT NULL DEFAULT 0;
"""

# Of which app what is to be recognised was: a tenant's is forgotten with it.
_TENANTS = """
ALTER TABLE seen ADD COLUMN topic TEXT NOT NULL DEFAULT '';
"""

# What leads from each version to the next; a database of any of them is brought to the last one.
_STEPS = (_DEVICES, _CHANNELS, _PURPOSES, _TENANTS)
VERSION = len(_STEPS)

_PRAGMAS = (
    f"busy_timeout = {BUSY_MILLISECONDS}",
    "journal_mode = WAL",
    "synchronous = FULL",  # one fsync per commit; NORMAL would lose the last seconds in a power cut
    "fullfsync = ON",  # macOS: fsync() alone does not reach the disk
    "journal_size_limit = 67108864",
    "cache_size = -65536",  # KiB
    "wal_autocheckpoint = 1000",
    "temp_store = MEMORY",
)


class RefusedError(Exception):
    """The database cannot be used; the message is for the person who starts the gateway."""


def lock(path: Path, *, wait_seconds: float = LOCK_WAIT_SECONDS) -> int:
    """Become the only store of this database.

    Waits a little: after a ``kill -9`` of the gateway its store still ends its last commit.

    Args:
        path: the database; the lock is on ``<path>.lock`` beside it.
        wait_seconds: how long another store may take to leave.

    Returns:
        The file descriptor that holds the lock until it is closed or the process ends.

    Raises:
        RefusedError: another store has the database.
    """
    side_file = path.with_name(path.name + ".lock")
    descriptor = os.open(side_file, os.O_RDWR | os.O_CREAT, 0o600)
    deadline = time.monotonic() + wait_seconds
    while not _try_lock(descriptor):
        if time.monotonic() >= deadline:
            holder = os.pread(descriptor, 20, 0).decode("ascii", "replace").strip()
            os.close(descriptor)
            raise RefusedError(
                f"{path} is in use by another store process (pid {holder or 'unknown'}): "
                "stop that gateway first, or choose another --data-dir"
            )
        time.sleep(0.02)
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
    return descriptor


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def connect(path: Path, *, max_bytes: int | None = None) -> sqlite3.Connection:
    """Open the database, creating it (mode 0600, side files too) when there is none.

    Args:
        path: the file.
        max_bytes: how large the file may grow; beyond that it counts as a full disk.

    Raises:
        RefusedError: it was written by a newer version.
        sqlite3.Error: it cannot be opened; :func:`explain` says why.
        OSError: neither can the file.
    """
    # SQLite gives -wal and -shm the mode of the file itself, so it has to exist first.
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        for pragma in _PRAGMAS:
            connection.execute(f"PRAGMA {pragma}").fetchall()
        if max_bytes is not None:
            (page_bytes,) = connection.execute("PRAGMA page_size").fetchone()
            connection.execute(f"PRAGMA max_page_count = {max_bytes // page_bytes}").fetchall()
        _settle_version(connection, path)
    except BaseException:
        connection.close()
        raise
    return connection


def _settle_version(connection: sqlite3.Connection, path: Path) -> None:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version > VERSION:
        raise RefusedError(
            f"{path} has version {version}, this apnsim knows versions up to {VERSION}: "
            "use the newer apnsim that wrote it, or another --data-dir"
        )
    if version < VERSION:
        steps = "".join(_STEPS[version:])
        connection.executescript(f"BEGIN; {steps} PRAGMA user_version = {VERSION}; COMMIT;")


_ADVICE = {
    sqlite3.SQLITE_FULL: "the disk is full, or the size limit reached: make room",
    sqlite3.SQLITE_IOERR: "the disk does not read or write: see the system's log",
    sqlite3.SQLITE_BUSY: "another program holds a lock on it: close that program",
    sqlite3.SQLITE_LOCKED: "another program holds a lock on it: close that program",
    sqlite3.SQLITE_READONLY: "it cannot be written: check its owner, mode and mount",
    sqlite3.SQLITE_CANTOPEN: "it cannot be opened: check that the folder exists and is yours",
    sqlite3.SQLITE_PERM: "it cannot be opened: check its owner and mode",
    sqlite3.SQLITE_CORRUPT: "it is damaged: restore a backup, or move it away to start empty",
    sqlite3.SQLITE_NOTADB: "it is not a database: choose another --data-dir, or move it away",
}


def explain(error: Exception, path: Path) -> str:
    """What happened to the database and what to do, in one line."""
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
    advice = _ADVICE.get(code, "an unexpected error")
    return f"{path}: {advice} ({error})"
