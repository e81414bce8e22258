"""One value off the wire, believed or refused; for every dialect.

Each function takes what a dialect has read and returns it as the type that ``messages.py``
declares. Types are exact, numbers finite and in range, identifiers parsed again.

Raises:
    ValueError: all of them, when the value is something else; the message says what was
        expected (``InvalidIdentifierError`` is a ValueError too).
"""

from __future__ import annotations

from enum import Enum
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeVar

from protocol.courier.channels import ChannelMark, TopicChannels
from protocol.courier.proof import ConnectProof
from protocol.identifiers import (
    ApnsId,
    ChannelId,
    CollapseId,
    DeviceToken,
    TokenPurpose,
    Topic,
    UniqueId,
)
from protocol.plain import text_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_E = TypeVar("_E", bound=Enum)
_T = TypeVar("_T")

# 9999-12-31T23:59:59Z, the last second that a calendar can show.
LATEST_SECONDS = 253_402_300_799


def exactly(kind: type[_T], expected: str) -> Callable[[object], _T]:
    """A check for one type and none of its subclasses: ``True`` is no number here."""

    def check(value: object) -> _T:
        if type(value) is not kind:
            raise ValueError(f"expected {expected}, not {type(value).__name__}")
        return value

    return check


boolean = exactly(bool, "true or false")
binary = exactly(bytes, "bytes")
_string = exactly(str, "text")
_integer = exactly(int, "an integer")
_list: Callable[[object], list[Any]] = exactly(list, "an array")


def integer(lowest: int, highest: int) -> Callable[[object], int]:
    """A check for an integer from ``lowest`` to ``highest``."""

    def check(value: object) -> int:
        number = _integer(value)
        if not lowest <= number <= highest:
            raise ValueError(f"expected {lowest} to {highest}, not {number}")
        return number

    return check


def text(longest: int) -> Callable[[object], str]:
    """A check for at most ``longest`` characters, printable: they end up in logs."""

    def check(value: object) -> str:
        string = _string(value)
        if len(string) > longest or not string.isprintable():
            raise ValueError(f"expected printable text of at most {longest} characters")
        return string

    return check


def one_of(members: Iterable[_E]) -> Callable[[object], _E]:
    """A check for the value of one of these enumeration members, all of one type."""
    known = {member.value: member for member in members}
    kind = type(next(iter(known)))

    def check(value: object) -> _E:
        # The exact type first: True would find 1, and a list cannot be looked up.
        if type(value) is not kind or value not in known:
            raise ValueError(f"expected one of {sorted(known)}, not {str(value)[:40]!r}")
        return known[value]

    return check


def seconds(value: object) -> float:
    """UNIX seconds, from 1970 to the year 9999."""
    if type(value) is not float and type(value) is not int:
        raise ValueError(f"expected UNIX seconds, not {type(value).__name__}")
    if not 0 <= value <= LATEST_SECONDS:  # not a number is in no range
        raise ValueError(f"expected UNIX seconds until the year 9999, not {value}")
    return float(value)


# A link, and a device host even more so, repeats few topics in many pushes.
_believed_topic = lru_cache(maxsize=1024)(Topic.parse)


def topic(value: object) -> Topic:
    """A topic."""
    return _believed_topic(_string(value))


def topics(value: object) -> tuple[Topic, ...]:
    """A list of topics."""
    return tuple([topic(item) for item in _list(value)])


def device_token(value: object) -> DeviceToken:
    """A device token, as bytes."""
    raw = binary(value)
    if not 0 < len(raw) <= DeviceToken.MAX_BYTES:
        raise ValueError(f"a device token is 1 to {DeviceToken.MAX_BYTES} bytes, not {len(raw)}")
    return DeviceToken(raw)


def optional_device_token(value: object) -> DeviceToken | None:
    """A device token or nothing."""
    return None if value is None else device_token(value)


def optional_connect_proof(value: object) -> ConnectProof | None:
    """A certificate, a nonce and a signature; or nothing."""
    if value is None:
        return None
    return ConnectProof(*map(binary, _several(value, 3)))


def token_purpose(value: object) -> TokenPurpose:
    """Which of the tokens of a topic."""
    return TokenPurpose.parse(_string(value))


def unique_id(value: object) -> UniqueId:
    """The gateway's name of a push."""
    return UniqueId.parse(_string(value))


def apns_id(value: object) -> ApnsId:
    """The provider's name of a push."""
    return ApnsId.parse(_string(value))


def optional_collapse_id(value: object) -> CollapseId | None:
    """A collapse id, as the bytes of the provider's header, which need not be UTF-8."""
    if value is None:
        return None
    return CollapseId.parse(text_of(binary(value)))


nanoseconds = integer(0, 2**63 - 1)


def channel_id(value: object) -> ChannelId:
    """A channel's id."""
    return ChannelId.parse(_string(value))


def channel_ids(value: object) -> tuple[ChannelId, ...]:
    """A list of them."""
    return tuple([channel_id(item) for item in _list(value)])


def channel_mark(value: object) -> ChannelMark:
    """A channel's id and its newest message."""
    channel, last = _several(value, 2)
    return ChannelMark(channel_id(channel), nanoseconds(last))


def optional_channel_mark(value: object) -> ChannelMark | None:
    """A place in a channel or nothing."""
    return None if value is None else channel_mark(value)


def topic_channels(value: object) -> tuple[TopicChannels, ...]:
    """A list of topics, each with its channels and those unsubscribed."""
    return tuple([_topic_channels(item) for item in _list(value)])


def _topic_channels(value: object) -> TopicChannels:
    name, channels, unsubscribed = _several(value, 3)
    marks = tuple([channel_mark(item) for item in _list(channels)])
    return TopicChannels(topic(name), marks, channel_ids(unsubscribed))


def _several(value: object, count: int) -> list[Any]:
    items = _list(value)
    if len(items) != count:
        raise ValueError(f"expected {count} values, not {len(items)}")
    return items
