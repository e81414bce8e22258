"""Faults by the page: every kind of action is set in the form, and does what it says to a push."""

from __future__ import annotations

import json
import ssl
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.page.conftest import LOOKS
from tests.page.gateway import NOBODY, TOPIC

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Browser, Locator

    from apnsim.client import Apnsim
    from tests.page.gateway import PageGateway

# For those who wait in vain.
IMPATIENT = httpx.Timeout(10, read=0.5, write=0.5)


@dataclass
class Backend:
    """A provider with a connection of its own, so that a fault of connections meets it."""

    gateway: PageGateway
    token: str

    def push(
        self, token: str = "", *, times: int = 1, timeout: httpx.Timeout | float = 10
    ) -> httpx.Response:
        """Push on a new connection; the last answer."""
        info = self.gateway.info
        trust = ssl.create_default_context(cafile=info["ca_file"])
        url = f"{info['provider_url']}/3/device/{token or self.token}"
        headers = {"apns-topic": TOPIC, "authorization": self.gateway.bearer}
        with httpx.Client(http2=True, verify=trust, timeout=timeout) as client:
            for _ in range(times):
                answer = client.post(url, headers=headers, json={"aps": {"alert": "Hello"}})
        return answer


def answered(status: int, reason: str = "") -> Callable[[Backend], None]:
    def effect(backend: Backend) -> None:
        answer = backend.push()
        assert (answer.status_code, answer.json()["reason"] if reason else "") == (status, reason)

    return effect


def broken(*errors: type[httpx.HTTPError]) -> Callable[[Backend], None]:
    def effect(backend: Backend) -> None:
        with pytest.raises(errors):
            backend.push()

    return effect


def silent(backend: Backend) -> None:
    with pytest.raises(httpx.ReadTimeout):
        backend.push(timeout=IMPATIENT)


def taken(backend: Backend) -> None:
    assert backend.push().status_code == 200


def stalled(backend: Backend) -> None:
    # The first request may be sent before the client has heard of the window.
    with pytest.raises(httpx.TimeoutException):
        backend.push(times=2, timeout=IMPATIENT)


def late(backend: Backend) -> None:
    began = time.monotonic()
    taken(backend)
    assert time.monotonic() - began >= 0.2


def in_pieces(backend: Backend) -> None:
    answer = backend.push(NOBODY)
    assert (answer.status_code, answer.json()) == (400, {"reason": "BadDeviceToken"})


def cut_off(backend: Backend) -> None:
    answer = backend.push(NOBODY)
    assert (answer.status_code, answer.content) == (400, b'{"rea')


def nothing(_: Backend) -> None:
    """The storm is over once the rule is made."""


@dataclass(frozen=True)
class Case:
    """What is written into the form, and what comes of it."""

    effect: Callable[[Backend], None]
    fields: dict[str, str] = field(default_factory=dict)
    is_told: bool = False
    """Whether the timeline of the push says what was done to it on its way."""


# By the word of the action. The page offers what the gateway knows; a test holds the two together.
CASES: dict[str, Case] = {
    "answer": Case(answered(429, "TooManyRequests"), {"status": "429"}),
    "delay": Case(late, {"seconds (needed)": "0.2"}),
    "never-answer": Case(silent),
    "outage": Case(answered(503, "Shutdown"), {"reason": "Shutdown"}),
    "pass": Case(taken),
    "reset-stream": Case(broken(httpx.RemoteProtocolError), {"code": "REFUSED_STREAM"}),
    "pieces": Case(in_pieces, {"bytes each": "3"}),
    "truncate": Case(cut_off, {"bytes": "5"}),
    "goaway": Case(broken(httpx.RemoteProtocolError), {"reason": "InternalServerError"}),
    "settings": Case(taken, {"max concurrent streams": "7"}),
    "close": Case(broken(httpx.NetworkError, httpx.RemoteProtocolError), {"how": "reset"}),
    "no-ping-ack": Case(taken),
    "no-window": Case(stalled, {"stream bytes": "0"}),
    "idle-close": Case(taken, {"seconds (needed)": "30"}),
    "tls": Case(broken(httpx.ConnectError), {"how (needed)": "expired"}),
    "drop-ack": Case(taken, is_told=True),
    "duplicate": Case(taken, {"copies": "3"}, is_told=True),
    "delay-delivery": Case(taken, {"seconds (needed)": "0.2"}, is_told=True),
    "disconnect": Case(taken, {"sent": "false"}, is_told=True),
    "storm": Case(nothing),
}


