from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from gateway.journal import Journal
from gateway.records import Record, State
from gateway.routing.router import REMEMBERED_OFFERS, Router
from gateway.routing.sessions import SessionTable
from gateway.store.store import StoreUnavailableError
from protocol.identifiers import ApnsId, DeviceId, Topic, UniqueId
from protocol.notification import Expiration, Notification
from tests.builders import DEVICE, NOW, ListeningSession, SettableTime, notification, registration
from tests.gateway.routing.stores import FragileStore

AGAIN = ApnsId("EABEAE54-14A8-11E5-B60B-1697F925EC7B")


@dataclass
class World:
    """A router and all around it; ``same_id_seconds`` is the router's."""

    same_id_seconds: float = 0
    store: FragileStore = field(default_factory=FragileStore)
    sessions: SessionTable = field(default_factory=SessionTable)
    clock: SettableTime = field(default_factory=SettableTime)
    lead: float = 0.0

    def __post_init__(self) -> None:
        self.journal = Journal(self.clock.now)
        self.router = Router(
            self.store,
            self.sessions,
            self.journal,
            self.clock.now,
            same_id_seconds=self.same_id_seconds,
            lead=lambda: self.lead,
        )

    def connected(self, *, has_room: bool = True) -> ListeningSession:
        session = ListeningSession(has_room=has_room)
        self.sessions.arrive(session)
        return session

    async def route(self, pushed: Notification, *, unregistered: bool = False) -> UniqueId:
        """As the endpoint does: the journal knows of the push before it is routed."""
        record = self.journal.begin(None, "")
        self.journal.received(record, pushed, DEVICE)
        known = registration(unregistered_at=NOW if unregistered else None)
        return await self.router.route(pushed, known)

    def timeline(self, pushed: Notification) -> list[State]:
        return [event.state for event in self.record(pushed).timeline]

    def record(self, pushed: Notification) -> Record:
        (record,) = self.journal.find(lambda each: each.notification is pushed)
        return record

    async def waiting(self) -> int:
        return await self.store.pending(DEVICE)


@pytest.fixture
def world() -> World:
    return World()


def once(number: int = 1, apns_id: ApnsId = AGAIN) -> Notification:
    """A push of expiration 0."""
    return notification(number, expires_at=Expiration(0).deadline(NOW), apns_id=apns_id)


# -- stored ----------------------------------------------------------------------------------------


async def test_a_push_to_an_absent_device_is_stored(world: World) -> None:
    pushed = notification()
    assert await world.route(pushed) == pushed.unique_id
    assert world.timeline(pushed) == [State.RECEIVED, State.STORED_OFFLINE]
    assert await world.waiting() == 1


async def test_a_push_to_a_present_device_is_stored_too_and_its_session_woken(
    world: World,
) -> None:
    session, pushed = world.connected(), notification()
    assert await world.route(pushed) == pushed.unique_id
    assert session.wakes == 1
    assert session.offered == []
    assert world.timeline(pushed) == [State.RECEIVED]
    assert await world.waiting() == 1


async def test_only_the_devices_own_session_is_woken(world: World) -> None:
    tablet = ListeningSession(DeviceId("tablet"))
    world.sessions.arrive(tablet)
    await world.route(notification())
    assert tablet.wakes == 0


async def test_a_newer_push_replaces_the_one_that_waits_and_the_journal_says_by_which(
    world: World,
) -> None:
    older, newer = notification(1), notification(2)
    other = notification(3, topic=Topic("com.example.other"))
    for pushed in (older, other, newer):
        await world.route(pushed)
    assert world.timeline(older) == [State.RECEIVED, State.STORED_OFFLINE, State.REPLACED]
    assert world.record(older).timeline[-1].detail == f"by {newer.apns_id}"
    assert world.timeline(newer) == [State.RECEIVED, State.STORED_OFFLINE]
    assert world.timeline(other) == [State.RECEIVED, State.STORED_OFFLINE]
    assert await world.waiting() == 2


async def test_an_outage_of_the_store_is_the_callers_to_answer_and_nothing_is_noted_as_stored(
    world: World,
) -> None:
    world.store.is_out = True
    session, pushed = world.connected(), notification()
    with pytest.raises(StoreUnavailableError, match="the disk is full"):
        await world.route(pushed)
    assert world.timeline(pushed) == [State.RECEIVED]
    assert session.wakes == 0


# -- tried once ------------------------------------------------------------------------------------


async def test_expiration_0_is_handed_to_a_present_device_and_never_stored(world: World) -> None:
    session, pushed = world.connected(), once()
    assert await world.route(pushed) == pushed.unique_id
    assert session.offered == [pushed]
    assert session.wakes == 0
    assert world.timeline(pushed) == [State.RECEIVED]
    assert await world.waiting() == 0


async def test_expiration_0_to_an_absent_device_is_discarded(world: World) -> None:
    pushed = once()
    assert await world.route(pushed) == pushed.unique_id
    assert world.timeline(pushed) == [State.RECEIVED, State.DISCARDED_EXPIRED]
    assert world.record(pushed).timeline[-1].detail == (
        "the device is offline and the push may not be stored"
    )
    assert await world.waiting() == 0


async def test_a_push_that_is_too_late_only_by_a_clock_that_was_moved_says_so(
    world: World,
) -> None:
    world.lead = 7200.0
    late, far_too_late = (
        notification(number, expires_at=NOW - seconds) for number, seconds in ((1, 60), (2, 7200))
    )
    for push in (late, far_too_late, once(3)):
        await world.route(push)
    assert "the gateway's clock is 7200 s ahead" in world.record(late).timeline[-1].detail
    assert "ahead" not in world.record(far_too_late).timeline[-1].detail


