"""docs/apps.md says what a phone does with a push to an app in each state; so it does."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from devicesim.runtime.handlers import HANDLERS, IN_FOREGROUND
from protocol.notification import PushType
from tests.devicesim.an_app import an_app
from tests.test_architecture import ROOT

if TYPE_CHECKING:
    from trio.testing import MockClock

    from devicesim.host.views import ReceivedView

TABLE = (ROOT / "docs" / "apps.md").read_text(encoding="utf-8")
STATES = ("foreground", "background", "suspended", "terminated", "force-quit")
APS = {
    "`alert`": {"alert": "Hi"},
    "`alert` with `content-available: 1`": {"alert": "Hi", "content-available": 1},
    "`background`": {"content-available": 1},
}
ROWS = {
    cells[0]: dict(zip(STATES, cells[1:], strict=True))
    for line in TABLE.splitlines()
    if line.startswith("| `") and len(cells := line.strip("| ").split(" | ")) == len(STATES) + 1
}
CASES = [(what, state, words) for what, row in ROWS.items() for state, words in row.items()]


def in_words(received: ReceivedView, push_type: PushType) -> set[str]:
    """What has become of a push, in the words of the table."""
    words: set[str] = set()
    if received.presentation == "not-shown":
        return {"dropped"}
    if push_type is PushType.ALERT:
        words.add("asked" if received.handler == IN_FOREGROUND else "shown")
        if "the app runs, too" not in received.detail:
            return words
    elif push_type in HANDLERS and not HANDLERS[push_type].launches:
        assert received.app_state_before == received.app_state_after
        return {"extension"}
    before, after = received.app_state_before, received.app_state_after
    if before == after:
        return words | {"runs"}
    assert after == "background"
    return words | {"resumed" if before == "suspended" else "launched"}


def test_the_table_is_found_and_lacks_no_type_but_those_of_no_app() -> None:
    assert f"| push | {' | '.join(STATES)} |" in TABLE
    listed = {re.match(r"`(\w+)`", what)[1] for what in ROWS}  # type: ignore[index]
    # Live Activities are ActivityKit's whatever the app is doing; mdm is the system's own.
    assert listed == set(PushType) - {PushType.LIVE_ACTIVITY, PushType.MDM}


@pytest.mark.parametrize(("what", "state", "words"), CASES)
async def test_a_push_to_an_app_in_this_state_does_what_the_table_says(
    autojump_clock: MockClock, what: str, state: str, words: str
) -> None:
    push_type = PushType(what.split("`")[1])
    async with an_app(autojump_clock) as app:
        await app.becomes(state)
        await app.hears(push_type, APS.get(what))
        assert in_words(app.last, push_type) == set(words.split(", "))
