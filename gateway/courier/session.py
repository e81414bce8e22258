"""One device's session: from its welcome to its goodbye."""

from __future__ import annotations

import logging
from math import inf
from typing import TYPE_CHECKING, Any, ClassVar

import trio

from gateway.courier.app_tokens import AppTokens
from gateway.courier.deliveries import Deliveries
from gateway.courier.faults import DeliveryFaults
from gateway.courier.subscriptions import Subscriptions
from gateway.courier.terms import SessionStatistics
from gateway.store.store import FencedError, StoreUnavailableError
from protocol.courier.channels import Channels
from protocol.courier.messages import (
    AppTokenInvalidate,
    AppTokenRequest,
    Filter,
    KeepAlive,
    KeepAliveResponse,
    PushAck,
    SetState,
)
from protocol.courier.upward import Upward, UpwardAck

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from gateway.courier.link import Link
    from gateway.courier.terms import Arrival, CourierSettings, Services
    from protocol.courier.messages import Message
    from protocol.identifiers import DeviceId
    from protocol.notification import Notification
    from protocol.tenant import Tenant

log = logging.getLogger("gateway.courier")

DRAINED = "drained: the gateway shuts down"

# Whatever a device advertises, networks lose a keep-alive now and then.
MIN_SILENT_SECONDS = 90.0


