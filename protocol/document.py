"""The parts of documents that people may have written: every field believed once, errors by path.

Pydantic reads them. Texts are taken as Python has them, since lone surrogates stand for bytes that
are not UTF-8 (``plain.text_of``), which Pydantic's own texts refuse.
"""

# No "from __future__ import annotations": pydantic reads the annotations at run time.
from collections.abc import Callable
from typing import Annotated, Any, TypeAlias, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PlainValidator

from protocol.courier.fields import LATEST_SECONDS
from protocol.identifiers import (
    ApnsId,
    BundleId,
    ChannelId,
    CollapseId,
    DeviceId,
    DeviceToken,
    HashedTopic,
    TokenPurpose,
    Topic,
    UniqueId,
)
from protocol.notification import Environment, Priority, PushType
from protocol.plain import bytes_of

Made = TypeVar("Made")


class Part(BaseModel):
    """A dictionary of a document: all of its fields, and no others."""

    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)

    def make(self, kind: Callable[..., Made]) -> Made:
        """The value with just these fields."""
        return kind(**dict(self))


def each_once(name: str) -> AfterValidator:
    """Of a list: no two parts are the same by this field."""

    def check(parts: list[Part]) -> list[Part]:
        seen: set[object] = set()
        for index, part in enumerate(parts):
            value = getattr(part, name)
            if value in seen:
                raise ValueError(f"[{index}] is there twice: {name} {value}")
            seen.add(value)
        return parts

    return AfterValidator(check)


def _read_text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError("expected a text")  # noqa: TRY004 - for pydantic
    return value


def as_text(read: Callable[[str], Any]) -> PlainValidator:
    """Of a text, what ``read`` makes of it; its ValueError says what was expected."""
    return PlainValidator(lambda value: read(_read_text(value)))


def _read_topic(text: str) -> Topic:
    return (HashedTopic if text.startswith("#") else Topic).parse(text)


Text: TypeAlias = Annotated[str, PlainValidator(_read_text)]
Raw: TypeAlias = Annotated[bytes, as_text(bytes_of)]
TokenText: TypeAlias = Annotated[DeviceToken, as_text(DeviceToken.parse)]
TopicText: TypeAlias = Annotated[Topic, as_text(_read_topic)]
BundleText: TypeAlias = Annotated[BundleId, as_text(BundleId.parse)]
DeviceText: TypeAlias = Annotated[DeviceId, as_text(DeviceId.parse)]
PurposeText: TypeAlias = Annotated[TokenPurpose, as_text(TokenPurpose.parse)]
ApnsIdText: TypeAlias = Annotated[ApnsId, as_text(ApnsId.parse)]
UniqueIdText: TypeAlias = Annotated[UniqueId, as_text(UniqueId.parse)]
ChannelText: TypeAlias = Annotated[ChannelId, as_text(ChannelId.parse)]
CollapseText: TypeAlias = Annotated[CollapseId, as_text(CollapseId.parse)]

World: TypeAlias = Annotated[Environment, Field(strict=False)]
PushKind: TypeAlias = Annotated[PushType, Field(strict=False)]
Urgency: TypeAlias = Annotated[Priority, Field(strict=False)]

Seconds: TypeAlias = Annotated[float, Field(ge=-1e12, le=1e12)]
"""A time in UNIX seconds, or a duration; what a payload says may be beyond all calendars."""
Moment: TypeAlias = Annotated[float, Field(ge=0, le=LATEST_SECONDS)]
"""A time at which something has happened, which a calendar has."""
Count: TypeAlias = Annotated[int, Field(ge=0, lt=2**63)]


class PushPart(Part):
    """A push: what the gateway and the device that got it tell of it alike."""

    apns_id: ApnsIdText
    topic: TopicText
    push_type: PushKind
    priority: Urgency
    collapse_id: CollapseText | None
    expires_at: Seconds
    payload: Raw
