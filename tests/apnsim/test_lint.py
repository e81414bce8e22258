"""``apnsim lint``: what it prints, and with which code it ends."""

from __future__ import annotations

import io
import json
import sys
from typing import TYPE_CHECKING

import pytest

from apnsim.request_file import BadRequestFileError, read_request
from protocol.lint.table import RULES

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.apnsim.conftest import Outcome

REQUEST = b"""POST /3/device/0f3a HTTP/2
host: 127.0.0.1
apns-topic: com.example.app
apns-push-type: alert

{"aps":{"alert":"Hello"}}
"""


@pytest.fixture
def file(tmp_path: Path) -> Callable[..., str]:
    def write(text: str | bytes, name: str = "push.json") -> str:
        (tmp_path / name).write_bytes(text if isinstance(text, bytes) else text.encode())
        return name

    return write


def test_a_clean_payload_ends_with_0(
    apnsim: Callable[..., Outcome], file: Callable[..., str]
) -> None:
    outcome = apnsim("lint", file('{"aps":{"alert":"Hello"}}'), "--push-type", "alert")
    assert outcome.code == 0
    assert outcome.out == "push.json: alert push, 25 of 4096 bytes\n  nothing to say\n"


def test_what_is_wrong_is_said_with_the_place_the_cure_the_outcome_and_the_source(
    apnsim: Callable[..., Outcome], file: Callable[..., str]
) -> None:
    outcome = apnsim("lint", file('{"aps":{"alert":"Hello","badge":"3"}}'), "--priority", "7")
    assert outcome.code == 1
    apple = "https://developer.apple.com/documentation/usernotifications"
    assert outcome.out.splitlines() == [
        "push.json: alert push, by its looks (--push-type says), 37 of 4096 bytes",
        "  error apns-priority: apns-priority is 10, 5 or 1, not '7'",
        "    → send 10 (at once), 5 (when it suits the battery) or 1, or leave it out",
        "    APNs refuses it: 400 BadPriority [priority]",
        f"    {apple}/sending-notification-requests-to-apns",
        '  warning aps.badge: is a whole number, not "3"',
        "    → send a number without quotes; 0 clears it",
        "    the phone leaves this part out [badge-type]",
        f"    {apple}/generating-a-remote-notification",
        "  1 error, 1 warning",
    ]


def test_warnings_fail_when_they_are_asked_to(
    apnsim: Callable[..., Outcome], file: Callable[..., str]
) -> None:
    name = file('{"aps":{"alert":"Hello","badge":"3","sounds":"x"}}')
    outcome = apnsim("lint", name)
    assert outcome.code == 0
    assert outcome.out.endswith("  2 warnings\n")
    assert apnsim("lint", name, "--strict").code == 1


def test_of_several_files_one_that_is_wrong_is_enough(
    apnsim: Callable[..., Outcome], file: Callable[..., str]
) -> None:
    good, bad = file('{"aps":{"alert":"x"}}', "good.json"), file("[]", "bad.json")
    outcome = apnsim("lint", bad, good, "--format", "json")
    told = [json.loads(line) for line in outcome.out.splitlines()]
    assert outcome.code == 1
    assert [each["file"] for each in told] == ["bad.json", "good.json"]
    assert [(each["reason"], each["status"]) for each in told[0]["findings"]] == [
        ("PayloadEmpty", 400)
    ]
    assert told[1] == {
        "file": "good.json",
        "push_type": "alert",
        "guessed": True,
        "size": 21,
        "max_size": 4096,
        "findings": [],
    }


def test_a_payload_comes_from_standard_input(
    apnsim: Callable[..., Outcome], monkeypatch: pytest.MonkeyPatch
) -> None:
    stdin = io.TextIOWrapper(io.BytesIO('{"aps":{"alert":"ü"}}'.encode()))
    monkeypatch.setattr(sys, "stdin", stdin)
    outcome = apnsim("lint", "-")
    assert (outcome.code, outcome.out.splitlines()[0].partition(":")[0]) == (0, "-")
    assert "22 of 4096 bytes" in outcome.out


@pytest.mark.parametrize(
    ("option", "value", "reason"),
    [
        ("--topic", "com..example", "BadTopic"),
        ("--push-type", "Alert", "InvalidPushType"),
        ("--expiration", "tomorrow", "BadExpirationDate"),
        ("--collapse-id", "ü" * 33, "BadCollapseId"),
        ("--apns-id", "7", "BadMessageId"),
    ],
)
def test_every_header_may_be_given_and_is_judged(
    apnsim: Callable[..., Outcome], file: Callable[..., str], option: str, value: str, reason: str
) -> None:
    outcome = apnsim("lint", file('{"aps":{"alert":"x"}}'), option, value)
    assert outcome.code == 1
    assert f"400 {reason}" in outcome.out


def test_a_whole_request_is_judged_with_all_that_it_lacks(
    apnsim: Callable[..., Outcome], file: Callable[..., str]
) -> None:
    whole = apnsim("lint", "--request", file(REQUEST))
    assert whole.code == 0
    assert "nothing to say" in whole.out
    headless = file(b"POST /3/device/0f3a\n\n" + REQUEST.partition(b"\n\n")[2])
    outcome = apnsim("lint", "--request", headless)
    assert outcome.code == 1
    assert "400 MissingTopic" in outcome.out
    assert "[missing-push-type]" in outcome.out
    again = apnsim("lint", "--request", headless, "--topic", "com.example", "--push-type", "alert")
    assert again.code == 0


def test_what_curl_shows_of_a_request_is_one() -> None:
    shown = REQUEST.partition(b"\n\n")[0].replace(b"\n", b"\r\n> ")
    request = read_request(b"> " + shown + b"\r\n> \r\n" + b"{}\r\n\r\n")
    assert (request.method, request.path, request.body) == (
        "POST",
        "/3/device/0f3a",
        b"{}\r\n\r\n",
    )
    assert request.headers == (
        ("host", "127.0.0.1"),
        ("apns-topic", "com.example.app"),
        ("apns-push-type", "alert"),
    )
    assert read_request(b"GET /").body == b""


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (b'{"aps":{}}', "line 1: expected a method and a path, such as POST /3/device/<token>"),
        (b"POST /3/device/ab\napns-topic\n\n{}", "line 2: expected a header, such as"),
        (b"POST /3/device/ab\na: b\n{}", "line 3: expected a header"),
    ],
)
def test_what_is_no_request_is_bad_usage_and_names_the_line(
    apnsim: Callable[..., Outcome], file: Callable[..., str], text: bytes, says: str
) -> None:
    outcome = apnsim("lint", "--request", file(text))
    assert outcome.code == 2
    assert f"push.json: {says}" in outcome.error
    with pytest.raises(BadRequestFileError, match="expected"):
        read_request(text)


def test_bad_usage_ends_with_2(apnsim: Callable[..., Outcome]) -> None:
    assert "which payload? give a file, or -" in apnsim("lint").error
    outcome = apnsim("lint", "missing.json")
    assert (outcome.code, outcome.error) == (
        2,
        "apnsim lint: missing.json: No such file or directory",
    )


def test_every_rule_can_be_listed(apnsim: Callable[..., Outcome]) -> None:
    listed = apnsim("lint", "--rules").out.splitlines()
    assert [line.split()[:2] for line in listed] == [[rule.level, rule.id] for rule in RULES]
    told = [
        json.loads(line) for line in apnsim("lint", "--rules", "--format", "json").out.splitlines()
    ]
    assert [each["rule"] for each in told] == [rule.id for rule in RULES]
    assert set(told[0]) == {"rule", "level", "effect", "about", "source"}
