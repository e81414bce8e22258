"""Keeps a device's link up for as long as it is wanted: dial, serve, back off, again."""

from __future__ import annotations

import logging
from math import inf
from typing import TYPE_CHECKING

import trio

import worldtime
from devicesim.link.courier_link import open_link
from devicesim.link.dial import LinkError

if TYPE_CHECKING:
    from collections.abc import Callable

    from devicesim.link.backoff import Backoff
    from devicesim.link.courier_link import CourierLink
    from devicesim.link.dial import Dial
    from devicesim.link.session import Session

log = logging.getLogger(__name__)


class Changes:
    """Lets tasks wait until something is so; whoever changes anything calls :meth:`notify`.

    Args:
        first: called at each change, before those who wait.
    """

    __slots__ = ("_first", "_waiting")

    def __init__(self, first: Callable[[], None] = lambda: None) -> None:
        self._first = first
        self._waiting = trio.lowlevel.ParkingLot()

    def notify(self) -> None:
        """Something may be different now."""
        self._first()
        self._waiting.unpark_all()

    async def until(self, is_so: Callable[[], bool]) -> None:
        """Return once it is so."""
        while not is_so():
            await self._waiting.park()


class LinkKeeper:
    """One link, from the first attempt to the last goodbye.

    Args:
        name: of the device, for the log.
        dial: how the gateway is reached.
        backoff: the delays between attempts.
        begin: makes the session of a link that the gateway has welcomed.
        changes: notified whenever the link comes, goes or is heard.
        is_wanted: whether to connect at the start.
    """

    __slots__ = (
        "_attempt",
        "_backoff",
        "_begin",
        "_changes",
        "_dial",
        "_name",
        "_not_before",
        "_skips_backoff",
        "is_wanted",
        "may_dial",
        "session",
    )

    def __init__(
        self,
        name: str,
        dial: Dial,
        backoff: Backoff,
        begin: Callable[[CourierLink], Session],
        changes: Changes,
        *,
        is_wanted: bool = True,
    ) -> None:
        self._name = name
        self._dial = dial
        self._backoff = backoff
        self._begin = begin
        self._changes = changes
        self._attempt: trio.CancelScope | None = None
        self._skips_backoff = False
        self._not_before = -inf
        self.is_wanted = is_wanted
        self.may_dial: Callable[[], bool] = lambda: True
        """Whether the phone's power allows another attempt."""
        self.session: Session | None = None

    @property
    def is_confirmed(self) -> bool:
        """Whether the gateway has confirmed this link: it knows the device's topics."""
        return self.session is not None and self.session.is_confirmed

    @property
    def is_idle(self) -> bool:
        """Whether there is neither a link nor an attempt."""
        return self._attempt is None

    def want(self) -> None:
        """Connect now and stay connected."""
        self.is_wanted = True
        if self.session is None or self.session.link.reason:
            self.hurry()

    def leave(self, reason: str) -> None:
        """Say goodbye and stay away."""
        self.is_wanted = False
        self.drop(reason)
        self._changes.notify()

    def drop(self, reason: str, *, is_lost: bool = False) -> None:
        """End the link, or the attempt to get one."""
        if self.session is not None:
            self.session.link.end(reason, is_lost=is_lost)
        elif self._attempt is not None:
            self._attempt.cancel()

    def abandon(self) -> None:
        """End the attempt to get a link, if there is one; a link that stands stays."""
        if self.session is None and self._attempt is not None:
            self._attempt.cancel()

    def hurry(self) -> None:
        """The next attempt is due now."""
        self._skips_backoff = True
        self._not_before = -inf
        self._changes.notify()

    def rest(self, seconds: float) -> None:
        """Once this link is over, try for no other one for so long, unless told to hurry."""
        self._not_before = worldtime.current_time() + seconds

    @property
    def is_resting(self) -> bool:
        """Whether it stays away of its own accord."""
        return worldtime.current_time() < self._not_before

    async def run(self) -> None:
        """Keep the link up until cancelled; leaves with a goodbye."""
        while True:
            await self._changes.until(lambda: self.is_wanted and self.may_dial())
            self._skips_backoff = False
            with trio.CancelScope() as self._attempt:
                await self._connect_and_serve()
            self._attempt = None
            self._changes.notify()
            await self._back_off()

    async def _connect_and_serve(self) -> None:
        """One link from dialing to its end; raises nothing but cancellation."""
        began = worldtime.current_time()
        try:
            async with open_link(self._dial) as link:
                began = worldtime.current_time()
                self.session = self._begin(link)
                log.info("%s: courier link established %s (%s)", self._name, link, link.interface)
                await self.session.run(self._changes.notify)
        except LinkError as error:
            log.info("%s: no courier link: %s", self._name, error)
        except Exception:
            log.exception("%s: bug on the courier link", self._name)
        finally:
            self._finish(began)

    def _finish(self, began: float) -> None:
        session, self.session = self.session, None
        if session is None:
            return
        session.finish()
        lived = worldtime.current_time() - began
        self._backoff.link_ended(lived, has_delivered=session.has_delivered)
        log.info(
            "%s: courier link closed %s after %.0f s: %s",
            self._name, session.link, lived, session.link.reason,
        )  # fmt: skip

    async def _back_off(self) -> None:
        delay = max(self._backoff.next_delay(), self._not_before - worldtime.current_time())
        if self.is_wanted and self.may_dial() and not self._skips_backoff:
            log.info("%s: next attempt in %.1f s", self._name, delay)
        with worldtime.move_on_after(delay):
            await self._changes.until(lambda: self._skips_backoff or not self.is_wanted)
