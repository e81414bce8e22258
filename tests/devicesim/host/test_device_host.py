"""The host of virtual devices, as the control API uses it."""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING

import pytest
import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from devicesim import virtual_device as virtual_device_module
from devicesim.app import AppError, AppState, UnknownAppError
from devicesim.host.confirmation import NotConfirmedError
from devicesim.host.hosted import UnknownDeviceError
from devicesim.state.device_state import DeviceState
from devicesim.state.files import StateError
from protocol.courier.messages import (
    AppTokenInvalidate,
    AppTokenRequest,
    Connect,
    KeepAlive,
    StorageFlags,
)
from protocol.identifiers import CollapseId, DeviceToken
from protocol.notification import PushType
from tests.devicesim.scripted_gateway import push_to
from tests.devicesim.town import Town, deliver

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path


NEWS = "com.example.news"


@pytest.fixture
async def town() -> AsyncIterator[Town]:
    async with Town().running() as town:
        yield town


async def test_a_new_device_is_online_when_the_call_returns(town: Town) -> None:
    view = await town.host.create_device()
    assert (view.name, view.environment, view.online) == ("iPhone 1", "development", True)
    assert (view.network, view.power, view.apps) == ("wifi", "awake", ())
    assert town.host.get_device(view.id) == view
    other = await town.host.create_device("Other", "production", online=False)
    assert not other.online
    assert town.gateways["Other"].links == 0
    assert town.host.list_devices() == (view, other)


async def test_views_are_what_the_control_api_says(town: Town) -> None:
    device = await town.host.create_device()
    app = await town.host.install_app(device.id, NEWS, ["alert", "voip"])
    assert app.tokens.keys() == {"alert", "voip"}
    assert all(bytes.fromhex(token) for token in app.tokens.values())
    told = json.loads(json.dumps(dataclasses.asdict(town.host.get_device(device.id))))
    wifi, cellular = told.pop("links")
    assert 0 <= wifi.pop("next_keep_alive_seconds") <= 60
    assert wifi == {
        "interface": "WiFi",
        "state": "online",
        "leads": True,
        "local": "device:1",
        "remote": wifi["remote"],
        "keep_alive_seconds": 60.0,
        "keep_alive_stage": "",
    }
    assert (cellular["state"], cellular["leads"], cellular["local"]) == ("off", False, None)
    assert told == {
        "id": device.id,
        "name": "iPhone 1",
        "environment": "development",
        "online": True,
        "network": "wifi",
        "conditions": {
            "latency_seconds": 0.0,
            "jitter_seconds": 0.0,
            "bytes_per_second": None,
            "nat_idle_seconds": None,
            "nat_answer": "silence",
        },
        "power": "awake",
        "assertion_policy": "full",
        "apps": [
            {
                "bundle_id": NEWS,
                "tokens": app.tokens,
                "state": "background",
                "notifications_enabled": True,
                "push_to_start_tokens": {},
                "channels": [],
                "permission": "granted",
                "reports_calls": True,
                "extension_seconds": None,
                "voip_stopped": False,
                "background_push_held": False,
                "registered": True,
            }
        ],
    }


async def test_what_is_received_is_recorded_oldest_first_and_told(town: Town) -> None:
    device = await town.host.create_device()
    app = await town.host.install_app(device.id, NEWS, ["alert", "background"])
    token = DeviceToken.parse(app.tokens["alert"])
    first = push_to(
        token,
        NEWS,
        b'{"aps":{"alert":"Hi"}}',
        collapse_id=CollapseId("a\udcff"),
        storage=StorageFlags.FROM_STORAGE | StorageFlags.LAST_FROM_STORAGE,
    )
    second = push_to(token, NEWS, b"\xff", push_type=PushType.BACKGROUND)
    await deliver(town, "iPhone 1", first)
    town.time += 10
    await deliver(town, "iPhone 1", second)
    one, two = town.host.notifications(device.id)
    assert dataclasses.asdict(one) == {
        "apns_id": first.apns_id,
        "topic": NEWS,
        "push_type": "alert",
        "priority": 10,
        "collapse_id": "a\ufffd",
        "payload": {"aps": {"alert": "Hi"}},
        "received_at": 1_700_000_000.0,
        "from_storage": True,
        "presentation": "shown",
        "detail": "alert",
        "channel_id": None,
        "handler": "",
        "app_state_before": "background",
        "app_state_after": "background",
    }
    json.dumps(dataclasses.asdict(one)).encode()
    assert (two.payload, two.received_at, two.collapse_id) == ("\ufffd", 1_700_000_010.0, None)
    assert (two.from_storage, two.presentation) == (False, "not-shown")
    assert [(to, push, shown) for to, push, shown, _ in town.received] == [
        (device.id, first, "shown"),
        (device.id, second, "not-shown"),
    ]