async def test_when_the_first_of_those_that_wait_expires_an_alarm_rings(world: World) -> None:
    for number, seconds in ((1, 90), (2, 59.5), (3, 70)):
        await world.route(notification(number, expires_at=NOW + seconds))
    assert world.router.expiries.at == NOW + 60
    world.sessions.unacknowledged.on_left(NOW + 50)
    assert world.router.expiries.at == NOW + 50


async def test_expiration_0_to_a_link_without_room_is_discarded(world: World) -> None:
    session, pushed = world.connected(has_room=False), once()
    await world.route(pushed)
    assert session.offered == []
    assert world.timeline(pushed) == [State.RECEIVED, State.DISCARDED_EXPIRED]
    assert "no room" in world.record(pushed).timeline[-1].detail


async def test_expiration_0_needs_no_store(world: World) -> None:
    world.store.is_out = True
    session = world.connected()
    await world.route(once())
    assert len(session.offered) == 1


@pytest.mark.parametrize("is_connected", [True, False])
async def test_a_date_that_has_passed_is_tried_once_like_0(
    world: World, is_connected: bool
) -> None:
    session = world.connected() if is_connected else ListeningSession()
    pushed = notification(expires_at=Expiration(int(NOW) - 1).deadline(NOW))
    await world.route(pushed)
    assert session.offered == ([pushed] if is_connected else [])
    assert await world.waiting() == 0
    discarded = [] if is_connected else [State.DISCARDED_EXPIRED]
    assert world.timeline(pushed) == [State.RECEIVED, *discarded]


async def test_a_date_that_passes_between_validation_and_routing_is_tried_once(
    world: World,
) -> None:
    pushed = notification(expires_at=NOW + 1)
    world.clock.time = NOW + 1
    await world.route(pushed)
    assert await world.waiting() == 0


# -- unregistered lately ---------------------------------------------------------------------------


@pytest.mark.parametrize("pushed", [notification(), once()])
async def test_until_apple_confirms_an_uninstall_a_push_is_accepted_and_discarded(
    world: World, pushed: Notification
) -> None:
    session = world.connected()
    assert await world.route(pushed, unregistered=True) == pushed.unique_id
    assert world.timeline(pushed) == [State.RECEIVED, State.DISCARDED_UNREGISTERED]
    assert (session.wakes, session.offered, await world.waiting()) == (0, [], 0)


# -- the same apns-id again ------------------------------------------------------------------------


async def test_a_repeated_apns_id_is_a_second_push(world: World) -> None:
    await world.store.attach(DEVICE, now=NOW)  # present: nothing is replaced
    first, second = notification(1, apns_id=AGAIN), notification(2, apns_id=AGAIN)
    assert await world.route(first) == first.unique_id
    assert await world.route(second) == second.unique_id
    assert await world.waiting() == 2


async def test_a_repeated_apns_id_of_expiration_0_is_a_second_push(world: World) -> None:
    session = world.connected()
    await world.route(once(1))
    await world.route(once(2))
    assert len(session.offered) == 2


async def test_with_the_setting_a_repeated_apns_id_is_the_same_push() -> None:
    world = World(same_id_seconds=3600)
    session = world.connected()
    first = notification(1, apns_id=AGAIN)
    second = notification(2, apns_id=AGAIN, received_at=NOW + 3600)
    assert await world.route(first) == first.unique_id
    assert await world.route(second) == first.unique_id
    assert await world.waiting() == 1
    assert session.wakes == 1
    assert world.timeline(second) == [State.RECEIVED]


async def test_with_the_setting_a_repetition_of_expiration_0_is_not_handed_over_again() -> None:
    # hapns and Pushy send expiration 0 by default, and their users retry too.
    world = World(same_id_seconds=3600)
    session = world.connected()
    first, second, third = once(1), once(2), once(3)
    assert await world.route(first) == first.unique_id
    world.clock.time = NOW + 3599
    assert await world.route(second) == first.unique_id
    assert session.offered == [first]
    world.clock.time = NOW + 3601
    assert await world.route(third) == third.unique_id
    assert session.offered == [first, third]


async def test_a_repetition_of_expiration_0_is_tried_again_if_it_was_not_handed_over() -> None:
    world = World(same_id_seconds=3600)
    first, second = once(1), once(2)
    await world.route(first)
    session = world.connected()
    assert await world.route(second) == second.unique_id
    assert session.offered == [second]


async def test_the_same_id_for_another_device_is_another_push() -> None:
    world = World(same_id_seconds=3600)
    phone = world.connected()
    tablet = ListeningSession(DeviceId("tablet"))
    world.sessions.arrive(tablet)
    await world.route(once(1))
    await world.router.route(once(2), registration(device=tablet.device))
    assert (len(phone.offered), len(tablet.offered)) == (1, 1)


async def test_only_so_many_offers_are_remembered() -> None:
    world = World(same_id_seconds=3600)
    session = world.connected()
    first = once(1)
    await world.route(first)
    for number in range(2, REMEMBERED_OFFERS + 2):
        pushed = once(number, ApnsId.from_random(number.to_bytes(16)))
        await world.router.route(pushed, registration())
    session.offered.clear()
    await world.router.route(once(99_999), registration())
    assert len(session.offered) == 1


async def test_a_reset_forgets_what_was_handed_over() -> None:
    world = World(same_id_seconds=3600)
    session = world.connected()
    await world.route(once(1))
    world.router.clear()
    await world.route(once(2))
    assert len(session.offered) == 2
