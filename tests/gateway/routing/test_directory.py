from __future__ import annotations

import dataclasses

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from gateway.routing.directory import TOKEN_BYTES, DeviceDirectory
from gateway.store.store import Registration, StoreUnavailableError
from protocol.identifiers import DeviceId, DeviceToken, HashedTopic, TokenPurpose, Topic
from protocol.notification import Environment
from tests.builders import DEVICE, NOW, TOKEN, TOPIC, SettableTime, counting_bytes, registration
from tests.gateway.routing.stores import FragileStore

DEVELOPMENT, PRODUCTION = Environment.DEVELOPMENT, Environment.PRODUCTION
VOIP = Topic(f"{TOPIC}.voip")


@pytest.fixture
def store() -> FragileStore:
    return FragileStore()


@pytest.fixture
def clock() -> SettableTime:
    return SettableTime()


@pytest.fixture
def directory(store: FragileStore, clock: SettableTime) -> DeviceDirectory:
    return DeviceDirectory(store, clock.now, counting_bytes())


async def test_a_new_token_is_32_bytes_known_at_once_and_durable(
    directory: DeviceDirectory, store: FragileStore
) -> None:
    token = await directory.mint(DEVICE, TOPIC, DEVELOPMENT)
    assert len(token) == TOKEN_BYTES == 32
    expected = registration(token=token, registered_at=NOW)
    assert directory.registration_of(token) == expected
    assert list(await store.registrations()) == [expected]


async def test_an_app_that_asks_again_gets_the_same_token(
    directory: DeviceDirectory, store: FragileStore
) -> None:
    token = await directory.mint(DEVICE, TOPIC, DEVELOPMENT)
    assert await directory.mint(DEVICE, TOPIC, DEVELOPMENT) == token
    assert store.writes == 1


async def test_there_is_a_token_per_device_topic_environment_and_purpose(
    directory: DeviceDirectory,
) -> None:
    tokens = {
        await directory.mint(DEVICE, TOPIC, DEVELOPMENT),
        await directory.mint(DEVICE, VOIP, DEVELOPMENT),
        await directory.mint(DEVICE, TOPIC, PRODUCTION),
        await directory.mint(DeviceId("tablet"), TOPIC, DEVELOPMENT),
        await directory.mint(DEVICE, TOPIC, DEVELOPMENT, purpose=TokenPurpose("start Flight")),
    }
    assert len(tokens) == 5
    assert {r.token for r in directory.registrations()} == tokens
    assert len(list(directory.registrations(DEVICE))) == 4


async def test_an_app_that_asks_twice_at_once_gets_one_token(
    directory: DeviceDirectory, store: FragileStore
) -> None:
    # alert and background are one topic: a device asks for both in one go.
    store.gate = trio.Event()
    tokens: list[DeviceToken] = []

    async def ask(topic: Topic) -> None:
        tokens.append(await directory.mint(DEVICE, topic, DEVELOPMENT))

    async with trio.open_nursery() as nursery:
        for topic in (TOPIC, TOPIC, TOPIC, VOIP):
            nursery.start_soon(ask, topic)
        await wait_all_tasks_blocked()
        assert store.writes == 2, "different topics do not wait for one another"
        store.gate.set()
    assert len(tokens) == 4
    assert len(set(tokens)) == 2
    assert len(list(directory.registrations())) == 2


async def test_whoever_waited_for_a_token_that_failed_tries_for_itself(
    directory: DeviceDirectory, store: FragileStore
) -> None:
    store.gate = trio.Event()
    store.is_out = True
    outcomes: list[str] = []

    async def ask() -> None:
        try:
            await directory.mint(DEVICE, TOPIC, DEVELOPMENT)
            outcomes.append("token")
        except StoreUnavailableError:
            outcomes.append("outage")
            store.is_out = False

    async with trio.open_nursery() as nursery:
        nursery.start_soon(ask)
        nursery.start_soon(ask)
        await wait_all_tasks_blocked()
        store.gate.set()
    assert outcomes == ["outage", "token"]


