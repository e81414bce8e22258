"""The lists of notifications and requests: live, searched, and gone through by the keyboard."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING

import httpx
import pytest
from playwright.sync_api import Page, Route, expect

from tests.page.conftest import LOOKS
from tests.page.gateway import NOBODY

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Locator

    from tests.page.gateway import PageGateway

KEPT = """async () => (await import("/page/journal.js")).newestFirst().length"""


def rows(page: Page, label: str = "Notifications") -> Locator:
    return page.get_by_role("list", name=label).get_by_role("link")


def search(page: Page) -> Locator:
    return page.get_by_role("combobox", name="Search")


@pytest.fixture
def three(gateway: PageGateway) -> str:
    """One delivered, one stored, one refused; the token of the phone that is away."""
    here, away = gateway.phone("Anna's iPhone"), gateway.phone("Ben's iPhone", online=False)
    gateway.push(here, {"aps": {"alert": {"title": "Order shipped", "body": "It's on its way"}}})
    gateway.push(away, "While you were away", apns_push_type="alert")
    gateway.push(NOBODY, "To nobody")
    return away


@pytest.mark.usefixtures("three")
@pytest.mark.parametrize("look", LOOKS, ids=str)
@pytest.mark.parametrize("view", ["notifications", "requests"])
def test_both_lists_are_accessible(
    page: Page, view: str, accessible: Callable[[], None], shot: Callable[[str], None]
) -> None:
    page.goto(f"/#/{view}")
    expect(rows(page, view.capitalize())).to_have_count(3)
    accessible()
    shot(view)


def test_what_happens_appears_as_it_happens(page: Page, gateway: PageGateway) -> None:
    token = gateway.phone("Anna's iPhone", online=False)
    page.goto("/")
    expect(page.get_by_role("heading", name="Nothing yet")).to_be_visible()
    gateway.push(token, "Hello")
    expect(rows(page)).to_have_count(1)
    expect(rows(page)).to_contain_text("Stored - Device Offline")
    expect(rows(page)).to_contain_text("Anna's iPhone")
    gateway.apnsim.devices()[0].update(online=True)
    expect(rows(page)).to_contain_text("Presented")
    gateway.push(NOBODY, "To nobody")
    expect(rows(page).first).to_contain_text("BadDeviceToken")


def test_requests_that_are_no_pushes_are_among_the_requests(
    page: Page, gateway: PageGateway
) -> None:
    page.goto("/#/requests")
    expect(page.get_by_text("Live", exact=True)).to_be_visible()
    gateway.create_channel()
    expect(rows(page, "Requests")).to_contain_text("201")
    expect(rows(page, "Requests")).to_contain_text("POST /1/apps/com.example.app/channels")
    page.get_by_role("link", name="Notifications").click()
    expect(page.get_by_role("heading", name="Nothing yet")).to_be_visible()


@pytest.mark.usefixtures("three")
def test_a_reset_by_somebody_else_empties_the_list(page: Page, gateway: PageGateway) -> None:
    page.goto("/")
    expect(rows(page)).to_have_count(3)
    gateway.apnsim.reset()
    expect(page.get_by_role("heading", name="Nothing yet")).to_be_visible()


@pytest.mark.usefixtures("three")
def test_a_snapshot_that_is_loaded_is_shown(page: Page, gateway: PageGateway) -> None:
    page.goto("/")
    expect(rows(page)).to_have_count(3)
    snapshot = httpx.get(f"{gateway.console_url}/api/v1/snapshot").content
    gateway.apnsim.reset()
    expect(page.get_by_role("heading", name="Nothing yet")).to_be_visible()
    assert httpx.put(f"{gateway.console_url}/api/v1/snapshot", content=snapshot).is_success
    expect(rows(page)).to_have_count(3)
    expect(page.get_by_text("Live", exact=True)).to_be_visible()


@pytest.mark.usefixtures("three")
@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("shipped", ["Order shipped"]),
        ('"on its way"', ["Order shipped"]),
        ("SHIPPED anna", ["Order shipped"]),
        ("state:stored", ["While you were away"]),
        ("state:delivered", ["Order shipped"]),
        ('state:"Stored - Device"', ["While you were away"]),
        ("-state:rejected", ["While you were away", "Order shipped"]),
        ("device:ben", ["While you were away"]),
        ("token:abab", ["To nobody"]),
        ("status:4xx", ["To nobody"]),
        ("status:200 type:alert", ["While you were away", "Order shipped"]),
        ("reason:baddevice", ["To nobody"]),
        ("topic:example bundle:com.example.app", ["To nobody", "While you were away", "Order"]),
        ("bundle:com.example", []),
        ("since:5m", ["To nobody", "While you were away", "Order shipped"]),
        ("before:5m", []),
        ("it's", ["Order shipped"]),
    ],
)
def test_a_search_finds(page: Page, query: str, found: list[str]) -> None:
    page.goto("/")
    search(page).fill(query)
    if found:
        expect(rows(page)).to_contain_text(found)
        expect(rows(page)).to_have_count(len(found))
    else:
        expect(page.get_by_role("heading", name="Nothing matches")).to_be_visible()


def test_a_search_by_apns_id_and_token_needs_no_field(
    page: Page, gateway: PageGateway, three: str
) -> None:
    apns_id = gateway.push(three, "Found").headers["apns-id"]
    page.goto("/")
    search(page).fill(apns_id.lower())
    expect(rows(page)).to_have_count(1)
    expect(rows(page)).to_contain_text("Found")
    search(page).fill(three)
    expect(rows(page)).to_have_count(2)


@pytest.mark.usefixtures("three")
def test_the_address_carries_the_search(page: Page) -> None:
    page.goto("/")
    search(page).fill("state:stored")
    expect(page).to_have_url(re.compile(r"#/notifications\?q=state%3Astored$"))
    page.reload()
    expect(search(page)).to_have_value("state:stored")
    expect(rows(page)).to_have_count(1)
    page.get_by_role("button", name="Clear the search").click()
    expect(rows(page)).to_have_count(3)


@pytest.mark.usefixtures("three")
def test_what_a_search_could_go_on_with_is_offered(
    page: Page, accessible: Callable[[], None]
) -> None:
    page.goto("/")
    expect(rows(page)).to_have_count(3)
    page.keyboard.press("/")
    expect(search(page)).to_be_focused()
    expect(page.get_by_role("option", name="state:")).to_be_visible()
    page.keyboard.type("sta")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(search(page)).to_have_value("state:")
    expect(page).to_have_url(re.compile(r"q=state%3A$"))
    expect(rows(page)).to_have_count(3)  # nothing is said of it yet
    expect(page.get_by_role("option", name="state:Rejected")).to_be_visible()
    accessible()
    page.keyboard.type("sto")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(search(page)).to_have_value('state:"Stored - Device Offline" ')
    expect(rows(page)).to_have_count(1)
    page.keyboard.press("Escape")
    expect(search(page)).to_have_value("")
    page.keyboard.press("Escape")
    expect(search(page)).not_to_be_focused()


def test_a_search_that_cannot_be_meant_says_so(page: Page) -> None:
    page.goto("/")
    search(page).fill("since:yesterday")
    expect(page.get_by_role("alert")).to_contain_text("write since:15m")


@pytest.mark.usefixtures("three")
def test_the_keyboard_goes_through_the_list(page: Page) -> None:
    page.goto("/")
    expect(rows(page)).to_have_count(3)
    page.keyboard.press("j")
    expect(rows(page).nth(0)).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(rows(page).nth(1)).to_be_focused()
    page.keyboard.press("Enter")
    heading = page.get_by_role("region", name="Details").get_by_role("heading", level=2)
    expect(heading).to_have_text("While you were away")
    page.keyboard.press("j")
    expect(heading).to_have_text("Order shipped — It's on its way")
    page.keyboard.press("k")
    expect(heading).to_have_text("While you were away")
    expect(rows(page).nth(1)).to_be_focused()
    page.keyboard.press("Escape")
    expect(heading).to_have_count(0)


@pytest.mark.usefixtures("three")
@pytest.mark.parametrize(
    ("key", "row"), [("Home", 0), ("End", 2), ("ArrowDown", 0), ("ArrowUp", 0)]
)
def test_each_key_begins_where_it_leads(page: Page, key: str, row: int) -> None:
    page.goto("/")
    expect(rows(page)).to_have_count(3)
    page.keyboard.press(key)
    expect(rows(page).nth(row)).to_be_focused()


@pytest.mark.usefixtures("three")
def test_no_key_is_lost_however_soon_it_follows(page: Page) -> None:
    page.goto("/")
    expect(rows(page)).to_have_count(3)
    page.evaluate(
        """async () => {
            for (let times = 0; times < 3; times++) {
                dispatchEvent(new KeyboardEvent("keydown", {key: "j"}));
                await new Promise((resume) => queueMicrotask(() => queueMicrotask(resume)));
            }
        }"""
    )
    expect(rows(page).nth(2)).to_be_focused()


@pytest.mark.usefixtures("three")
def test_the_list_is_one_stop_of_the_tab_key(page: Page) -> None:
    page.goto("/")
    expect(rows(page)).to_have_count(3)
    assert [row.get_attribute("tabindex") for row in rows(page).all()] == ["0", "-1", "-1"]


@pytest.mark.usefixtures("three")
def test_what_was_there_before_is_not_said_to_be_new(page: Page) -> None:
    page.clock.install()
    held: list[Route] = []
    page.route("**/api/v1/notifications?*", lambda route: held.append(route), times=1)
    page.goto("/")
    expect(page.get_by_text("Reading …").first).to_be_visible()
    held[0].continue_()
    expect(rows(page)).to_have_count(3)
    page.clock.run_for(10_000)
    assert page.get_by_text(re.compile("new in Notifications")).count() == 0


@pytest.mark.usefixtures("three")
def test_new_ones_are_said_to_those_who_listen(page: Page, gateway: PageGateway) -> None:
    page.clock.install()
    page.goto("/")
    expect(rows(page)).to_have_count(3)
    page.clock.pause_at(time.time() + 60)
    gateway.push(NOBODY, "One")
    gateway.push(NOBODY, "Two")
    while page.evaluate(KEPT) < 5:
        pass  # both are here before any time has passed
    page.clock.run_for(1000)
    expect(rows(page)).to_have_count(5)
    page.clock.run_for(10_000)
    expect(page.get_by_role("status").filter(has_text="2 new in Notifications")).to_have_count(1)
