"""Apps in other processes: they attach over a Unix socket and get their own pushes.

A push waits in the inbox until its app acknowledges it, so an app that is slow, absent or killed
costs the others nothing; at its next attach it gets everything it has not acknowledged, in order.
One process per bundle id: a second attach is refused while the first lives, because a silent
take-over would steal pushes from a program that still runs. (A killed one is gone at once: the
kernel closes its socket.)
"""

from __future__ import annotations

import logging
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any

import trio

from devicesim.files import StateError
from devicesim.pushes import push_to_map
from devicesim.socket_frames import FrameError, SocketFrames
from protocol.identifiers import UniqueId

if TYPE_CHECKING:
    from devicesim.apps import App
    from devicesim.daemon import Daemon
    from devicesim.inbox import Inbox
    from protocol.courier.messages import Push
    from protocol.identifiers import DeviceToken
    from protocol.notification import PushType

log = logging.getLogger(__name__)

# Pushes sent to an app and not yet acknowledged by it.
APP_WINDOW = 16
MAX_PEERS = 256
ATTACH_SECONDS = 10.0
# How long an attach waits for its tokens; then it goes on, and they follow when they come.
TOKEN_SECONDS = 5.0


class _Peer:
    """One attached app: what it has been sent, and what it is to be sent next."""

    def __init__(self, frames: SocketFrames, app: App, inbox: Inbox) -> None:
        self.app = app
        self._frames = frames
        self._inbox = inbox
        self._bell = trio.Event()
        self._arrival = 0
        self._unacknowledged: set[UniqueId] = set()
        self._tokens = app.tokens_by_push_type
        self._outbox: list[dict[str, Any]] = [{"say": "attached", "tokens": _told(self._tokens)}]
        self._is_leaving = False

    def ring(self) -> None:
        """There may be something to send."""
        self._bell.set()

    def acknowledge(self, message_ids: list[UniqueId]) -> None:
        """The app has them: there is room in its window."""
        self._unacknowledged.difference_update(message_ids)
        self.ring()

    def dismiss(self, last_word: str) -> None:
        """Say this as the last, then leave."""
        self._is_leaving = True
        self._outbox.append({"say": last_word})
        self.ring()

    async def write(self, scope: trio.CancelScope) -> None:
        """The only writer; ends the conversation after the last word or when the app is gone."""
        try:
            while frames := await self._next():
                await self._frames.send(*frames)
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            pass
        scope.cancel()

    async def _next(self) -> list[dict[str, Any]]:
        while True:
            frames, self._outbox = self._outbox, []
            if self._is_leaving:
                return frames
            frames += self._changed_tokens()
            frames += [{"say": "push", "push": push_to_map(push)} for push in self._pushes()]
            if frames:
                return frames
            self._bell = trio.Event()
            await self._bell.wait()

    def _changed_tokens(self) -> list[dict[str, Any]]:
        tokens = self.app.tokens_by_push_type
        if tokens == self._tokens:
            return []
        self._tokens = tokens
        return [{"say": "tokens", "tokens": _told(tokens)}]

    def _pushes(self) -> list[Push]:
        room = APP_WINDOW - len(self._unacknowledged)
        waiting = list(islice(self._inbox.after(self.app.bundle_id, self._arrival), room))
        if waiting:
            self._arrival = waiting[-1][0]
        self._unacknowledged.update(push.message_id for _, push in waiting)
        return [push for _, push in waiting]


class LocalSocket:
    """The daemon's end; an :class:`~devicesim.dispatch.AppDelivery`."""

    def __init__(self) -> None:
        self._claimed: set[str] = set()
        self._peers: dict[str, _Peer] = {}
        self._connections = 0
        self._serial = 0

    def deliver(self, app: App, push: Push) -> bool:
        """Every push waits in the inbox until its process acknowledges it."""
        where = "attached" if app.bundle_id in self._peers else "not attached: it waits"
        log.info("push %s dispatched to %s (%s)", push.apns_id, app.bundle_id, where)
        return False

    def wake(self, app: App) -> None:
        """Ring at the app's process, if there is one."""
        peer = self._peers.get(app.bundle_id)
        if peer is not None:
            peer.ring()

    async def run(self, daemon: Daemon, listener: trio.SocketListener) -> None:
        """Serve until cancelled.

        Args:
            daemon: whose apps these are; built with this object as its delivery.
            listener: see :func:`~devicesim.unix_listener.private_unix_listener`.
        """
        await trio.serve_listeners(partial(self._serve, daemon), [listener])

    async def _serve(self, daemon: Daemon, stream: trio.SocketStream) -> None:
        """One connection, whatever it sends; never raises but for cancellation."""
        self._serial += 1
        name = f"peer[{self._serial}]"
        self._connections += 1
        try:
            async with stream:
                frames = SocketFrames(stream)
                if self._connections > MAX_PEERS:
                    await _refuse(frames, f"{MAX_PEERS} apps are attached")
                else:
                    await self._attach(daemon, frames, name)
        except FrameError as error:
            log.warning("%s: closed: %s", name, error)
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            log.info("%s: gone", name)
        except Exception:
            log.exception("%s: closed by a bug", name)
        finally:
            self._connections -= 1

    async def _attach(self, daemon: Daemon, frames: SocketFrames, name: str) -> None:
        request = await _receive_attach(frames)
        if request is None:
            return
        bundle_id, push_types = request
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
        peer = self._peers[app.bundle_id] = _Peer(frames, app, daemon.state.inbox)
        fault: FrameError | None = None
        try:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(peer.write, nursery.cancel_scope)
                fault = await _listen(daemon, frames, peer)
                if fault is not None:
                    nursery.cancel_scope.cancel()
        finally:
            del self._peers[app.bundle_id]
        if fault is not None:
            raise fault


async def _listen(daemon: Daemon, frames: SocketFrames, peer: _Peer) -> FrameError | None:
    """Hear an attached app until it detaches (None), is gone, or talks nonsense."""
    try:
        while (frame := await frames.receive()) is not None:
            said = frame["say"]
            if said == "ack":
                await _take_acknowledgement(daemon, peer, frame)
            elif said == "uninstall":
                await _uninstall(daemon, peer.app.bundle_id)
                peer.dismiss("uninstalled")
                return None
            elif said == "detach":
                peer.dismiss("detached")
                return None
            else:
                return FrameError(f"an attached app cannot say {said[:40]!r}")
    except FrameError as error:
        return error
    except (trio.BrokenResourceError, trio.ClosedResourceError):
        pass
    return FrameError("the app is gone without detaching")


async def _take_acknowledgement(daemon: Daemon, peer: _Peer, frame: dict[str, Any]) -> None:
    try:
        message_ids = [UniqueId.parse(each) for each in frame["message_ids"]]
    except (KeyError, TypeError, ValueError) as error:
        raise FrameError(f"not an acknowledgement: {error!r}") from None
    try:
        await daemon.taken(peer.app.bundle_id, message_ids)
    except StateError as error:  # kept for the next commit
        log.error("%s", error)  # noqa: TRY400 - it tells all
    peer.acknowledge(message_ids)


async def _receive_attach(frames: SocketFrames) -> tuple[str, list[str]] | None:
    with trio.move_on_after(ATTACH_SECONDS) as waiting:
        frame = await frames.receive()
    if waiting.cancelled_caught:
        raise FrameError(f"nothing said for {ATTACH_SECONDS:g} s")
    if frame is None:
        return None
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


def _told(tokens: dict[PushType, DeviceToken]) -> dict[str, bytes]:
    return {push_type.value: bytes(token) for push_type, token in tokens.items()}
