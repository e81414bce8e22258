"""``apnsim clock``, against a served console."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING

import pytest
import trio

from tests.builders import NOW
from tests.gateway.console.consoles import Console

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.apnsim.conftest import Outcome

WHEN = "2026-09-21 14:13:20+00:00"


async def told(apnsim: Callable[..., Outcome], *commands: str, token: str | None = None) -> Outcome:
    """How the last of these ends, asked of one gateway after the other."""
    console = Console()
    # Threads of the default limiter are the gateway's work, for which a jump in time waits.
    aside = trio.CapacityLimiter(1)
    async with console.served(token) as url:
        for command in commands:
            arguments = ["clock", *command.split(), "--console-url", url]
            outcome = await trio.to_thread.run_sync(partial(apnsim, *arguments), limiter=aside)
    return outcome


@pytest.mark.parametrize(
    ("commands", "says"),
    [
        ([""], WHEN),
        (["freeze"], f"{WHEN}, frozen"),
        (["freeze", "resume"], WHEN),
        (["advance 2h"], "2026-09-21 16:13:20+00:00, 2 h ahead of this machine's clock"),
        (["advance 30 days"], "2026-10-21 14:13:20+00:00, 30 d ahead of this machine's clock"),
        (["advance 90"], "2026-09-21 14:14:50+00:00, 1 min 30 s ahead of this machine's clock"),
        (["rate 60"], f"{WHEN}, rate 60"),
        (["advance 2h", "rate 0.5", "freeze", "reset"], WHEN),
    ],
)
async def test_the_clock_is_moved_by_words(
    apnsim: Callable[..., Outcome], commands: list[str], says: str
) -> None:
    outcome = await told(apnsim, *commands)
    assert (outcome.code, outcome.out.strip()) == (0, says)


async def test_a_program_reads_json(apnsim: Callable[..., Outcome]) -> None:
    outcome = await told(apnsim, "freeze --json")
    assert json.loads(outcome.out) == {
        "now": NOW,
        "frozen": True,
        "rate": 1,
        "ahead_seconds": 0,
    }


@pytest.mark.parametrize(
    ("command", "code", "says"),
    [
        ("advance", 2, "advance: say by how much, such as 2h"),
        ("advance soon", 2, 'expected a duration such as "2 min 40 s"'),
        ("rate fast", 2, "rate fast: expected how fast, from 0.1 to 1000"),
        ("freeze 3", 2, "freeze: '3' is not expected"),
        ("rate 5000", 1, "body.rate"),
        ("advance 9999999 days", 1, "ends with the year 9999"),
    ],
)
async def test_what_cannot_be_is_one_line(
    apnsim: Callable[..., Outcome], command: str, code: int, says: str
) -> None:
    outcome = await told(apnsim, command)
    assert (outcome.code, says in outcome.error) == (code, True), outcome.error
