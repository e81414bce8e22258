"""For every rule one push that it is about, and the same push without the mistake."""

from __future__ import annotations

import json
from typing import Any

from protocol.lint.push import Push
from protocol.notification import PushType
from protocol.provider.broadcast import BROADCAST_PATH
from protocol.provider.http import HttpRequest
from tests.builders import BUNDLE_ID, CHANNEL, NOW, PATH, push

ABSENT = object()
SOON = str(int(NOW) + 30)


def sent(body: bytes | dict[str, Any] | None = None, **changes: Any) -> Push:  # noqa: ANN401
    """A valid request of any push type; ``apns_topic=None`` leaves a header out."""
    kind = PushType(changes.pop("kind", "alert"))
    valid: dict[str, Any] = {"apns_push_type": kind.value, "apns_topic": kind.topic_of(BUNDLE_ID)}
    if kind is PushType.BACKGROUND:
        valid["apns_priority"] = "5"
    if kind is PushType.VOIP:
        valid["apns_expiration"] = SOON
    raw = body if isinstance(body, bytes) else json.dumps(body or OF_KIND[kind]).encode()
    return Push(push(body=raw, **(valid | changes)), NOW)


OF_KIND: dict[PushType, dict[str, Any]] = {kind: {"aps": {}, "x": 1} for kind in PushType} | {
    PushType.ALERT: {"aps": {"alert": "Hello"}},
    PushType.BACKGROUND: {"aps": {"content-available": 1}},
    PushType.WIDGETS: {"aps": {"content-changed": True}},
    PushType.CONTROLS: {"aps": {"content-changed": True}},
    PushType.MDM: {"mdm": "magic"},
    PushType.FILE_PROVIDER: {"container-identifier": "c", "domain": "d"},
}


def alert(**aps: Any) -> Push:  # noqa: ANN401
    """An alert push; underscores stand for hyphens."""
    keys = {"alert": "Hello"} | {name.replace("_", "-"): value for name, value in aps.items()}
    return sent({"aps": {name: value for name, value in keys.items() if value is not ABSENT}})


def texts(**alert_keys: Any) -> Push:  # noqa: ANN401
    """An alert push with an alert of these keys."""
    return alert(alert={name.replace("_", "-"): value for name, value in alert_keys.items()})


def background(**aps: Any) -> Push:  # noqa: ANN401
    """A background push."""
    keys = {"content-available": 1} | {name.replace("_", "-"): aps[name] for name in aps}
    return sent({"aps": keys}, kind="background")


def activity_aps(event: str, **changes: Any) -> dict[str, Any]:  # noqa: ANN401
    """Valid; ABSENT leaves a key out."""
    valid: dict[str, Any] = {"event": event, "timestamp": int(NOW), "content-state": {"stops": 3}}
    if event == "start":
        valid |= {"attributes-type": "Delivery", "attributes": {}, "alert": {"title": "!"}}
    valid |= {name.replace("_", "-"): value for name, value in changes.items()}
    return {name: value for name, value in valid.items() if value is not ABSENT}


def activity(event: str, **changes: Any) -> Push:  # noqa: ANN401
    """A push to a Live Activity."""
    return sent({"aps": activity_aps(event, **changes)}, kind="liveactivity")


def broadcast(
    body: dict[str, Any] | None = None,
    path: str = BROADCAST_PATH + BUNDLE_ID,
    **changes: str | None,
) -> Push:
    """A message for a channel."""
    headers: dict[str, str | None] = {
        "authorization": "bearer token", "apns-channel-id": CHANNEL, "apns-expiration": SOON,
        "apns-priority": "10", "apns-push-type": "liveactivity",
    }  # fmt: skip
    headers |= {name.replace("_", "-"): value for name, value in changes.items()}
    raw = json.dumps(body or {"aps": activity_aps("update")}).encode()
    kept = tuple((name, value) for name, value in headers.items() if value is not None)
    return Push(HttpRequest("POST", path, kept, raw), NOW)


