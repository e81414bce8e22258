"""The push daemon of one device: one link for all apps, kept up for as long as it is wanted.

One task (which is also the link's reader) plus the link's writer; no timers of its own.
Operations such as :meth:`Daemon.install` change the state, say on the link what follows from it,
and wait until the gateway has answered. Without a link the next connect says it, so offline they
return at once. They set no time limit: that is the caller's.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import trio

from devicesim import subscriptions
from devicesim.dial import LinkError
from devicesim.dispatch import Dispatch
from devicesim.link import open_link
from devicesim.session import Session

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from devicesim.apps import App
    from devicesim.backoff import Backoff
    from devicesim.dial import Dial
    from devicesim.dispatch import AppDelivery
    from devicesim.keepalive import KeepAliveSweeper
    from devicesim.link import CourierLink
    from devicesim.state import DeviceState
    from protocol.identifiers import ChannelId, UniqueId

log = logging.getLogger(__name__)


class Daemon:
    """One device's daemon.

    Args:
        state: what the device remembers; changed by this daemon alone.
        dial: how it reaches the gateway.
        keep_alive: the process's sweeper, running elsewhere.
        backoff: the device's delays.
        delivery: where its apps are.
        is_wanted_online: whether to connect at the start.
    """

    def __init__(
        self,
        state: DeviceState,
        dial: Dial,
        keep_alive: KeepAliveSweeper,
        backoff: Backoff,
        delivery: AppDelivery,
        *,
        is_wanted_online: bool = True,
    ) -> None:
        self.state = state
        self._dial = dial
        self._keep_alive = keep_alive
        self._backoff = backoff
        self._delivery = delivery
        self._dispatch = Dispatch(state, delivery)
        self._wanted = is_wanted_online
        self._session: Session | None = None
        self._attempt: trio.CancelScope | None = None
        self._skips_backoff = False
        self._changed = trio.lowlevel.ParkingLot()
        self._name = f"apsd[{state.name}]"

    # -- what others ask of it ------------------------------------------------------------------

    @property
    def is_online(self) -> bool:
        """Whether the gateway has confirmed this link: it knows the device's topics."""
        return self._session is not None and self._session.is_confirmed

    @property
    def link(self) -> CourierLink | None:
        """The link, for those who list connections."""
        return None if self._session is None else self._session.link

    async def wait_until_online(self) -> None:
        """Return once the gateway knows that the device is there."""
        await self._until(lambda: self.is_online)

    async def go_online(self) -> None:
        """Connect now and stay connected; returns once the gateway has confirmed it."""
        self._wanted = True
        if self._session is None or self._session.link.reason:
            self._hurry()
        await self._until(lambda: self.is_online or not self._wanted)

    async def go_offline(self, reason: str = "the device goes offline") -> None:
        """Say goodbye and stay away; returns once the gateway has closed too."""
        self._wanted = False
        self._drop(reason)
        self._notify()
        await self._until(lambda: self._attempt is None or self._wanted)

    def reconnect(self, reason: str, *, is_lost: bool = False) -> None:
        """Leave the link, if there is one, and connect again without back-off.

        Args:
            reason: for the log, e.g. "the network changed".
            is_lost: the path is dead, so leave without a goodbye.
        """
        self._drop(reason, is_lost=is_lost)
        self._hurry()

    async def install(self, bundle_id: str, push_types: Iterable[str]) -> App:
        """Install an app, or more push types of it; returns once it has its tokens.

        A topic for which the gateway refuses a token stays without; the log says so. It is asked
        for again at the next connect.

        Raises:
            AppError: see :meth:`AppRegistry.install`.
            InvalidIdentifierError: not a bundle id.
            StateError: it could not be written down.
        """
        app = self.state.apps.install(bundle_id, push_types)
        await self.tell_changes()
        await self._until(lambda: not self._wanted or self._is_settled(app))
        return app

    async def uninstall(self, bundle_id: str) -> None:
        """Remove an app; returns once its tokens are unregistered at the gateway.

        Raises:
            UnknownAppError: it is not installed.
            StateError: it could not be written down.
        """
        app = self.state.apps.uninstall(bundle_id)
        self.state.clear(bundle_id)
        await self.tell_changes()
        await self._until(
            lambda: (
                not self._wanted or self.state.apps.doomed.keys().isdisjoint(app.tokens.values())
            )
        )

    async def subscribe(self, bundle_id: str, channel_id: str) -> None:
        """Let an app listen to a broadcast channel; see ``subscriptions.subscribe``."""
        await subscriptions.subscribe(self, bundle_id, channel_id)

    async def unsubscribe(self, bundle_id: str, channel_id: str) -> None:
        """Let an app listen no more; see ``subscriptions.unsubscribe``."""
        await subscriptions.unsubscribe(self, bundle_id, channel_id)

    @property
    def unknown_channels(self) -> frozenset[ChannelId]:
        """Those of which the gateway has said on this link that it does not have them."""
        session = self._session
        return frozenset() if session is None else frozenset(session.subscriptions.unknown)

    async def restore(self) -> None:
        """Become a device restored from a backup; returns once every token is another one.

        Raises:
            StateError: it could not be written down.
        """
        self.state.forget_activities()  # a backup has none
        self.state.apps.renew_all()
        await self.tell_changes()
        await self._until(lambda: not self._wanted or all(map(self._is_settled, self.state.apps)))

    async def set_notifications_enabled(self, bundle_id: str, *, is_enabled: bool) -> None:
        """What the person chose in Settings; returns once the gateway knows.

        Raises:
            UnknownAppError: it is not installed.
            StateError: it could not be written down.
        """
        self.state.apps.require(bundle_id).notifications_enabled = is_enabled
        await self.tell_changes()
        session = self._session
        if session is not None:
            answered = session.pulse.beat()
            await self._until(
                lambda: self._session is not session or session.pulse.answered >= answered
            )

    async def taken(self, bundle_id: str, message_ids: Iterable[UniqueId]) -> None:
        """An app has taken pushes out of the inbox.

        Raises:
            StateError: it could not be written down; after a restart the app gets them again.
        """
        waited = [self.state.taken(bundle_id, each) for each in message_ids]
        if any(waited):
            await self._let_in()

    # -- the life of the link -------------------------------------------------------------------

    async def run(self) -> None:
        """Keep the link up until cancelled; leaves with a goodbye."""
        while True:
            await self._until(lambda: self._wanted)
            self._skips_backoff = False
            with trio.CancelScope() as self._attempt:
                await self._connect_and_serve()
            self._attempt = None
            self._notify()
            await self._back_off()

    async def _connect_and_serve(self) -> None:
        """One link from dialing to its end; raises nothing but cancellation."""
        began = trio.current_time()
        try:
            async with open_link(self._dial) as link:
                began = trio.current_time()
                self._session = Session(
                    link, self.state, self._dispatch, self._delivery, self._keep_alive
                )
                log.info("%s: courier link established %s (%s)", self._name, link, link.interface)
                await self._session.run(self._notify)
        except LinkError as error:
            log.info("%s: no courier link: %s", self._name, error)
        except Exception:
            log.exception("%s: bug on the courier link", self._name)
        finally:
            self._finish(began)

    def _finish(self, began: float) -> None:
        session, self._session = self._session, None
        if session is None:
            return
        session.finish()
        lived = trio.current_time() - began
        self._backoff.link_ended(lived, has_delivered=session.has_delivered)
        log.info(
            "%s: courier link closed %s after %.0f s: %s",
            self._name, session.link, lived, session.link.reason,
        )  # fmt: skip

    async def _back_off(self) -> None:
        delay = self._backoff.next_delay()
        if self._wanted and not self._skips_backoff:
            log.info("%s: next attempt in %.1f s", self._name, delay)
        with trio.move_on_after(delay):
            await self._until(lambda: self._skips_backoff or not self._wanted)

    # -- what the above have in common ----------------------------------------------------------

    async def wait_until_settled(self, app: App) -> None:
        """Return once the app has its tokens and the gateway knows which are of no use any more.

        Offline it returns at once.
        """
        await self._until(
            lambda: not self._wanted or (self._is_settled(app) and not self.state.apps.doomed)
        )

    async def tell_changes(self) -> None:
        """Write the registry down, and say on the link what follows from it.

        Raises:
            StateError: it could not be written down.
        """
        await self.state.save()
        await self._let_in()
        if self._session is not None:
            self._session.tell_changes()

    async def _let_in(self) -> None:
        """There may be room for pushes that were held."""
        session, answers = self._session, self._dispatch.release()
        await self.state.commit()
        if session is not None:
            session.link.send(*answers)
        self._dispatch.committed()

    def _is_settled(self, app: App) -> bool:
        if self.state.apps.get(app.bundle_id) is not app:
            return True  # uninstalled meanwhile
        return self._session is not None and self._session.is_settled(app)

    def _drop(self, reason: str, *, is_lost: bool = False) -> None:
        if self._session is not None:
            self._session.link.end(reason, is_lost=is_lost)
        elif self._attempt is not None:
            self._attempt.cancel()

    def _hurry(self) -> None:
        self._skips_backoff = True
        self._notify()

    def _notify(self) -> None:
        self._changed.unpark_all()

    async def _until(self, is_so: Callable[[], bool]) -> None:
        while not is_so():
            await self._changed.park()
