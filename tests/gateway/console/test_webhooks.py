"""Webhooks by the control API."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.gateway.console.consoles import Console

WEBHOOKS = "/api/v1/webhooks"
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


async def test_a_webhook_is_made_listed_and_deleted_and_its_secret_never_shown(
    console: Console,
) -> None:
    body = {"url": "http://localhost:8080/x", "bundle_id": "com.example.app", "secret": SECRET}
    async with console.client() as client:
        made = await client.post(WEBHOOKS, json=body)
        assert (made.status_code, made.headers["location"]) == (201, f"{WEBHOOKS}/1")
        assert made.json() == {
            "id": "1",
            "url": "http://localhost:8080/x",
            "events": ["Delivered to Device", "Delivered to Device (From Storage)", "Presented"],
            "bundle_id": "com.example.app",
            "signed": True,
            "pending": 0,
            "delivered": 0,
            "failures": 0,
            "dropped": 0,
            "last_status": None,
            "last_error": "",
            "last_at": None,
        }
        assert (await client.get(WEBHOOKS)).json() == [made.json()]
        assert (await client.get(f"{WEBHOOKS}/1")).json() == made.json()
        assert (await client.delete(f"{WEBHOOKS}/1")).status_code == 204
        gone = await client.delete(f"{WEBHOOKS}/1")
        await client.post(WEBHOOKS, json=body)
        assert (await client.delete(WEBHOOKS)).status_code == 204
        assert (await client.get(WEBHOOKS)).json() == []
    assert (gone.status_code, gone.json()["detail"]) == (404, "there is no webhook '1'")


async def test_what_cannot_be_a_webhook_is_422_and_says_why(console: Console) -> None:
    refused = [
        ({"url": "http://10.0.0.1/"}, "allow it by --webhook-allow"),
        ({"url": "http://a:b@localhost/"}, "no user name or password"),
        ({"url": "http://localhost/", "secret": "s3cret"}, "secret: expected whsec_"),
        ({"url": "http://localhost/", "events": ["Shown"]}, "body.events.0"),
        ({"url": "http://localhost/", "event": []}, "body.event: Extra inputs"),
    ]
    async with console.client() as client:
        for body, why in refused:
            answer = await client.post(WEBHOOKS, json=body)
            assert answer.status_code == 422
            assert why in answer.json()["detail"]
            assert "s3cret" not in answer.text