def bare(body: dict[str, Any] | bytes, **headers: str) -> Push:
    """A payload alone, with the headers that are known."""
    raw = body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode()
    named = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    return Push(HttpRequest("POST", "/3/device/", named, raw), NOW, is_whole=False)


def sized(size: int) -> bytes:
    """A payload of so many bytes."""
    empty = b'{"aps":{"alert":"%s"}}'
    return empty % (b"x" * (size - len(empty) + 2))


def twice(name: str) -> Push:
    """A push with a header that is there twice."""
    request = push()
    headers = (*request.headers, (name, "1"), (name, "2"))
    return Push(HttpRequest("POST", PATH, headers, request.body), NOW)


CRITICAL = {"critical": 1, "name": "siren.caf", "volume": 1}

# rule → (what it is about, the same without the mistake)
CASES: dict[str, tuple[Push, Push]] = {
    "method": (sent(method="PUT"), sent(method="POST")),
    "path": (sent(path="/3/devices/ab"), sent(path="/3/device/ab")),
    "repeated-header": (twice("apns-priority"), twice("user-agent")),
    "broadcast-bundle-id": (
        broadcast(path=f"{BROADCAST_PATH}{BUNDLE_ID}.push-type.liveactivity"),
        broadcast(path=f"{BROADCAST_PATH}{BUNDLE_ID}"),
    ),
    "message-id": (sent(apns_id="1"), sent(apns_id=None)),
    "channel-id": (broadcast(apns_channel_id="?"), broadcast(apns_channel_id=CHANNEL)),
    "broadcast-push-type": (
        broadcast(apns_push_type="alert"), broadcast(apns_push_type="LiveActivity"),
    ),
    "missing-token": (sent(path="/3/device/"), sent(path="/3/device/ab")),
    "expiration": (sent(apns_expiration="1.5"), sent(apns_expiration=None)),
    "priority": (sent(apns_priority="high"), sent(apns_priority="1")),
    "push-type": (sent(apns_push_type="Alert"), sent(apns_push_type="alert")),
    "background-priority-10": (
        sent(kind="background", apns_priority="10"), sent(kind="background", apns_priority="1"),
    ),
    "collapse-id": (sent(apns_collapse_id="x" * 65), sent(apns_collapse_id="x" * 64)),
    "missing-topic": (sent(apns_topic=None), sent(apns_topic=BUNDLE_ID)),
    "topic": (sent(apns_topic="<com.example>"), sent(apns_topic="com.example")),
    "topic-suffix": (sent(kind="voip", apns_topic=BUNDLE_ID), sent(kind="voip")),
    "token": (sent(path="/3/device/<ab>"), sent(path="/3/device/AB")),
    "empty-body": (sent(b""), sent(sized(40))),
    "too-large": (sent(sized(4097)), sent(sized(3890))),
    "byte-order-mark": (sent(b'\xef\xbb\xbf{"aps":{"alert":"x"}}'), sent(b'{"aps":{"alert":"x"}}')),
    "not-utf-8": (sent(b'{"aps":{"alert":"\xfc"}}'), sent('{"aps":{"alert":"ü"}}'.encode())),
    "not-json": (sent(b"{'aps':{'alert':'x'}}"), sent(b'{"aps":{"alert":"x"}}')),
    "unreadable-json": (
        sent(b'{"aps":{"alert":"x"},"x":1e999}'), sent(b'{"aps":{"alert":"x"},"x":1e99}'),
    ),
    "not-a-dictionary": (sent(b'"{}"'), sent(b'{"aps":{"alert":"x"}}')),
    "missing-push-type": (sent(apns_push_type=None), sent(apns_push_type="alert")),
    "broadcast-required": (broadcast(apns_priority=None), broadcast(apns_priority="5")),
    "expiration-past": (sent(apns_expiration="1"), sent(apns_expiration="0")),
    "expiration-milliseconds": (sent(apns_expiration=f"{SOON}000"), sent(apns_expiration=SOON)),
    "late-call": (
        sent(kind="voip", apns_expiration=None), sent(kind="voip", apns_expiration="0"),
    ),
    "late-talk": (sent(kind="pushtotalk"), sent(kind="pushtotalk", apns_expiration="0")),
    "background-priority-missing": (
        sent(kind="background", apns_priority=None), sent(kind="background", apns_priority="5"),
    ),
    "activity-priority": (broadcast(apns_priority="1"), broadcast(apns_priority="5")),
    "foreign-suffix": (sent(apns_topic=f"{BUNDLE_ID}.voip"), sent(apns_topic=BUNDLE_ID)),
    "empty-header": (sent(apns_collapse_id=""), sent(apns_collapse_id="x")),
    "unknown-header": (sent(apns_pushtype="alert"), sent(user_agent="x")),
    "near-limit": (sent(sized(4096)), sent(sized(3800))),
    "grows": (bare({"aps": {"alert": "я" * 700}}), bare({"aps": {"alert": "я" * 600}})),
    "repeated-key": (
        sent(b'{"aps":{"alert":"a","alert":"b"}}'), sent(b'{"aps":{"alert":"a"},"alerts":"b"}'),
    ),
    "aps-type": (bare({"aps": 1}, apns_push_type="voip"), bare({"aps": {}}, apns_push_type="voip")),
    "beside-aps": (
        sent({"aps": {"alert": "x"}, "badge": 1}), sent({"aps": {"alert": "x", "badge": 1}}),
    ),
    "control-beside-aps": (
        sent({"aps": {"alert": "x"}, "thread-id": "t"}), alert(thread_id="t"),
    ),
    "unknown-key": (alert(colour="red"), alert(category="red")),
    "key-of-others": (alert(timestamp=1), activity("update", timestamp=1)),
    "nothing-to-show": (alert(alert=ABSENT), alert(alert=ABSENT, badge=0)),
    "alert-type": (alert(alert=7, badge=1), alert(alert="7", badge=1)),
    "alert-empty": (alert(alert={"body": ""}, badge=1), alert(alert={"body": "x"}, badge=1)),
    "alert-text-type": (texts(title="x", body=7), texts(title="x", body="7")),
    "alert-unknown-key": (texts(body="x", titel="y"), texts(body="x", title="y")),
    "alert-obsolete-key": (texts(body="x", summary_arg="y"), texts(body="x", subtitle="y")),
    "launch-image": (texts(body="x", launch_image=1), texts(body="x", launch_image="1.png")),
    "loc-key-type": (
        texts(body="x", title_loc_key=7),
        texts(body="x", title_loc_key="T", title_loc_args=[]),
    ),
    "loc-args-type": (texts(loc_key="K", loc_args="a"), texts(loc_key="K", loc_args=["a"])),
    "loc-args-too-few": (texts(loc_key="%@", loc_args=[]), texts(loc_key="%@", loc_args=["a"])),
    "loc-key-without-args": (texts(loc_key="K"), texts(loc_key="K", loc_args=[])),
    "loc-args-without-key": (texts(body="x", loc_args=["a"]), texts(body="x")),
    "loc-args-text": (texts(loc_key="K", loc_args=[7]), texts(loc_key="K", loc_args=["7"])),
    "hidden-text": (
        texts(body="x", loc_key="K", loc_args=[]), texts(title="x", loc_key="K", loc_args=[]),
    ),
    "badge-type": (alert(badge="3"), alert(badge=3)),
    "sound-type": (alert(sound=1), alert(sound="default")),
    "sound-name": (alert(sound=CRITICAL | {"name": 1}), alert(sound=CRITICAL)),
    "sound-volume": (alert(sound=CRITICAL | {"volume": 100}), alert(sound=CRITICAL)),
    "sound-critical": (alert(sound={"name": "x"}), alert(sound=CRITICAL)),
    "sound-key": (alert(sound=CRITICAL | {"sound": "x"}), alert(sound=CRITICAL)),
    "text-type": (alert(thread_id=7), alert(thread_id="7")),
    "text-empty": (alert(thread_id=""), alert(thread_id=ABSENT)),
    # Apple's page spelled it so for years: sideshow/apns2#185.
    "interruption-level": (
        alert(interruption_level="time-senstive"), alert(interruption_level="time-sensitive"),
    ),
    "passive-sound": (
        alert(interruption_level="passive", sound="x"),
        alert(interruption_level="active", sound="x"),
    ),
    "relevance-score": (alert(relevance_score=2), alert(relevance_score=1)),
    "url-args": (alert(url_args="goals"), alert(url_args=["goals"])),
    "switch-type": (alert(mutable_content="1"), alert(mutable_content=1)),
    "mutable-without-alert": (
        alert(alert=ABSENT, badge=1, mutable_content=1), alert(badge=1, mutable_content=1),
    ),
    "wakes-nothing": (background(content_available=0), background(content_available=1)),
    "background-alert": (
        background(sound="x"),
        sent({"aps": {"content-available": 1}, "sound": "x"}, kind="background"),
    ),
    "background-keys": (background(category="goals"), background()),
    "activity-event": (activity("stop"), activity("end")),
    "activity-timestamp": (activity("update", timestamp=ABSENT), activity("update")),
    "activity-dates": (activity("update", timestamp=SOON), activity("update", timestamp=int(SOON))),
    "activity-timestamp-ahead": (
        activity("update", timestamp=int(NOW) * 1000), activity("update", timestamp=int(NOW)),
    ),
    "activity-state": (activity("update", content_state=ABSENT), activity("update")),
    "activity-attributes": (activity("start", attributes=ABSENT), activity("start")),
    "activity-start-alert": (activity("start", alert=ABSENT), activity("start")),
    "activity-channel": (
        activity("start", input_push_channel="?"), activity("start", input_push_channel=CHANNEL),
    ),
    "broadcast-start": (
        broadcast({"aps": activity_aps("start")}), broadcast({"aps": activity_aps("end")}),
    ),
    "activity-push-token": (
        activity("start", input_push_token="1"), activity("start", input_push_token=1),
    ),
    "activity-final-state": (activity("end", content_state=ABSENT), activity("end")),
    "activity-milliseconds": (
        activity("end", dismissal_date=int(NOW) * 1000), activity("end", dismissal_date=int(NOW)),
    ),
    "activity-stale": (activity("update", stale_date=1), activity("update", stale_date=int(SOON))),
    "activity-dismissal": (
        activity("update", dismissal_date=int(SOON)), activity("end", dismissal_date=int(SOON)),
    ),
    "activity-dismissal-late": (
        activity("end", dismissal_date=NOW + 4 * 3600 + 1),
        activity("end", dismissal_date=NOW + 4 * 3600),
    ),
    "activity-input": (
        activity("update", input_push_token=1), activity("start", input_push_token=1),
    ),
    "activity-score": (
        activity("update", relevance_score="1"), activity("update", relevance_score=100),
    ),
    "activity-sound": (
        activity("update", sound="x"), activity("update", alert={"body": "x", "sound": "x"}),
    ),
    "content-changed": (
        sent({"aps": {}}, kind="widgets"), sent({"aps": {"content-changed": True}}, kind="widgets"),
    ),
    "mdm-magic": (sent({"aps": {}}, kind="mdm"), sent({"mdm": "magic"}, kind="mdm")),
    "file-provider-container": (
        sent({"domain": "d"}, kind="fileprovider"),
        sent({"container-identifier": "c"}, kind="fileprovider"),
    ),
}  # fmt: skip
