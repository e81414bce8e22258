"""Which token of an app: by topic, and on the topic of Live Activities by what it is for.

Apple, ActivityKit: ``Activity<Attributes>.pushToStartTokenUpdates`` is one token per attributes
type, ``activity.pushTokenUpdates`` one per running activity; all of them share the topic
``<bundle id>.push-type.liveactivity``.
"""

from __future__ import annotations

from typing import NamedTuple, Self

from protocol.identifiers import APP_PURPOSE, TokenPurpose, Topic

_START = "start "
_UPDATE = "update "


class TokenKey(NamedTuple):
    """The name that a device has for one of its tokens.

    Its text is the topic, with a space and the purpose behind it if there is one: topics have no
    spaces.
    """

    topic: Topic
    purpose: TokenPurpose = APP_PURPOSE

    def __str__(self) -> str:
        return f"{self.topic} {self.purpose}" if self.purpose else self.topic

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read the text again.

        Raises:
            InvalidIdentifierError: it is no such text.
        """
        topic, _, purpose = text.partition(" ")
        return cls(Topic.parse(topic), TokenPurpose.parse(purpose))

    @property
    def attributes_type(self) -> str | None:
        """What a push-to-start token starts; None for any other."""
        return self.purpose.removeprefix(_START) if self.purpose.startswith(_START) else None

    @property
    def activity_id(self) -> str | None:
        """What an update token updates; None for any other."""
        return self.purpose.removeprefix(_UPDATE) if self.purpose.startswith(_UPDATE) else None


def to_start(attributes_type: str) -> TokenPurpose:
    """To start activities of a type.

    Raises:
        InvalidIdentifierError: too long for a purpose, or not printable.
    """
    return TokenPurpose.parse(_START + attributes_type)


def to_update(activity_id: str) -> TokenPurpose:
    """To update one activity."""
    return TokenPurpose.parse(_UPDATE + activity_id)
