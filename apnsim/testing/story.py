"""What a failed test wants to know: what the phone has got, and what became of every push."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apnsim.client.errors import ApnsimError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from apnsim.testing.apns import Apns
    from apnsim.testing.app import AppUnderTest

SHOWN = 10


def story_of(apns: Apns, app: AppUnderTest) -> str:
    """For the test report; never raises for what the gateway does."""
    try:
        return "\n".join([*_phone(app), *_pushes(apns, app)])
    except ApnsimError as error:
        words = f"the gateway has nothing more to say: {error}"
        if apns.process is not None:
            code = apns.process.exit_code
            end = "its log ends" if code is None else f"it ended with code {code}, its log"
            words += f"\n{end} with:\n{apns.process.last_words}"
        return words


def _phone(app: AppUnderTest) -> Iterator[str]:
    phone = app.device.refresh()
    where = "online" if phone.online else "offline"
    yield f"{app.bundle_id} on {phone.name} ({where}, {phone.network}, {phone.power})"
    received = app.received()
    if not received:
        yield "the phone has got nothing"
    for each in received[-SHOWN:]:
        detail = f": {each.detail}" if each.detail else ""
        yield f"the phone has got {each.push_type} {each.apns_id}: {each.presentation}{detail}"


def _pushes(apns: Apns, app: AppUnderTest) -> Iterator[str]:
    yield "what was sent, and what became of it:"
    for near in apns.near_misses(**app.own({"limit": SHOWN})):
        yield from (f"  {line}" for line in near.lines())
