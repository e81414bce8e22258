"""Stage 2: a request becomes a notification, or is refused. The one place with an order of checks.

When several things are wrong, the first check that fails gives the reason. The order up to the
provider token is measured on Apple's servers (method before authentication; authentication
before the device token and before MissingTopic); the rest is our choice, because nothing is known
(docs/fidelity.md).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from gateway.routing.adoption import propose
from protocol.identifiers import ApnsId, DeviceToken, HashedTopic, Topic, UniqueId
from protocol.notification import Expiration, Notification, Priority, PushType
from protocol.provider import request as read
from protocol.provider.rejection import Reason, Rejection

if TYPE_CHECKING:
    from collections.abc import Callable

    from gateway.store.store import Registration
    from protocol.identifiers import CollapseId
    from protocol.notification import Environment
    from protocol.provider.http import HttpRequest


class Sender(Protocol):
    """Who pushes, as far as validation cares."""

    @property
    def default_topic(self) -> Topic | None:
        """The topic of a push that names none; None when it must name one."""
        ...

    def may_send_to(self, topic: Topic) -> bool:
        """Whether its key or certificate covers the topic."""
        ...


class Tokens(Protocol):
    """Where device tokens are looked up."""

    def registration_of(self, token: DeviceToken) -> Registration | None:
        """Whose token it is; None when nobody knows it."""
        ...

    def is_too_fast(self, token: DeviceToken, now: float) -> bool:
        """Count one more push to this token; whether it is one too many."""
        ...


@dataclass(frozen=True, slots=True)
class ValidationRules:
    """What Apple leaves open, as settings.

    Args:
        environment: whose tokens are known here; those of the other are BadDeviceToken.
        unregistered_delay_seconds: how long after an uninstall providers still hear 200.
        refuses_immediate_background: whether priority 10 on a background push is BadPriority.
        adopts_unknown_tokens: whether a well-formed token that nobody knows becomes a device's.
    """

    environment: Environment
    unregistered_delay_seconds: float = 0
    refuses_immediate_background: bool = True
    adopts_unknown_tokens: bool = False


@dataclass(frozen=True, slots=True)
class Grounds:
    """What the requests of one connection are judged by.

    ``identify`` reads the authorization header at a time (UNIX seconds) or raises a Rejection.
    """

    rules: ValidationRules
    tokens: Tokens
    identify: Callable[[str | None, float], Sender]


@dataclass(slots=True)
class Draft:
    """A request on its way to becoming a notification: what the checks have found out so far.

    ``is_adopted`` says that ``registration`` is a proposal: the token was unknown until now.
    """

    request: HttpRequest
    now: float
    grounds: Grounds
    headers: dict[str, str] = field(init=False)
    token_text: str = ""
    sender: Sender = field(init=False)
    apns_id: ApnsId | None = None
    expiration: Expiration = field(init=False)
    priority: Priority | None = None
    push_type: PushType | None = None
    collapse_id: CollapseId | None = None
    topic: Topic = field(init=False)
    token: DeviceToken = field(init=False)
    registration: Registration = field(init=False)
    is_adopted: bool = False

    def __post_init__(self) -> None:
        self.headers = read.headers_of(self.request.headers)


def method(draft: Draft) -> None:
    """Measured: GET without credentials is 405, so the method comes before authentication."""
    read.refuse_other_methods(draft.request.method)


def path(draft: Draft) -> None:
    """BadPath."""
    draft.token_text = read.read_path(draft.request.path)


def provider(draft: Draft) -> None:
    """Measured: MissingProviderToken and InvalidProviderToken come before the device token."""
    draft.sender = draft.grounds.identify(draft.headers.get("authorization"), draft.now)


def repeated_headers(draft: Draft) -> None:
    """DuplicateHeaders."""
    read.refuse_repeated(draft.request.headers)


def apns_id(draft: Draft) -> None:
    """BadMessageId."""
    draft.apns_id = read.read_apns_id(draft.headers)


def token_is_there(draft: Draft) -> None:
    """MissingDeviceToken."""
    if not draft.token_text:
        raise Rejection(Reason.MISSING_DEVICE_TOKEN, "expected /3/device/<token>")


def expiration(draft: Draft) -> None:
    """BadExpirationDate."""
    draft.expiration = read.read_expiration(draft.headers)


def priority(draft: Draft) -> None:
    """BadPriority."""
    draft.priority = read.read_priority(draft.headers)


def push_type(draft: Draft) -> None:
    """InvalidPushType."""
    draft.push_type = read.read_push_type(draft.headers)


def priority_of_background(draft: Draft) -> None:
    """BadPriority."""
    if draft.grounds.rules.refuses_immediate_background:
        read.refuse_immediate_background(draft.push_type, draft.priority)


def collapse_id(draft: Draft) -> None:
    """BadCollapseId."""
    draft.collapse_id = read.read_collapse_id(draft.headers)


def topic(draft: Draft) -> None:
    """MissingTopic, BadTopic.

    Apple: the topic may be left out with a certificate that lists a single one.
    """
    found = read.read_topic(draft.headers) or draft.sender.default_topic
    if found is None:
        detail = "apns-topic is required with a provider token or a certificate of several topics"
        raise Rejection(Reason.MISSING_TOPIC, detail)
    draft.topic = found


def topic_is_allowed(draft: Draft) -> None:
    """TopicDisallowed."""
    if draft.push_type is not None:
        read.refuse_wrong_suffix(draft.topic, draft.push_type)
    if not draft.sender.may_send_to(draft.topic):
        detail = f"this provider's key or certificate does not cover {draft.topic}"
        raise Rejection(Reason.TOPIC_DISALLOWED, detail)


def token_is_known(draft: Draft) -> None:
    """BadDeviceToken: malformed, unknown, or of the other environment."""
    draft.token = read.read_device_token(draft.token_text)
    registration = draft.grounds.tokens.registration_of(draft.token)
    rules = draft.grounds.rules
    if registration is None and rules.adopts_unknown_tokens:
        registration = propose(draft.token, draft.topic, rules.environment, draft.now)
        draft.is_adopted = True
    if registration is None:
        raise Rejection(Reason.BAD_DEVICE_TOKEN, "no device has this token")
    if registration.environment is not rules.environment:
        detail = f"a {registration.environment} token, pushed to {rules.environment}"
        raise Rejection(Reason.BAD_DEVICE_TOKEN, detail)
    draft.registration = registration


def payload(draft: Draft) -> None:
    """PayloadEmpty, PayloadTooLarge."""
    draft.push_type = draft.push_type or read.infer_push_type(draft.topic)
    read.read_payload(draft.request.body, draft.push_type)


def token_is_registered(draft: Draft) -> None:
    """Unregistered, or ExpiredToken when its life is over, with the time.

    Later than the uninstall when Apple's delay is emulated. An ExpiredToken has a timestamp too,
    though Apple shows none: clients read one from every 410 (clients.md 16).
    """
    gone_at = draft.registration.unregistered_at
    if gone_at is None:
        return
    # A time to come: the clock has been put back since, and it is gone all the same.
    if 0 <= draft.now - gone_at < draft.grounds.rules.unregistered_delay_seconds:
        return
    if draft.registration.is_expired:
        detail = f"what this token for {draft.registration.topic} was for has ended"
        raise Rejection(Reason.EXPIRED_TOKEN, detail, unregistered_at=gone_at)
    detail = f"the token for {draft.registration.topic} is no longer active"
    raise Rejection(Reason.UNREGISTERED, detail, unregistered_at=gone_at)


def token_is_for_topic(draft: Draft) -> None:
    """DeviceTokenNotForTopic. Devices of Apple's wire ask for a token by their topic's hash."""
    registered = draft.registration.topic
    if registered != draft.topic and registered != HashedTopic.of(draft.topic):
        detail = f"the token is for {registered}, not {draft.topic}"
        raise Rejection(Reason.DEVICE_TOKEN_NOT_FOR_TOPIC, detail)


def pace(draft: Draft) -> None:
    """TooManyRequests: "too many requests were made consecutively to the same device token"."""
    if draft.grounds.tokens.is_too_fast(draft.token, draft.now):
        detail = "more pushes to one device token than max_pushes_per_token_per_second allows"
        raise Rejection(Reason.TOO_MANY_REQUESTS, detail)


CHECKS: tuple[Callable[[Draft], None], ...] = (
    method,
    path,
    provider,
    repeated_headers,
    apns_id,
    token_is_there,
    expiration,
    priority,
    push_type,
    priority_of_background,
    collapse_id,
    topic,
    topic_is_allowed,
    token_is_known,
    payload,
    token_is_registered,
    token_is_for_topic,
    pace,
)


def validate(draft: Draft) -> Draft:
    """Run every check in order.

    Raises:
        Rejection: the first thing that is wrong.
    """
    for check in CHECKS:
        check(draft)
    return draft


def notification_of(draft: Draft, random_bytes: Callable[[int], bytes]) -> Notification:
    """The notification that a validated draft describes."""
    default = Priority.POWER_AWARE if draft.push_type is PushType.BACKGROUND else Priority.IMMEDIATE
    return Notification(
        unique_id=UniqueId.from_random(random_bytes(16)),
        apns_id=draft.apns_id or ApnsId.from_random(random_bytes(16)),
        token=draft.token,
        topic=draft.topic,
        push_type=draft.push_type or PushType.ALERT,
        priority=draft.priority or default,
        received_at=draft.now,
        expires_at=draft.expiration.deadline(draft.now),
        collapse_id=draft.collapse_id,
        payload=draft.request.body,
    )
