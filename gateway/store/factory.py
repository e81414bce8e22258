"""Which store ``--store`` means."""

from __future__ import annotations

from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from gateway import values
from gateway.store.client import SqliteStore
from gateway.store.memory import MemoryStore
from gateway.values import SQLITE_URL

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from gateway.store.store import Store

DEFAULT_FILE = "store.sqlite3"


def sqlite_path(spec: str, data_dir: Path) -> Path | None:
    """The database file that a ``--store`` value means; ``None`` for the store in memory.

    ``sqlite`` is a file in the data directory. ``sqlite:///file`` is relative to the current
    directory and ``sqlite:////var/lib/file`` absolute, as in other programs' database URLs.

    Raises:
        ValueError: it is none of these.
    """
    spec = values.store(spec)
    if spec == "memory":
        return None
    return data_dir / DEFAULT_FILE if spec == "sqlite" else Path(spec.removeprefix(SQLITE_URL))


@asynccontextmanager
async def open_store(
    spec: str, data_dir: Path, *, max_bytes: int | None = None
) -> AsyncIterator[Store]:
    """Open the store that ``--store`` names, and close it in an orderly way.

    Args:
        spec: see :func:`sqlite_path`.
        data_dir: where the default database lives.
        max_bytes: how large the database may grow.

    Raises:
        ValueError: there is no such store.
        StoreUnavailableError: it cannot be opened; says why and what to do.
    """
    path = sqlite_path(spec, data_dir)
    if path is not None:
        async with SqliteStore.open(path, max_bytes=max_bytes) as durable:
            yield durable
        return
    store = MemoryStore()
    try:
        yield store
    finally:
        store.close()