async def test_a_reinstall_gives_a_new_token_and_the_old_one_is_gone(
    directory: DeviceDirectory, clock: SettableTime
) -> None:
    old = await directory.mint(DEVICE, TOPIC, DEVELOPMENT)
    clock.time += 60
    new = await directory.mint(DEVICE, TOPIC, DEVELOPMENT, renew=True)
    assert new != old
    assert directory.registration_of(old) == registration(
        token=old, registered_at=NOW, unregistered_at=NOW + 60
    )
    assert directory.registration_of(new) == registration(token=new, registered_at=NOW + 60)
    assert await directory.mint(DEVICE, TOPIC, DEVELOPMENT) == new


async def test_renewing_a_token_that_never_was_mints_one(directory: DeviceDirectory) -> None:
    token = await directory.mint(DEVICE, TOPIC, DEVELOPMENT, renew=True)
    assert list(directory.registrations()) == [registration(token=token, registered_at=NOW)]


async def test_after_an_uninstall_the_token_is_gone_and_the_next_install_gets_another(
    directory: DeviceDirectory, store: FragileStore, clock: SettableTime
) -> None:
    token = await directory.mint(DEVICE, TOPIC, DEVELOPMENT)
    clock.time += 1
    await directory.unregister(token)
    gone = registration(token=token, registered_at=NOW, unregistered_at=NOW + 1)
    assert directory.registration_of(token) == gone
    assert list(await store.registrations()) == [gone]
    assert await directory.mint(DEVICE, TOPIC, DEVELOPMENT) != token


async def test_a_token_is_unregistered_once_and_the_first_time_counts(
    directory: DeviceDirectory, store: FragileStore, clock: SettableTime
) -> None:
    token = await directory.mint(DEVICE, TOPIC, DEVELOPMENT)
    await directory.unregister(token)
    clock.time += 10
    await directory.unregister(token)
    found = directory.registration_of(token)
    assert found is not None
    assert found.unregistered_at == NOW
    assert store.writes == 2


async def test_a_token_whose_life_ended_stays_expired_when_its_app_goes(
    directory: DeviceDirectory, store: FragileStore
) -> None:
    activity = TokenPurpose("activity 1")
    token = await directory.mint(DEVICE, TOPIC, DEVELOPMENT, purpose=activity)
    app = await directory.mint(DEVICE, TOPIC, DEVELOPMENT)
    await directory.unregister(token, is_expired=True)
    await directory.unregister_device(DEVICE)
    ended = {r.token: (r.unregistered_at, r.is_expired) for r in await store.registrations()}
    assert ended == {token: (NOW, True), app: (NOW, False)}
    assert {r.token: (r.unregistered_at, r.is_expired) for r in directory.registrations()} == ended
    assert await directory.mint(DEVICE, TOPIC, DEVELOPMENT, purpose=activity) != token


async def test_of_two_uninstalls_at_once_the_directory_and_the_store_keep_the_same_time(
    directory: DeviceDirectory, store: FragileStore, clock: SettableTime
) -> None:
    token = await directory.mint(DEVICE, TOPIC, DEVELOPMENT)
    first, second = trio.Event(), trio.Event()
    async with trio.open_nursery() as nursery:
        store.gate = first
        nursery.start_soon(directory.unregister, token)
        await wait_all_tasks_blocked()
        clock.time += 10
        store.gate = second
        nursery.start_soon(directory.unregister, token)
        await wait_all_tasks_blocked()
        first.set()
        await wait_all_tasks_blocked()
        second.set()
    assert list(await store.registrations()) == list(directory.registrations())


async def test_unregistering_an_unknown_token_does_nothing(
    directory: DeviceDirectory, store: FragileStore
) -> None:
    await directory.unregister(TOKEN)
    assert directory.registration_of(TOKEN) is None
    assert store.writes == 0


async def test_a_device_that_is_gone_takes_all_its_tokens_along(
    directory: DeviceDirectory,
) -> None:
    await directory.mint(DEVICE, TOPIC, DEVELOPMENT)
    await directory.mint(DEVICE, VOIP, DEVELOPMENT)
    other = await directory.mint(DeviceId("tablet"), TOPIC, DEVELOPMENT)
    await directory.unregister_device(DEVICE)
    assert [r.token for r in directory.registrations() if r.unregistered_at is None] == [other]


