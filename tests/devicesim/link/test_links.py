"""Wi-Fi and cellular at once: one link leads, the other stands by."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest
import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from devicesim.daemon import Daemon
from devicesim.link.backoff import Backoff
from devicesim.link.intervals import FixedInterval
from devicesim.link.keepalive import KeepAliveSweeper
from devicesim.link.links import Links
from devicesim.network import Interface
from devicesim.state import inbox
from devicesim.state.device_state import DeviceState
from protocol.courier.channels import Channels
from protocol.courier.messages import AppTokenRequest, Filter, KeepAlive, PushAck
from protocol.identifiers import DeviceToken, Topic
from protocol.notification import Environment
from tests.devicesim.scripted_gateway import FairDice, ScriptedGateway, Taker, push_to

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from devicesim.link.dial import Dial, SecureStream

NEWS = "com.example.news"
TOPICS = (Topic(NEWS),)


def through(gateway: ScriptedGateway, interface: Interface) -> Dial:
    async def dial() -> SecureStream:
        secure = await gateway.dial()
        return type(secure)(
            secure.stream, secure.codec, secure.local, interface.value, interface.value
        )

    return dial


class DualPhone:
    """A phone with two interfaces, each with a gateway's end of its own."""

    def __init__(self) -> None:
        self.wifi, self.cellular = ScriptedGateway(), ScriptedGateway()
        self.wifi.tokens = self.cellular.tokens = {NEWS: DeviceToken(b"t" * 32)}
        self.apps = Taker()
        self.sweeper = KeepAliveSweeper(FixedInterval(60))
        dials = {
            Interface.WIFI: through(self.wifi, Interface.WIFI),
            Interface.CELLULAR: through(self.cellular, Interface.CELLULAR),
        }
        self.links = Links("apsd", dials, lambda: Backoff(FairDice()))
        state = DeviceState("phone-1", "Phone", Environment.DEVELOPMENT)
        self.daemon = Daemon(state, self.links, self.sweeper, self.apps)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[DualPhone]:
        async with trio.open_nursery() as gateways:
            self.wifi.nursery = self.cellular.nursery = gateways
            async with trio.open_nursery() as phones:
                phones.start_soon(self.sweeper.run)
                phones.start_soon(self.daemon.run)
                yield self
                phones.cancel_scope.cancel()
            gateways.cancel_scope.cancel()

    async def loses_wifi(self) -> None:
        """Without a word of either side."""
        self.links.keepers[Interface.WIFI].drop("lost", is_lost=True)
        await wait_all_tasks_blocked()

    @property
    def leading(self) -> str:
        """The interface of the link that leads; empty without one."""
        return "" if self.links.leader is None else self.links.leader.link.interface


@pytest.fixture
async def phone() -> AsyncIterator[DualPhone]:
    async with DualPhone().running() as phone:
        await phone.daemon.wait_until_online()
        await wait_all_tasks_blocked()
        yield phone


def filters(gateway: ScriptedGateway) -> list[bool]:
    """Of each Filter whether it came from a link that stands by."""
    return [said.is_standby for said in gateway.all_heard(Filter)]


async def test_wifi_leads_and_cellular_stands_by(phone: DualPhone) -> None:
    assert phone.leading == "WiFi"
    assert [session.link.interface for session in phone.links.sessions] == ["WiFi", "Cellular"]
    assert filters(phone.wifi)[-1] is False
    assert filters(phone.cellular)[-1] is True


async def test_each_link_has_keep_alives_of_its_own(
    phone: DualPhone, autojump_clock: MockClock
) -> None:
    await trio.sleep(125)
    assert len(phone.wifi.all_heard(KeepAlive)) == 3
    assert len(phone.cellular.all_heard(KeepAlive)) == 3
    assert autojump_clock.current_time() == 125


async def test_what_the_device_says_goes_over_the_link_that_leads(phone: DualPhone) -> None:
    await phone.daemon.install(NEWS, ["alert"])
    assert len(phone.wifi.all_heard(AppTokenRequest)) == 1
    assert phone.cellular.all_heard(AppTokenRequest) == []
    await wait_all_tasks_blocked()
    assert phone.wifi.all_heard(Filter)[-1] == Filter(enabled=TOPICS)
    assert phone.cellular.all_heard(Filter)[-1] == Filter(enabled=TOPICS, is_standby=True)


async def test_the_other_link_takes_over_at_once(
    phone: DualPhone, autojump_clock: MockClock
) -> None:
    await phone.daemon.install(NEWS, ["alert"])
    await phone.daemon.subscribe(NEWS, "AAAA")
    await phone.loses_wifi()
    assert phone.leading == "Cellular"
    assert phone.daemon.is_online
    assert autojump_clock.current_time() == 0
    assert len(phone.cellular.all_heard(AppTokenRequest)) == 1
    assert phone.cellular.all_heard(Filter)[-1] == Filter(enabled=TOPICS)
    assert len(phone.cellular.all_heard(Channels)) == 1


