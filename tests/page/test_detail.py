"""One push with all that is known of it, and what can be done with it."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import time
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Page, expect

from tests.page.clipboard import copied
from tests.page.conftest import LOOKS
from tests.page.gateway import NOBODY

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Locator

    from tests.page.gateway import PageGateway

DIFFICULT = {"aps": {"alert": 'It\'s "quoted" $HOME `id` \\ ü 👍'}, "big": 2**63, "n": "a\nb"}


def details(page: Page) -> Locator:
    return page.get_by_role("region", name="Details")


def part(page: Page, name: str) -> Locator:
    return details(page).get_by_role("region", name=name)


def show(page: Page, apns_id: str) -> None:
    page.goto(f"/#/notifications/{apns_id}")
    expect(details(page).get_by_role("button", name="Copy payload", exact=True)).to_be_visible()


def command(page: Page, name: str) -> Locator:
    return details(page).get_by_role("button", name=name, exact=True)


def bash(line: str) -> str:
    return subprocess.run(
        ["bash", "-c", line], check=True, capture_output=True, text=True, timeout=30
    ).stdout


@pytest.mark.parametrize("look", LOOKS, ids=str)
def test_a_push_is_told_from_its_request_to_its_end(
    page: Page,
    gateway: PageGateway,
    accessible: Callable[[], None],
    shot: Callable[[str], None],
) -> None:
    token = gateway.phone("Anna's iPhone")
    apns_id = gateway.push(token, {"aps": {"alert": "Goal!", "badge": "3"}}).headers["apns-id"]
    show(page, apns_id)
    expect(part(page, "Timeline").get_by_role("listitem")).to_contain_text(
        ["Received by APNs", "Delivered to Device", "Presented"]
    )
    expect(part(page, "Linter")).to_contain_text("badge")
    expect(part(page, "Linter")).to_contain_text("warning")
    expect(part(page, "Push").get_by_role("link", name="Anna's iPhone")).to_be_visible()
    expect(part(page, "Request")).to_contain_text("bearer [redacted]")
    expect(part(page, "Answer")).to_contain_text("200")
    accessible()
    shot("detail")


def test_what_is_kept_for_30_days_has_30_left_a_minute_later(
    page: Page, gateway: PageGateway
) -> None:
    apns_id = gateway.push(gateway.phone(online=False)).headers["apns-id"]
    gateway.apnsim.advance_clock(60)
    show(page, apns_id)
    expect(part(page, "Push")).to_contain_text("(in 30 d)")


def test_a_refused_request_says_why(page: Page, gateway: PageGateway) -> None:
    show(page, gateway.push(NOBODY, b"no JSON").headers["apns-id"])
    expect(part(page, "Answer")).to_contain_text("400")
    expect(part(page, "Payload")).to_contain_text("This is no JSON dictionary")
    expect(part(page, "Payload")).to_contain_text("no JSON")


def test_the_payload_is_pretty_and_as_it_was_received(page: Page, gateway: PageGateway) -> None:
    body = b'{"aps" : {"alert":"Hi"},  "big": 12345678901234567890}'
    show(page, gateway.push(gateway.phone(), body).headers["apns-id"])
    expect(part(page, "Payload").get_by_role("group", name="Payload as shown")).to_contain_text(
        '{\n  "aps": {\n    "alert": "Hi"\n  },'
    )
    part(page, "Payload").get_by_role("button", name="As received").click()
    expect(part(page, "Payload").get_by_role("group", name="Payload as shown")).to_have_text(
        body.decode()
    )
    assert copied(command(page, "Copy payload")).encode() == body


def test_what_was_copied_is_said_for_a_while(page: Page, gateway: PageGateway) -> None:
    page.clock.install()
    show(page, gateway.push(NOBODY).headers["apns-id"])
    page.clock.pause_at(time.time() + 60)
    command(page, "Copy payload").click()
    expect(command(page, "Copied")).to_be_visible()
    page.clock.run_for(2000)
    expect(command(page, "Copy payload")).to_be_visible()


def test_what_happens_to_an_open_push_is_shown(page: Page, gateway: PageGateway) -> None:
    token = gateway.phone(online=False)
    show(page, gateway.push(token).headers["apns-id"])
    expect(part(page, "Timeline")).not_to_contain_text("Delivered")
    gateway.apnsim.devices()[0].update(online=True)
    expect(part(page, "Timeline")).to_contain_text("Delivered to Device (From Storage)")


def test_the_others_with_the_same_apns_id_are_reached(page: Page, gateway: PageGateway) -> None:
    apns_id = "11111111-2222-3333-4444-555555555555"
    for text in ("First", "Second"):
        gateway.push(NOBODY, text, apns_id=apns_id)
    show(page, apns_id)
    heading = details(page).get_by_role("heading", level=2)
    expect(heading).to_have_text("Second")
    part(page, "The same apns-id").get_by_role("link").click()
    expect(heading).to_have_text("First")


def test_a_push_is_resent_edited_and_shown(page: Page, gateway: PageGateway) -> None:
    token = gateway.phone()
    first = gateway.push(token, "Hello", apns_collapse_id="match").headers["apns-id"]
    show(page, first)
    details(page).get_by_role("button", name="Resend").click()
    dialog = page.get_by_role("dialog", name="Resend")
    dialog.get_by_label("Payload").fill('{"aps":{"alert":"Edited"}}')
    headers = dialog.get_by_label("Headers")
    expect(headers).to_have_value(re.compile("apns-collapse-id: match"))
    headers.fill("apns-topic com.example.app")
    expect(dialog.get_by_text("write name: value")).to_be_visible()
    headers.fill("apns-topic: com.example.app\napns-push-type: alert\napns-priority: 5")
    dialog.get_by_role("button", name="Resend").click()
    expect(details(page).get_by_role("heading", name="Edited")).to_be_visible()
    expect(part(page, "Push")).to_contain_text("5: power considered")
    expect(part(page, "Push")).not_to_contain_text("match")
    assert first not in page.url
    [_, again] = gateway.apnsim.notifications(token=token)
    assert again.payload == {"aps": {"alert": "Edited"}}


def test_a_resend_that_is_refused_says_so(
    page: Page, gateway: PageGateway, accessible: Callable[[], None], shot: Callable[[str], None]
) -> None:
    show(page, gateway.push(NOBODY).headers["apns-id"])
    details(page).get_by_role("button", name="Resend").click()
    dialog = page.get_by_role("dialog", name="Resend")
    expect(dialog.get_by_label("Payload")).to_be_visible()
    accessible()
    shot("resend")
    dialog.get_by_role("button", name="Resend").click()
    expect(page.get_by_text("Sent again, and refused: 400 BadDeviceToken")).to_be_visible()


def test_a_resend_without_an_answer_keeps_the_dialog(page: Page, gateway: PageGateway) -> None:
    show(page, gateway.push(NOBODY).headers["apns-id"])
    gateway.apnsim.rules.add({"type": "goaway"}, times=1)
    details(page).get_by_role("button", name="Resend").click()
    dialog = page.get_by_role("dialog", name="Resend")
    dialog.get_by_role("button", name="Resend").click()
    expect(dialog.get_by_role("alert")).to_contain_text("a rule may have ended it")


@pytest.mark.parametrize("environment", ["development", "production"])
def test_the_curl_line_works_where_it_is_pasted(
    page: Page, gateway: PageGateway, environment: str
) -> None:
    assert shutil.which("curl"), "apt-get install curl"
    token = gateway.phone(environment=environment)
    answer = gateway.push(
        token,
        DIFFICULT,
        environment=environment,
        apns_collapse_id="it's a match",
        apns_priority="5",
    )
    assert answer.status_code == 200, answer.text
    show(page, answer.headers["apns-id"])
    assert "HTTP/2 200" in bash(copied(command(page, "Copy as curl")))
    [first, second] = gateway.apnsim.notifications(token=token)
    assert second.payload == first.payload == DIFFICULT
    assert (second.collapse_id, second.priority) == ("it's a match", 5)


def test_the_curl_line_of_a_payload_that_is_no_text_works(page: Page, gateway: PageGateway) -> None:
    show(page, gateway.push(NOBODY, b"\xff\x00@'").headers["apns-id"])
    assert "HTTP/2 400" in bash(copied(command(page, "Copy as curl")))
    [first, second] = gateway.apnsim.requests()
    assert second.raw_payload == first.raw_payload != ""


def test_the_apnsim_send_line_works_where_it_is_pasted(page: Page, gateway: PageGateway) -> None:
    token = gateway.phone()
    answer = gateway.push(token, DIFFICULT, apns_collapse_id="it's a match", apns_priority="5")
    show(page, answer.headers["apns-id"])
    assert bash(copied(command(page, "Copy as apnsim send"))).startswith("200 apns-id")
    [first, second] = gateway.apnsim.notifications(token=token)
    assert second.payload == first.payload == json.loads(json.dumps(DIFFICULT))
    assert (second.collapse_id, second.priority) == ("it's a match", 5)


def test_everything_is_exported(page: Page, gateway: PageGateway) -> None:
    gateway.push(NOBODY)
    page.goto("/")
    page.get_by_role("button", name="Export").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="HTTP archive (HAR)").click()
    archive = json.loads(download.value.path().read_text())
    assert len(archive["log"]["entries"]) == 1


def test_what_a_search_found_is_exported(
    page: Page, gateway: PageGateway, accessible: Callable[[], None], shot: Callable[[str], None]
) -> None:
    again = "Goal \u2028again"  # which ends a line for JavaScript, and none of JSON lines
    for text in ("Goal", "Kick-off", again):
        gateway.push(gateway.phone(), {"aps": {"alert": text}})
    gateway.push(NOBODY)
    page.goto("/#/notifications?q=goal")
    page.get_by_role("button", name="Export").click()
    dialog = page.get_by_role("dialog", name="Export")
    expect(dialog.get_by_label("What the search found (2)")).to_be_checked()
    accessible()
    shot("export")
    with page.expect_download() as har:
        dialog.get_by_role("button", name="HTTP archive (HAR)").click()
    with page.expect_download() as lines:
        dialog.get_by_role("button", name="JSON lines").click()
    assert len(json.loads(har.value.path().read_text())["log"]["entries"]) == 2
    stories = [json.loads(line) for line in lines.value.path().read_text().split("\n")[:-1]]
    assert {story["payload"]["aps"]["alert"] for story in stories} == {"Goal", again}
    dialog.get_by_label("Everything").check()
    with page.expect_download() as everything:
        dialog.get_by_role("button", name="JSON lines").click()
    assert everything.value.path().read_text().count("\n") == 4


@pytest.mark.parametrize(
    "payload",
    [
        b'{"aps":{"alert":"<img src=x onerror=alert(1)><script>alert(2)</script>"}}',
        b'{"aps":{"alert":{"title":{"x":1},"body":[2],"loc-key":3,"loc-args":null}}}',
        b'{"aps":{"alert":4}}',
        b'{"aps":[1],"alert":null}',
        b'{"aps":null}',
        b'{"aps":{"alert":"\\ud800 \\u202e half a pair"}}',
        b'{"aps":' + b'{"a":' * 500 + b"1" + b"}" * 501,
        b'{"__proto__":{"polluted":1},"constructor":2,"aps":{"alert":"x"}}',
        b'{"n":1e999,"m":NaN}',
        "{'aps':{}}\ufeff\0".encode(),
        b"\xff\xfe",
        b"",
    ],
    ids=lambda payload: payload[:24].decode("latin-1"),
)
def test_whatever_was_pushed_can_be_looked_at(
    page: Page, gateway: PageGateway, payload: bytes
) -> None:
    show(page, gateway.push(gateway.phone(), payload).headers["apns-id"])
    expect(part(page, "Payload")).to_be_visible()
    details(page).get_by_role("button", name="Resend").click()
    expect(page.get_by_role("dialog", name="Resend")).to_be_visible()
    assert page.evaluate("({}).polluted") is None


@pytest.mark.parametrize("name", ["unknown", "%E0%A4%A", "..%2F..%2Finfo", "<b>"])
def test_a_push_that_is_not_there_is_said_not_to_be(page: Page, name: str) -> None:
    page.goto(f"/#/notifications/{name}")
    expect(details(page).get_by_role("alert")).to_contain_text(
        re.compile("the journal has no push|there is no ")
    )