async def test_a_restarted_directory_knows_what_the_store_knows(
    directory: DeviceDirectory, store: FragileStore, clock: SettableTime
) -> None:
    old = await directory.mint(DEVICE, TOPIC, DEVELOPMENT)
    new = await directory.mint(DEVICE, TOPIC, DEVELOPMENT, renew=True)
    again = DeviceDirectory(store, clock.now, counting_bytes())
    assert again.registration_of(new) is None
    await again.load()
    assert again.registration_of(old) == directory.registration_of(old)
    assert again.registration_of(new) == directory.registration_of(new)
    assert await again.mint(DEVICE, TOPIC, DEVELOPMENT) == new


async def test_loading_again_forgets_what_the_store_has_forgotten(
    directory: DeviceDirectory, store: FragileStore
) -> None:
    token = await directory.mint(DEVICE, TOPIC, DEVELOPMENT)
    await store.clear()
    await directory.load()
    assert directory.registration_of(token) is None
    assert await directory.mint(DEVICE, TOPIC, DEVELOPMENT) != token


async def test_a_failed_load_changes_nothing(
    directory: DeviceDirectory, store: FragileStore
) -> None:
    token = await directory.mint(DEVICE, TOPIC, DEVELOPMENT)
    store.is_out = True
    with pytest.raises(StoreUnavailableError):
        await directory.load()
    assert directory.registration_of(token) is not None


async def test_what_could_not_be_made_durable_did_not_happen(
    directory: DeviceDirectory, store: FragileStore
) -> None:
    token = await directory.mint(DEVICE, TOPIC, DEVELOPMENT)
    store.is_out = True
    with pytest.raises(StoreUnavailableError):
        await directory.mint(DEVICE, VOIP, DEVELOPMENT)
    with pytest.raises(StoreUnavailableError):
        await directory.unregister(token)
    with pytest.raises(StoreUnavailableError):
        await directory.adopt(registration())
    store.is_out = False
    assert list(directory.registrations()) == [registration(token=token, registered_at=NOW)]


# -- adopted tokens --------------------------------------------------------------------------------


async def test_an_adopted_token_is_the_devices_token_from_then_on(
    directory: DeviceDirectory, store: FragileStore
) -> None:
    assert await directory.adopt(registration()) == (registration(), True)
    assert directory.registration_of(TOKEN) == registration()
    assert list(await store.registrations()) == [registration()]
    assert await directory.mint(DEVICE, TOPIC, DEVELOPMENT) == TOKEN


async def test_of_two_proposals_at_once_the_first_counts(
    directory: DeviceDirectory, store: FragileStore
) -> None:
    store.gate = trio.Event()
    second = dataclasses.replace(registration(), topic=VOIP)
    told: list[bool] = []

    async def adopt(proposal: Registration) -> None:
        counts, is_new = await directory.adopt(proposal)
        assert counts == registration()
        told.append(is_new)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(adopt, registration())
        await wait_all_tasks_blocked()
        nursery.start_soon(adopt, second)
        await wait_all_tasks_blocked()
        store.gate.set()
    assert told == [True, False]
    assert store.writes == 1


# -- pace ------------------------------------------------------------------------------------------


def test_any_pace_is_fine_unless_limited(directory: DeviceDirectory) -> None:
    assert not any(directory.is_too_fast(TOKEN, NOW) for _ in range(1000))


def test_a_limited_pace_is_counted_per_token_and_second(
    store: FragileStore, clock: SettableTime
) -> None:
    limited = DeviceDirectory(store, clock.now, counting_bytes(), max_pushes_per_second=2)
    other = DeviceToken(b"other")
    assert [limited.is_too_fast(TOKEN, NOW) for _ in range(4)] == [False, False, True, True]
    assert not limited.is_too_fast(other, NOW + 0.9)
    assert not limited.is_too_fast(TOKEN, NOW + 1)


async def test_a_device_may_name_its_topic_by_hash_and_text_and_has_one_token_for_both(
    directory: DeviceDirectory,
) -> None:
    by_hash = await directory.mint(DEVICE, HashedTopic.of(TOPIC), DEVELOPMENT)
    assert await directory.mint(DEVICE, TOPIC, DEVELOPMENT) == by_hash
    await directory.load()
    assert await directory.mint(DEVICE, HashedTopic.of(TOPIC), DEVELOPMENT) == by_hash
    assert await directory.mint(DEVICE, HashedTopic.of(VOIP), DEVELOPMENT) != by_hash
