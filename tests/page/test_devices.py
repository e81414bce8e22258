"""Phones on the page: what a person sees, and what can be done to them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Page, expect

from tests.page.clipboard import copied
from tests.page.conftest import LOOKS
from tests.page.gateway import TOPIC

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Locator

    from apnsim.client import Apnsim
    from tests.page.gateway import PageGateway

INVITATION = {"aps": {"alert": {"title": "Ben", "body": "Shall we play?"}, "badge": 2}}


def open_phone(page: Page, apnsim: Apnsim) -> None:
    [device] = apnsim.devices()
    page.goto(f"/#/devices/{device.id}")


def choice(page: Page, group: str, name: str) -> Locator:
    return page.get_by_role("group", name=group).get_by_label(name, exact=True)


@pytest.mark.parametrize("look", LOOKS, ids=str)
def test_a_push_appears_on_the_lock_screen_while_somebody_looks(
    page: Page,
    gateway: PageGateway,
    apnsim: Apnsim,
    accessible: Callable[[], None],
    shot: Callable[[str], None],
) -> None:
    token = gateway.phone()
    apnsim.devices()[0].lock()
    open_phone(page, apnsim)
    expect(page.get_by_text("locked, 0 on the lock screen")).to_be_visible()
    gateway.push(token, INVITATION)
    lock_screen = page.get_by_role("region", name="Lock screen")
    expect(lock_screen.get_by_text("Shall we play?")).to_be_visible()
    expect(page.get_by_text("Lit, locked, 1 on the lock screen")).to_be_visible()
    accessible()
    shot("phone")


@pytest.mark.parametrize("look", LOOKS, ids=str)
def test_phones_are_a_grid_that_leads_to_each(
    page: Page,
    gateway: PageGateway,
    accessible: Callable[[], None],
    shot: Callable[[str], None],
) -> None:
    gateway.phone("Ben's iPhone")
    gateway.push(gateway.phone("Anna's iPhone"), INVITATION)
    page.goto("/#/devices")
    expect(page.get_by_text("2 phones")).to_be_visible()
    accessible()
    shot("phones")
    page.get_by_label("Find a phone").fill("anna")
    expect(page.get_by_text("1 phone", exact=True)).to_be_visible()
    page.get_by_role("link", name="Anna's iPhone").click()
    expect(page.get_by_role("heading", name="Anna's iPhone")).to_be_visible()


def test_of_many_phones_only_those_in_sight_are_asked_for_their_screen(
    page: Page, apnsim: Apnsim
) -> None:
    for number in range(14):
        apnsim.create_device(name=f"Phone {number:02}", online=False)
    asked: set[str] = set()
    page.on("request", lambda request: asked.add(request.url) if "/screen" in request.url else None)
    page.goto("/#/devices")
    expect(page.get_by_text("14 phones")).to_be_visible()
    expect(page.get_by_role("link", name="Phone 00")).to_be_visible()
    expect(page.get_by_role("link", name="Phone 12")).to_have_count(0)
    expect(page.locator(".device-look .home-screen").first).to_be_attached()
    assert 0 < len(asked) <= 12
    page.get_by_role("link", name="Next").click()
    expect(page.get_by_role("link", name="Phone 13")).to_be_visible()
    expect(page.get_by_text("Page 2 of 2")).to_be_visible()
    page.get_by_label("Find a phone").fill("phone 07")
    expect(page.get_by_role("link", name="Phone 07")).to_be_visible()


def test_a_tap_opens_the_app_and_a_swipe_does_away(
    page: Page, gateway: PageGateway, apnsim: Apnsim
) -> None:
    token = gateway.phone()
    [phone] = apnsim.devices()
    phone.lock()
    for word in ("One", "Two"):
        gateway.push(token, {"aps": {"alert": {"title": word}, "thread-id": word}})
    open_phone(page, apnsim)
    page.get_by_role("button", name="Swipe away: One").click()
    expect(page.get_by_text("locked, 1 on the lock screen")).to_be_visible()
    page.get_by_role("region", name="Lock screen").get_by_role("button", name="Two").first.click()
    expect(page.get_by_text("in the foreground", exact=True)).to_be_visible()
    page.get_by_role("button", name="Go to the home screen").click()
    expect(page.get_by_role("button", name="Open Example")).to_be_visible()


def test_what_nobody_saw_is_listed_with_the_reason(
    page: Page, gateway: PageGateway, apnsim: Apnsim
) -> None:
    token = gateway.phone()
    gateway.push(token, {"aps": {"badge": "3"}})
    open_phone(page, apnsim)
    expect(page.get_by_text("Not presented: an alert push without alert, badge")).to_be_visible()


def test_every_switch_of_a_phone_reaches_it(
    page: Page, gateway: PageGateway, apnsim: Apnsim
) -> None:
    gateway.phone()
    [phone] = apnsim.devices()
    open_phone(page, apnsim)
    choice(page, "The phone is", "Locked").check()
    expect(page.get_by_text("locked, 0 on the lock screen")).to_be_visible()
    assert phone.refresh().power == "locked"
    page.get_by_role("button", name="Unlock it").click()
    expect(choice(page, "The phone is", "Awake")).to_be_checked()
    choice(page, "Connected by", "Airplane mode").check()
    expect(page.get_by_text("○ no link")).to_be_visible()
    assert phone.refresh().network == "airplane"
    choice(page, "Connected by", "Both").check()
    expect(page.get_by_text("● link")).to_be_visible()
    page.get_by_role("button", name="Hand over").click()
    page.get_by_label("Latency").fill("0.01")
    page.get_by_role("button", name="Apply the conditions").click()
    expect(page.get_by_role("button", name="Apply the conditions")).to_be_disabled()
    expect(page.get_by_label("Latency")).to_have_value("0.01")
    with page.expect_response(lambda answer: answer.request.method == "PATCH"):
        page.get_by_role("switch", name="Online").click()
    expect(page.get_by_text("○ no link")).to_be_visible()
    assert not phone.refresh().online


def test_every_switch_of_an_app_reaches_it(
    page: Page, gateway: PageGateway, apnsim: Apnsim
) -> None:
    token = gateway.phone()
    [phone] = apnsim.devices()
    open_phone(page, apnsim)
    choice(page, "The app is", "force-quit").check()
    expect(page.locator(".app-facts")).to_contain_text("force-quit")
    choice(page, "Permission to notify", "Denied").check()
    expect(page.locator(".app-facts")).to_contain_text("permission denied")
    page.get_by_role("switch", name="Reports calls").click()
    page.get_by_label("Service extension takes").fill("2.5")
    page.get_by_label("Service extension takes").press("Enter")
    expect(page.get_by_role("switch", name="Reports calls")).not_to_be_checked()
    page.get_by_label("Badge, set by the app").fill("7")
    page.get_by_label("Badge, set by the app").press("Enter")
    expect(page.locator(".app-facts")).to_contain_text("badge 7")
    assert copied(page.get_by_role("button", name="Copy the alert token")) == token
    page.get_by_label("Push-to-start token for").fill("Delivery")
    page.get_by_role("button", name="Ask for it").click()
    expect(page.get_by_text("push-to-start, Delivery", exact=True)).to_be_visible()
    page.get_by_label("The app starts one of type").fill("Delivery")
    page.get_by_role("button", name="Start", exact=True).click()
    expect(page.get_by_text("Delivery, active")).to_be_visible()
    [app] = phone.refresh().apps
    assert (app.state, app.permission, app.extension_seconds) == ("force-quit", "denied", 2.5)


def test_an_app_subscribes_to_a_channel_and_leaves_it(
    page: Page, gateway: PageGateway, apnsim: Apnsim
) -> None:
    gateway.phone()
    [phone] = apnsim.devices()
    open_phone(page, apnsim)
    channels = page.get_by_role("region", name=f"Channels of {TOPIC}")
    expect(channels.get_by_text("It listens to none.")).to_be_visible()
    channel = gateway.create_channel()
    field = channels.get_by_label("Channel id", exact=True)
    field.focus()
    expect(channels.locator(f"option[value='{channel}']")).to_be_attached()
    field.fill("bm9uZSBvZiBvdXJz")
    field.press("Enter")
    expect(channels.get_by_role("alert")).to_be_visible()
    field.fill(channel)
    field.press("Enter")
    expect(channels.get_by_text(channel, exact=True)).to_be_visible()
    assert phone.refresh().apps[0].channels == [channel]
    channels.get_by_role("button", name="Unsubscribe").click()
    expect(channels.get_by_text("It listens to none.")).to_be_visible()


def test_a_phone_is_added_an_app_installed_and_both_go_again(page: Page, apnsim: Apnsim) -> None:
    page.goto("/#/devices")
    expect(page.get_by_role("heading", name="There are no phones yet")).to_be_visible()
    page.get_by_label("Name of a new phone").fill("Carla's iPhone")
    page.get_by_role("button", name="Add a phone").click()
    expect(page.get_by_role("heading", name="Carla's iPhone")).to_be_visible()
    page.get_by_label("Bundle id").fill("no bundle id")
    page.get_by_role("button", name="Install", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("bundle id")
    page.get_by_label("Bundle id").fill(TOPIC)
    page.get_by_role("button", name="Install", exact=True).click()
    tokens = page.get_by_role("region", name=f"Tokens of {TOPIC}")
    expect(tokens.get_by_text("background", exact=True)).to_be_visible()
    before = apnsim.devices()[0].apps[0].token
    page.get_by_role("button", name="Install the system anew").click()
    expect(page.get_by_text(before)).to_have_count(0)
    page.get_by_role("button", name="Uninstall").click()
    expect(page.locator(".app")).to_have_count(0)
    page.get_by_role("button", name="Throw the phone away").click()
    page.get_by_role("dialog").get_by_role("button", name="Throw it away").click()
    expect(page.get_by_role("heading", name="There are no phones yet")).to_be_visible()