async def test_after_a_fall_from_wifi_the_device_stays_with_cellular(
    phone: DualPhone, autojump_clock: MockClock
) -> None:
    await phone.loses_wifi()
    await trio.sleep(899)
    assert phone.wifi.links == 1
    await trio.sleep(2)
    assert phone.wifi.links == 2
    assert phone.leading == "WiFi"
    assert filters(phone.cellular)[-1] is True
    assert autojump_clock.current_time() == 901


async def test_a_wifi_that_had_proved_stable_is_tried_again_soon(
    phone: DualPhone, autojump_clock: MockClock
) -> None:
    await trio.sleep(10 * 60 + 10)
    await phone.loses_wifi()
    await trio.sleep(2)
    assert phone.wifi.links == 2
    assert phone.leading == "WiFi"
    assert autojump_clock.current_time() == 612


async def test_a_wifi_that_says_goodbye_is_no_fall(
    phone: DualPhone, autojump_clock: MockClock
) -> None:
    await phone.wifi.close()  # the gateway restarts, say
    await wait_all_tasks_blocked()
    await trio.sleep(2)
    assert phone.wifi.links == 2
    assert autojump_clock.current_time() == 2


async def test_without_any_link_wifi_is_tried_at_once(
    phone: DualPhone, autojump_clock: MockClock
) -> None:
    await phone.loses_wifi()
    await trio.sleep(30)
    phone.cellular.is_reachable = False
    await phone.cellular.reset()
    await wait_all_tasks_blocked()
    assert phone.leading == "WiFi"
    assert phone.wifi.dialled_at == [0, 30]
    assert autojump_clock.current_time() == 30


async def test_a_new_wifi_leads_only_once_the_gateway_has_confirmed_it(
    phone: DualPhone, autojump_clock: MockClock
) -> None:
    await phone.wifi.close()
    await wait_all_tasks_blocked()
    phone.wifi.answers.discard(KeepAlive)
    await trio.sleep(5)
    assert phone.wifi.links == 2
    assert phone.leading == "Cellular"
    assert phone.daemon.is_online
    assert autojump_clock.current_time() == 5


async def test_a_link_may_come_to_lead_and_stand_by_again(
    phone: DualPhone, autojump_clock: MockClock
) -> None:
    await phone.daemon.install(NEWS, ["alert"])
    await phone.daemon.subscribe(NEWS, "AAAA")
    for _ in range(2):
        await phone.wifi.close()
        await wait_all_tasks_blocked()
        assert phone.leading == "Cellular"
        await trio.sleep(40)
        assert phone.leading == "WiFi"
    # On one and the same link the channels are told each time that it leads.
    assert [said.index for said in phone.cellular.all_heard(Channels)] == [1, 2]
    assert phone.cellular.links == 1
    assert autojump_clock.current_time() == 80


async def test_a_push_is_acknowledged_on_the_link_on_which_it_came(phone: DualPhone) -> None:
    await phone.daemon.install(NEWS, ["alert"])
    await phone.cellular.say(push_to(phone.wifi.tokens[NEWS], NEWS))
    await phone.cellular.hears(PushAck)
    assert phone.wifi.all_heard(PushAck) == []


async def test_a_push_that_is_held_on_both_links_reaches_its_app_once(
    phone: DualPhone, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inbox, "MAX_WAITING_PER_APP", 1)
    await phone.daemon.install(NEWS, ["alert"])
    phone.apps.slow.add(NEWS)
    token = phone.wifi.tokens[NEWS]
    first, second = push_to(token, NEWS), push_to(token, NEWS)
    await phone.wifi.say(first, second)
    await phone.wifi.hears(PushAck)
    await phone.cellular.say(second)
    await wait_all_tasks_blocked()
    await phone.daemon.taken(NEWS, [first.message_id])
    assert await phone.wifi.hears(PushAck, 2)
    assert await phone.cellular.hears(PushAck)
    assert [push for _, push in phone.daemon.state.inbox] == [second]


async def test_an_interface_that_goes_is_left_with_a_goodbye_and_one_that_comes_is_used(
    phone: DualPhone,
) -> None:
    phone.links.use({Interface.CELLULAR}, "Wi-Fi was switched off")
    await wait_all_tasks_blocked()
    assert [session.link.interface for session in phone.links.sessions] == ["Cellular"]
    assert phone.leading == "Cellular"
    phone.links.use({Interface.WIFI, Interface.CELLULAR}, "Wi-Fi was switched on")
    await wait_all_tasks_blocked()
    assert phone.leading == "WiFi"
    assert phone.cellular.links == 1


async def test_offline_means_both(phone: DualPhone) -> None:
    await phone.daemon.go_offline()
    assert phone.links.sessions == ()
    assert phone.links.is_idle
    assert not phone.daemon.is_online
    await phone.daemon.go_online()
    await wait_all_tasks_blocked()
    assert (phone.wifi.links, phone.cellular.links) == (2, 2)
