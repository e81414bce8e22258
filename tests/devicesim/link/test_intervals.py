"""Keep-alive intervals: how they grow, shrink, and are remembered."""

from __future__ import annotations

import gc
import weakref
from random import Random
from typing import TYPE_CHECKING, Any

import trio
from trio.testing import MockClock, memory_stream_pair

from devicesim.link.courier_link import CourierLink
from devicesim.link.dial import SecureStream
from devicesim.link.intervals import AdaptivePolicy, AdaptiveRules, Bounds, FixedInterval
from devicesim.link.keepalive import KeepAliveSweeper
from protocol.courier.compact import CompactCodec
from tests.devicesim.scripted_gateway import Phone

if TYPE_CHECKING:
    import pytest

    from devicesim.link.intervals import Interval
    from devicesim.link.keepalive import Pulse

RULES = AdaptiveRules(growth_jitter_seconds=0)


def interval(memory: dict[str, Any] | None = None, interface: str = "WiFi") -> Interval:
    return AdaptivePolicy(RULES).interval(interface, {} if memory is None else memory)


async def test_it_grows_until_it_is_as_long_as_can_be() -> None:
    wifi = interval()
    lengths = [wifi.seconds]
    while wifi.held() and wifi.stage == "initial-growth":
        lengths.append(wifi.seconds)
    assert lengths[:3] == [900, 1080, 1260]
    assert (wifi.seconds, wifi.stage) == (3600, "steady-state")
    assert len(lengths) == 15
    wifi.held()
    assert not wifi.held(), "nothing more to learn"


async def test_cellular_and_unknown_networks_are_asked_more_often() -> None:
    assert interval(interface="Cellular").seconds == 600
    operator = interval(interface="310410")
    for _ in range(20):
        operator.held()
    assert operator.seconds == 1680


async def test_a_failure_costs_a_quarter_and_is_the_ceiling() -> None:
    wifi = interval()
    for _ in range(5):
        wifi.held()
    assert wifi.seconds == 1800
    wifi.failed()
    assert (wifi.seconds, wifi.stage) == (1350, "initial-shrink")
    wifi.held()
    assert (wifi.seconds, wifi.stage) == (1530, "refined-growth")
    wifi.held()
    assert wifi.seconds == 1710
    wifi.held()
    assert (wifi.seconds, wifi.stage) == (1710, "steady-state"), "1890 is above what has failed"
    wifi.failed()
    assert (wifi.seconds, wifi.stage) == (1282.5, "refined-shrink")


async def test_below_the_shortest_there_is_nothing() -> None:
    wifi = interval()
    wifi.failed()
    assert (wifi.seconds, wifi.stage) == (900, "minimum-interval-fallback")
    wifi.held()
    assert wifi.seconds == 900


async def test_a_ceiling_is_believed_for_a_day(autojump_clock: MockClock) -> None:
    wifi = interval()
    wifi.failed()
    await trio.sleep(86_399)
    wifi.held()
    assert wifi.seconds == 900
    await trio.sleep(1)
    wifi.held()
    assert (wifi.seconds, wifi.stage) == (1080, "initial-growth")
    assert autojump_clock.current_time() == 86_400


async def test_it_is_remembered_per_interface() -> None:
    memory: dict[str, Any] = {}
    wifi, cellular = interval(memory), interval(memory, "Cellular")
    wifi.held()
    cellular.held()
    cellular.failed()
    assert interval(memory).seconds == 1080
    again = interval(memory, "Cellular")
    assert (again.seconds, again.stage) == (600, "initial-shrink")
    assert memory["WiFi"]["last_successful"] == 900


async def test_what_is_remembered_keeps_within_the_bounds_of_today() -> None:
    memory = {"WiFi": {"seconds": 5000.0}}
    assert interval(memory).seconds == 3600


async def test_growth_is_spread_by_dice() -> None:
    policy = AdaptivePolicy(dice=Random(1))
    lengths = set()
    for _ in range(20):
        each = policy.interval("WiFi", {})
        each.held()
        lengths.add(each.seconds)
    assert len(lengths) == 20
    assert all(1075 <= length <= 1085 for length in lengths)


