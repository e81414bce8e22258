"""What a test expects of pushes, blocking and awaited, over a real console."""

from __future__ import annotations

import asyncio
import pickle
from typing import TYPE_CHECKING, Any, TypeVar

import pytest
import trio

from apnsim.client import (
    Apnsim,
    ApnsimError,
    NotInTimeError,
    NotSettledError,
    UnexpectedNotificationError,
    UnreachableError,
)
from apnsim.client.expectations import arriving, query_of
from gateway.records import State
from tests.builders import BUNDLE_ID, ListeningSession
from tests.gateway.console.consoles import Console

if TYPE_CHECKING:
    from collections.abc import Callable

Result = TypeVar("Result")


async def using(console: Console, use: Callable[[Apnsim], Result]) -> Result:
    """What ``use`` returns, run in a thread on a client of the served console."""

    def run(url: str) -> Result:
        with Apnsim(url) as apnsim:
            return use(apnsim)

    async with console.served() as url:
        return await trio.to_thread.run_sync(run, url, limiter=trio.CapacityLimiter(1))
    raise AssertionError


def on_its_way(console: Console) -> None:
    console.sessions.arrive(ListeningSession())
    console.accept(1)


# -- none ------------------------------------------------------------------------------------------


async def test_that_none_comes_is_known_at_once_when_nothing_is_on_its_way() -> None:
    console = Console()
    console.accept(1, State.STORED_OFFLINE)
    delivered = "Delivered to Device"
    async with console.served() as url:
        with Apnsim(url) as apnsim, trio.fail_after(5):  # the settling could take 10
            await trio.to_thread.run_sync(lambda: apnsim.expect_none(state=delivered))
            await apnsim.aio.expect_none(state=delivered)


async def test_one_that_is_there_already_is_told() -> None:
    console = Console()
    console.accept(1, State.DELIVERED)

    def use(apnsim: Apnsim) -> None:
        with pytest.raises(UnexpectedNotificationError) as caught:
            apnsim.expect_none(topic=BUNDLE_ID)
        assert str(caught.value) == (
            "expected none (topic='com.example.app'), found 1:"
            "\n  alert to com.example.app 'Hello': delivered"
        )
        assert [each.number for each in caught.value.notifications] == [1]

    await using(console, use)


async def test_one_that_comes_meanwhile_ends_the_wait() -> None:
    console = Console()
    console.sessions.arrive(ListeningSession())
    sent = console.accept(1)

    async def deliver() -> None:
        while not console.journal.statistics().viewers:
            await trio.lowlevel.checkpoint()
        console.journal.note(sent.unique_id, State.DELIVERED)

    def use(apnsim: Apnsim) -> None:
        with pytest.raises(UnexpectedNotificationError):
            apnsim.expect_none(state="Delivered to Device", settle_seconds=3600)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(deliver)
        await using(console, use)


async def test_watching_lasts_as_long_as_a_backend_may_take() -> None:
    async with Console().served() as url:
        began = trio.current_time()
        await Apnsim(url).aio.expect_none(seconds=0.1)
        assert trio.current_time() - began >= 0.1


async def test_what_stays_on_its_way_cannot_be_known() -> None:
    console = Console()
    on_its_way(console)

    def use(apnsim: Apnsim) -> None:
        with pytest.raises(NotSettledError) as caught:
            apnsim.expect_none(state="Presented", settle_seconds=0.01)
        words = str(caught.value)
        assert words.startswith("expected none (state='Presented'), and after 0.01 s it cannot")
        assert "accepted, on its way: the device has not acknowledged it yet" in words
        apnsim.expect_none(state="Presented", settle_seconds=0)
        apnsim.expect_none(topic="other.app")

    await using(console, use)


async def test_settled_and_near_misses_can_be_asked_for() -> None:
    console = Console()
    on_its_way(console)

    def use(apnsim: Apnsim) -> None:
        settled = apnsim.settled(wait=0.01)
        assert (settled.settled, len(settled.on_their_way), len(settled.found)) == (False, 1, 1)
        assert apnsim.settled(topic="other.app").settled
        [near] = apnsim.near_misses(text="Goal", limit=1)
        assert (near.number, near.differs[0]["filter"]) == (1, "text")
        assert apnsim.notifications(payload={"aps.alert": "Hel*"}, text="hello") != []

    await using(console, use)


