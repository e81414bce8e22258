"""The store process: ``python -m gateway.store.process``, started by the gateway.

It reads everything that has arrived on its socket, does it in one transaction, and answers after
the commit. It owns the only connection to the database.

It ends, after the commit in hand, when its socket does: that is how the gateway closes it, and
what happens when the gateway is killed. SIGINT, SIGTERM and SIGHUP are ignored, because they are
meant for the gateway, whose drain still needs the store; ``kill -9`` loses nothing that was
answered. Exit codes: 0 the socket ended, 1 a frame made no sense, 2 the database was refused.
"""

from __future__ import annotations

import argparse
import os
import signal
import socket
import sqlite3
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gateway.store.schema import RefusedError, explain, lock
from gateway.store.sqlite import Database, Outcome
from gateway.store.wire import FrameReader, WireError, frame

if TYPE_CHECKING:
    from collections.abc import Sequence

RECEIVE_BYTES = 1024 * 1024
MAX_OPERATIONS = 2000
"""Enough for one commit; what else has arrived is the next one's."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve one gateway until its end of the socket closes."""
    options = _parser().parse_args(arguments)
    for ignored in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ignored, signal.SIG_IGN)
    with socket.socket(fileno=options.socket) as link:
        try:
            return _run(link, options)
        except ConnectionError:  # the gateway went without a word; everything answered is stored
            return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m gateway.store.process",
        description="The store process of an apnsim gateway; `apnsim serve` starts it.",
    )
    parser.add_argument("--socket", type=int, required=True, help="inherited file descriptor")
    parser.add_argument("--database", type=Path, required=True, help="the SQLite file")
    parser.add_argument("--node", required=True, help="names the gateway process")
    parser.add_argument("--max-bytes", type=int, help="how large the file may grow")
    return parser


def _run(link: socket.socket, options: argparse.Namespace) -> int:
    path: Path = options.database
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = lock(path)
        database = Database(path, node=options.node, max_bytes=options.max_bytes)
    except (RefusedError, OSError) as error:
        link.sendall(frame(["refused", str(error)]))
        return 2
    except sqlite3.Error as error:
        link.sendall(frame(["refused", explain(error, path)]))
        return 2
    try:
        link.sendall(frame(["ready", database.pending]))
        return serve(link, database)
    finally:
        database.close()
        os.close(descriptor)


def serve(link: socket.socket, database: Database) -> int:
    """Answer batches until the socket ends (0), or a frame makes no sense (1)."""
    reader = FrameReader()
    batches: list[Sequence[Any]] = []
    while data := link.recv(RECEIVE_BYTES):
        try:
            batches += map(_batch, reader.feed(data))
            while _count(batches) < MAX_OPERATIONS and (more := _receive_now(link)):
                batches += map(_batch, reader.feed(more))
        except WireError as error:
            return _break_off(link, f"the gateway sent {error}")
        if batches:
            link.sendall(_answer(database, batches))
            batches = []
    return 0


def _batch(message: object) -> Sequence[Any]:
    if not isinstance(message, tuple):
        raise WireError(f"a frame that is no list of operations ({type(message).__name__})")
    return message


def _count(batches: Sequence[Sequence[Any]]) -> int:
    return sum(map(len, batches))


def _receive_now(link: socket.socket) -> bytes:
    """What has arrived by now; empty when nothing has, or when the socket has ended."""
    try:
        return link.recv(RECEIVE_BYTES, socket.MSG_DONTWAIT)
    except BlockingIOError:
        return b""


def _answer(database: Database, batches: Sequence[Sequence[Any]]) -> bytes:
    """One commit for all the batches, one reply for each."""
    outcome = database.apply([operation for batch in batches for operation in batch])
    replies: list[bytes] = []
    start = 0
    for batch in batches:
        end = start + len(batch)
        replies.append(frame(_reply(database, outcome, start, end)))
        start = end
    return b"".join(replies)


def _reply(database: Database, outcome: Outcome, start: int, end: int) -> tuple[Any, ...]:
    if outcome.outage is not None:
        return ("outage", outcome.outage)
    failures = [
        (index - start, kind, text)
        for index, kind, text in outcome.failures
        if start <= index < end
    ]
    results = outcome.results[start:end]
    return ("done", results, failures, database.pending, database.transactions)


def _break_off(link: socket.socket, text: str) -> int:
    link.sendall(frame(["broken", text]))
    return 1


if __name__ == "__main__":
    sys.exit(main())
