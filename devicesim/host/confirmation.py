"""Waiting for a gateway to confirm what a host's devices have told it, and for how long."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import trio

import worldtime

if TYPE_CHECKING:
    from collections.abc import Iterator

    from devicesim.network import Conditions

CONFIRM_SECONDS = 10.0
IN_VAIN_SECONDS = 0.5
"""While time stands still, for what has to pass a network on which bytes take time."""


class NotConfirmedError(Exception):
    """The gateway did not confirm in time; the device remembers and says it again by itself."""


def patience(conditions: Conditions) -> float:
    """How many seconds to wait for what comes from a gateway by such a network."""
    return IN_VAIN_SECONDS if conditions.delays and worldtime.stands_still() else CONFIRM_SECONDS


@contextmanager
def confirmed(what: str, conditions: Conditions) -> Iterator[None]:
    """Bound the wait for a gateway's confirmation, by such a network.

    Raises:
        NotConfirmedError: it did not come in time.
    """
    seconds = patience(conditions)
    with trio.move_on_after(seconds) as waiting:
        yield
    if waiting.cancelled_caught:
        why = "the device says it again at its next connect"
        if worldtime.stands_still():
            why = "the clock is frozen: what takes time comes once it is advanced or runs again"
        raise NotConfirmedError(f"the gateway has not confirmed {what} within {seconds:g} s; {why}")
