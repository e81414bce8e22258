"""Live Activities by the control API; what they do is told in tests/e2e/test_activities.py."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.builders import NOW

if TYPE_CHECKING:
    from tests.gateway.console.consoles import Console

APP = "/api/v1/devices/d1/apps/com.example.app"


async def _with_app(console: Console) -> None:
    await console.host.create_device(None, None, online=True)
    await console.host.install_app("d1", "com.example.app", ["alert"])


async def test_a_type_is_registered_and_its_push_to_start_token_told(console: Console) -> None:
    await _with_app(console)
    async with console.client() as client:
        answer = await client.post(f"{APP}/activity-types", json={"attributes_type": "Delivery"})
    assert answer.status_code == 201
    assert answer.json() == {"attributes_type": "Delivery", "token": f"{3:064x}"}


async def test_an_activity_is_started_listed_and_ended(console: Console) -> None:
    await _with_app(console)
    wanted = {
        "attributes_type": "Delivery",
        "attributes": {"order": 7},
        "content_state": {"stops": 3},
    }
    async with console.client() as client:
        answer = await client.post(f"{APP}/activities", json=wanted)
        bare = (await client.post(f"{APP}/activities", json={"attributes_type": "Ride"})).json()
        listed = (await client.get(f"{APP}/activities")).json()
        ended = await client.delete(f"{APP}/activities/A0")
        left = (await client.get(f"{APP}/activities")).json()
    assert answer.status_code == 201
    assert answer.json() == wanted | {
        "activity_id": "A0",
        "state": "active",
        "token": f"{3:064x}",
        "started_at": NOW,
        "timestamp": NOW,
        "stale_date": None,
        "ended_at": None,
        "dismissal_date": None,
        "channel": None,
        "bundle_id": "com.example.app",
        "relevance_score": 0.0,
    }
    assert (bare["attributes"], bare["content_state"]) == ({}, {})
    assert listed == [answer.json(), bare]
    assert (ended.status_code, left) == (204, [bare])


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/activity-types", {"attributes_type": "Delivery"}),
        ("POST", "/activities", {"attributes_type": "Delivery"}),
        ("GET", "/activities", None),
        ("DELETE", "/activities/A0", None),
    ],
)
async def test_an_unknown_app_is_404(console: Console, method: str, path: str, body: Any) -> None:  # noqa: ANN401
    async with console.client() as client:
        answer = await client.request(method, APP + path, json=body)
    assert answer.status_code == 404
    assert "d1" in answer.json()["detail"]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"attributes_type": ""},
        {"attributes_type": "x" * 201},
        {"attributes_type": "a\nb"},
        {"attributes_type": "Delivery", "attributes": []},
        {"attributes_type": "Delivery", "contentState": {}},
    ],
)
async def test_what_is_no_activity_is_422(console: Console, body: dict[str, Any]) -> None:
    await _with_app(console)
    async with console.client() as client:
        answer = await client.post(f"{APP}/activities", json=body)
    assert answer.status_code == 422
    assert answer.json()["detail"]
