from __future__ import annotations

import pytest
import trio

from gateway.courier.receipts import Receipts
from gateway.store.store import StoreUnavailableError
from tests.builders import DEVICE, notification
from tests.io.phones import FailingStore


@pytest.fixture
async def store() -> FailingStore:
    store = FailingStore()
    await store.attach(DEVICE, now=0)
    for number in (1, 2, 3):
        await store.accept(DEVICE, notification(number))
    return store


async def test_what_is_done_with_is_forgotten_by_the_store_in_one_call(store: FailingStore) -> None:
    receipts = Receipts(store, DEVICE)
    before = store.statistics().operations
    receipts.add(1)
    receipts.add(3)
    await receipts.flush()
    await receipts.flush()
    assert store.statistics().operations == before + 1
    assert await store.pending() == 1


async def test_an_outage_loses_no_receipt(store: FailingStore) -> None:
    receipts = Receipts(store, DEVICE)
    store.is_out = True
    for seq in (1, 2):
        receipts.add(seq)
        with pytest.raises(StoreUnavailableError):
            await receipts.flush()
    store.is_out = False
    await receipts.flush()
    assert await store.pending() == 1


async def test_a_cancelled_flush_is_said_again(store: FailingStore) -> None:
    receipts = Receipts(store, DEVICE)
    receipts.add(1)
    with trio.CancelScope() as scope:
        scope.cancel()
        await receipts.flush()
    await receipts.flush()
    assert await store.pending() == 2


async def test_a_receipt_is_remembered_until_a_fetch_begins_after_it_is_durable(
    store: FailingStore,
) -> None:
    receipts = Receipts(store, DEVICE)
    receipts.add(1)
    receipts.begin_fetch()
    assert 1 in receipts
    await receipts.flush()
    assert 1 in receipts  # a fetch under way may still bring it
    receipts.begin_fetch()
    assert 1 not in receipts
