"""The network of one phone: which interfaces are up, and the connections that go through them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import trio

import worldtime
from devicesim.network.conditions import CLEAR, Conditions
from devicesim.network.kinds import Interface, NetworkEvent, NetworkKind
from devicesim.network.stream import PhoneStream

if TYPE_CHECKING:
    from random import Random

    from trio.abc import Stream

    from devicesim.network.lost import LostStreams


class PhonePath:
    """The way out through one interface; a :class:`devicesim.link.dial.NetworkPath`.

    Args:
        interface: which.
        lost: keeps the connections that only the gateway believes in.
        dice: for jitter.
    """

    __slots__ = ("_conditions", "_dice", "_lost", "_streams", "interface", "is_dead")

    def __init__(self, interface: Interface, lost: LostStreams, dice: Random | None = None) -> None:
        self._lost = lost
        self._dice = dice
        self._conditions = CLEAR
        self._streams: set[PhoneStream] = set()
        self.interface = interface
        self.is_dead = False
        """Whether nothing comes through, although the interface looks healthy."""

    def wrap_stream(self, stream: Stream) -> Stream:
        """The hook that a dialer puts below TLS."""
        phone_stream = PhoneStream(stream, self._lost, self._dice)
        phone_stream.on_close = self._streams.discard
        phone_stream.suffer(self._conditions)
        if self.is_dead:  # since the dialer has waited
            phone_stream.go_dark()
        self._streams.add(phone_stream)
        return phone_stream

    async def wait(self) -> None:
        """Before a connection is opened: a dead path never answers, a slow one takes its time."""
        if self.is_dead:
            await trio.sleep_forever()
        await worldtime.sleep(2 * self._conditions.latency_seconds)  # SYN and its answer

    def suffer(self, conditions: Conditions) -> None:
        """Treat the bytes of what is open, and will be, so from now on."""
        self._conditions = conditions
        for stream in self._streams:
            stream.suffer(conditions)

    def go_dark(self) -> None:
        """From now on the bytes of what is open vanish both ways, and so does its end."""
        for stream in self._streams:
            stream.go_dark()

    async def happen(self, event: NetworkEvent) -> None:
        """Let this happen to what is open; see :class:`NetworkEvent`."""
        self.is_dead |= event is NetworkEvent.CUT_WAN
        for stream in tuple(self._streams):
            match event:
                case NetworkEvent.RESET:
                    await stream.reset()
                case NetworkEvent.HAND_OVER:
                    stream.go_dark()
                case NetworkEvent.CUT_WAN:
                    await stream.cut()
                case NetworkEvent.FORGET_NAT:
                    stream.forget()


class PhoneNetwork:
    """Which network a phone is on.

    Args:
        lost: see :class:`PhonePath`.
        kind: at first.
        dice: for jitter.
    """

    __slots__ = ("_conditions", "_paths", "interfaces", "kind")

    def __init__(
        self,
        lost: LostStreams,
        kind: NetworkKind = NetworkKind.WIFI,
        dice: Random | None = None,
    ) -> None:
        self._paths = {interface: PhonePath(interface, lost, dice) for interface in Interface}
        self._conditions = CLEAR
        self.interfaces: frozenset[Interface] = frozenset({Interface.WIFI})
        """Those that are up, as far as the phone can see."""
        self.kind = kind
        self.switch(kind)

    @property
    def paths(self) -> dict[Interface, PhonePath]:
        """The ways out, the better one first; whether up or not."""
        return self._paths

    @property
    def conditions(self) -> Conditions:
        """How well bytes are carried, on every path."""
        return self._conditions

    @conditions.setter
    def conditions(self, conditions: Conditions) -> None:
        # A stream asks only whether it is this one.
        self._conditions = CLEAR if conditions == CLEAR else conditions
        for path in self._paths.values():
            path.suffer(self._conditions)

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