class CourierSession:
    """A device that is connected and welcome; fits ``gateway.routing.sessions.Session``.

    Three tasks: the caller of :meth:`run` reads, one writes, one delivers.

    Resource handling: :meth:`run` closes the link.

    Args:
        arrival: who it is; only the handshake makes one.
        link: where it is heard.
        services: of the gateway.
        settings: bounds.
    """

    __slots__ = (
        "_arrival",
        "_deliveries",
        "_faults",
        "_interval_seconds",
        "_is_draining",
        "_last_heard",
        "_link",
        "_reading",
        "_services",
        "_settings",
        "_subscriptions",
        "_tokens",
    )

    def __init__(
        self, arrival: Arrival, link: Link, services: Services, settings: CourierSettings
    ) -> None:
        self._arrival = arrival
        self._link = link
        self._services = services
        self._settings = settings
        self._faults = DeliveryFaults(arrival.caller, link, services)
        self._deliveries = Deliveries(arrival, link, services, settings, self._faults)
        self._subscriptions = Subscriptions(arrival, link, services, settings, self._faults)
        self._tokens = AppTokens(arrival.caller, link, services.directory)
        self._reading = trio.CancelScope()
        self._last_heard = arrival.since
        self._interval_seconds = 0
        self._is_draining = False

    # -- as routing sees it --------------------------------------------------------------------

    @property
    def device(self) -> DeviceId:
        """Whose session it is."""
        return self._arrival.caller.device

    @property
    def interface(self) -> str:
        """What carries it, as the device said: ``WiFi``, an operator, or nothing."""
        return self._arrival.connect.interface

    def serve(self) -> None:
        """From now on the device's pushes go over this link."""
        self._deliveries.serve()

    def stand_by(self) -> None:
        """From now on they go over another one; what is in flight is left to it."""
        self._deliveries.stand_by()
        self._subscriptions.close()

    def wake(self) -> None:
        """There is something new in the store."""
        self._deliveries.wake()

    def offer(self, notification: Notification) -> bool:
        """Try once to hand over a push that is never stored; False when there is no room."""
        return self._deliveries.offer(notification)

    def forget(self, tenant: Tenant) -> None:
        """A tenant's pushes are gone from the store."""
        self._deliveries.triage.forget(tenant)

    def leave(self, reason: str) -> None:
        """Hear nothing more, write what is unsent, close. The first reason stays."""
        self._link.end(reason)
        self._reading.cancel()

    # -- as the front sees it ------------------------------------------------------------------

    def drain(self) -> None:
        """Send nothing more; leave once what was sent is acknowledged, or after a while."""
        self._is_draining = True
        self._deliveries.pause()
        self._subscriptions.pause()
        self._reading.deadline = trio.current_time() + self._settings.acknowledge_seconds
        self._leave_if_drained()

    def _leave_if_drained(self) -> None:
        if self._is_draining and not self._in_flight:
            self.leave(DRAINED)

    @property
    def _in_flight(self) -> int:
        return self._deliveries.in_flight + self._subscriptions.in_flight

    def is_silent(self, now: float) -> bool:
        """Whether the device should have been heard by now, which is the world's time."""
        return now >= self.silent_at

    @property
    def silent_at(self) -> float:
        """When the device should have been heard again; never, once its link is about to end.

        One that says when it will speak again is given twice that time.
        """
        if self._link.reason:
            return inf
        allowed = self._settings.silent_seconds
        if self._interval_seconds:
            said = max(MIN_SILENT_SECONDS, 2.0 * self._interval_seconds)
            allowed = min(said, 2 * allowed)
        return self._link.heard_at + allowed

    def statistics(self) -> SessionStatistics:
        """For the console."""
        caller, connect = self._arrival.caller, self._arrival.connect
        return SessionStatistics(
            number=caller.number,
            device=caller.device,
            environment=caller.environment,
            peer=caller.peer,
            dialect=self._link.dialect,
            interface=connect.interface,
            os_version=connect.os_version,
            is_active=self._deliveries.triage.is_active,
            is_served=self._deliveries.is_served,
            keep_alive_seconds=self._interval_seconds or None,
            since=self._arrival.since,
            last_heard=self._last_heard,
            sent=self._deliveries.sent + self._subscriptions.sent,
            acknowledged=self._deliveries.acknowledged + self._subscriptions.acknowledged,
            unknown_acknowledgements=self._deliveries.unknown_acknowledgements,
            in_flight=self._in_flight,
            held=self._deliveries.triage.held,
            channels=len(self._subscriptions),
        )

    # -- its life ------------------------------------------------------------------------------

    async def run(self) -> None:
        """Converse until the link ends, for whatever reason; raises only for bugs of ours."""
        # First the table, then (in the deliver loop) the store: an older session is told to
        # leave before this one attaches, so that of two links that come at once the table and
        # the store hold the same one.
        self._services.sessions.arrive(self)
        caller = self._arrival.caller
        self._services.journal.link(self.device, is_connected=True, detail=str(caller))
        log.info("%s connected (%s, %s)", caller, caller.environment.value, self.interface)
        try:
            await self._converse()
        finally:
            await self._say_goodbye()

    async def _converse(self) -> None:
        try:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self._link.write)
                nursery.start_soon(self._deliveries.run)
                with self._reading:
                    await self._read()
                self._link.end(DRAINED)  # unless there is another reason
                self._deliveries.stop()
                nursery.cancel_scope.deadline = trio.current_time() + self._settings.close_seconds
        except* (trio.BrokenResourceError, trio.ClosedResourceError):
            self._link.end("connection lost")
        except* FencedError:
            self._link.end("a newer session of the device has taken over in the store")
        except* Exception:  # for the boundary, which logs it: serve() of the listener
            self._link.end("internal error")
            raise

    async def _say_goodbye(self) -> None:
        # First out of the table and the store, then out of the socket: when the device sees the
        # link closed, what is pushed from then on waits for it.
        reason = self._link.reason or "ended by the gateway"
        self._services.sessions.depart(self)
        is_lost = not self._link.said_goodbye and not self._is_draining
        self._deliveries.end(reason, is_lost=is_lost)
        self._subscriptions.close()
        with trio.move_on_after(self._settings.close_seconds, shield=True):
            try:
                await self._deliveries.close()
            except StoreUnavailableError as error:
                log.info("%s: the store did not hear of its end: %s", self._arrival.caller, error)
        await self._link.aclose()
        self._services.journal.link(self.device, is_connected=False, detail=reason)
        log.info("%s ended: %s", self._arrival.caller, reason)

    async def _read(self) -> None:
        async for messages in self._link:
            self._last_heard = self._services.now()
            for message in messages:
                try:
                    await self._HEARD[type(message)](self, message)
                except StoreUnavailableError as error:
                    log.info("%s: %s failed: %s", self._arrival.caller, message, error)
            await self._deliveries.settle()
            self._subscriptions.catch_up()
            self._leave_if_drained()

    # -- what a device says --------------------------------------------------------------------

    async def _hear_ack(self, said: PushAck) -> None:
        if self._faults.drops(said.message_id):
            return
        if not self._subscriptions.acknowledge(said):
            await self._deliveries.acknowledge(said)

    async def _hear_filter(self, said: Filter) -> None:
        if not said.is_standby:
            self._services.sessions.prefer(self)
        self._deliveries.want(said)

    async def _hear_state(self, said: SetState) -> None:
        self._deliveries.set_state(said)

    async def _hear_keep_alive(self, said: KeepAlive) -> None:
        if said.interval_seconds != self._interval_seconds:
            self._interval_seconds = said.interval_seconds
            self._services.silence.ring_at(self.silent_at)
        self._services.sessions.keep_alives += 1
        self._link.send(KeepAliveResponse())

    async def _hear_channels(self, said: Channels) -> None:
        self._subscriptions.hear(said)

    async def _hear_token_request(self, said: AppTokenRequest) -> None:
        await self._tokens.mint(said)

    async def _hear_invalidate(self, said: AppTokenInvalidate) -> None:
        await self._tokens.invalidate(said)

    async def _hear_upward(self, said: Upward) -> None:
        self._link.send(UpwardAck(said.number))

    # A device cannot say anything else: the state table does not let it through.
    _HEARD: ClassVar[dict[type[Message], Callable[[CourierSession, Any], Awaitable[None]]]] = {
        PushAck: _hear_ack,
        Filter: _hear_filter,
        SetState: _hear_state,
        KeepAlive: _hear_keep_alive,
        Channels: _hear_channels,
        AppTokenRequest: _hear_token_request,
        AppTokenInvalidate: _hear_invalidate,
        Upward: _hear_upward,
    }
