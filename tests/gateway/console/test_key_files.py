"""Keys that the gateway makes, and their files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from certs.provider_key import ProviderKey
from gateway.provider.keys import RegisteredKey

if TYPE_CHECKING:
    from tests.gateway.console.consoles import Console

KEYS = "/api/v1/keys"


async def test_a_key_is_made_and_its_p8_is_handed_out(console: Console) -> None:
    async with console.client() as client:
        made = await client.post(f"{KEYS}/make", json={"team_id": "TEAM123456"})
        key_id = made.json()["key_id"]
        assert (made.status_code, made.headers["location"]) == (201, f"{KEYS}/{key_id}")
        answer = await client.get(f"{KEYS}/{key_id}/p8")
    assert answer.headers["content-disposition"] == f'attachment; filename="AuthKey_{key_id}.p8"'
    assert answer.headers["cache-control"] == "no-store"
    key = ProviderKey.from_pem(answer.content, "TEAM123456", key_id)
    assert key.public_key_pem.decode() == made.json()["public_key"]


async def test_a_key_is_made_with_the_limits_and_the_name_that_are_asked_for(
    console: Console,
) -> None:
    limits = {"environments": ["production"], "topics": ["com.example.app"]}
    body = {"team_id": "TEAM123456", "key_id": "KEY1234567", **limits}
    async with console.client() as client:
        made = (await client.post(f"{KEYS}/make", json=body)).json()
        again = await client.post(f"{KEYS}/make", json=body)
        nameless = await client.post(f"{KEYS}/make", json=body | {"key_id": "k"})
    assert (made["kind"], made["topics"]) == ("topic-specific", ["com.example.app"])
    assert "AuthKey_KEY1234567.p8" in again.json()["detail"], "no file is written over"
    assert (again.status_code, nameless.status_code) == (422, 422)


async def test_of_a_key_of_somebody_else_there_is_no_p8(console: Console) -> None:
    console.keys.add(RegisteredKey(ProviderKey.generate("TEAM123456", "KEY1234567").public))
    async with console.client() as client:
        answer = await client.get(f"{KEYS}/KEY1234567/p8")
        unknown = await client.get(f"{KEYS}/KEY7654321/p8")
    assert (answer.status_code, unknown.status_code) == (404, 404)
    assert answer.json()["detail"] == "key KEY1234567 was not made here: its owner has the .p8"


async def test_a_key_ring_cannot_make_the_gateway_read_out_other_files(console: Console) -> None:
    other = ProviderKey.generate("TEAM123456", "OTHER12345").write(console.directory)
    key = ProviderKey.generate("TEAM123456", "KEY1234567").public
    async with console.client() as client:
        for file, says in (
            (other, "holds another key"),
            (console.directory / "gone.p8", "make another"),
        ):
            console.keys.add(RegisteredKey(key, key_file=file))
            answer = await client.get(f"{KEYS}/KEY1234567/p8")
            assert answer.status_code == 404
            assert says in answer.json()["detail"]
            assert "PRIVATE" not in answer.text
