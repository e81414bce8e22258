"""A tenant: one app, and whatever is about it. By tenants, tests share a gateway in parallel.

Apple puts what a push is for behind the bundle id (``….voip``, ``….push-type.liveactivity``), so a
topic may be of two apps: ``com.example.app.voip`` is the VoIP topic of ``com.example.app``, and
could be an app of its own. Here it is of both.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Self

from protocol.identifiers import BundleId, HashedTopic, Topic
from protocol.notification import PushType

_SUFFIXES = tuple(filter(None, (push_type.topic_suffix for push_type in PushType)))


# Few topics are in many pushes.
@lru_cache(maxsize=4096)
def bundles_of(topic: str) -> tuple[str, ...]:
    """The bundle ids that a topic may be of: itself, and what is left of it without a suffix."""
    return (topic, *(topic.removesuffix(each) for each in _SUFFIXES if topic.endswith(each)))


class Tenant:
    """An app, as the unit by which things are filtered, reset and ruled.

    ``topics`` are all that its pushes can have, also as hashes, by which some devices know them.
    """

    __slots__ = ("bundle_id", "topics")

    def __init__(self, bundle_id: BundleId) -> None:
        self.bundle_id = bundle_id
        plain = [Topic(bundle_id + suffix) for suffix in ("", *_SUFFIXES)]
        self.topics = frozenset[str]((*plain, *map(HashedTopic.of, plain)))

    @classmethod
    def parse(cls, bundle_id: str) -> Self:
        """The app of this bundle id.

        Raises:
            InvalidIdentifierError: it is none.
        """
        return cls(BundleId.parse(bundle_id))

    def __repr__(self) -> str:
        return f"Tenant({self.bundle_id})"

    def has(self, topic: str | None) -> bool:
        """Whether a push to this topic is its own; one without any is nobody's."""
        return topic in self.topics
