"""A link that is lost without a word: what was sent on it is sent again, whatever has expired."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import trio

from gateway import upkeep
from gateway.courier.terms import CourierSettings
from protocol.courier.messages import (
    AppTokenRequest,
    AppTokenResponse,
    Connect,
    Filter,
    KeepAlive,
    NoStorage,
    PushAck,
    StorageFlags,
)
from protocol.identifiers import Topic
from tests.builders import NOW, TOPIC, notification
from tests.io.phones import Gateway, Phone, settled

if TYPE_CHECKING:
    from trio.testing import MockClock

    from protocol.notification import Notification

STORED = StorageFlags.FROM_STORAGE
LAST = StorageFlags.FROM_STORAGE | StorageFlags.LAST_FROM_STORAGE
OTHER = Topic("com.example.other")
OFFLINE = "Stored - Device Offline"
DELIVERED = "Delivered to Device"
DELIVERED_STORED = "Delivered to Device (From Storage)"
EXPIRED = "Discarded - Expired"


@pytest.fixture
async def gateway(nursery: trio.Nursery) -> Gateway:
    return Gateway(nursery, CourierSettings(window=4, offers=2, silent_seconds=600))


def once(number: int, topic: Topic = TOPIC) -> Notification:
    return notification(number, topic=topic, expires_at=0.0)


def brief(number: int, topic: Topic = TOPIC) -> Notification:
    return notification(number, topic=topic, expires_at=NOW + 60)


def flags(phone: Phone) -> list[StorageFlags]:
    return [push.storage for push in phone.pushes]


async def expire(gateway: Gateway) -> None:
    """What upkeep does every second."""
    await upkeep.expire(gateway.store, gateway.journal, gateway.time.now, gateway.sessions)


async def loses_its_link(gateway: Gateway, phone: Phone) -> None:
    """The gateway gives up on it: the phone had been silent for too long."""
    for session in tuple(gateway.front._sessions):
        session.leave("silent for too long")
    await settled()
    assert phone.is_closed


async def test_what_was_in_flight_comes_again_past_its_expiration(gateway: Gateway) -> None:
    phone = await gateway.listens()
    await gateway.accepts(brief(1), once(2))
    gateway.time.time += 120
    await expire(gateway)
    await loses_its_link(gateway, phone)
    gateway.time.time += 120
    await expire(gateway)
    assert gateway.states(brief(1)) == [OFFLINE], "not discarded"
    assert "not acknowledged: silent for too long" in gateway.detail(brief(1))
    phone = await gateway.listens()
    assert (sorted(phone.numbers), flags(phone)) == ([1, 2], [STORED, LAST])
    await phone.acknowledges(*phone.pushes)
    for push in (brief(1), once(2)):
        assert gateway.states(push) == [OFFLINE, DELIVERED_STORED]
        detail = gateway.detail(push)
        assert detail.startswith("sent at 14:13:20 UTC, not acknowledged; sent again on the next")
        assert detail.endswith("at 14:17:20 UTC, past its expiration")
    assert await gateway.store.pending() == 0
    assert phone.all(NoStorage) == []


async def test_a_newer_link_gets_it_at_once_and_the_timeline_tells(gateway: Gateway) -> None:
    first = await gateway.listens()
    await gateway.accepts(notification(1), once(2))
    gateway.time.time += 7
    second = await gateway.listens()
    assert (first.numbers, second.numbers) == ([2, 1], [2, 1])
    await second.acknowledges(*second.pushes)
    assert gateway.states(once(2)) == [DELIVERED_STORED]
    assert "sent again on the next link at 14:13:27 UTC" in gateway.detail(notification(1))
    assert "past" not in gateway.detail(notification(1))


async def test_a_burst_in_flight_is_not_thinned_out_by_a_lost_link(gateway: Gateway) -> None:
    phone = await gateway.listens()
    await gateway.accepts(*(notification(n) for n in range(1, 4)))
    await loses_its_link(gateway, phone)
    await gateway.accepts(notification(4))
    phone = await gateway.listens()
    assert phone.numbers == [1, 2, 3, 4]
    assert flags(phone) == [STORED, STORED, STORED, LAST]
    await phone.acknowledges(*phone.pushes)
    assert gateway.states(notification(1)) == [OFFLINE, DELIVERED_STORED]
    assert await gateway.store.pending() == 0


async def test_a_goodbye_leaves_nothing(gateway: Gateway) -> None:
    phone = await gateway.listens(TOPIC, OTHER)
    await gateway.accepts(brief(1), once(2), notification(3, topic=OTHER))
    gateway.time.time += 120
    await expire(gateway)
    assert gateway.states(brief(1)) == [], "in flight"
    await phone.leaves()
    assert gateway.states(brief(1)) == [EXPIRED]
    assert gateway.states(once(2)) == [EXPIRED]
    phone = await gateway.listens(TOPIC, OTHER)
    assert phone.numbers == [3]
    assert gateway.states(brief(1)) == [EXPIRED]


async def test_it_is_not_kept_for_ever(gateway: Gateway) -> None:
    phone = await gateway.listens(TOPIC, OTHER)
    await gateway.accepts(brief(1), once(2), notification(3, topic=OTHER, expires_at=NOW + 1e6))
    await loses_its_link(gateway, phone)
    gateway.time.time += 3600
    await expire(gateway)
    assert gateway.states(brief(1))[-1] == gateway.states(once(2))[-1] == EXPIRED
    assert "not again in time" in gateway.detail(once(2))
    phone = await gateway.listens(TOPIC, OTHER)
    assert phone.numbers == [3], "that was stored, and has not expired"


async def test_what_waits_for_its_topic_stays(gateway: Gateway) -> None:
    phone = await gateway.listens()
    await gateway.accepts(once(1))
    await loses_its_link(gateway, phone)
    phone = await gateway.connects()
    await phone.says(Filter(enabled=(OTHER,)))
    assert phone.numbers == []
    await phone.wants()
    assert phone.numbers == [1]


async def test_what_nobody_will_ever_want_is_discarded(gateway: Gateway) -> None:
    phone = await gateway.listens()
    await gateway.accepts(notification(1), once(2))
    await loses_its_link(gateway, phone)
    phone = await gateway.connects()
    await phone.says(Filter(ignored=(TOPIC,)))
    for push in (notification(1), once(2)):
        assert gateway.states(push)[-1] == "Discarded - Disabled (From Storage)"
    await phone.wants()
    assert phone.numbers == []
    assert await gateway.store.pending() == 0


async def test_what_several_links_have_lost_comes_as_there_is_room(gateway: Gateway) -> None:
    phone = await gateway.listens(TOPIC)
    await gateway.accepts(*(notification(n) for n in range(1, 5)))
    await loses_its_link(gateway, phone)
    phone = await gateway.listens(OTHER)
    await gateway.accepts(*(notification(n, topic=OTHER) for n in range(5, 9)))
    assert phone.numbers == [5, 6, 7, 8]
    await loses_its_link(gateway, phone)
    phone = await gateway.listens(TOPIC, OTHER)
    for _ in range(3):
        await phone.acknowledges(*phone.pushes[-4:])
    assert phone.numbers == [1, 2, 3, 4, 5, 6, 7, 8]


async def test_a_half_open_phone_is_noticed_by_its_silence(
    gateway: Gateway, autojump_clock: MockClock
) -> None:
    phone = await gateway.listens()
    await phone.says(KeepAlive(interval_seconds=180))
    await gateway.accepts(once(1))
    await trio.sleep(355)
    assert gateway.front.sweep() == 0
    await trio.sleep(10)
    assert gateway.front.sweep() == 1
    await settled()
    assert phone.is_closed
    assert gateway.states(once(1)) == [OFFLINE]
    assert (await gateway.listens()).numbers == [1]
    assert autojump_clock.current_time() == 365


# -- two links -------------------------------------------------------------------------------------


async def on(gateway: Gateway, interface: str, *, is_standby: bool = False) -> Phone:
    phone = await gateway.connects(connect=Connect(interface=interface))
    await phone.says(Filter(enabled=(TOPIC,), is_standby=is_standby))
    return phone


def served(gateway: Gateway) -> dict[str, bool]:
    return {each.interface: each.is_served for each in gateway.front.statistics()}


async def test_pushes_go_over_one_link_while_the_other_stands_by(gateway: Gateway) -> None:
    wifi = await on(gateway, "WiFi")
    cellular = await on(gateway, "Cellular", is_standby=True)
    await gateway.accepts(notification(1), once(2))
    assert (sorted(wifi.numbers), cellular.numbers) == ([1, 2], [])
    assert served(gateway) == {"WiFi": True, "Cellular": False}
    assert cellular.all(NoStorage) == []


async def test_the_other_link_takes_over_what_is_in_flight(gateway: Gateway) -> None:
    wifi = await on(gateway, "WiFi")
    cellular = await on(gateway, "Cellular", is_standby=True)
    await gateway.accepts(notification(1), notification(2), once(3))
    await wifi.stream.aclose()
    await settled()
    assert cellular.numbers == [2], "a goodbye: only the newest of the topic, as for any phone"
    await gateway.accepts(notification(4))
    assert cellular.numbers == [2, 4]


async def test_a_silent_link_loses_its_place_and_its_pushes_to_the_other(
    gateway: Gateway, autojump_clock: MockClock
) -> None:
    wifi = await on(gateway, "WiFi")
    cellular = await on(gateway, "Cellular", is_standby=True)
    await gateway.accepts(notification(1), notification(2), once(3))
    await trio.sleep(400)
    await cellular.says(KeepAlive())
    await trio.sleep(300)
    assert gateway.front.sweep() == 1
    await settled()
    assert wifi.is_closed
    assert cellular.numbers == wifi.numbers
    assert sorted(cellular.numbers) == [1, 2, 3]
    await cellular.acknowledges(*cellular.pushes)
    assert gateway.states(once(3)) == [DELIVERED_STORED], "it was never offline"
    assert autojump_clock.current_time() == 700


async def test_the_device_may_change_over_and_back(gateway: Gateway) -> None:
    wifi = await on(gateway, "WiFi")
    cellular = await on(gateway, "Cellular", is_standby=True)
    await gateway.accepts(notification(1))
    await cellular.wants()
    assert served(gateway) == {"WiFi": False, "Cellular": True}
    assert cellular.numbers == [1]
    await wifi.acknowledges(*wifi.pushes)  # too late, on the old link: harmless
    await cellular.acknowledges(*cellular.pushes)
    assert gateway.states(notification(1)) == [DELIVERED_STORED]
    await gateway.accepts(notification(2), notification(3))
    await wifi.wants()
    assert served(gateway) == {"WiFi": True, "Cellular": False}
    assert (wifi.numbers, cellular.numbers) == ([1, 2, 3], [1, 2, 3])
    assert (wifi.is_closed, cellular.is_closed) == (False, False)


async def test_a_change_over_while_the_store_takes_its_time_kills_no_link(
    gateway: Gateway,
) -> None:
    wifi = await on(gateway, "WiFi")
    cellular = await on(gateway, "Cellular", is_standby=True)
    gateway.store.answers = trio.Event()
    gateway.sessions.wake(None)
    await settled()
    await cellular.wants()
    await wifi.wants()
    await cellular.wants()
    gateway.store.answers.set()
    await settled()
    await gateway.accepts(notification(1))
    assert (wifi.numbers, cellular.numbers) == ([], [1])
    assert (wifi.is_closed, cellular.is_closed) == (False, False)


async def test_a_phone_that_has_left_wifi_without_a_word_is_served_over_cellular(
    gateway: Gateway,
) -> None:
    wifi = await on(gateway, "WiFi")
    await gateway.accepts(once(1))
    cellular = await on(gateway, "Cellular")  # no standby: it wants to be served here
    assert (wifi.numbers, cellular.numbers) == ([1], [1])
    assert served(gateway) == {"WiFi": False, "Cellular": True}


async def test_tokens_may_be_asked_for_on_either_link(gateway: Gateway) -> None:
    await on(gateway, "WiFi")
    cellular = await on(gateway, "Cellular", is_standby=True)
    await cellular.says(AppTokenRequest(TOPIC))
    assert len(cellular.all(AppTokenResponse)) == 1


async def test_a_link_that_stands_by_and_leaves_takes_nothing_along(gateway: Gateway) -> None:
    wifi = await on(gateway, "WiFi")
    cellular = await on(gateway, "Cellular", is_standby=True)
    await gateway.accepts(notification(1))
    await cellular.leaves()
    await gateway.accepts(notification(2))
    assert wifi.numbers == [1, 2]
    await wifi.says(PushAck(notification(1).unique_id))
    assert gateway.states(notification(1)) == [DELIVERED]
