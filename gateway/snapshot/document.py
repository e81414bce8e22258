"""The state of a gateway as parts of a snapshot, believed when it is read."""

# No "from __future__ import annotations": pydantic reads the annotations at run time.
from collections.abc import Iterable
from typing import Annotated, Any, Self

from pydantic import Field, PlainValidator, PrivateAttr, model_validator

from certs.provider_key import ProviderKey, ProviderPublicKey
from gateway.clock import MAX_RATE, MIN_RATE
from gateway.faults.book import Entry
from gateway.faults.reading import read_rule
from gateway.provider.keys import RegisteredKey
from gateway.snapshot.records import BroadcastPart, RecordPart, TakenPart
from gateway.store.store import Contents, Registration, Waiting
from protocol.broadcast import Broadcast, Channel, StoragePolicy
from protocol.courier.fields import LATEST_SECONDS
from protocol.document import (
    BundleText,
    ChannelText,
    Count,
    DeviceText,
    Part,
    PurposeText,
    Seconds,
    Text,
    TokenText,
    TopicText,
    World,
    each_once,
)
from protocol.notification import Notification


class ClockPart(Part):
    """The world's time; ``is_told``: it was moved, frozen or hurried, and is so again."""

    now: Annotated[float, Field(ge=0, le=LATEST_SECONDS)]
    frozen: bool
    rate: Annotated[float, Field(ge=MIN_RATE, le=MAX_RATE)]
    is_told: bool


class KeyPart(Part):
    """A provider key that is believed; its private half is a secret."""

    key_id: Text
    team_id: Text
    public_key: Text
    environments: list[World] | None
    topics: list[TopicText] | None
    related_key_id: Text | None
    private_key: Text | None = None

    _key: RegisteredKey = PrivateAttr()
    _private: ProviderKey | None = PrivateAttr()

    @model_validator(mode="after")
    def _is_a_key(self) -> Self:
        pem, names = self.public_key.encode("utf-8", "replace"), (self.team_id, self.key_id)
        environments, topics = self.environments, self.topics
        self._key = RegisteredKey(
            ProviderPublicKey.from_pem(pem, *names),
            None if environments is None else frozenset(environments),
            None if topics is None else frozenset(topics),
            related_key_id=self.related_key_id,
        )
        secret = self.private_key
        self._private = secret and ProviderKey.from_pem(secret.encode("utf-8", "replace"), *names)  # type: ignore[assignment]
        if self._private and self._private.public_key_pem != self._key.key.public_key_pem:
            raise ValueError("the private key is not that of the public key")
        return self

    @property
    def key(self) -> RegisteredKey:
        """As the key ring has it; without a file."""
        return self._key

    @property
    def private(self) -> ProviderKey | None:
        """To sign with, if the snapshot holds it."""
        return self._private


class TokenPart(Part):
    """A device token."""

    token: TokenText
    device: DeviceText
    topic: TopicText
    environment: World
    registered_at: Seconds
    unregistered_at: Seconds | None
    purpose: PurposeText
    is_expired: bool


class WaitingPart(Part):
    """A push that waits for its device."""

    seq: Annotated[int, Field(ge=1, lt=2**62)]
    device: DeviceText
    notification: TakenPart

    @property
    def waiting(self) -> Waiting:
        """As a store keeps it."""
        return Waiting(self.seq, self.device, self.notification.make(Notification))


class ChannelPart(Part):
    """A broadcast channel."""

    channel_id: ChannelText
    environment: World
    bundle_id: BundleText
    policy: Annotated[StoragePolicy, Field(strict=False)]
    created_at: Seconds
    checkpoint: Count


class RulePart(Part):
    """A fault rule, and how far it has come."""

    id: Annotated[int, Field(ge=1, lt=2**62)]
    rule: Annotated[Any, PlainValidator(read_rule)]
    seen: Count
    hits: Count
    enabled: bool
    spent: bool
    missed: Text
    dice: Text

    _entry: Entry = PrivateAttr()

    @model_validator(mode="after")
    def _is_a_rule(self) -> Self:
        self._entry = Entry(self.id, self.rule)
        self._entry.go_on(self.seen, self.hits, self.dice)
        self._entry.is_enabled, self._entry.missed = self.enabled, self.missed
        self._entry.is_spent = self.spent
        return self

    @property
    def entry(self) -> Entry:
        """As the book has it."""
        return self._entry


class GatewayPart(Part):
    """All that a gateway remembers, but for its devices."""

    clock: ClockPart
    keys: Annotated[list[KeyPart], each_once("key_id")]
    tokens: Annotated[list[TokenPart], each_once("token")]
    waiting: Annotated[list[WaitingPart], each_once("seq")]
    channels: Annotated[list[ChannelPart], each_once("channel_id")]
    broadcasts: Annotated[list[BroadcastPart], each_once("channel_id")]
    rules: Annotated[list[RulePart], each_once("id")]
    records: Annotated[list[RecordPart], each_once("number")]
    next_record: Annotated[int, Field(ge=1, lt=2**62)]

    @property
    def contents(self) -> Contents:
        """What its store keeps."""
        return Contents(
            [each.waiting for each in sorted(self.waiting, key=lambda each: each.seq)],
            _made(self.tokens, Registration),
            _made(self.channels, Channel),
            _made(self.broadcasts, Broadcast),
        )


def _made(parts: Iterable[Part], kind: Any) -> list[Any]:  # noqa: ANN401
    return [part.make(kind) for part in parts]
