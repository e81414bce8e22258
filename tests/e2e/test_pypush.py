"""An unmodified client of Apple's courier (pypush, of PyPI) is a device of ours."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gateway.journal import State
from tests.e2e.pypush import pypush
from tests.e2e.world import TOPIC, until, world

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("runs_on", ["asyncio", "trio"])
async def test_pypush_mints_a_token_receives_and_survives_a_reconnect(
    tmp_path: Path, runs_on: str
) -> None:
    async with world(tmp_path) as here, pypush(here, tmp_path, runs_on, name="a-mac") as mac:
        begun = await mac.tells()
        assert begun["device"] == "a-mac"
        token = (await mac.does("mint", topic=TOPIC))["token"]
        await mac.does("listen", topic=TOPIC, token=token)
        answer = await here.push(token, "live")
        received = await mac.does("receive")
        assert received == {
            "topic": TOPIC,
            "token": token,
            "payload": {"aps": {"alert": "live"}},
            "flags": 0,
            "channel": None,
        }
        await here.reached(answer.headers["apns-id"], State.DELIVERED)

        (session,) = here.gateway.sessions
        session.leave("a graceful end")
        await until(lambda: not here.connected)
        answer = await here.push(token, "while it was away")
        while not here.connected:  # what it says has it connect again, once it notices
            await mac.does("repeat")
        assert await mac.does("base") == {"token": begun["token"]}
        received = await mac.does("receive")
        assert received["payload"] == {"aps": {"alert": "while it was away"}}
        assert received["flags"] == 3  # from storage, and the last of it
        await here.reached(answer.headers["apns-id"], State.DELIVERED_FROM_STORAGE)
