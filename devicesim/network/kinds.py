"""What a phone may be connected by, and what may happen to it."""

from __future__ import annotations

from enum import StrEnum


class Interface(StrEnum):
    """What carries a link, as the device calls it in its Connect; the better one first."""

    WIFI = "WiFi"
    # Apple's devices say the operator's MCC and MNC here (courier-wire.md §3, 0x07); ours has none.
    CELLULAR = "Cellular"


class NetworkKind(StrEnum):
    """Which interfaces a phone has, and whether bytes pass."""

    WIFI = "wifi"
    CELLULAR = "cellular"
    BOTH = "wifi+cellular"
    AIRPLANE = "airplane"
    NONE = "none"
    HALF_OPEN = "half-open"

    @property
    def interfaces(self) -> frozenset[Interface] | None:
        """Those that are up; None: as before, half-open changes nothing that a phone could see."""
        return _INTERFACES.get(self)


_INTERFACES = {
    NetworkKind.WIFI: frozenset({Interface.WIFI}),
    NetworkKind.CELLULAR: frozenset({Interface.CELLULAR}),
    NetworkKind.BOTH: frozenset(Interface),
    NetworkKind.AIRPLANE: frozenset[Interface](),
    NetworkKind.NONE: frozenset[Interface](),
}


class NetworkEvent(StrEnum):
    """What happens to the connections of a phone that goes on having a network.

    ``reset``: something in between answers with RST, both ways. ``hand-over``: the phone has
    another address; its old connections are dead and nobody tells the gateway. ``cut-wan``: the
    router loses its WAN side and keeps the LAN side; the phone sees a healthy link and the gateway
    the end of it, until the network is set anew. ``forget-nat``: a NAT forgets the mappings; what
    is sent over them vanishes, and new connections work.
    """

    RESET = "reset"
    HAND_OVER = "hand-over"
    CUT_WAN = "cut-wan"
    FORGET_NAT = "forget-nat"