@pytest.fixture
def backend(gateway: PageGateway) -> Backend:
    return Backend(gateway, gateway.phone())


def form(page: Page) -> Locator:
    return page.get_by_role("region", name="A rule of your own")


def write(page: Page, label: str, value: str) -> None:
    found = form(page).get_by_label(label, exact=True)
    if found.evaluate("element => element.tagName") == "SELECT":
        found.select_option(value)
    else:
        found.fill(value)


def rule_list(page: Page) -> Locator:
    return page.get_by_role("region", name="Rules, in the order")


@pytest.fixture(scope="module")
def rules_page(browser: Browser, running: PageGateway) -> Iterator[Page]:
    """One tab for all the kinds of actions: as a person would, and much faster."""
    with browser.new_page(base_url=running.console_url) as page:
        page.goto("/#/rules")
        yield page


@pytest.mark.parametrize("kind", CASES)
def test_every_action_is_set_in_the_form_and_strikes_a_push(
    rules_page: Page, backend: Backend, kind: str
) -> None:
    case, page = CASES[kind], rules_page
    expect(rule_list(page).get_by_role("listitem")).to_have_count(0)
    form(page).get_by_role("button", name="Start over").click()
    form(page).get_by_label("Action").select_option(kind)
    for label, value in case.fields.items():
        write(page, label, value)
    write(page, "times", "1")
    form(page).get_by_role("button", name="Make the rule").click()
    expect(rule_list(page).get_by_role("listitem")).to_contain_text(kind)
    case.effect(backend)
    expect(rule_list(page).get_by_role("listitem")).to_contain_text("1 hit")
    if case.is_told:
        [push] = backend.gateway.apnsim.notifications(token=backend.token)
        assert any(event.state == "Fault" for event in push.timeline)


def test_the_form_offers_what_the_gateway_knows(page: Page) -> None:
    page.goto("/#/rules")
    offered = form(page).get_by_label("Action").locator("option")
    expect(offered.first).to_be_attached()
    assert {option.get_attribute("value") for option in offered.all()} == set(CASES)


def test_three_pushes_fail_with_503_in_two_clicks(page: Page, backend: Backend) -> None:
    page.goto("/")
    page.get_by_role("link", name="Rules").click()
    page.get_by_role("button", name="Fail the next 3 with 503").click()
    expect(rule_list(page).get_by_role("listitem")).to_contain_text("answer status=503")
    assert [backend.push().status_code for _ in range(4)] == [503, 503, 503, 200]
    expect(rule_list(page).get_by_role("listitem")).to_contain_text("3 hits of 3 seen")
    expect(rule_list(page).get_by_text("spent")).to_be_visible()


def test_the_keyboard_stays_where_it_is_while_the_gateway_is_at_it(
    page: Page, apnsim: Apnsim
) -> None:
    page.goto("/#/rules")
    quick = page.get_by_role("button", name="Fail the next 3 with 503")
    quick.press("Enter")
    expect(rule_list(page).get_by_role("listitem")).to_have_count(1)
    expect(quick).to_be_focused()
    page.get_by_role("button", name="Never answer the next").click()
    switch = rule_list(page).get_by_role("switch", name="On: rule 1")
    switch.press("Space")
    expect(rule_list(page).get_by_role("listitem").first).to_have_class("rests")
    expect(switch).to_be_focused()
    later = page.get_by_role("button", name="Ask rule 1 later")
    later.press("Enter")
    expect(rule_list(page).get_by_role("listitem").last).to_contain_text("Rule 1")
    expect(later).to_be_focused()
    assert len(list(apnsim.rules)) == 2