# -- some ------------------------------------------------------------------------------------------


async def test_waiting_in_vain_has_the_near_misses_with_what_to_do() -> None:
    console = Console()
    console.reject()

    def use(apnsim: Apnsim) -> NotInTimeError:
        with pytest.raises(NotInTimeError) as caught:
            apnsim.wait_for_notifications(seconds=0.01, topic=BUNDLE_ID)
        return caught.value

    error = await using(console, use)
    assert [each.number for each in error.near_misses] == [1]
    assert "rejected: 400 BadDeviceToken" in str(error)
    assert "→ push to a token that a device of this gateway has now" in str(error)
    copied = pickle.loads(pickle.dumps(error))  # as xdist would
    assert copied.near_misses == error.near_misses
    assert isinstance(error, AssertionError)


async def test_what_has_arrived_is_told_once_the_phone_has_said_what_it_shows() -> None:
    console = Console()
    sent = console.accept(1, State.DELIVERED)
    console.journal.note(sent.unique_id, State.PRESENTED, "shown on phone: alert")

    def use(apnsim: Apnsim) -> None:
        filters: Any = {"state": "Delivered to Device", "limit": 5}
        [push] = apnsim.follow(arriving(1, 5, filters))
        assert push.state == "Presented"

    await using(console, use)


def test_values_in_the_payload_are_texts_or_json() -> None:
    filters: Any = {"payload": {"aps.badge": 3, "a.b": "x=*", "on": True}, "topic": None}
    assert query_of(filters) == {"payload": ["aps.badge=3", "a.b=x=*", "on=true"]}


# -- in an event loop ------------------------------------------------------------------------------


async def test_what_is_awaited_lets_the_code_under_test_go_on() -> None:
    console = Console()
    async with console.served() as url, trio.open_nursery() as nursery:
        found: list[Any] = []

        async def wait() -> None:
            found.extend(await Apnsim(url).aio.wait_for_notifications(2, topic=BUNDLE_ID))

        nursery.start_soon(wait)
        for number in (1, 2):
            await trio.lowlevel.checkpoint()
            console.accept(number, State.DELIVERED)
    assert [each.number for each in found] == [1, 2]


async def test_on_asyncio_it_is_the_same() -> None:
    console = Console()
    console.accept(1, State.DELIVERED)

    async def use(aio: Any) -> None:  # noqa: ANN401
        async with asyncio.timeout(20):
            [push] = await aio.wait_for_notifications(state="Delivered to Device")
            assert push == (await aio.notifications(text="Hello"))[0]
            assert (await aio.settled()).settled
            assert (await aio.near_misses(text="Goal"))[0].number == 1
            with pytest.raises(UnexpectedNotificationError):
                await aio.expect_none()
            with pytest.raises(ApnsimError, match="422"):
                await aio.notifications(state="Lost")

    await using(console, lambda apnsim: asyncio.run(use(apnsim.aio)))


async def test_waiting_in_vain_is_told_when_awaited_too() -> None:
    async with Console().served() as url:
        with pytest.raises(NotInTimeError, match="waited for 1 within") as caught:
            await Apnsim(url).aio.wait_for_notifications(seconds=0.01)
    assert not hasattr(caught.value, "__notes__")


async def test_nobody_at_the_address_is_an_error_when_awaited_too() -> None:
    with pytest.raises(UnreachableError, match="start one with: apnsim serve"):
        await Apnsim("http://127.0.0.1:9").aio.notifications()


async def test_a_blocking_call_in_an_event_loop_is_told_to_be_awaited() -> None:
    async def block(apnsim: Apnsim) -> None:
        with pytest.raises(NotInTimeError, match=r"await the one of \.aio"):
            apnsim.wait_for_notifications(seconds=0.01)

    await using(Console(), lambda apnsim: asyncio.run(block(apnsim)))

    def wait(apnsim: Apnsim) -> None:
        with pytest.raises(NotInTimeError) as caught:
            apnsim.wait_for_notifications(seconds=0.01)
        assert not hasattr(caught.value, "__notes__")

    await using(Console(), wait)
