"""What a push is judged as, and what is said of it."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.identifiers import Topic
from protocol.lint.judgement import Report, lint
from protocol.lint.push import Push, as_body, as_headers
from protocol.lint.words import did_you_mean, shown
from protocol.notification import PushType
from protocol.provider.http import HttpRequest
from tests.builders import BUNDLE_ID, NOW, PATH
from tests.protocol.lint.cases import ABSENT, activity, alert, bare, broadcast, sent, sized, texts

if TYPE_CHECKING:
    from protocol.lint.finding import Finding


def judged(payload: dict[str, Any], **headers: str) -> tuple[str, bool]:
    report = lint(bare(payload, **headers))
    return report.push_type, report.is_guessed


def only(report: Report) -> Finding:
    [finding] = report.findings
    return finding


@pytest.mark.parametrize(
    ("payload", "kind"),
    [
        ({"aps": {"alert": "x"}}, "alert"),
        ({"aps": {"alert": "x", "content-available": 1}}, "alert"),
        ({"aps": {"content-available": 1}}, "background"),
        ({"aps": {"event": "end"}}, "liveactivity"),
        ({"aps": {"content-state": {}}}, "liveactivity"),
        ({"aps": {"content-changed": True}}, "widgets"),
        ({"mdm": "magic"}, "mdm"),
        ({"mdm": "magic", "aps": {}}, "alert"),
        ({}, "alert"),
    ],
)
def test_a_payload_alone_is_judged_as_what_it_looks_like(
    payload: dict[str, Any], kind: str
) -> None:
    assert judged(payload) == (kind, True)


def test_a_header_or_a_suffix_says_what_it_is_a_bundle_id_alone_does_not() -> None:
    silent = {"aps": {"content-available": 1}}
    assert judged(silent, apns_push_type="alert") == ("alert", False)
    assert judged(silent, apns_push_type="alert", apns_topic="?") == ("alert", False)
    assert judged(silent, apns_topic=f"{BUNDLE_ID}.voip") == ("voip", False)
    assert judged(silent, apns_topic=BUNDLE_ID) == ("background", True)
    assert judged(silent, apns_push_type="Alert") == ("background", True)


def test_a_whole_request_that_says_nothing_is_an_alert_as_for_the_gateway() -> None:
    push = sent({"aps": {"content-available": 1}}, apns_push_type=None)
    report = lint(push)
    assert (report.push_type, report.is_guessed) == ("alert", False)
    assert [each.rule for each in report.findings] == ["missing-push-type", "nothing-to-show"]


def test_the_topic_of_a_certificate_stands_in_for_none() -> None:
    request = HttpRequest("POST", PATH, (("apns-push-type", "voip"),), b"{}")
    certificate = Topic(f"{BUNDLE_ID}.voip")
    rules = [each.rule for each in lint(Push(request, NOW, default_topic=certificate)).findings]
    assert "missing-topic" not in rules
    assert lint(Push(request, NOW, default_topic=Topic(BUNDLE_ID))).findings[0].rule == (
        "topic-suffix"
    )


def test_headers_are_sent_in_utf_8() -> None:
    named = as_headers({"APNS-Collapse-Id": "ü" * 33})
    assert named == (("apns-collapse-id", "Ã¼" * 33),)
    request = HttpRequest("POST", "/3/device/", named, b'{"aps":{"alert":"x"}}')
    assert only(lint(Push(request, NOW, is_whole=False))).rule == "collapse-id"


@pytest.mark.parametrize(
    ("payload", "body"),
    [({"a": ["ü", 1]}, '{"a":["ü",1]}'.encode()), ({"a": "\ud800"}, b'{"a":"\\ud800"}')],
)
def test_a_payload_is_judged_at_its_smallest(payload: dict[str, Any], body: bytes) -> None:
    assert as_body(payload) == body


# -- what is said ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("push", "advice"),
    [
        (alert(contentavailable=1), "did you mean content-available?"),
        (alert(mutable_Content=1), "did you mean mutable-content?"),
        (alert(mine=1), "put keys of your own beside aps"),
        (texts(body="x", titel="y"), "did you mean title?"),
        (texts(body="x", sound="y"), "move it: aps.sound"),
        (sent(apns_push_type="Background"), "did you mean background?"),
        (sent(apns_push_type="toast"), "send one of these"),
        (sent(apns_expiry="0"), "did you mean apns-expiration?"),
        (sent(kind="pushtotalk", apns_expiration="0", apns_priority="5"), "send 10"),
        (sent(apns_zebra="0"), "this call knows apns-collapse-id, "),
        (alert(interruption_level="time_sensitive"), "did you mean time-sensitive?"),
        (alert(interruption_level=7), "send one of these"),
        (alert(alert=None, content_available=1), "send it with apns-push-type: background"),
        (sent(sized(4097)), "send less, and have the app fetch the rest"),
        (sent(b'{"aps":{"alert":"x"}}' + b" " * 4096), "as compact JSON in plain UTF-8 it has 21"),
        (sent(b" " * 3900 + b'{"aps":{"alert":"x"}}'), "in plain UTF-8 it has 21"),
        (sent(b"\x1f\x8b\x08\xff"), "send it uncompressed"),
        (alert(sound={"critical": True}), 'send 1, or the name alone: "sound": "default"'),
    ],
)
def test_the_advice_is_about_the_mistake(push: Push, advice: str) -> None:
    assert advice in only(lint(push)).advice


def test_what_is_too_large_and_no_json_is_said_to_be_both() -> None:
    found = lint(sent(b"{" * 5000)).findings
    assert [each.rule for each in found] == ["too-large", "not-json"]
    assert found[0].what == "has 5000 bytes, 904 more than the 4096 of alert pushes"


def test_a_broadcast_of_which_only_the_payload_is_known_lacks_nothing() -> None:
    path = f"/4/broadcasts/apps/{BUNDLE_ID}"
    body = json.dumps({"aps": {"event": "end", "timestamp": NOW, "content-state": {}}}).encode()
    assert lint(Push(HttpRequest("POST", path, (), body), NOW, is_whole=False)).findings == ()


def test_a_whole_broadcast_without_required_headers_is_told_what_they_are_taken_for() -> None:
    found = lint(broadcast(apns_expiration=None, apns_priority=None)).findings
    assert [(each.where, each.what) for each in found] == [
        ("apns-expiration", "is missing; taken for: as long as the channel keeps it"),
        ("apns-priority", "is missing; taken for: 10"),
    ]


@pytest.mark.parametrize(
    ("path", "rules"),
    [
        ("/3/device/a/b", ["path"]),
        ("/4/broadcasts/apps/", ["path"]),
        ("/4/broadcasts/a/b", ["path"]),
    ],
)
def test_what_is_no_path_has_no_token_and_no_bundle_id(path: str, rules: list[str]) -> None:
    found = lint(sent(path=path)).findings
    assert [each.rule for each in found if each.where == ":path"] == rules


def test_a_priority_that_is_refused_is_not_warned_of_as_well() -> None:
    push = sent(kind="pushtotalk", apns_expiration="0", apns_priority="7")
    assert only(lint(push)).rule == "priority"
    assert [each.rule for each in lint(sent(apns_topic="a..voip")).findings] == ["topic"]


def test_of_a_thousand_mistakes_of_a_kind_twenty_are_told() -> None:
    body = json.dumps({"aps": {"alert": "x"} | {f"key{number}": 1 for number in range(1000)}})
    twice = body[:-2] + body[body.index(",") : -2] + "}}"
    counts = Counter(each.rule for each in lint(sent(twice.encode())).findings)
    assert counts == {"too-large": 1, "repeated-key": 20, "unknown-key": 20}


def test_where_a_repeated_key_is_can_be_found() -> None:
    body = b'{"aps":{"alert":"x"},"a":[{},{"b":1,"c":2,"b":3}]}'
    finding = only(lint(sent(body)))
    assert (finding.where, finding.rule) == ("a.1.b", "repeated-key")


@pytest.mark.parametrize(
    ("push", "what"),
    [
        (activity("update", timestamp=10**400), "is a number of seconds since 1970, not 1000"),
        (activity("update", content_state=[]), "is a dictionary, not an array"),
        (activity("start", attributes_type=""), 'is the name of a Swift type, not ""'),
        (activity("start", attributes_type=ABSENT), "is missing"),
        (activity("start", input_push_channel=7), "is a channel id in base64, not 7"),
        (
            activity("update", alert={"title": {"loc-key": "%@", "loc-args": []}, "body": "x"}),
            "is too short: %@ in '%@': there is no argument 1",
        ),
    ],
)
def test_what_is_wrong_with_a_live_activity_is_said(push: Push, what: str) -> None:
    assert only(lint(push)).what.startswith(what)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (True, "true"),
        (None, "null"),
        ("3", '"3"'),
        ({}, "a dictionary"),
        ([], "an array"),
        ("x" * 50, '"' + "x" * 39 + "…"),
    ],
)
def test_values_are_shown_as_their_author_wrote_them(value: object, text: str) -> None:
    assert shown(value) == text


def test_a_word_that_is_far_from_all_has_no_neighbour() -> None:
    assert did_you_mean("threadID", ["thread-id", "category"]) == "thread-id"
    assert did_you_mean("zzz", ["thread-id", "category"]) is None


json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(
    body=st.binary() | json_values.map(lambda value: json.dumps({"aps": value}).encode()),
    headers=st.dictionaries(st.sampled_from(["apns-topic", "apns-priority"]), st.text(max_size=9)),
    kind=st.sampled_from([None, *PushType]),
    is_whole=st.booleans(),
)
def test_whatever_is_sent_is_judged(
    body: bytes, headers: dict[str, str], kind: PushType | None, is_whole: bool
) -> None:
    named = {**headers, "apns-push-type": kind.value} if kind else headers
    request = HttpRequest("POST", PATH, as_headers(named), body)
    report = lint(Push(request, NOW, is_whole=is_whole))
    assert report.size == len(body)
    levels = [each.level for each in report.findings]
    assert levels == sorted(levels), "errors first"