def test_a_quick_rule_can_be_for_one_token_or_one_app(page: Page, gateway: PageGateway) -> None:
    token = gateway.phone()
    page.goto("/#/rules")
    page.get_by_label("This token").select_option(token)
    page.get_by_role("button", name="410 for this token").click()
    expect(rule_list(page).get_by_text(f"token={token}")).to_be_visible()
    assert gateway.push(token).status_code == 410
    page.get_by_label("For", exact=True).select_option(TOPIC)
    page.get_by_role("button", name="Outage until further notice").click()
    expect(rule_list(page).get_by_text(f"bundle_id={TOPIC}")).to_be_visible()


@pytest.mark.parametrize("look", LOOKS, ids=str)
def test_a_mistake_is_shown_at_its_field(
    page: Page, accessible: Callable[[], None], shot: Callable[[str], None]
) -> None:
    page.goto("/#/rules")
    page.get_by_role("button", name="Never answer the next").click()
    write(page, "status", "99")
    write(page, "times", "0")
    form(page).get_by_text("When: everything").click()
    write(page, "nth", "x")
    form(page).get_by_role("button", name="Make the rule").click()
    expect(form(page).get_by_label("status")).to_have_attribute("aria-invalid", "true")
    expect(form(page).get_by_text("greater than or equal to 200")).to_be_visible()
    for name in ("times", "nth"):
        expect(form(page).get_by_label(name, exact=True)).to_have_attribute("aria-invalid", "true")
    accessible()
    shot("rules")


def test_a_rule_of_several_steps_is_previewed_as_json_and_made(
    page: Page, backend: Backend, apnsim: Apnsim
) -> None:
    page.goto("/#/rules")
    write(page, "status", "503")
    form(page).get_by_role("button", name="And then").click()
    form(page).get_by_label("Action 2").select_option("answer")
    form(page).get_by_label("reason", exact=True).nth(1).fill("TooManyRequests")
    form(page).get_by_text("When: everything").click()
    write(page, "topic", '["com.example.*"]')
    write(page, "probability", "1.0")
    written: dict[str, Any] = {
        "match": {"topic": ["com.example.*"]},
        "action": [
            {"type": "answer", "status": 503},
            {"type": "answer", "reason": "TooManyRequests"},
        ],
        "probability": 1,
    }
    assert json.loads(form(page).get_by_role("group", name="Rule").inner_text()) == written
    form(page).get_by_role("button", name="Make the rule").click()
    expect(rule_list(page).get_by_role("listitem")).to_have_count(1)
    [rule] = apnsim.rules
    assert (rule.match, rule.action) == (written["match"], written["action"])
    assert [backend.push().status_code for _ in range(3)] == [503, 429, 200]


def test_rules_rest_are_moved_and_deleted(page: Page, backend: Backend, apnsim: Apnsim) -> None:
    apnsim.rules.add({"type": "answer", "status": 503})
    apnsim.rules.add({"type": "answer", "status": 429})
    page.goto("/#/rules")
    items = rule_list(page).get_by_role("listitem")
    expect(items).to_have_count(2)
    page.get_by_role("button", name="Ask rule 2 earlier").click()
    expect(items.first).to_contain_text("Rule 2")
    assert backend.push().status_code == 429
    items.first.get_by_role("switch", name="On").click()
    expect(items.first).to_have_class("rests")
    assert backend.push().status_code == 503
    page.get_by_role("button", name="Delete rule 1").click()
    expect(items).to_have_count(1)
    assert backend.push().status_code == 200
