"""What a host's callers must be ready for."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import trio

if TYPE_CHECKING:
    from collections.abc import Iterator

CONFIRM_SECONDS = 10.0


class UnknownDeviceError(LookupError):
    """The host has no device with this id."""


class NotConfirmedError(Exception):
    """The gateway did not confirm in time; the device remembers and says it again by itself."""


@contextmanager
def confirmed(what: str) -> Iterator[None]:
    """Bound the wait for a gateway's confirmation.

    Raises:
        NotConfirmedError: it took longer than ``CONFIRM_SECONDS``.
    """
    with trio.move_on_after(CONFIRM_SECONDS) as waiting:
        yield
    if waiting.cancelled_caught:
        raise NotConfirmedError(
            f"the gateway has not confirmed {what} within {CONFIRM_SECONDS:g} s; the device says"
            " it again at its next connect"
        )
