"""Live Activities between daemon, gateway and apps in other processes: tokens, order, restarts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from devicesim.live_activities.kit import ActivityKit
from devicesim.local_socket.activities import sweep_activities
from devicesim.local_socket.app_connection import AppConnection, AppConnectionError
from devicesim.local_socket.listener import LocalSocket
from devicesim.state.device_state import DeviceState
from devicesim.state.files import StateError, StateFiles
from protocol.courier.messages import (
    AckStatus,
    AppTokenInvalidate,
    AppTokenRequest,
    AppTokenResponse,
    Filter,
    PushAck,
    TokenStatus,
)
from protocol.identifiers import DeviceToken, TokenPurpose, Topic
from protocol.notification import Environment
from tests.devicesim.live_pushes import KIND, LIVE, NEWS, NOW, live_push
from tests.devicesim.scripted_gateway import Phone
from tests.io.door import Door

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from devicesim.local_socket.app_connection import AppConnection as Connection

HOUR = 3600.0


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[Door]:
    async with Door(tmp_path / "apsd.sock").open() as door:
        yield door


async def has_token(app: Connection, activity_id: str) -> DeviceToken:
    """Hear the daemon until the activity has its token."""
    while not app.activities[activity_id]["token"]:
        await app._hear()
    return DeviceToken.parse(app.activities[activity_id]["token"])


# Daemon and gateway


async def test_a_push_that_starts_an_activity_makes_the_device_ask_for_its_token(
    door: Door,
) -> None:
    gateway = door.phone.gateway
    app = await door.phone.daemon.install(NEWS, ["liveactivity"])
    door.activity_kit.register_type(NEWS, KIND)
    await door.phone.daemon.tell_changes()
    await door.phone.daemon.wait_until_settled(app)
    filters = len(gateway.all_heard(Filter))
    await door.delivers(live_push(app.push_to_start_tokens[KIND], "start"))
    [activity] = door.phone.state.activities.values()
    await door.phone.daemon.wait_until_settled(app)
    assert gateway.all_heard(AppTokenRequest)[-1] == AppTokenRequest(
        Topic(LIVE), purpose=TokenPurpose(f"update {activity.activity_id}")
    )
    assert len(gateway.all_heard(Filter)) == filters, "topics did not change"


async def test_the_end_is_told_before_the_acknowledgement_of_what_came_too_late(
    door: Door,
) -> None:
    app = await door.phone.daemon.install(NEWS, ["liveactivity"])
    activity = door.activity_kit.start(NEWS, KIND, {}, {})
    await door.phone.daemon.tell_changes()
    await door.phone.daemon.wait_until_settled(app)
    token = door.phone.token(f"{LIVE} update {activity.activity_id}")
    end, late = live_push(token, "end"), live_push(token, "update")
    door.phone.gateway.heard.clear()
    await door.phone.gateway.say(end, late)
    await door.phone.gateway.hears(PushAck, 2)
    said = [m for m in door.phone.gateway.heard if isinstance(m, AppTokenInvalidate | PushAck)]
    assert said == [
        AppTokenInvalidate(token, is_expired=True),
        PushAck(end.message_id),
        PushAck(late.message_id, AckStatus.UNKNOWN_TOKEN),
    ]


async def test_a_token_minted_for_an_activity_that_ended_meanwhile_expires(door: Door) -> None:
    gateway = door.phone.gateway
    await door.phone.daemon.install(NEWS, ["liveactivity"])
    gateway.answers.discard(AppTokenRequest)
    activity = door.activity_kit.start(NEWS, KIND, {}, {})
    await door.phone.daemon.tell_changes()
    [question] = (await gateway.hears(AppTokenRequest, 2))[1:]
    door.activity_kit.end(NEWS, activity.activity_id)
    late = DeviceToken(b"late")
    await gateway.say(AppTokenResponse(TokenStatus.OK, Topic(LIVE), late, question.purpose))
    await gateway.hears(AppTokenInvalidate)
    assert gateway.expired == {late}


async def test_tokens_and_ends_of_a_device_that_is_away_are_told_when_it_is_back() -> None:
    async with Phone().running() as phone:
        kit = ActivityKit(phone.state, lambda: NOW)
        await phone.daemon.install(NEWS, ["liveactivity"])
        over = kit.start(NEWS, KIND, {}, {})
        await phone.daemon.tell_changes()
        await phone.daemon.wait_until_settled(phone.state.apps.require(NEWS))
        token = phone.token(f"{LIVE} update {over.activity_id}")
        await phone.daemon.go_offline()
        kit.end(NEWS, over.activity_id)
        fresh = kit.start(NEWS, KIND, {}, {})
        await phone.daemon.tell_changes()
        await phone.daemon.wait_until_settled(phone.state.apps.require(NEWS))
        phone.gateway.heard.clear()
        await phone.daemon.go_online()
        assert phone.gateway.heard[2:5] == [
            AppTokenInvalidate(token, is_expired=True),
            AppTokenRequest(Topic(LIVE)),
            AppTokenRequest(Topic(LIVE), purpose=TokenPurpose(f"update {fresh.activity_id}")),
        ]


async def test_a_restore_ends_activities_and_renews_push_to_start_tokens(door: Door) -> None:
    app = await door.phone.daemon.install(NEWS, ["liveactivity"])
    door.activity_kit.register_type(NEWS, KIND)
    activity = door.activity_kit.start(NEWS, KIND, {}, {})
    await door.phone.daemon.tell_changes()
    await door.phone.daemon.wait_until_settled(app)
    before = app.push_to_start_tokens[KIND]
    token = door.phone.token(f"{LIVE} update {activity.activity_id}")
    await door.phone.daemon.restore()
    await door.phone.daemon.wait_until_settled(app)
    assert app.push_to_start_tokens[KIND] != before
    assert door.phone.gateway.expired == {token}
    assert door.phone.state.activities == {}


# Restarts


async def test_activities_and_tokens_survive_a_kill_as_their_last_push_left_them(
    tmp_path: Path,
) -> None:
    def state_of(directory: Path) -> DeviceState:
        state = DeviceState.load(StateFiles(directory, is_synced=True))
        return state or DeviceState(
            "phone-1", "Phone", Environment.DEVELOPMENT, StateFiles(directory, is_synced=True)
        )

    async with Phone(state_of(tmp_path / "phone")).running() as phone:
        kit = ActivityKit(phone.state, lambda: NOW)
        phone.daemon._delivery = LocalSocket(kit)
        app = await phone.daemon.install(NEWS, ["liveactivity"])
        kit.register_type(NEWS, KIND)
        running, over = kit.start(NEWS, KIND, {"a": 1}, {}), kit.start(NEWS, KIND, {}, {})
        await phone.daemon.tell_changes()
        await phone.daemon.wait_until_settled(app)
        tokens = dict(app.tokens)
        token = phone.token(f"{LIVE} update {running.activity_id}")
        other = phone.token(f"{LIVE} update {over.activity_id}")
        await phone.gateway.say(live_push(token, "update", content_state={"stops": 1}))
        await phone.gateway.say(live_push(other, "end"))
        await phone.gateway.hears(PushAck, 2)
        # Only the files are left.
        again = state_of(tmp_path / "phone")
    [left, ended] = again.activities.values()
    assert (left.activity_id, left.content_state) == (running.activity_id, {"stops": 1})
    assert (left.attributes, ended.has_token) == ({"a": 1}, False)
    del tokens[app.activity_key(TokenPurpose(f"update {over.activity_id}"))]
    assert again.apps.require(NEWS).tokens == tokens


async def test_the_log_decides_which_activities_run_when_the_files_disagree(
    tmp_path: Path,
) -> None:
    files = StateFiles(tmp_path / "phone", is_synced=False)
    state = DeviceState("phone-1", "Phone", Environment.DEVELOPMENT, files)
    app = state.apps.install(NEWS, ["liveactivity"])
    kit = ActivityKit(state, lambda: NOW)
    kit.register_type(NEWS, KIND)
    gone, kept = kit.start(NEWS, KIND, {}, {}), kit.start(NEWS, KIND, {}, {})
    for key in app.token_keys:
        state.apps.mint(app, key, DeviceToken(str(key).encode()))
    forgotten = state.apps.require(NEWS).tokens[
        app.activity_key(TokenPurpose(f"update {gone.activity_id}"))
    ]
    await state.save()
    late = kit.start(NEWS, KIND, {}, {})
    kit.end(NEWS, gone.activity_id)
    await state.commit()  # and killed before the description was written

    again = DeviceState.load(StateFiles(tmp_path / "phone", is_synced=False))
    assert again is not None
    assert list(again.activities) == [kept.activity_id, late.activity_id]
    assert set(again.apps.require(NEWS).purposes) == {
        f"start {KIND}", f"update {kept.activity_id}", f"update {late.activity_id}",
    }  # fmt: skip
    assert again.apps.doomed == {forgotten: True}


async def test_an_uninstalled_apps_activities_are_gone_after_a_restart_too(tmp_path: Path) -> None:
    files = StateFiles(tmp_path / "phone", is_synced=False)
    state = DeviceState("phone-1", "Phone", Environment.DEVELOPMENT, files)
    kit = ActivityKit(state, lambda: NOW)
    for bundle_id in (NEWS, "com.example.other"):
        state.apps.install(bundle_id, ["alert"])
        kit.start(bundle_id, KIND, {}, {})
    over = kit.start(NEWS, KIND, {}, {})
    kit.end(NEWS, over.activity_id)
    state.apps.uninstall(NEWS)
    state.clear(NEWS)
    await state.save()
    await state.commit()
    again = DeviceState.load(StateFiles(tmp_path / "phone", is_synced=False))
    assert again is not None
    assert [each.bundle_id for each in again.activities.values()] == ["com.example.other"]
    assert again.activities == state.activities


async def test_an_app_whose_uninstall_was_written_down_in_half_has_no_activities(
    tmp_path: Path,
) -> None:
    files = StateFiles(tmp_path / "phone", is_synced=False)
    state = DeviceState("phone-1", "Phone", Environment.DEVELOPMENT, files)
    state.apps.install(NEWS, ["alert"])
    ActivityKit(state, lambda: NOW).start(NEWS, KIND, {}, {})
    await state.commit()
    state.apps.uninstall(NEWS)
    await state.save()  # and killed before the log was written
    again = DeviceState.load(StateFiles(tmp_path / "phone", is_synced=False))
    assert again is not None
    assert again.activities == {}
    assert ActivityKit(again, lambda: NOW + 9 * HOUR).on_screen.sweep() == []


# Apps in other processes


async def test_an_app_asks_for_push_to_start_tokens_and_hears_what_they_start(door: Door) -> None:
    seen: list[dict[str, Any]] = []
    async with AppConnection.open(door.path, NEWS) as app:
        app.on_activity = seen.append
        token = await app.push_to_start_token(KIND)
        assert await app.push_to_start_token(KIND) == token
        assert app.push_to_start_tokens == {KIND: token}
        push = live_push(token, "start", content_state={"n": 10**30})
        await door.delivers(push)
        assert await anext(app) == push
        [activity_id] = app.activities
        update = await has_token(app, activity_id)
        assert update == door.phone.token(f"{LIVE} update {activity_id}")
        await door.delivers(live_push(update, "update", content_state={"stops": 1}))
        await anext(app)
    assert seen[0]["content_state"] == {"n": 10**30}
    assert seen[-1]["content_state"] == {"stops": 1}
    assert seen[-1]["state"] == "active"


async def test_an_app_starts_and_ends_an_activity(door: Door) -> None:
    async with AppConnection.open(door.path, NEWS) as app:
        activity_id = await app.start_activity(KIND, {"order": 7}, {"stops": 3})
        assert app.activities[activity_id]["attributes"] == {"order": 7}
        token = await has_token(app, activity_id)
        await app.end_activity(activity_id)
        assert app.activities == {}
        await door.phone.gateway.hears(AppTokenInvalidate)
        assert door.phone.gateway.expired == {token}


async def test_an_app_that_attaches_later_is_told_of_what_runs(door: Door) -> None:
    async with AppConnection.open(door.path, NEWS) as app:
        token = await app.push_to_start_token(KIND)
    await door.delivers(live_push(token, "start"))
    async with AppConnection.open(door.path, NEWS) as app:
        assert app.push_to_start_tokens == {KIND: token}
        await anext(app)
        assert [each["attributes_type"] for each in app.activities.values()] == [KIND]


@pytest.mark.parametrize(
    ("wish", "expected"),
    [
        ({"say": "register-type", "attributes_type": ""}, "an attributes type is 1 to 200"),
        ({"say": "end-activity", "activity_id": "A"}, f"{NEWS} has no Live Activity 'A'"),
        (
            {
                "say": "start-activity",
                "attributes_type": KIND,
                "attributes": {"raw": b"\xff"},
                "content_state": {},
            },
            "attributes and content_state are JSON dictionaries",
        ),
    ],
)
async def test_what_cannot_be_done_is_refused_and_the_app_stays(
    door: Door, wish: dict[str, Any], expected: str
) -> None:
    async with AppConnection.open(door.path, NEWS) as app:
        with pytest.raises(AppConnectionError, match=f"the device refused: {expected}"):
            await app._change(wish)
        await app.push_to_start_token(KIND)


@pytest.mark.parametrize(
    "wish",
    [
        {"say": "register-type"},
        {"say": "register-type", "attributes_type": 7},
        {"say": "end-activity", "activity_id": []},
        {"say": "start-activity", "attributes_type": KIND, "attributes": {}},
        {"say": "start-activity", "attributes_type": KIND, "attributes": 1, "content_state": {}},
    ],
)
async def test_nonsense_about_activities_ends_the_connection_of_that_app_alone(
    door: Door, wish: dict[str, Any]
) -> None:
    async with AppConnection.open(door.path, "com.example.other") as other:
        with pytest.raises(AppConnectionError, match="the device daemon is gone"):
            async with AppConnection.open(door.path, NEWS) as app:
                await app._change(wish)
        await other.push_to_start_token(KIND)


async def test_time_ends_activities_and_tells_the_gateway_and_the_app(
    door: Door, autojump_clock: MockClock
) -> None:
    del autojump_clock
    async with trio.open_nursery() as nursery:
        nursery.start_soon(sweep_activities, door.phone.daemon, door.activity_kit, door.socket)
        async with AppConnection.open(door.path, NEWS) as app:
            activity_id = await app.start_activity(KIND, {}, {})
            token = await has_token(app, activity_id)
            door.time += 8 * HOUR
            await door.phone.gateway.hears(AppTokenInvalidate)
            while app.activities[activity_id]["state"] != "ended":
                await app._hear()
        assert door.phone.gateway.expired == {token}
        nursery.cancel_scope.cancel()
    await wait_all_tasks_blocked()


async def test_a_disk_that_is_full_for_a_while_does_not_stop_time(
    door: Door,
    autojump_clock: MockClock,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    del autojump_clock
    await door.phone.daemon.install(NEWS, ["alert"])
    first = door.activity_kit.start(NEWS, KIND, {}, {})
    await door.phone.daemon.tell_changes()
    await door.phone.daemon.wait_until_settled(door.phone.state.apps.require(NEWS))
    async with trio.open_nursery() as nursery:
        nursery.start_soon(sweep_activities, door.phone.daemon, door.activity_kit, door.socket)
        with monkeypatch.context() as patched:
            patched.setattr(DeviceState, "save", _full)
            door.time += 8 * HOUR
            await trio.sleep(2)
        assert "the disk is full" in caplog.text
        second = door.activity_kit.start(NEWS, KIND, {}, {})
        await door.phone.daemon.tell_changes()
        await door.phone.gateway.hears(AppTokenInvalidate)
        nursery.cancel_scope.cancel()
    assert door.phone.gateway.expired == {door.phone.token(f"{LIVE} update {first.activity_id}")}
    assert second.activity_id in door.phone.state.activities


async def _full(state: DeviceState) -> None:
    raise StateError(f"{state.name}: the disk is full")
