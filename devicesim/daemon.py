"""The push daemon of one device: one link for all apps, kept up for as long as it is wanted.

One task (which is also the link's reader) plus the link's writer; no timers of its own. A device
with two interfaces has two such links, of which one leads (``link/links.py``).
Operations such as :meth:`Daemon.install` change the state, say on the link what follows from it,
and wait until the gateway has answered. Without a link the next connect says it, so offline they
return at once. They set no time limit: that is the caller's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from devicesim.app import UnknownChannelError
from devicesim.link.session import Session
from devicesim.power import PhonePower
from protocol.courier.channels import ChannelMark
from protocol.identifiers import ChannelId

if TYPE_CHECKING:
    from collections.abc import Iterable

    from devicesim.app import App
    from devicesim.dispatch import AppDelivery
    from devicesim.link.courier_link import CourierLink
    from devicesim.link.keepalive import KeepAliveSweeper
    from devicesim.link.links import Links
    from devicesim.state.device_state import DeviceState
    from protocol.identifiers import UniqueId


class Daemon:
    """One device's daemon.

    Args:
        state: what the device remembers; changed by this daemon alone.
        links: how it reaches the gateway.
        keep_alive: the process's sweeper, running elsewhere.
        delivery: where its apps are.
        power: the phone's; None: somebody uses it all the time.
    """

    def __init__(
        self,
        state: DeviceState,
        links: Links,
        keep_alive: KeepAliveSweeper,
        delivery: AppDelivery,
        power: PhonePower | None = None,
    ) -> None:
        self.state = state
        self.links = links
        self.power = power or PhonePower(state.name)
        self.power.on_change(self._tell_power)
        links.obey(self.power)
        self._keep_alive = keep_alive
        self._delivery = delivery
        self._changes = links.changes

    # -- what others ask of it ------------------------------------------------------------------

    @property
    def is_online(self) -> bool:
        """Whether the gateway has confirmed the link: it knows the device's topics."""
        return self.links.is_confirmed

    @property
    def link(self) -> CourierLink | None:
        """The link that leads, for those who list connections."""
        return None if self._session is None else self._session.link

    async def wait_until_online(self) -> None:
        """Return once the gateway knows that the device is there."""
        await self._changes.until(lambda: self.is_online)

    async def go_online(self) -> None:
        """Connect now and stay connected; returns once the gateway has confirmed it."""
        self.links.want()
        await self._changes.until(lambda: self.is_online or not self.links.is_expected)

    async def go_offline(self, reason: str = "the device goes offline") -> None:
        """Say goodbye and stay away; returns once the gateway has closed too."""
        self.links.leave(reason)
        await self._changes.until(lambda: self.links.is_idle or self.links.is_wanted)

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
        await self._changes.until(lambda: not self.links.is_expected or self.is_settled(app))
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
        await self._changes.until(
            lambda: (
                not self.links.is_expected
                or self.state.apps.doomed.keys().isdisjoint(app.tokens.values())
            )
        )

    async def subscribe(self, bundle_id: str, channel_id: str) -> None:
        """Let an app listen to a broadcast channel; returns once the gateway has answered.

        Raises:
            AppError: it is not installed, has no such channel (UnknownChannelError), or too many.
            InvalidIdentifierError: not a channel id.
            StateError: it could not be written down.
        """
        app, channel = self.state.apps.require(bundle_id), ChannelId.parse(channel_id)
        if channel not in app.channels:
            app.listen(channel)
            self.state.reached(app, ChannelMark(channel, 0))
        await self.tell_changes()
        await self.wait_until_settled(app)
        if channel in self.unknown_channels:
            await self.unsubscribe(bundle_id, channel)
            raise UnknownChannelError(
                f"{bundle_id} has no channel {channel} in {self.state.environment}"
            )

    async def unsubscribe(self, bundle_id: str, channel_id: str) -> None:
        """Let an app listen no more; no effect if it does not.

        Raises:
            UnknownAppError: it is not installed.
            StateError: it could not be written down.
        """
        self.state.apps.require(bundle_id).channels.pop(ChannelId(channel_id), None)
        await self.tell_changes()

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
        self.state.forget_activities()  # a backup has none,
        self.state.screen.wipe()  # and no notifications, nor those that wait for their app
        for app in self.state.apps:
            self.state.clear(app.bundle_id)
        self.state.apps.renew_all()
        await self.tell_changes()
        await self._changes.until(
            lambda: not self.links.is_expected or all(map(self.is_settled, self.state.apps))
        )

    async def confirm_topics(self) -> None:
        """Tell what has changed about topics, as by a permission; returns once the gateway knows.

        Raises:
            StateError: it could not be written down.
        """
        await self.tell_changes()
        await self.wait_until_heard()

    async def wait_until_heard(self) -> None:
        """Return once the gateway has heard what has been said on the link; or it is lost."""
        session = self._session
        if session is not None:
            answered = session.pulse.beat()
            await self._changes.until(
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

    async def run(self) -> None:
        """Keep the link up until cancelled; leaves with a goodbye."""
        self.power.start()
        await self.links.run(self._begin)

    # -- what the above have in common ----------------------------------------------------------

    @property
    def _session(self) -> Session | None:
        return self.links.leader

    def _begin(self, link: CourierLink) -> Session:
        return Session(link, self.state, self._delivery, self._keep_alive, self.power)

    def _tell_power(self) -> None:
        for session in self.links.sessions:
            session.tell_power()
        self.links.follow_power()

    async def wait_until_settled(self, app: App) -> None:
        """Return once the app has its tokens and the gateway knows which are of no use any more.

        Offline it returns at once.
        """
        await self._changes.until(
            lambda: (
                not self.links.is_expected or (self.is_settled(app) and not self.state.apps.doomed)
            )
        )

    async def tell_changes(self) -> None:
        """Write the registry down, and say on the link what follows from it.

        Raises:
            StateError: it could not be written down.
        """
        await self.state.save()
        await self._let_in()
        for session in self.links.sessions:
            session.tell_changes()

    async def _let_in(self) -> None:
        """There may be room for pushes that were held."""
        await self.state.commit()
        for session in self.links.sessions:
            await session.let_in()

    def is_settled(self, app: App) -> bool:
        """Whether the gateway has answered all that this app needs, on a link that stands."""
        if self.state.apps.get(app.bundle_id) is not app:
            return True  # uninstalled meanwhile
        return self._session is not None and self._session.is_settled(app)
