"""Screens by the control API; what is on them is told in tests/devicesim/screen/."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.gateway.console.consoles import Console

DEVICE = "/api/v1/devices/d1"
APP = f"{DEVICE}/apps/com.example.app"


async def _with_app(console: Console) -> None:
    await console.host.create_device(None, None, online=True)
    await console.host.install_app("d1", "com.example.app", ["alert"])


async def test_a_screen_is_told_as_a_person_sees_it(console: Console) -> None:
    await _with_app(console)
    async with console.client() as client:
        answer = await client.get(f"{DEVICE}/screen")
    screen = answer.json()
    assert answer.status_code == 200
    assert (screen["front"], screen["banner"], screen["badges"]) == (
        "lock-screen",
        None,
        {"com.example.app": 1},
    )
    [group] = screen["lock_screen"]
    [shown] = group["notifications"]
    assert (shown["title"], shown["sound"]["name"]) == ("Hello", "default")


async def test_a_tap_a_swipe_and_a_clearing_answer_with_the_screen(console: Console) -> None:
    await _with_app(console)
    async with console.client() as client:
        tapped = await client.post(f"{DEVICE}/screen/tap", json={"apns_id": "AB"})
        gone = await client.post(f"{DEVICE}/screen/dismiss", json={"apns_id": "AB"})
        cleared = await client.post(f"{DEVICE}/screen/clear")
        of_app = await client.post(f"{DEVICE}/screen/clear", json={"bundle_id": "com.example.app"})
    assert (tapped.json()["front"], tapped.json()["lock_screen"]) == ("com.example.app", [])
    assert gone.status_code == 404
    assert cleared.json() == of_app.json() == tapped.json()


async def test_an_app_sets_its_badge_and_its_strings(console: Console) -> None:
    await _with_app(console)
    async with console.client() as client:
        badge = await client.put(f"{APP}/badge", json={"badge": 0})
        strings = await client.put(f"{APP}/strings", json={"strings": {"HI": "Hello %@"}})
    assert (badge.status_code, badge.json()["badges"]) == (200, {})
    assert strings.status_code == 204
    assert console.host.screens.strings == {"com.example.app": {"HI": "Hello %@"}}


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/screen", None),
        ("POST", "/screen/tap", {"apns_id": "AB"}),
        ("POST", "/screen/dismiss", {"apns_id": "AB"}),
        ("POST", "/screen/clear", {}),
        ("PUT", "/apps/com.example.app/badge", {"badge": 1}),
        ("PUT", "/apps/com.example.app/strings", {"strings": {}}),
    ],
)
async def test_an_unknown_device_has_no_screen(
    console: Console,
    method: str,
    path: str,
    body: Any,  # noqa: ANN401
) -> None:
    async with console.client() as client:
        answer = await client.request(method, f"/api/v1/devices/nobody{path}", json=body)
    assert answer.status_code == 404


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/apps/com.example.app/badge", {"badge": -1}),
        ("/apps/com.example.app/badge", {}),
        ("/apps/com.example.app/strings", {"strings": {"HI": 7}}),
    ],
)
async def test_what_is_no_badge_or_table_is_refused(
    console: Console,
    path: str,
    body: Any,  # noqa: ANN401
) -> None:
    await _with_app(console)
    async with console.client() as client:
        answer = await client.put(f"{DEVICE}{path}", json=body)
    assert answer.status_code in (400, 422)
