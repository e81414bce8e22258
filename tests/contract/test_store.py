"""What ``gateway/store/store.py`` promises, for every backend (``conftest.py`` says how to join).

Each test drives the public verbs only. ``NOW`` is the gateway's clock; it stands still unless a
test says otherwise.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import pytest
import trio

from gateway.store.store import (
    SAME_ID_SECONDS,
    Accepted,
    Contents,
    FencedError,
    Registration,
    Store,
    Waiting,
)
from protocol.identifiers import (
    CollapseId,
    DeviceId,
    DeviceToken,
    HashedTopic,
    TokenPurpose,
    Topic,
)
from protocol.notification import Environment, PushType
from tests.builders import DEVICE, NOW, TOKEN, broadcast, channel, notification, registration

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from gateway.store.store import Stored
    from tests.contract.conftest import Backend

OTHER = DeviceId("tablet")
NEWS, MAIL = Topic("com.example.news"), Topic("com.example.mail")


async def fetch_all(store: Store, fence: int, *, now: float = NOW, after: int = 0) -> list[Stored]:
    return list(await store.fetch(DEVICE, fence, after=after, limit=1000, now=now))


async def waiting(store: Store, device: DeviceId = DEVICE, *, now: float = NOW) -> list[Stored]:
    """What a session that begins now would get."""
    fence = (await store.attach(device, now=now)).fence
    found = await store.fetch(device, fence, after=0, limit=1000, now=now)
    await store.detach(device, fence)
    return list(found)


def seqs(entries: Sequence[Stored]) -> list[int]:
    return [entry.seq for entry in entries]


# Acceptance and order


async def test_what_was_accepted_is_fetched_exactly_as_it_was(store: Store) -> None:
    kept = notification(
        7,
        token=DeviceToken(b"\x00\xff" * 50),
        push_type=PushType.VOIP,
        collapse_id=CollapseId("caf\u00e9 \udcff\x00"),  # a header may hold what is no UTF-8
        payload=bytes(range(256)) * 20,
        received_at=NOW + 0.123456,
    )
    accepted = await store.accept(DEVICE, kept)
    (found,) = await waiting(store)
    assert (found.seq, found.notification) == (accepted.seq, kept)
    assert type(found.notification.push_type) is PushType
    assert type(found.notification.token) is DeviceToken
    assert type(found.notification.collapse_id) is CollapseId


async def test_a_present_device_gets_everything_in_the_order_of_acceptance(store: Store) -> None:
    fence = (await store.attach(DEVICE, now=NOW)).fence
    kept = [notification(number) for number in range(1, 251)]
    accepted = [await store.accept(DEVICE, each) for each in kept]
    found = await fetch_all(store, fence)
    assert [entry.notification for entry in found] == kept
    assert seqs(found) == [each.seq for each in accepted] == sorted(set(seqs(found)))
    assert all(each.is_present and not each.replaced for each in accepted)


async def test_fetch_goes_on_behind_a_seq_and_stops_at_the_limit(store: Store) -> None:
    fence = (await store.attach(DEVICE, now=NOW)).fence
    order = [(await store.accept(DEVICE, notification(number))).seq for number in range(1, 8)]
    page = await store.fetch(DEVICE, fence, after=order[1], limit=3, now=NOW)
    assert seqs(page) == order[2:5]
    assert not await store.fetch(DEVICE, fence, after=order[-1], limit=3, now=NOW)


async def test_devices_do_not_see_one_another(store: Store) -> None:
    await store.accept(DEVICE, notification(1))
    await store.accept(OTHER, notification(2))
    assert [entry.notification.unique_id for entry in await waiting(store, OTHER)] == [
        notification(2).unique_id
    ]
    assert await store.pending(DEVICE) == 1


async def test_a_seq_is_never_given_twice(store: Store) -> None:
    first = await store.accept(DEVICE, notification(1))
    await store.acknowledge(DEVICE, [first.seq])
    second = await store.accept(DEVICE, notification(2))
    await store.clear()
    third = await store.accept(DEVICE, notification(3))
    assert first.seq < second.seq < third.seq


async def test_concurrent_calls_for_one_device_take_effect_in_the_order_of_the_calls(
    store: Store,
) -> None:
    fence = (await store.attach(DEVICE, now=NOW)).fence
    called: list[int] = []
    accepted: dict[int, int] = {}

    async def accept(number: int) -> None:
        called.append(number)
        accepted[number] = (await store.accept(DEVICE, notification(number))).seq

    async with trio.open_nursery() as nursery:
        for number in range(1, 301):
            nursery.start_soon(accept, number)
    assert sorted(accepted, key=accepted.__getitem__) == called
    assert seqs(await fetch_all(store, fence)) == [accepted[number] for number in called]


async def test_calls_of_all_kinds_keep_their_order(store: Store) -> None:
    """Were the attach overtaken, the first push would be replaced by the second."""
    accepted: list[Accepted] = []

    async def accept(number: int) -> None:
        accepted.append(await store.accept(DEVICE, notification(number)))

    async with trio.open_nursery() as nursery:
        nursery.start_soon(partial(store.attach, DEVICE, now=NOW))
        await trio.lowlevel.checkpoint()  # it is called; its answer may be far
        for number in (1, 2):
            nursery.start_soon(accept, number)
    assert [(each.is_present, each.replaced) for each in accepted] == [(True, ())] * 2


# Acknowledgement


async def test_what_is_acknowledged_is_forgotten_and_nothing_else(store: Store) -> None:
    fence = (await store.attach(DEVICE, now=NOW)).fence
    order = [(await store.accept(DEVICE, notification(number))).seq for number in range(1, 5)]
    await store.acknowledge(DEVICE, [order[0], order[2]])
    assert seqs(await fetch_all(store, fence)) == [order[1], order[3]]
    assert await store.pending() == 2


async def test_acknowledging_is_idempotent_and_bound_to_the_device(store: Store) -> None:
    accepted = await store.accept(DEVICE, notification(1))
    await store.acknowledge(OTHER, [accepted.seq])
    assert await store.pending(DEVICE) == 1
    for _ in range(2):
        await store.acknowledge(DEVICE, [accepted.seq, 10**9])
    await store.acknowledge(DEVICE, [])
    assert await store.pending(DEVICE) == await store.pending() == 0


async def test_what_was_fetched_and_not_acknowledged_is_fetched_again(store: Store) -> None:
    await store.accept(DEVICE, notification(1))
    assert await waiting(store) == await waiting(store) != []


# Replacement and settling


async def test_the_newest_of_a_topic_replaces_while_nobody_is_attached(store: Store) -> None:
    await store.accept(DEVICE, notification(1, topic=NEWS))
    await store.accept(DEVICE, notification(2, topic=MAIL))
    await store.accept(OTHER, notification(3, topic=NEWS))
    newer = await store.accept(DEVICE, notification(4, topic=NEWS))
    assert newer.replaced == (notification(1).unique_id,)
    assert not newer.is_present
    assert [entry.notification.unique_id for entry in await waiting(store)] == [
        notification(2).unique_id,
        notification(4).unique_id,
    ]
    assert await store.pending() == 3


async def test_an_absent_device_that_left_several_keeps_only_the_newest(store: Store) -> None:
    fence = (await store.attach(DEVICE, now=NOW)).fence
    for number in (1, 2, 3):
        await store.accept(DEVICE, notification(number))
    await store.detach(DEVICE, fence)
    newest = await store.accept(DEVICE, notification(4))
    assert set(newest.replaced) == {notification(number).unique_id for number in (1, 2, 3)}
    assert seqs(await waiting(store)) == [newest.seq]


async def test_what_has_expired_is_not_replaced_but_left_for_the_sweep(store: Store) -> None:
    await store.accept(DEVICE, notification(1, expires_at=NOW + 1))
    later = await store.accept(DEVICE, notification(2, received_at=NOW + 1, expires_at=NOW + 9))
    assert later.replaced == ()
    assert await store.expire(now=NOW + 1) == [notification(1).unique_id]


async def test_attaching_settles_to_the_newest_of_each_topic(store: Store) -> None:
    await store.attach(DEVICE, now=NOW)
    for number, topic in enumerate((NEWS, MAIL, NEWS, NEWS), 1):
        await store.accept(DEVICE, notification(number, topic=topic))
    await store.accept(DEVICE, notification(5, topic=MAIL, expires_at=NOW + 1))
    again = await store.attach(DEVICE, now=NOW + 1)
    assert set(again.replaced) == {notification(number).unique_id for number in (1, 3)}
    assert again.expired == (notification(5).unique_id,)
    found = await fetch_all(store, again.fence, now=NOW + 1)
    assert [entry.notification.unique_id for entry in found] == [
        notification(2).unique_id,
        notification(4).unique_id,
    ]
    assert await store.pending() == await store.pending(DEVICE) == 2


async def test_attaching_a_device_that_nothing_waits_for(store: Store) -> None:
    attachment = await store.attach(DEVICE, now=NOW)
    assert (attachment.replaced, attachment.expired) == ((), ())
    assert await fetch_all(store, attachment.fence) == []


# Presence and fencing


async def test_a_newer_session_voids_the_older_one(store: Store) -> None:
    old = (await store.attach(DEVICE, now=NOW)).fence
    new = (await store.attach(DEVICE, now=NOW)).fence
    assert new > old
    with pytest.raises(FencedError, match="phone"):
        await fetch_all(store, old)
    assert not await store.detach(DEVICE, old)
    assert (await store.accept(DEVICE, notification(1))).is_present
    assert len(await fetch_all(store, new)) == 1


async def test_after_detaching_nobody_is_present(store: Store) -> None:
    fence = (await store.attach(DEVICE, now=NOW)).fence
    assert await store.detach(DEVICE, fence)
    assert not await store.detach(DEVICE, fence)
    assert not (await store.accept(DEVICE, notification(1))).is_present
    with pytest.raises(FencedError):
        await fetch_all(store, fence)
    assert (await store.attach(DEVICE, now=NOW)).fence > fence


async def test_presence_is_per_device(store: Store) -> None:
    fence = (await store.attach(OTHER, now=NOW)).fence
    assert not (await store.accept(DEVICE, notification(1))).is_present
    assert not await store.detach(DEVICE, fence)
    with pytest.raises(FencedError):
        await fetch_all(store, fence)


async def test_a_cancelled_attach_leaves_nobody_attached(store: Store) -> None:
    fences: list[int] = []

    async def attach() -> None:
        fences.append((await store.attach(DEVICE, now=NOW)).fence)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(attach)
        await trio.lowlevel.checkpoint()  # it is called, and perhaps not answered
        nursery.cancel_scope.cancel()
    await store.pending()  # its late answer is known now, and what that set off is called
    assert (await store.accept(DEVICE, notification(1))).is_present == bool(fences)


# Expiry


async def test_what_has_expired_is_not_handed_out(store: Store) -> None:
    fence = (await store.attach(DEVICE, now=NOW)).fence
    await store.accept(DEVICE, notification(1, expires_at=NOW + 5))
    lasting = await store.accept(DEVICE, notification(2, expires_at=NOW + 50))
    assert len(await fetch_all(store, fence, now=NOW + 4.9)) == 2
    assert seqs(await fetch_all(store, fence, now=NOW + 5)) == [lasting.seq]


async def test_the_sweep_forgets_the_expired_in_chunks_the_oldest_first(store: Store) -> None:
    await store.attach(DEVICE, now=NOW)
    for number in range(1, 8):
        await store.accept(DEVICE, notification(number, expires_at=NOW + 10 - number))
    assert await store.expire(now=NOW + 2) == []
    first = await store.expire(now=NOW + 8, limit=4)
    assert list(first) == [notification(number).unique_id for number in (7, 6, 5, 4)]
    second = await store.expire(now=NOW + 8, limit=4)
    assert list(second) == [notification(number).unique_id for number in (3, 2)]
    assert await store.expire(now=NOW + 8) == []
    assert await store.pending() == 1


async def test_when_the_next_one_expires_is_known(store: Store) -> None:
    assert await store.next_expiry() is None
    first = await store.accept(DEVICE, notification(1, topic=NEWS, expires_at=NOW + 10))
    await store.accept(OTHER, notification(2, topic=MAIL, expires_at=NOW + 50))
    assert await store.next_expiry() == NOW + 10
    await store.acknowledge(DEVICE, [first.seq])
    assert await store.next_expiry() == NOW + 50
    await store.expire(now=NOW + 50)
    assert await store.next_expiry() is None


async def test_the_sweep_does_not_report_what_was_acknowledged(store: Store) -> None:
    for device in (DEVICE, OTHER):
        accepted = await store.accept(device, notification(1))
        await store.acknowledge(device, [accepted.seq])
    assert await store.expire(now=NOW + 10**6) == []


# Repetition of an apns-id


async def test_a_repeated_apns_id_is_a_second_push_unless_asked(store: Store) -> None:
    await store.attach(DEVICE, now=NOW)
    first, second = notification(1), notification(2, apns_id=notification(1).apns_id)
    await store.accept(DEVICE, first)
    assert (await store.accept(DEVICE, second)).duplicate_of is None
    assert await store.pending(DEVICE) == 2


async def test_a_repeated_apns_id_within_the_window_is_not_stored(store: Store) -> None:
    first, second = notification(1), notification(2, apns_id=notification(1).apns_id)
    accepted = await store.accept(DEVICE, first, same_id_since=NOW - 3600)
    await store.acknowledge(DEVICE, [accepted.seq])  # even when it is gone already
    repeated = await store.accept(DEVICE, second, same_id_since=NOW)
    assert repeated == Accepted(accepted.seq, (), first.unique_id, is_present=False)
    assert await store.pending() == 0
    await store.attach(DEVICE, now=NOW)
    assert (await store.accept(DEVICE, second, same_id_since=NOW)).is_present


async def test_the_same_apns_id_is_new_for_another_device_or_after_the_window(
    store: Store,
) -> None:
    again = notification(2, apns_id=notification(1).apns_id, received_at=NOW + 20)
    await store.accept(DEVICE, notification(1), same_id_since=NOW - 10)
    assert (await store.accept(OTHER, again, same_id_since=NOW)).duplicate_of is None
    assert (await store.accept(DEVICE, again, same_id_since=NOW + 1)).duplicate_of is None
    # From here on the second one is what is repeated.
    third = notification(3, apns_id=again.apns_id, received_at=NOW + 30)
    assert (
        await store.accept(DEVICE, third, same_id_since=NOW + 1)
    ).duplicate_of == again.unique_id


async def test_apns_ids_are_remembered_for_an_hour_although_others_come(store: Store) -> None:
    await store.attach(DEVICE, now=NOW)
    await store.accept(DEVICE, notification(1), same_id_since=NOW)
    at = NOW + SAME_ID_SECONDS
    for number in (2, 3, 4):
        other = notification(number, received_at=at)
        assert (await store.accept(DEVICE, other, same_id_since=at)).duplicate_of is None
    await store.expire(now=at)
    late = notification(5, apns_id=notification(1).apns_id, received_at=at)
    assert (await store.accept(DEVICE, late, same_id_since=NOW)).duplicate_of is not None
    await store.expire(now=at + 1)
    assert (await store.accept(DEVICE, late, same_id_since=NOW)).duplicate_of is None


# Registrations


async def test_registrations_are_kept_replaced_and_invalidated(store: Store) -> None:
    other = registration(token=DeviceToken(b"\x00"), device=OTHER, topic=NEWS)
    await store.register(registration())
    await store.register(other)
    assert await store.registrations() == [other, registration()]  # in the order of the tokens
    moved = registration(device=OTHER, environment=Environment.PRODUCTION, registered_at=NOW)
    await store.register(moved)
    assert await store.registrations() == [other, moved]
    await store.unregister(TOKEN, at=NOW + 1)
    await store.unregister(TOKEN, at=NOW + 2)  # the first time stays
    await store.unregister(DeviceToken(b"unknown"), at=NOW)
    gone = registration(
        device=OTHER,
        environment=Environment.PRODUCTION,
        registered_at=NOW,
        unregistered_at=NOW + 1,
    )
    assert await store.registrations() == [other, gone]
    await store.register(moved)
    assert await store.registrations() == [other, moved]


async def test_a_registration_keeps_its_purpose_and_how_it_ended(store: Store) -> None:
    """Of two tokens for one topic, one's life ends (a Live Activity), the other's app goes."""
    activity = registration(token=DeviceToken(b"\x01"), purpose=TokenPurpose("activity é 1"))
    await store.register(activity)
    await store.register(registration())
    await store.unregister(activity.token, at=NOW + 1, is_expired=True)
    await store.unregister(activity.token, at=NOW + 2)  # the first end stays, and its kind
    await store.unregister(TOKEN, at=NOW + 2)
    assert await store.registrations() == [
        registration(unregistered_at=NOW + 2),
        replace(activity, unregistered_at=NOW + 1, is_expired=True),
    ]


async def test_unregistering_leaves_what_waits(store: Store) -> None:
    await store.register(registration())
    await store.accept(DEVICE, notification(1))
    await store.unregister(TOKEN, at=NOW)
    assert len(await waiting(store)) == 1


async def test_a_topic_that_is_known_by_its_hash_comes_back(store: Store) -> None:
    hashed = registration(topic=HashedTopic.of(NEWS))
    await store.register(hashed)
    assert await store.registrations() == [hashed]


async def test_more_registrations_than_fit_one_answer(store: Store) -> None:
    kept = [registration(token=DeviceToken(number.to_bytes(2))) for number in range(2500)]
    async with trio.open_nursery() as nursery:
        for each in kept:
            nursery.start_soon(store.register, each)
    found = await store.registrations()
    assert found == kept
    assert isinstance(found[0], Registration)
    assert type(found[0].token) is DeviceToken


# The rest


async def test_clear_leaves_nothing_and_nobody(store: Store) -> None:
    fence = (await store.attach(DEVICE, now=NOW)).fence
    await store.accept(DEVICE, notification(1), same_id_since=NOW)
    await store.register(registration())
    await store.clear()
    assert await store.pending() == await store.pending(DEVICE) == 0
    assert await store.registrations() == []
    with pytest.raises(FencedError):
        await fetch_all(store, fence)
    again = await store.accept(DEVICE, notification(1), same_id_since=NOW)
    assert (again.is_present, again.duplicate_of) == (False, None)
    assert (await store.attach(DEVICE, now=NOW)).fence > fence


async def test_statistics_count_what_was_done(store: Store, backend: Backend) -> None:
    before = store.statistics()
    await store.accept(DEVICE, notification(1))
    await store.accept(OTHER, notification(2))
    after = store.statistics()
    assert (after.kind, after.pending, after.restarts) == (backend.name, 2, 0)
    assert after.operations - before.operations == 2
    assert 1 <= after.batches - before.batches <= 2


async def test_wakes_end_with_the_store_and_say_nothing_before(
    backend: Backend, tmp_path: Path
) -> None:
    heard: list[DeviceId | None] = []

    async def listen(store: Store) -> None:
        heard.extend([device async for device in store.wakes()])

    async with trio.open_nursery() as nursery, backend.open(tmp_path) as store:
        nursery.start_soon(listen, store)
        await store.accept(DEVICE, notification(1))
        await store.pending()
    assert heard == []


async def test_a_cancelled_call_leaves_the_store_usable(store: Store) -> None:
    for number in range(1, 101):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(store.accept, DEVICE, notification(number))
            await trio.lowlevel.checkpoint()
            nursery.cancel_scope.cancel()
    assert await store.pending(DEVICE) <= 1
    accepted = await store.accept(DEVICE, notification(101))
    assert seqs(await waiting(store)) == [accepted.seq]


# Durability


async def test_everything_but_presence_survives_a_restart(durable: Backend, tmp_path: Path) -> None:
    async with durable.open(tmp_path) as store:
        fence = (await store.attach(DEVICE, now=NOW)).fence
        kept = [await store.accept(DEVICE, notification(n, topic=Topic(f"a.b{n}"))) for n in (1, 2)]
        await store.accept(OTHER, notification(3), same_id_since=NOW)
        await store.register(registration())
    async with durable.open(tmp_path) as store:
        assert store.statistics().pending == await store.pending() == 3
        assert await store.registrations() == [registration()]
        repeated = await store.accept(OTHER, notification(3), same_id_since=NOW)
        assert repeated.duplicate_of == notification(3).unique_id
        with pytest.raises(FencedError):
            await fetch_all(store, fence)
        again = await store.attach(DEVICE, now=NOW)
        assert again.fence > fence
        assert seqs(await fetch_all(store, again.fence)) == [each.seq for each in kept]
        assert (await store.accept(DEVICE, notification(4))).seq > kept[-1].seq


async def test_a_session_of_a_former_gateway_is_present_no_more(
    durable: Backend, tmp_path: Path
) -> None:
    async with durable.open(tmp_path) as store:
        await store.attach(DEVICE, now=NOW)
        assert (await store.accept(DEVICE, notification(1))).is_present
    async with durable.open(tmp_path) as store:
        second = await store.accept(DEVICE, notification(2))
        assert second.replaced == (notification(1).unique_id,)
        assert not second.is_present


# All of it


async def test_what_a_store_keeps_fills_another(store: Store) -> None:
    await store.accept(OTHER, notification(1))
    for number in (2, 3):
        await store.accept(DEVICE, notification(number, topic=NEWS if number == 2 else MAIL))
    fence = (await store.attach(DEVICE, now=NOW)).fence
    told = await store.waiting()
    assert [(each.device, each.notification.unique_id[-1]) for each in told] == [
        (OTHER, "1"),
        (DEVICE, "2"),
        (DEVICE, "3"),
    ]
    places = [(7, told[2]), (9, told[0])]
    kept = [replace(each, seq=seq) for seq, each in places]
    mine, published = channel(), broadcast(5)
    await store.register(registration(token=DeviceToken(b"gone")))
    await store.refill(Contents(kept, [registration()], [mine], [published]))
    assert await store.waiting() == kept
    assert await store.registrations() == [registration()]
    assert await store.channels() == [mine]
    assert await store.broadcasts() == [published]
    assert (await store.pending(), await store.pending(DEVICE)) == (2, 1)
    with pytest.raises(FencedError):
        await store.fetch(DEVICE, fence, after=0, limit=9, now=NOW)
    assert seqs(await waiting(store)) == [7]
    assert (await store.accept(OTHER, notification(4))).seq > 9
    assert len(await store.expire(now=NOW + 9999)) == 2


async def test_a_store_may_be_filled_with_nothing(store: Store) -> None:
    await store.accept(DEVICE, notification(1))
    await store.register(registration())
    await store.refill(Contents())
    assert (await store.pending(), await store.registrations(), await store.waiting()) == (
        0,
        [],
        [],
    )


async def test_many_that_wait_are_told_page_by_page(store: Store) -> None:
    kept = [Waiting(number, DEVICE, notification(number)) for number in range(1, 700)]
    await store.refill(Contents(kept))
    assert await store.waiting() == kept
