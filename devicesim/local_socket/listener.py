"""Apps in other processes: they attach over a Unix socket and get their own pushes.

A push waits in the inbox until its app acknowledges it, so an app that is slow, absent or killed
costs the others nothing; at its next attach it gets everything it has not acknowledged, in order.
One process per bundle id: a second attach is refused while the first lives, because a silent
take-over would steal pushes from a program that still runs. (A killed one is gone at once: the
kernel closes its socket.)
"""

from __future__ import annotations

import logging
import time
from functools import partial
from typing import TYPE_CHECKING, Any

import trio

from devicesim.app import AppState
from devicesim.local_socket.activities import change_activities
from devicesim.local_socket.duties import Duties
from devicesim.local_socket.frames import FrameError, SocketFrames
from devicesim.local_socket.peer import Peer
from devicesim.local_socket.power import change_power
from devicesim.state.files import StateError
from protocol.identifiers import UniqueId
from protocol.notification import PushType

if TYPE_CHECKING:
    from devicesim.app import App
    from devicesim.daemon import Daemon
    from devicesim.live_activities.kit import ActivityKit
    from devicesim.notification_center import NotificationCenter
    from devicesim.power import PhonePower
    from devicesim.presentation import Presented
    from protocol.courier.messages import Push

log = logging.getLogger(__name__)

MAX_PEERS = 256
ATTACH_SECONDS = 10.0
# How long an attach waits for its tokens; then it goes on, and they follow when they come.
TOKEN_SECONDS = 5.0


class LocalSocket:
    """The daemon's end; an :class:`~devicesim.dispatch.AppDelivery`.

    Args:
        activity_kit: what obeys pushes to Live Activities, whether their app is attached or not.
        notification_center: what shows alerts, likewise.
        power: the phone's; pushes may wake it.

    ``duties`` are those of the attached apps.
    """

    def __init__(
        self,
        activity_kit: ActivityKit,
        notification_center: NotificationCenter | None = None,
        power: PhonePower | None = None,
    ) -> None:
        self._activity_kit = activity_kit
        self._power = power
        self._notification_center = notification_center
        self.duties = Duties(time.time)
        self._claimed: set[str] = set()
        self._peers: dict[str, Peer] = {}
        self._connections = 0
        self._serial = 0

    def deliver(self, app: App, push: Push) -> bool:
        """Every push waits in the inbox until its process acknowledges it.

        What a person sees of it is the system's to show, whether the app runs or not.
        """
        if self.duties.refuses(app, push):
            return True
        presented = self._present(app, push)
        if self._power is not None:
            alerts = presented is not None and presented.alerts
            self._power.heard_push(push.push_type, push.priority, alerts=alerts)
        if presented is not None:
            log.info("push %s: %s: %s", push.apns_id, presented.presentation, presented.detail)
        where = "attached" if app.bundle_id in self._peers else "not attached: it waits"
        log.info("push %s dispatched to %s (%s)", push.apns_id, app.bundle_id, where)
        return False

    def _present(self, app: App, push: Push) -> Presented | None:
        if push.push_type is PushType.LIVE_ACTIVITY:
            return self._activity_kit.hear(app, push)
        if push.push_type is PushType.ALERT and self._notification_center is not None:
            return self._notification_center.present(app, push)
        return None

    def is_attached(self, bundle_id: str) -> bool:
        """Whether the app's process is here."""
        return bundle_id in self._peers

    def wake(self, app: App) -> None:
        """Ring at the app's process, if there is one."""
        peer = self._peers.get(app.bundle_id)
        if peer is not None:
            peer.ring()

    async def run(self, daemon: Daemon, listener: trio.SocketListener) -> None:
        """Serve until cancelled.

        Args:
            daemon: whose apps these are; built with this object as its delivery.
            listener: see :func:`~devicesim.local_socket.unix.private_unix_listener`.
        """
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self.duties.run, daemon.state.save)
            nursery.start_soon(trio.serve_listeners, partial(self._serve, daemon), [listener])

    async def _serve(self, daemon: Daemon, stream: trio.SocketStream) -> None:
        """One connection, whatever it sends; never raises but for cancellation."""
        self._serial += 1
        # As apsd names what attaches to it.
        name = f"com.apple.apsd.peer[{self._serial}]"
        self._connections += 1
        try:
            async with stream:
                frames = SocketFrames(stream)
                if self._connections > MAX_PEERS:
                    await _refuse(frames, f"{MAX_PEERS} apps are attached")
                else:
                    await self._welcome(daemon, frames, name)
        except FrameError as error:
            log.warning("%s: closed: %s", name, error)
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            log.info("%s: gone", name)
        except Exception:
            log.exception("%s: closed by a bug", name)
        finally:
            self._connections -= 1

    async def _welcome(self, daemon: Daemon, frames: SocketFrames, name: str) -> None:
        first = await _receive_first(frames)
        if first is None:
            return
        if first["say"] == "power":
            await frames.send(await change_power(daemon, first))
            return
        await self._attach(daemon, frames, name, *_read_attach(first))

    async def _attach(
        self,
        daemon: Daemon,
        frames: SocketFrames,
        name: str,
        bundle_id: str,
        push_types: list[str],
    ) -> None:
        if bundle_id in self._claimed:
            log.info("%s: refused: %s is attached already", name, bundle_id)
            await _refuse(frames, f"{bundle_id} is attached already, by a process that still runs")
            return
        self._claimed.add(bundle_id)
        try:
            app = await _install(daemon, bundle_id, push_types)
            log.info("%s: attached as %s", name, bundle_id)
            await self._converse(daemon, frames, app)
            log.info("%s: %s detached", name, bundle_id)
        except (ValueError, StateError) as error:
            log.info("%s: refused: %s", name, error)
            await _refuse(frames, str(error))
        finally:
            self._claimed.discard(bundle_id)

    async def _converse(self, daemon: Daemon, frames: SocketFrames, app: App) -> None:
        peer = self._peers[app.bundle_id] = Peer(
            frames, app, daemon.state.inbox, self._activity_kit, self.duties
        )
        app.state = AppState.BACKGROUND
        fault: FrameError | None = None
        try:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(peer.write, nursery.cancel_scope)
                fault = await self._listen(daemon, frames, peer)
                if fault is not None:
                    nursery.cancel_scope.cancel()
        finally:
            app.state = AppState.TERMINATED
            self.duties.left(peer)
            del self._peers[app.bundle_id]
        if fault is not None:
            raise fault

    async def _listen(self, daemon: Daemon, frames: SocketFrames, peer: Peer) -> FrameError | None:
        """Hear an attached app until it detaches (None), is gone, or talks nonsense."""
        try:
            while (frame := await frames.receive()) is not None:
                said = frame["say"]
                if said == "uninstall":
                    await _uninstall(daemon, peer.app.bundle_id)
                    peer.dismiss("uninstalled")
                    return None
                if said == "detach":
                    peer.dismiss("detached")
                    return None
                await self._obey(daemon, peer, frame)
        except FrameError as error:
            return error
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            pass
        return FrameError("the app is gone without detaching")

    async def _obey(self, daemon: Daemon, peer: Peer, frame: dict[str, Any]) -> None:
        said = frame["say"]
        if said == "ack":
            self.duties.returned(peer, await _take_acknowledgement(daemon, peer, frame))
        elif said == "report-call":
            self.duties.reported(_believe_id(frame.get("message_id")))
        elif said in ("subscribe", "unsubscribe"):
            await _change_channel(daemon, peer, frame)
        elif said in ("register-type", "start-activity", "end-activity"):
            await change_activities(daemon, self._activity_kit, peer, frame)
        else:
            raise FrameError(f"an attached app cannot say {said[:40]!r}")


