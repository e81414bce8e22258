"""With a seed, the same calls in the same order get the same ids; without one, never."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gateway.faults.reading import read_rule
from protocol.broadcast import StoragePolicy
from protocol.identifiers import BundleId
from protocol.notification import Environment
from tests.e2e.world import TOPIC, World, world

if TYPE_CHECKING:
    from pathlib import Path


async def ids(here: World) -> list[Any]:
    """Of everything that gets one, and what dice have decided."""
    phone = await here.phone()
    tokens = [await here.install(phone), await here.install(phone, TOPIC, "voip")]
    channel = await here.gateway.channels.create(
        Environment.DEVELOPMENT, BundleId(TOPIC), StoragePolicy.NO_MESSAGE_STORED
    )
    await here.devices.activities.register_type(phone, TOPIC, "Delivery")
    activity = await here.devices.activities.start(phone, TOPIC, "Delivery", {}, {})
    here.gateway.faults.book.add(read_rule("answer status=500 probability=0.5"))
    answers = [await here.push(tokens[0]) for _ in range(8)]
    refused = await here.push("00" * 32)
    return [
        phone,
        tokens,
        channel.channel_id,
        (activity.activity_id, activity.token),
        [(each.status_code, each.headers["apns-id"]) for each in (*answers, refused)],
        [each.headers.get("apns-unique-id") for each in answers],
        [record.number for record in here.gateway.journal.records()],
    ]


async def run(folder: Path, **settings: Any) -> list[Any]:  # noqa: ANN401
    async with world(folder, **settings) as here:
        return await ids(here)


async def test_two_runs_with_the_same_seed_have_the_same_ids(tmp_path: Path) -> None:
    first = await run(tmp_path / "1", seed=7)
    assert await run(tmp_path / "2", seed=7) == first
    assert await run(tmp_path / "1", seed=7) == first, "a store in memory is new each time"
    assert await run(tmp_path / "3", seed=7, store="sqlite") == first


async def test_another_seed_or_none_has_others(tmp_path: Path) -> None:
    runs = [await run(tmp_path / str(n), seed=seed) for n, seed in enumerate((7, 8, None, None))]
    for part in range(4):
        found = [str(each[part]) for each in runs]
        assert len(set(found)) == len(found), found


async def test_ids_are_new_to_what_an_earlier_start_has_left(tmp_path: Path) -> None:
    first = await run(tmp_path, seed=7, store="sqlite")
    second = await run(tmp_path, seed=7, store="sqlite")
    third = await run(tmp_path, seed=7, store="sqlite")
    for part in range(4):
        assert len({str(each[part]) for each in (first, second, third)}) == 3


async def test_ids_are_new_to_what_a_snapshot_has_brought_and_the_same_each_time(
    tmp_path: Path,
) -> None:
    async with world(tmp_path / "here", seed=7) as here:
        before = await ids(here)
        raw = await here.running.snapshots.take()
    after = []
    for name in ("there", "elsewhere"):
        async with world(tmp_path / name, seed=7) as there:
            await there.running.snapshots.load(raw)
            there.gateway.faults.book.clear()
            after.append(await ids(there))
    assert after[0] == after[1]
    assert after[0][:4] != before[:4]
    assert not set(map(str, after[0][1])) & set(map(str, before[1]))


async def test_nothing_that_protects_is_seeded(tmp_path: Path) -> None:
    keys = []
    for name in ("1", "2"):
        async with world(tmp_path / name, seed=7) as here:
            [key] = here.gateway.keys
            keys.append((key.key.public_key_pem, here.gateway.authority.certificate_pem))
    assert keys[0][0] != keys[1][0]
    assert keys[0][1] != keys[1][1]
