"""Pushing from the page."""

from __future__ import annotations

import json
from itertools import count
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Page, Route, expect

from tests.page.conftest import LOOKS
from tests.page.gateway import NOBODY, TOPIC

if TYPE_CHECKING:
    from collections.abc import Callable

    from apnsim.client import Apnsim
    from tests.page.gateway import PageGateway

# The templates for an app that has a token of each kind; the linter has nothing to say of any.
TEMPLATES = [
    "Alert",
    "Time sensitive, in a thread",
    "Critical alert",
    "Badge alone",
    "Changed by the service extension",
    "Background",
    "VoIP call",
]


@pytest.mark.parametrize("look", LOOKS, ids=str)
def test_a_push_is_linted_while_it_is_written_and_sent(
    page: Page,
    gateway: PageGateway,
    apnsim: Apnsim,
    accessible: Callable[[], None],
    shot: Callable[[str], None],
) -> None:
    token = gateway.phone()
    page.goto("/#/send")
    expect(page.get_by_label("Device token")).to_have_value(token)
    expect(page.get_by_label("Topic")).to_have_value(TOPIC)
    expect(page.get_by_text("Nothing to complain about.")).to_be_visible()
    page.get_by_label("Payload").fill('{"aps": {"alert": "Hello", "badge": "3"}}')
    expect(page.get_by_text("badge-type")).to_be_visible()
    accessible()
    shot("send")
    page.get_by_label("Payload").fill('{"aps": {"alert": "Hello", "badge": 3}}')
    page.get_by_label("Priority").select_option("5")
    page.get_by_label("Waits for the phone").select_option("3600")
    page.get_by_label("Collapse id").fill("game-1")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("status").get_by_text("200", exact=True)).to_be_visible()
    [push] = apnsim.notifications(token=token)
    assert (push.priority, push.collapse_id) == (5, "game-1")
    assert push.expires_at == pytest.approx(push.received_at + 3600, abs=90)
    page.get_by_role("link", name="What became of it").click()
    expect(page).to_have_url(f"/#/notifications/{push.apns_id}")


def test_what_is_refused_is_told_with_its_reason(page: Page) -> None:
    page.goto("/#/send")
    page.get_by_label("Device token").fill(NOBODY)
    page.get_by_label("Topic").fill(TOPIC)
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_text("400 BadDeviceToken")).to_be_visible()


def test_a_rule_that_never_answers_is_told_as_such(page: Page, gateway: PageGateway) -> None:
    token = gateway.phone()
    gateway.apnsim.rules.add({"type": "close", "how": "reset"})
    page.goto("/#/send")
    expect(page.get_by_label("Device token")).to_have_value(token)
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("alert")).to_contain_text("a rule may have ended it")


def test_what_could_not_be_read_is_read_when_the_gateway_is_back(
    page: Page, gateway: PageGateway
) -> None:
    token = gateway.phone()
    held: list[Route] = []
    page.route("**/api/v1/devices", lambda route: route.abort())
    page.route("**/api/v1/events", lambda route: held.append(route))
    page.route("**/api/v1/events", lambda route: route.fulfill(body=":\n\n"), times=1)
    tries = count()
    is_second = lambda request: request.url.endswith("/events") and next(tries) == 1  # noqa: E731
    with page.expect_request(is_second):
        page.goto("/#/send")
    expect(page.get_by_role("alert")).to_contain_text("The gateway does not answer")
    page.unroute("**/api/v1/devices")
    with page.expect_request("**/api/v1/devices"):
        held[0].continue_()
    expect(page.get_by_label("Device token")).to_have_value(token)
    expect(page.get_by_role("alert")).to_have_count(0)


def test_a_reset_by_somebody_else_takes_the_tokens_away(page: Page, gateway: PageGateway) -> None:
    token = gateway.phone()
    page.goto("/#/send")
    option = page.get_by_label("To", exact=True).locator(f"option[value='{token}']")
    expect(option).to_be_attached()
    gateway.apnsim.reset()
    expect(option).to_have_count(0)


def test_every_template_is_accepted_and_the_linter_finds_nothing(
    page: Page, apnsim: Apnsim
) -> None:
    phone = apnsim.create_device(name="Anna's iPhone")
    phone.install(TOPIC, push_types=["alert", "background", "voip"])
    page.goto(f"/#/send?device={phone.id}&app={TOPIC}")
    for label in TEMPLATES:
        name = "Example, voip" if label == "VoIP call" else "Example, alert"
        page.get_by_label("To", exact=True).select_option(
            page.get_by_label("To", exact=True)
            .locator("option", has_text=name)
            .get_attribute("value")
        )
        page.get_by_label("Begin with").select_option(label)
        expect(page.get_by_text("Nothing to complain about.")).to_be_visible()
        page.get_by_role("button", name="Send").click()
        expect(page.get_by_role("status").get_by_text("200", exact=True)).to_be_visible()
    assert len(apnsim.notifications(device=phone.id)) == len(TEMPLATES)


def test_a_live_activity_is_started_updated_and_ended(page: Page, apnsim: Apnsim) -> None:
    phone = apnsim.create_device(name="Anna's iPhone")
    app = phone.install(TOPIC)
    app.push_to_start_token("DeliveryAttributes")
    page.goto("/#/send")
    to = page.get_by_label("To", exact=True)
    steps = (
        ("Live Activity: start", "starts DeliveryAttributes"),
        ("Live Activity: update", "updates DeliveryAttributes"),
        ("Live Activity: end", "updates DeliveryAttributes"),
    )
    for number, (label, option) in enumerate(steps, 1):
        found = to.locator("option", has_text=option)
        expect(found).to_be_attached()
        to.select_option(found.get_attribute("value"))
        page.get_by_label("Begin with").select_option(label)
        sent = json.loads(page.get_by_label("Payload").input_value())
        page.get_by_role("button", name="Send").click()
        expect(page.get_by_role("status").get_by_text("200", exact=True)).to_be_visible()
        apnsim.wait_for_notifications(number, device=phone.id, state="Presented")
        [activity] = app.activities()
        if label == "Live Activity: start":
            page.reload()
            expect(page.get_by_label("Device token")).not_to_have_value("")
    assert activity.content_state == sent["aps"]["content-state"]
    assert activity.state == "ended"
