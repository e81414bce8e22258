"""The network of one phone: which interfaces are up, and the connections that go through them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import trio

from devicesim.network.kinds import Interface, NetworkKind
from devicesim.network.stream import PhoneStream

if TYPE_CHECKING:
    from trio.abc import Stream

    from devicesim.network.lost import LostStreams


class PhonePath:
    """The way out through one interface; a :class:`devicesim.dial.NetworkPath`.

    Args:
        interface: which.
        lost: keeps the connections that only the gateway believes in.
    """

    __slots__ = ("_lost", "_streams", "interface", "is_dead")

    def __init__(self, interface: Interface, lost: LostStreams) -> None:
        self._lost = lost
        self._streams: set[PhoneStream] = set()
        self.interface = interface
        self.is_dead = False
        """Whether nothing comes through, although the interface looks healthy."""

    def wrap_stream(self, stream: Stream) -> Stream:
        """The hook that a dialer puts below TLS."""
        phone_stream = PhoneStream(stream, self._lost)
        phone_stream.on_close = self._streams.discard
        self._streams.add(phone_stream)
        return phone_stream

    async def wait(self) -> None:
        """Before a connection is opened: a dead path never answers."""
        if self.is_dead:
            await trio.sleep_forever()

    def go_dark(self) -> None:
        """From now on the bytes of what is open vanish both ways, and so does its end."""
        for stream in self._streams:
            stream.go_dark()


class PhoneNetwork:
    """Which network a phone is on.

    Args:
        lost: see :class:`PhonePath`.
        kind: at first.
    """

    __slots__ = ("_paths", "interfaces", "kind")

    def __init__(self, lost: LostStreams, kind: NetworkKind = NetworkKind.WIFI) -> None:
        self._paths = {interface: PhonePath(interface, lost) for interface in Interface}
        self.interfaces: frozenset[Interface] = frozenset({Interface.WIFI})
        """Those that are up, as far as the phone can see."""
        self.kind = kind
        self.switch(kind)

    @property
    def paths(self) -> dict[Interface, PhonePath]:
        """The ways out, the better one first; whether up or not."""
        return self._paths

    def switch(self, kind: NetworkKind) -> bool:
        """Move to another network; half-open darkens what is open, any other kind is healthy.

        Returns:
            Whether the phone has come from a network that was dead: so are its connections.
        """
        was_dead = any(path.is_dead for path in self._paths.values())
        self.kind = kind
        is_dead = kind is NetworkKind.HALF_OPEN
        if kind.interfaces is not None:
            self.interfaces = kind.interfaces
        for path in self._paths.values():
            path.is_dead = is_dead
            if is_dead:
                path.go_dark()
        return was_dead and not is_dead
