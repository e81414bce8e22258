"""The table of cases: what is pushed, and what client, device and gateway must then say.

Cases run in this order, for one client after the
other; the client's process and its connection live on from case to case.
"""

from __future__ import annotations

import uuid
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from interop.phone import Phone

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True)
class Push:
    """One push, or broadcast, as every client program reads it; None is "do not say"."""

    token: str
    topic: str
    payload: dict[str, Any]
    push_type: str = "alert"
    priority: int | None = None
    expiration: int | None = None
    collapse_id: str | None = None
    apns_id: str | None = None
    bundle_id: str | None = None
    channel_id: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Only what is to be said; of a broadcast neither token nor topic."""
        said = {name: value for name, value in asdict(self).items() if value is not None}
        return {n: said[n] for n in said if not (self.channel_id and n in ("token", "topic"))}


class Way(StrEnum):
    """How a client gets to the gateway, and what it proves who it is by."""

    TOKEN = "with a provider token"
    PROXY = "with a provider token, to Apple's host by way of --proxy-port"
    CERTIFICATE = "with a certificate"


def nothing(phone: Phone) -> None:
    """Leave the phone alone."""


@dataclass(frozen=True)
class Case:
    """One row of the table.

    Attributes:
        shows: what it proves, for docs/interop.md.
        pushes: what is sent.
        at_once: how many of them at a time.
        status: what the client must report for every push.
        reason: the same, of a refusal.
        arrives: whether accepted pushes reach the device.
        from_storage: whether they do so only after they were kept for it; None if that is left to
            chance.
        before: what happens to the phone before the client pushes.
        after: and what when it has its answers.
        first_reason: with what the first attempt of each push is refused.
        connections: on how many connections at most the requests come.
        way: how the client gets there; each has a process of its own.
        has_channel: whether the client makes a broadcast channel first, which the phone hears.
        restarts: whether the gateway restarts in the middle; then pushes that are not accepted are
            pushed again, as their caller would.
    """

    name: str
    shows: str
    pushes: Callable[[Phone], list[Push]]
    at_once: int = 1000
    status: int = 200
    reason: str = ""
    arrives: bool = True
    from_storage: bool | None = False
    before: Callable[[Phone], None] = nothing
    after: Callable[[Phone], None] = nothing
    first_reason: str = ""
    connections: int | None = None
    way: Way = Way.TOKEN
    has_channel: bool = False
    restarts: bool = False

    @property
    def expectation(self) -> str:
        """For the page."""
        if self.status != 200:
            return f"{self.status} {self.reason}, nothing arrives"
        return "200, arrives once" if self.arrives else "200, never arrives"


def alert(phone: Phone, text: str = "Grüße 👋", **more: Any) -> Push:  # noqa: ANN401 — of Push
    """An alert whose payload no other push has."""
    payload = {"aps": {"alert": text}, "id": str(uuid.uuid4()), "list": [1, None, True, {"a": 0}]}
    return Push(**{"token": phone.tokens["alert"], "topic": phone.topic, "payload": payload} | more)


def background(phone: Phone) -> Push:
    """A push that wakes the app; Apple demands priority 5."""
    payload = {"aps": {"content-available": 1}, "id": str(uuid.uuid4())}
    return alert(phone, payload=payload, push_type="background", priority=5)


def voip(phone: Phone) -> Push:
    """A call; as large as no other push may be."""
    payload = {"aps": {}, "call": "x" * 4900, "id": str(uuid.uuid4())}
    token, topic = phone.tokens["voip"], f"{phone.topic}.voip"
    return alert(phone, payload=payload, push_type="voip", token=token, topic=topic)


def broadcast(phone: Phone) -> Push:
    """A message to the channel that the phone listens to."""
    state = {"id": str(uuid.uuid4())}
    payload = {"aps": {"timestamp": 1, "event": "update", "content-state": state}}
    topic = f"{phone.topic}.push-type.liveactivity"
    where = {"bundle_id": phone.topic, "channel_id": phone.channel}
    return Push("", topic, payload, push_type="liveactivity", priority=10, **where)


def to_many_apps(phone: Phone) -> list[Push]:
    """An alert to each of sixty apps: all of them wait for a phone that is away."""
    return [alert(phone, topic=topic, token=token) for topic, token in phone.install(60)]


def mixed_case_id() -> str:
    """An apns-id that differs from itself in upper and in lower case."""
    return uuid.uuid4().hex[:8] + str(uuid.uuid4()).upper()[8:]


def collapsing(phone: Phone) -> list[Push]:
    """Two alerts of which the second replaces the first on the screen."""
    return [alert(phone, collapse_id="score"), alert(phone, collapse_id="score")]


CASES = (
    Case(
        "twenty at once, cold",
        "20 pushes at once on a connection that does not exist yet: the gateway allows 1 stream "
        "until it believes the provider, and must queue the others rather than refuse them.",
        lambda phone: [alert(phone) for _ in range(20)],
    ),
    Case("alert", "The everyday push.", lambda phone: [alert(phone)]),
    Case("background", "Priority 5, wakes the app.", lambda phone: [background(phone)]),
    Case(
        "voip",
        "A VoIP push of 4.9 KB: another topic, another token, another limit.",
        lambda phone: [voip(phone)],
    ),
    Case(
        "priority 5",
        "The device is told the priority.",
        lambda phone: [alert(phone, priority=5)],
    ),
    Case("collapse id", "The device is told the collapse id.", collapsing),
    Case(
        "own apns-id",
        "The provider's apns-id comes back, and the device is told it.",
        lambda phone: [alert(phone, apns_id=str(uuid.uuid4()))],
    ),
    Case(
        "apns-id in mixed case",
        "The same byte for byte, in its own letter case.",
        lambda phone: [alert(phone, apns_id=mixed_case_id())],
    ),
    Case(
        "expiration 0",
        "Tried once; the device is there.",
        lambda phone: [alert(phone, expiration=0)],
    ),
    Case(
        "expiration 0, away",
        "Tried once; the device is away and never hears of it.",
        lambda phone: [alert(phone, expiration=0)],
        arrives=False,
        before=Phone.leave,
        after=Phone.come_back,
    ),
    Case(
        "stored",
        "The device is away, and gets the push when it comes back.",
        lambda phone: [alert(phone)],
        from_storage=True,
        before=Phone.leave,
        after=Phone.come_back,
    ),
    Case(
        "through the proxy",
        "The client believes that it talks to api.sandbox.push.apple.com.",
        lambda phone: [alert(phone) for _ in range(20)],
        way=Way.PROXY,
    ),
    Case(
        "certificate",
        "The client shows a certificate, and sends no provider token.",
        lambda phone: [alert(phone), voip(phone), background(phone)],
        way=Way.CERTIFICATE,
        connections=1,
    ),
    Case(
        "broadcast",
        "The client makes a channel, the phone listens to it, and hears what the client sends.",
        lambda phone: [broadcast(phone), broadcast(phone)],
        at_once=1,
        has_channel=True,
    ),
    Case(
        "200 large, one connection",
        "200 pushes of 3.9 KB at once, on one connection: more than HTTP/2's first window holds.",
        lambda phone: [alert(phone, "x" * 3800) for _ in range(200)],
        connections=1,
    ),
    Case(
        "unregistered",
        "Unregistered, with the time at which the app was uninstalled.",
        lambda phone: [alert(phone, token=phone.gone_token, topic=f"{phone.topic}.gone")],
        status=410,
        reason="Unregistered",
    ),
    Case(
        "1300 unregistered",
        "1300 refusals, 100 at once: a client that never opens its window is silent for ever after "
        "1285 of them, 65,535 bytes. Before any other refusal, so that the number is exact.",
        lambda phone: [
            alert(phone, token=phone.gone_token, topic=f"{phone.topic}.gone") for _ in range(1300)
        ],
        at_once=100,
        status=410,
        reason="Unregistered",
    ),
    Case(
        "bad token",
        "BadDeviceToken, with the provider's own apns-id.",
        lambda phone: [alert(phone, token="ab" * 32, apns_id=mixed_case_id())],
        status=400,
        reason="BadDeviceToken",
    ),
    Case(
        "payload too large",
        "PayloadTooLarge.",
        lambda phone: [alert(phone, "x" * 4200)],
        status=413,
        reason="PayloadTooLarge",
    ),
    Case(
        "GOAWAY, idle",
        "Between two pushes the gateway restarts on the same ports: GOAWAY, close, and it is back.",
        lambda phone: [alert(phone), alert(phone)],
        at_once=1,
        from_storage=None,  # the phone is on its way back too
        before=Phone.outlive_the_gateway,
    ),
    Case(
        "GOAWAY in the middle",
        "Sixty pushes, four at once, and a restart in the middle: 503 Shutdown, GOAWAY, nobody "
        "there, and back. What is not accepted is pushed again, and nothing is lost.",
        to_many_apps,
        at_once=4,
        from_storage=True,
        before=Phone.leave,
        after=Phone.come_back,
        restarts=True,
    ),
    Case(
        "token re-signed",
        "ExpiredProviderToken makes the client sign anew and try again on the same connection, "
        "where the new token must be believed at once.",
        lambda phone: [alert(phone)],
        before=Phone.age_token,
        first_reason="ExpiredProviderToken",
        connections=1,
    ),
    Case(
        "token expired",
        "ExpiredProviderToken for every token, however fresh: a fault rule refuses them.",
        lambda phone: [alert(phone)],
        status=403,
        reason="ExpiredProviderToken",
        before=Phone.distrust_tokens,
        after=Phone.trust_tokens,
    ),
    Case(
        "nothing else",
        "After all of it the device connects anew: nothing was kept, nothing comes twice.",
        lambda _phone: [],
        before=Phone.reconnect,
    ),
)