def test_a_fixed_interval_learns_nothing() -> None:
    fixed = FixedInterval(60)
    fixed.failed()
    assert not fixed.held()
    assert (fixed.seconds, fixed.stage) == (60, "")


# -- on a link -------------------------------------------------------------------------------------


def adaptive_phone() -> Phone:
    rules = AdaptiveRules({"Cellular": Bounds(60, 600), "WiFi": Bounds(60, 600)}, 180, 0)
    phone = Phone()
    phone.sweeper._policy = AdaptivePolicy(rules)
    return phone


async def test_a_link_is_asked_less_and_less_often(autojump_clock: MockClock) -> None:
    phone = adaptive_phone()
    async with phone.running():
        await phone.daemon.wait_until_online()
        await trio.sleep(62)
        assert phone.links.leader is not None
        assert phone.links.leader.pulse.interval_seconds == 240, "the first was no proof"
        await trio.sleep(242)
        assert phone.links.leader.pulse.interval_seconds == 420
        assert phone.state.extras["keep_alive"]["WiFi"]["seconds"] == 420
        assert phone.links.leader.pulse.held_in_a_row == 2
        assert autojump_clock.current_time() == 304


async def test_a_lost_link_makes_the_next_one_more_careful(autojump_clock: MockClock) -> None:
    phone = adaptive_phone()
    async with phone.running():
        await phone.daemon.wait_until_online()
        await trio.sleep(62)
        answers = phone.gateway.answers
        phone.gateway.answers = {kind for kind in answers if kind.__name__ != "KeepAlive"}
        await trio.sleep(240)
        phone.gateway.answers = answers
        await trio.sleep(20)
        assert phone.gateway.links == 2
        assert phone.links.leader is not None
        assert phone.links.leader.pulse.interval_seconds == 180
        assert phone.links.leader.pulse.stage == "initial-shrink"
        assert autojump_clock.current_time() == 322


def watched(sweeper: KeepAliveSweeper) -> Pulse:
    near, _ = memory_stream_pair()
    link = CourierLink(SecureStream(near, CompactCodec()))
    link.end("nobody is there to be asked")
    return sweeper.watch(link, "WiFi")


async def test_a_sweep_looks_only_where_it_is_time(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    sweeper = KeepAliveSweeper(FixedInterval(100))
    early = [watched(sweeper) for _ in range(3)]
    await trio.sleep(50)
    late = [watched(sweeper) for _ in range(1000)]
    looked_at: list[Pulse] = []
    check = type(early[0]).check

    def note(pulse: Pulse, now: float) -> None:
        looked_at.append(pulse)
        check(pulse, now)

    monkeypatch.setattr(type(early[0]), "check", note)
    sweeper.sweep()
    assert looked_at == []
    await trio.sleep(50)
    sweeper.sweep()
    assert looked_at == early
    await trio.sleep(15)
    sweeper.sweep()
    assert looked_at == early * 2, "whether the answer has come"
    await trio.sleep(35)
    sweeper.sweep()
    assert set(late) <= set(looked_at)
    assert autojump_clock.current_time() == 150


async def test_links_that_are_over_do_not_fill_the_agenda() -> None:
    sweeper = KeepAliveSweeper(FixedInterval(900))
    living = watched(sweeper)
    for _ in range(5000):
        sweeper.forget(watched(sweeper))
    assert len(sweeper) == 1
    assert len(sweeper._agenda) < 1100
    assert list(sweeper._looks.values()) == [living]


async def test_a_link_that_is_over_is_not_kept_for_its_next_look() -> None:
    sweeper = KeepAliveSweeper(FixedInterval(900))
    pulse = watched(sweeper)
    pulse.beat()
    over = weakref.ref(pulse._link)
    sweeper.forget(pulse)
    del pulse
    gc.collect()
    assert over() is None
