"""A phone's power by itself: who uses it, when apsd gives up, what wakes it."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import pytest
from trio.testing import wait_all_tasks_blocked

from devicesim.agenda import Agenda
from devicesim.power import AssertionPolicy, PhonePower, Power, PowerSettings, WakeReason
from protocol.courier.messages import SetState
from protocol.notification import Priority, PushType

if TYPE_CHECKING:
    import trio
    from trio.testing import MockClock

FULL, RESTRICTED = AssertionPolicy.FULL, AssertionPolicy.RESTRICTED
SETTINGS = PowerSettings(
    reconnect_seconds=160, wake_seconds=8, call_seconds=30, maintenance_seconds=1800
)


class Phone(PhonePower):
    """One whose owner counts how often it was told that something may have changed."""

    def __init__(
        self, agenda: Agenda, mode: Power = Power.LOCKED, settings: PowerSettings = SETTINGS
    ) -> None:
        super().__init__("Phone", mode, settings, agenda=agenda)
        self.changes = 0
        self.on_change(self._count)
        self.start()
        self.link_changed(is_up=True)

    def _count(self) -> None:
        self.changes += 1


async def passes(clock: MockClock, seconds: float) -> None:
    clock.jump(seconds)
    await wait_all_tasks_blocked()


@pytest.fixture
async def agenda(nursery: trio.Nursery) -> Agenda:
    agenda = Agenda()
    nursery.start_soon(agenda.run)
    return agenda


async def test_an_awake_phone_tries_for_ever(agenda: Agenda, mock_clock: MockClock) -> None:
    phone = Phone(agenda, Power.AWAKE)
    phone.link_changed(is_up=False)
    await passes(mock_clock, 1e6)
    assert (phone.policy, phone.may_reconnect) == (FULL, True)


async def test_a_locked_phone_with_a_link_stays_reachable(
    agenda: Agenda, mock_clock: MockClock
) -> None:
    phone = Phone(agenda)
    await passes(mock_clock, 31 * 60)
    assert (phone.policy, phone.is_active) == (FULL, False)


async def test_a_link_that_flaps_costs_no_memory(agenda: Agenda, mock_clock: MockClock) -> None:
    phone = Phone(agenda)
    for _ in range(1000):
        phone.link_changed(is_up=False)
        phone.link_changed(is_up=True)
        await passes(mock_clock, 0.1)
    assert len(agenda) <= 1
    phone.link_changed(is_up=False)
    await passes(mock_clock, 159)
    assert phone.policy is FULL
    await passes(mock_clock, 1)
    assert phone.policy is RESTRICTED


async def test_what_is_due_sooner_than_before_is_not_late(
    agenda: Agenda, mock_clock: MockClock
) -> None:
    phone = Phone(agenda)
    phone.link_changed(is_up=False)
    await passes(mock_clock, 160)
    assert phone.policy is RESTRICTED, "due next in half an hour"
    phone.wake(WakeReason.CELLULAR_CALL)
    await passes(mock_clock, 160)
    assert phone.policy is RESTRICTED


async def test_a_locked_phone_without_a_link_gives_up_160_seconds_after_the_loss(
    agenda: Agenda, mock_clock: MockClock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    phone = Phone(agenda)
    mock_clock.jump(31 * 60)
    phone.link_changed(is_up=False)
    await passes(mock_clock, 159)
    assert phone.policy is FULL
    await passes(mock_clock, 1)
    assert (phone.policy, phone.may_reconnect) == (RESTRICTED, False)
    assert caplog.messages == [
        "powerd[Phone]: assertion policy 3: display off, locked, nothing asserting",
        "apsd[Phone]: restricted idle; reconnect abandoned",
    ]


async def test_locking_a_phone_without_a_link_begins_the_count(
    agenda: Agenda, mock_clock: MockClock
) -> None:
    phone = Phone(agenda, Power.AWAKE)
    phone.link_changed(is_up=False)
    mock_clock.jump(1000)
    phone.use(Power.LOCKED)
    await passes(mock_clock, 159)
    assert phone.policy is FULL
    await passes(mock_clock, 1)
    assert phone.policy is RESTRICTED


async def test_another_network_begins_the_count_anew_but_not_once_it_is_over(
    agenda: Agenda, mock_clock: MockClock
) -> None:
    phone = Phone(agenda)
    phone.link_changed(is_up=False)
    await passes(mock_clock, 100)
    phone.path_changed()
    await passes(mock_clock, 159)
    assert phone.policy is FULL
    await passes(mock_clock, 1)
    phone.path_changed()
    assert phone.policy is RESTRICTED


async def restricted(agenda: Agenda, clock: MockClock, settings: PowerSettings = SETTINGS) -> Phone:
    phone = Phone(agenda, settings=settings)
    phone.link_changed(is_up=False)
    await passes(clock, 160)
    assert phone.policy is RESTRICTED
    return phone


async def test_a_user_ends_the_restricted_idle_and_unlocks_the_phone(
    agenda: Agenda, mock_clock: MockClock
) -> None:
    phone = await restricted(agenda, mock_clock)
    phone.wake(WakeReason.USER)
    assert (phone.policy, phone.mode, phone.is_active) == (FULL, Power.AWAKE, True)


async def test_unlocking_ends_it_too(agenda: Agenda, mock_clock: MockClock) -> None:
    phone = await restricted(agenda, mock_clock)
    phone.use(Power.LOW_POWER)
    assert phone.policy is RESTRICTED
    phone.use(Power.AWAKE)
    assert phone.policy is FULL


async def test_a_call_lights_the_display_for_a_while_and_the_count_begins_anew(
    agenda: Agenda, mock_clock: MockClock
) -> None:
    phone = await restricted(agenda, mock_clock)
    phone.wake(WakeReason.CELLULAR_CALL)
    assert (phone.policy, phone.mode, phone.is_active) == (FULL, Power.LOCKED, True)
    assert phone.state == SetState(is_active=True, interval_seconds=30)
    await passes(mock_clock, 30)
    assert (phone.policy, phone.is_active) == (FULL, False)
    await passes(mock_clock, 130)
    assert phone.policy is RESTRICTED


async def test_a_phone_whose_display_is_lit_does_not_give_up(
    agenda: Agenda, mock_clock: MockClock
) -> None:
    phone = Phone(agenda, settings=PowerSettings(reconnect_seconds=1, call_seconds=30))
    phone.link_changed(is_up=False)
    phone.wake(WakeReason.CELLULAR_CALL)
    await passes(mock_clock, 29)
    assert phone.policy is FULL
    await passes(mock_clock, 1)
    assert phone.policy is RESTRICTED


async def test_a_restricted_phone_wakes_by_itself_now_and_then_with_a_dark_display(
    agenda: Agenda, mock_clock: MockClock
) -> None:
    phone = await restricted(agenda, mock_clock)
    await passes(mock_clock, 1799)
    assert phone.policy is RESTRICTED
    await passes(mock_clock, 1)
    assert (phone.policy, phone.is_active) == (FULL, False)
    await passes(mock_clock, 160)
    assert phone.policy is RESTRICTED


async def test_or_never_if_it_is_not_to(agenda: Agenda, mock_clock: MockClock) -> None:
    phone = await restricted(agenda, mock_clock, PowerSettings(maintenance_seconds=0))
    await passes(mock_clock, 1e6)
    assert phone.policy is RESTRICTED


async def test_a_forced_policy_stays_until_the_next_wake(
    agenda: Agenda, mock_clock: MockClock
) -> None:
    phone = Phone(agenda)
    phone.force(RESTRICTED)
    phone.link_changed(is_up=False)
    await passes(mock_clock, 1e6)
    assert (phone.policy, phone.forced) == (RESTRICTED, RESTRICTED)
    phone.wake(WakeReason.TIMER)
    assert (phone.policy, phone.forced) == (FULL, None)
    phone.force(FULL)
    await passes(mock_clock, 1e6)
    assert phone.policy is FULL
    phone.use(Power.LOCKED)
    await passes(mock_clock, 160)
    assert phone.policy is RESTRICTED


async def test_a_phone_that_is_off_waits_for_nothing_and_starts_like_a_wake(
    agenda: Agenda, mock_clock: MockClock
) -> None:
    phone = await restricted(agenda, mock_clock)
    phone.switch(is_on=False)
    await passes(mock_clock, 1e6)
    assert phone.policy is RESTRICTED
    phone.switch(is_on=True)
    assert phone.policy is FULL
    await passes(mock_clock, 160)
    assert phone.policy is RESTRICTED


@pytest.mark.parametrize(
    ("priority", "alerts", "wakes"),
    [
        (Priority.IMMEDIATE, False, True),
        (Priority.POWER_AWARE, True, True),
        (Priority.POWER_AWARE, False, False),
        (Priority.POWER_FIRST, True, False),
    ],
)
async def test_which_pushes_wake_a_locked_phone_for_a_moment(
    agenda: Agenda, priority: Priority, alerts: bool, wakes: bool, mock_clock: MockClock
) -> None:
    phone = Phone(agenda)
    assert phone.heard_push(PushType.ALERT, priority, alerts=alerts) is wakes
    assert phone.is_active is wakes
    assert phone.state.is_active is wakes
    await passes(mock_clock, 8)
    assert not phone.is_active
    assert phone.state == SetState(is_active=False)


async def test_a_push_that_wakes_the_phone_ends_a_forced_policy_and_no_other_push_does(
    agenda: Agenda, mock_clock: MockClock
) -> None:
    phone = Phone(agenda)
    phone.force(RESTRICTED)
    phone.heard_push(PushType.ALERT, Priority.POWER_FIRST, alerts=True)
    phone.heard_push(PushType.FILE_PROVIDER, Priority.IMMEDIATE, alerts=False)
    assert (phone.policy, phone.forced) == (RESTRICTED, RESTRICTED)
    phone.heard_push(PushType.VOIP, Priority.IMMEDIATE, alerts=False)
    assert (phone.policy, phone.forced) == (FULL, None)
    phone.force(RESTRICTED)  # while it is lit by the last one
    phone.heard_push(PushType.VOIP, Priority.IMMEDIATE, alerts=False)
    assert (phone.policy, phone.forced) == (FULL, None)
    phone.link_changed(is_up=False)
    await passes(mock_clock, 160)
    assert phone.policy is RESTRICTED, "it gives up as after any wake"
    phone.heard_push(PushType.ALERT, Priority.IMMEDIATE, alerts=True)
    assert phone.policy is RESTRICTED, "what is shown late came on no live link"


async def test_work_that_nobody_sees_wakes_nothing(agenda: Agenda) -> None:
    assert not Phone(agenda).heard_push(PushType.FILE_PROVIDER, Priority.IMMEDIATE, alerts=False)


async def test_a_push_to_an_awake_phone_wakes_nothing(agenda: Agenda) -> None:
    phone = Phone(agenda, Power.AWAKE)
    assert not phone.heard_push(PushType.ALERT, Priority.IMMEDIATE, alerts=True)
    assert phone.state == SetState(is_active=True)


async def test_many_pushes_are_not_as_many_words_on_the_link(
    agenda: Agenda, mock_clock: MockClock
) -> None:
    phone = Phone(agenda)
    before = phone.changes
    for _ in range(10):
        phone.heard_push(PushType.ALERT, Priority.IMMEDIATE, alerts=True)
    assert phone.changes == before + 1
    mock_clock.jump(5)
    phone.heard_push(PushType.ALERT, Priority.IMMEDIATE, alerts=True)
    assert phone.changes == before + 2
    assert phone.state == SetState(is_active=True, interval_seconds=8)


def test_a_policy_has_two_words() -> None:
    assert AssertionPolicy.parse("full") is FULL
    assert str(AssertionPolicy.parse("restricted")) == "restricted"
    with pytest.raises(ValueError, match="'half' is no assertion policy: full or restricted"):
        AssertionPolicy.parse("half")