async def _take_acknowledgement(
    daemon: Daemon, peer: Peer, frame: dict[str, Any]
) -> list[UniqueId]:
    try:
        message_ids = [UniqueId.parse(each) for each in frame["message_ids"]]
    except (KeyError, TypeError, ValueError) as error:
        raise FrameError(f"not an acknowledgement: {error!r}") from None
    try:
        await daemon.taken(peer.app.bundle_id, message_ids)
    except StateError as error:  # kept for the next commit
        log.error("%s", error)  # noqa: TRY400 - it tells all
    peer.acknowledge(message_ids)
    return message_ids


def _believe_id(told: object) -> UniqueId:
    try:
        return UniqueId.parse(str(told))
    except ValueError as error:
        raise FrameError(f"not the id of a push: {error}") from None


async def _change_channel(daemon: Daemon, peer: Peer, frame: dict[str, Any]) -> None:
    """Listen to a channel or no more; the answer names it, and says why if it cannot be."""
    bundle_id, channel_id, why = peer.app.bundle_id, str(frame.get("channel_id")), None
    try:
        with trio.move_on_after(TOKEN_SECONDS):  # offline, the gateway hears of it later
            if frame["say"] == "subscribe":
                await daemon.subscribe(bundle_id, channel_id)
            else:
                await daemon.unsubscribe(bundle_id, channel_id)
    except (ValueError, StateError) as error:
        why = str(error)
    peer.say({"say": "channel", "channel_id": channel_id, "why": why})


async def _receive_first(frames: SocketFrames) -> dict[str, Any] | None:
    with trio.move_on_after(ATTACH_SECONDS) as waiting:
        frame = await frames.receive()
    if waiting.cancelled_caught:
        raise FrameError(f"nothing said for {ATTACH_SECONDS:g} s")
    return frame


def _read_attach(frame: dict[str, Any]) -> tuple[str, list[str]]:
    bundle_id, push_types = frame.get("bundle_id"), frame.get("push_types")
    if frame["say"] != "attach" or not isinstance(bundle_id, str):
        raise FrameError("the first frame must be: attach, with a bundle_id")
    if not isinstance(push_types, list) or not all(isinstance(each, str) for each in push_types):
        raise FrameError("push_types must be a list of names")
    return bundle_id, push_types


async def _install(daemon: Daemon, bundle_id: str, push_types: list[str]) -> App:
    with trio.move_on_after(TOKEN_SECONDS):
        return await daemon.install(bundle_id, push_types)
    log.warning("%s attaches without tokens: the gateway has not answered", bundle_id)
    return daemon.state.apps.require(bundle_id)


async def _uninstall(daemon: Daemon, bundle_id: str) -> None:
    """Wait for the gateway to know for as long as an attach would; else it hears it later."""
    try:
        with trio.move_on_after(TOKEN_SECONDS):
            await daemon.uninstall(bundle_id)
    except StateError as error:
        log.error("%s", error)  # noqa: TRY400 - it tells all


async def _refuse(frames: SocketFrames, why: str) -> None:
    await frames.send({"say": "refused", "why": why})
