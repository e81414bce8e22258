"""What one link of Apple's wire calls things: its pushes by numbers, its topics by hashes.

Elsewhere a push has a UniqueId of 16 bytes and a topic has its text. Each end keeps here, for as
long as the link lives, what the short names stand for.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from protocol.courier.items import Item, Repeated
from protocol.identifiers import HashedTopic, UniqueId

if TYPE_CHECKING:
    from collections.abc import Iterable

    from protocol.identifiers import DeviceToken, Topic

# rustpush reads an id as a signed number of four bytes and makes none below zero.
_HIGHEST = 0x7FFF_FFFF


class MessageNumbers:
    """The gateway's end: a number for each push that is not acknowledged yet.

    It is made of the push's id, so the same push usually has the same number on the next link.
    """

    __slots__ = ("_by_number",)

    def __init__(self) -> None:
        self._by_number: dict[int, UniqueId] = {}

    def give(self, unique_id: UniqueId) -> int:
        """A number that no other push in flight has."""
        number = number_in(unique_id)
        while self._by_number.setdefault(number, unique_id) != unique_id:
            number = number + 1 & _HIGHEST
        return number

    def take_back(self, number: int) -> UniqueId:
        """Whose number it is, which is free from now on.

        For a number that was never given, an id that no push in flight has.
        """
        return self._by_number.pop(number, None) or id_from(number)


def number_in(unique_id: UniqueId) -> int:
    """The number that an id would like to have."""
    return int(unique_id[:8], 16) & _HIGHEST


def id_from(number: int) -> UniqueId:
    """All that the device's end knows of an id; :func:`number_in` gives the number back."""
    return UniqueId.from_random(number.to_bytes(4) + bytes(12))


class TopicTexts:
    """The device's end: the texts of the topics that it has named by their hashes."""

    __slots__ = ("_by_hash",)

    def __init__(self) -> None:
        self._by_hash: dict[HashedTopic, Topic] = {}

    def hash_all(self, topics: Iterable[Topic]) -> list[HashedTopic]:
        """Their hashes; the texts are remembered."""
        hashed = {HashedTopic.of(topic): topic for topic in topics}
        self._by_hash.update(hashed)
        return list(hashed)

    def text_of(self, hashed: HashedTopic) -> Topic:
        """The text, or the hash itself when it was never named here."""
        return self._by_hash.get(hashed, hashed)


@dataclass(slots=True)
class LinkNames:
    """All that one end of a link remembers; ``base_token`` is the device's, once it is known."""

    base_token: DeviceToken | None = None
    numbers: MessageNumbers = field(default_factory=MessageNumbers)
    topics: TopicTexts = field(default_factory=TopicTexts)

    def device_item(self, item: int = 1) -> list[Item]:
        """The item that says which device it is about; none while that is not known."""
        return [(item, Repeated(self.base_token))] if self.base_token else []


def topic_of(digest: bytes) -> HashedTopic:
    """The topic that an item names.

    Raises:
        ValueError: it is no SHA-1.
    """
    if len(digest) != HashedTopic.DIGEST_BYTES:
        raise ValueError(f"a topic is named by 20 bytes of SHA-1, not {len(digest)}")
    return HashedTopic.from_digest(digest)
