"""The phone's network, as a stream wrapper below TLS."""

from devicesim.network.conditions import CLEAR, ConditionChanges, Conditions, NatAnswer
from devicesim.network.kinds import Interface, NetworkEvent, NetworkKind
from devicesim.network.lost import LostStreams
from devicesim.network.phone import PhoneNetwork, PhonePath
from devicesim.network.stream import PhoneStream

__all__ = [
    "CLEAR",
    "ConditionChanges",
    "Conditions",
    "Interface",
    "LostStreams",
    "NatAnswer",
    "NetworkEvent",
    "NetworkKind",
    "PhoneNetwork",
    "PhonePath",
    "PhoneStream",
]
