"""The calls about snapshots; what is in one is tested where there are gateways."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.console.body import MAX_BODY_BYTES, MAX_SNAPSHOT_BYTES

if TYPE_CHECKING:
    from tests.gateway.console.consoles import Console

SNAPSHOT = "/api/v1/snapshot"


async def test_it_is_taken_with_secrets_only_when_asked_for(console: Console) -> None:
    async with console.client() as client:
        told = await client.get(SNAPSHOT)
        secret = await client.get(SNAPSHOT, params={"secrets": "true"})
        unknown = await client.get(SNAPSHOT, params={"secret": "true"})
    assert (told.json(), told.headers["content-type"]) == ({}, "application/json")
    assert secret.json() == {"secrets": True}
    assert unknown.status_code == 422


async def test_it_may_be_longer_than_other_bodies(console: Console) -> None:
    raw = b'{"x": "%b"}' % (b"x" * MAX_BODY_BYTES)
    async with console.client() as client:
        assert (await client.put(SNAPSHOT, content=raw)).status_code == 204
        assert console.snapshots.raw == raw
        assert (await client.post("/api/v1/devices", content=raw)).status_code == 413
        huge = {"content-length": str(MAX_SNAPSHOT_BYTES + 1)}
        answer = await client.put(SNAPSHOT, content=b"{}", headers=huge)
    assert answer.status_code == 413


async def test_a_bad_one_is_told_as_a_problem(console: Console) -> None:
    async with console.client() as client:
        answer = await client.put(SNAPSHOT, content=b"[]")
    assert (answer.status_code, answer.json()["detail"]) == (422, "devices[0]: expected another")