async def test_a_device_that_cannot_write_does_not_stop_the_time_of_others(
    town: Town,
    autojump_clock: MockClock,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    del autojump_clock
    devices = [await town.host.create_device(name) for name in ("Full", "Well")]
    for device in devices:
        await town.host.install_app(device.id, NEWS)
        await town.host.activities.start(device.id, NEWS, "Delivery", {}, {})
    save = DeviceState.save

    async def save_unless_full(state: DeviceState) -> None:
        if state.name == "Full":
            raise StateError("the disk is full")
        await save(state)

    monkeypatch.setattr(DeviceState, "save", save_unless_full)
    town.time += 8 * 3600
    await town.gateways["Well"].hears(AppTokenInvalidate)
    assert "the disk is full" in caplog.text
    [activity] = await town.host.activities.of(devices[1].id, NEWS)
    assert (activity.state, activity.token) == ("ended", None)


async def test_the_recording_is_bounded(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(virtual_device_module, "HISTORY", 2)
    device = await town.host.create_device()
    app = await town.host.install_app(device.id, NEWS)
    token = DeviceToken.parse(app.tokens["alert"])
    for n in range(3):
        await deliver(town, "iPhone 1", push_to(token, NEWS, b'{"n":%d}' % n))
    assert [each.payload for each in town.host.notifications(device.id)] == [{"n": 1}, {"n": 2}]


async def test_offline_and_online_again(town: Town) -> None:
    device = await town.host.create_device()
    assert not (await town.host.patch_device(device.id, online=False)).online
    assert (await town.host.patch_device(device.id, online=True)).online
    view = await town.host.patch_device(device.id, network="none", power="locked")
    assert (view.online, view.network, view.power) == (False, "none", "locked")
    view = await town.host.patch_device(device.id, online=True)
    assert not view.online, "without a network there is no link"
    view = await town.host.patch_device(device.id, network="cellular")
    assert (view.online, view.network) == (True, "cellular")
    assert town.gateways["iPhone 1"].all_heard(Connect)[-1].interface == "Cellular"


async def test_another_network_means_another_link(town: Town) -> None:
    device = await town.host.create_device()
    assert (await town.host.patch_device(device.id, network="cellular")).online
    assert town.gateways["iPhone 1"].links == 2
    assert (await town.host.patch_device(device.id, network="cellular")).online
    assert town.gateways["iPhone 1"].links == 2


async def test_half_open_is_noticed_by_nobody_until_the_keep_alive(
    autojump_clock: MockClock,
) -> None:
    async with Town().running() as town:
        device = await town.host.create_device()
        app = await town.host.install_app(device.id, NEWS)
        gateway = town.gateways["iPhone 1"]
        push = push_to(DeviceToken.parse(app.tokens["alert"]), NEWS)
        view = await town.host.patch_device(device.id, network="half-open")
        assert view.online, "the phone sees a healthy link"
        stream = gateway.stream
        await gateway.say(push)
        await wait_all_tasks_blocked()
        assert town.host.notifications(device.id) == ()
        asked = len(gateway.all_heard(KeepAlive))
        await trio.sleep(200)
        assert len(gateway.all_heard(KeepAlive)) == asked
        assert not town.host.get_device(device.id).online
        assert gateway.links == 1, "there is no path for another one"
        assert gateway.stream is stream
        await gateway.say(push)  # nobody told the gateway: its link still takes bytes

        assert (await town.host.patch_device(device.id, network="wifi")).online
        assert gateway.links == 2
        await deliver(town, "iPhone 1", push)
        assert len(town.host.notifications(device.id)) == 1
        assert autojump_clock.current_time() == 200


async def test_leaving_half_open_before_the_keep_alive_reconnects_at_once_and_says_no_goodbye(
    autojump_clock: MockClock,
) -> None:
    async with Town().running() as town:
        device = await town.host.create_device()
        gateway = town.gateways["iPhone 1"]
        await town.host.patch_device(device.id, network="half-open")
        first = gateway.stream
        assert first is not None
        assert (await town.host.patch_device(device.id, network="wifi")).online
        assert trio.current_time() == 0
        await first.send_all(b"still open")
        assert autojump_clock.current_time() == 0


async def test_an_app_can_be_silenced_uninstalled_and_come_back_with_another_token(
    town: Town,
) -> None:
    device = await town.host.create_device()
    first = await town.host.install_app(device.id, NEWS)
    view = await town.host.patch_app(
        device.id, NEWS, state="suspended", notifications_enabled=False
    )
    assert (view.state, view.notifications_enabled) == (AppState.SUSPENDED, False)
    await town.host.uninstall_app(device.id, NEWS)
    assert town.host.get_device(device.id).apps == ()
    assert (await town.host.install_app(device.id, NEWS)).tokens != first.tokens


async def test_what_is_wrong_with_one_switch_changes_none(town: Town) -> None:
    device = await town.host.create_device()
    before = await town.host.install_app(device.id, NEWS)
    with pytest.raises(ValueError, match="'maybe' is not a valid Permission"):
        await town.host.patch_app(device.id, NEWS, state="suspended", permission="maybe")
    with pytest.raises(ValueError, match="a time in seconds, or none; not nan"):
        await town.host.patch_app(device.id, NEWS, extension_seconds=float("nan"))
    assert town.host.get_device(device.id).apps == (before,)


async def test_a_restored_device_has_other_tokens(town: Town) -> None:
    device = await town.host.create_device()
    before = await town.host.install_app(device.id, NEWS)
    after = await town.host.restore(device.id)
    assert after.apps[0].tokens.keys() == before.tokens.keys()
    assert after.apps[0].tokens != before.tokens


async def test_unknown_names_are_told(town: Town) -> None:
    host = town.host
    device = await host.create_device()
    with pytest.raises(UnknownDeviceError, match="no device 'x'"):
        host.get_device("x")
    with pytest.raises(UnknownAppError):
        await host.uninstall_app(device.id, NEWS)
    with pytest.raises(UnknownAppError):
        await host.patch_app(device.id, NEWS)
    with pytest.raises(AppError):
        await host.install_app(device.id, NEWS, ["sms"])
    with pytest.raises(ValueError, match="5g"):
        await host.patch_device(device.id, network="5g")
    with pytest.raises(ValueError, match="asleep"):
        await host.patch_device(device.id, power="asleep")
    with pytest.raises(ValueError, match="moon"):
        await host.create_device(environment="moon")


async def test_a_gateway_that_does_not_confirm_is_told_and_tried_again(
    autojump_clock: MockClock,
) -> None:
    async with Town().running() as town:
        device = await town.host.create_device()
        gateway = town.gateways["iPhone 1"]
        gateway.answers.discard(AppTokenRequest)
        with pytest.raises(NotConfirmedError, match="the tokens of com"):
            await town.host.install_app(device.id, NEWS)
        gateway.answers.add(AppTokenRequest)
        await town.host.patch_device(device.id, network="cellular")
        await wait_all_tasks_blocked()
        assert town.host.get_device(device.id).apps[0].tokens.keys() == {"alert"}
        gateway.is_reachable = False
        view = await town.host.patch_device(device.id, network="wifi")
        assert not view.online
        assert autojump_clock.current_time() >= 20


async def test_a_deleted_device_is_gone_and_says_goodbye(town: Town) -> None:
    device = await town.host.create_device()
    other = await town.host.create_device()
    await town.host.delete_device(device.id)
    assert [each.id for each in town.host.list_devices()] == [other.id]
    with pytest.raises(UnknownDeviceError):
        await town.host.delete_device(device.id)
    await town.host.delete_all()
    assert town.host.list_devices() == ()


async def test_devices_come_back_with_their_tokens_and_switches(tmp_path: Path) -> None:
    town = Town(tmp_path / "devices")
    async with town.running():
        first = await town.host.create_device("Anna's")
        second = await town.host.create_device("Bob's")
        await town.host.install_app(first.id, NEWS, ["alert", "voip"])
        await town.host.patch_app(first.id, NEWS, state="terminated")
        await town.host.patch_device(second.id, online=False, power="low-power")
        gone = await town.host.create_device()
        await town.host.delete_device(gone.id)
        before = town.host.list_devices()
    (tmp_path / "devices" / "stray").mkdir()
    again = Town(tmp_path / "devices")
    again.gateways = town.gateways
    async with again.running():
        await again.gateways["Anna's"].hears(KeepAlive, 2)
        await wait_all_tasks_blocked()
        assert again.host.list_devices() == before
        assert (await again.host.create_device()).name == "iPhone 3"


async def test_a_push_that_was_acknowledged_before_a_restart_is_not_shown_again(
    tmp_path: Path,
) -> None:
    town = Town(tmp_path / "devices")
    async with town.running():
        device = await town.host.create_device()
        app = await town.host.install_app(device.id, NEWS)
        push = push_to(DeviceToken.parse(app.tokens["alert"]), NEWS)
        await deliver(town, "iPhone 1", push)
    again = Town(tmp_path / "devices")
    again.gateways = town.gateways
    async with again.running():
        await again.gateways["iPhone 1"].hears(KeepAlive, 2)
        await deliver(again, "iPhone 1", push)
        assert again.received == []


async def test_a_device_that_cannot_be_read_is_left_out(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    town = Town(tmp_path / "devices")
    async with town.running():
        bad = await town.host.create_device()
        await town.host.create_device()
    (tmp_path / "devices" / bad.id / "device.json").write_text("{")
    again = Town(tmp_path / "devices")
    again.gateways = town.gateways
    async with again.running():
        assert [each.name for each in again.host.list_devices()] == ["iPhone 2"]
    assert "device left out" in caplog.text


async def test_two_hosts_cannot_share_a_folder(tmp_path: Path) -> None:
    async with Town(tmp_path / "devices").running():
        with pytest.raises(StateError, match="in use"):
            await Town(tmp_path / "devices").host.run()


async def test_a_host_that_does_not_run_makes_no_devices() -> None:
    with pytest.raises(RuntimeError, match=r"run\(\) is not running"):
        await Town().host.create_device()


async def test_a_device_is_two_tasks_online_and_one_offline(town: Town) -> None:
    def tasks() -> int:
        return trio.lowlevel.current_statistics().tasks_living

    before = tasks()
    device = await town.host.create_device()
    assert tasks() - before == 2 + 1  # the scripted gateway's listener is one
    await town.host.patch_device(device.id, online=False)
    await wait_all_tasks_blocked()
    assert tasks() - before == 1


async def test_lost_links_are_let_go_in_time(autojump_clock: MockClock) -> None:
    async with Town().running() as town:
        device = await town.host.create_device()
        await town.host.patch_device(device.id, network="half-open")
        await town.host.patch_device(device.id, network="wifi")
        assert len(town.host._lost) == 1
        await trio.sleep(7300)
        assert len(town.host._lost) == 0
        assert autojump_clock.current_time() == 7300


async def test_each_switch_can_be_set_alone_and_a_deleted_device_leaves_no_files(
    tmp_path: Path,
) -> None:
    async with Town(tmp_path / "devices").running() as town:
        device = await town.host.create_device()
        await town.host.install_app(device.id, NEWS)
        silenced = await town.host.patch_app(device.id, NEWS, notifications_enabled=False)
        assert (silenced.state, silenced.notifications_enabled) == ("background", False)
        asleep = await town.host.patch_app(device.id, NEWS, state="suspended")
        assert (asleep.state, asleep.notifications_enabled) == ("suspended", False)
        assert (await town.host.patch_device(device.id, power="locked")).online
        await town.host.delete_device(device.id)
    assert [path.name for path in files_in(tmp_path / "devices")] == [".lock"]


def files_in(directory: Path) -> list[Path]:
    return sorted(directory.iterdir())


async def test_a_device_may_be_given_its_id_which_is_nobody_elses(town: Town) -> None:
    device = await town.host.create_device(device_id="phone-7")
    assert device.id == "phone-7"
    with pytest.raises(ValueError, match="there is a device 'phone-7' already"):
        await town.host.create_device(device_id="phone-7")
    with pytest.raises(ValueError, match="a device id is"):
        await town.host.create_device(device_id="../elsewhere")
