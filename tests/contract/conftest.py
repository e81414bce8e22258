"""The backends that the contract suite is run over.

To add one (Valkey, PostgreSQL): append a :class:`Backend` to ``BACKENDS`` whose ``open`` is an
async context manager that takes an empty folder of the test's own and yields a ``Store`` with
nothing in it. Opening the same folder twice, one after the other, means the same data: a backend
without files derives a database name or key prefix from the folder, and skips the test
(``pytest.skip``) when its server is not there. Everything else is in ``test_store.py``, which
knows no backend.
"""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from gateway.store.factory import open_store

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from contextlib import AbstractAsyncContextManager
    from pathlib import Path

    from gateway.store.store import Store


@dataclass(frozen=True)
class Backend:
    """One kind of store.

    ``is_durable``: what was accepted is there again when the same folder is opened anew.
    """

    name: str
    open: Callable[[Path], AbstractAsyncContextManager[Store]]
    is_durable: bool


@asynccontextmanager
async def _memory(folder: Path) -> AsyncIterator[Store]:
    async with open_store("memory", folder) as store:
        yield store


@asynccontextmanager
async def _sqlite(folder: Path) -> AsyncIterator[Store]:
    async with open_store("sqlite", folder) as store:
        yield store


BACKENDS = [
    Backend("memory", _memory, is_durable=False),
    Backend("sqlite", _sqlite, is_durable=True),
]


@pytest.fixture(params=BACKENDS, ids=lambda backend: backend.name)
def backend(request: pytest.FixtureRequest) -> Backend:
    chosen: Backend = request.param
    return chosen


@pytest.fixture(params=[b for b in BACKENDS if b.is_durable], ids=lambda backend: backend.name)
def durable(request: pytest.FixtureRequest) -> Backend:
    chosen: Backend = request.param
    return chosen


@pytest.fixture
async def store(backend: Backend, tmp_path: Path) -> AsyncIterator[Store]:
    async with backend.open(tmp_path) as opened:
        yield opened
