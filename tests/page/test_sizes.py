"""Small, large, zoomed in, and in the system's own colours: nothing is cut off, all can be read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Page, expect

from tests.page.conftest import Look
from tests.page.gateway import NOBODY
from tests.page.test_records import rows

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.page.gateway import PageGateway

# 640 by 400 is what 200 % leaves of 1280 by 800.
SIZES = [Look("light", *size) for size in ((320, 640), (640, 400), (1024, 700), (2560, 1400))]

IS_CUT_OFF = """() => [...document.querySelectorAll("body *")]
    .filter((each) => each.getBoundingClientRect().right > innerWidth + 1)
    .filter((each) => !each.closest("pre, .unseen"))
    .map((each) => each.outerHTML.slice(0, 120))"""


@pytest.mark.parametrize("look", SIZES, ids=str)
@pytest.mark.parametrize("place", ["list", "detail"])
def test_nothing_is_cut_off(
    page: Page, gateway: PageGateway, shot: Callable[[str], None], place: str
) -> None:
    token = gateway.phone("A phone with a name that is longer than most")
    alert = {"title": "Averyveryverylongwordwithoutanyspaces" * 2, "body": "and more " * 20}
    gateway.push(NOBODY)
    apns_id = gateway.push(token, {"aps": {"alert": alert, "badge": "1"}}).headers["apns-id"]
    page.goto("/" if place == "list" else f"/#/notifications/{apns_id}")
    if place == "list":
        expect(rows(page)).to_have_count(2)
    else:
        expect(page.get_by_role("button", name="Copy as curl")).to_be_visible()
    assert page.evaluate(IS_CUT_OFF) == []
    shot(f"size-{place}")


@pytest.mark.parametrize("look", [Look("light", 390, 844)], ids=str)
def test_what_is_offered_and_where_one_is_can_be_read_on_a_phone(
    page: Page, gateway: PageGateway
) -> None:
    gateway.push(NOBODY)
    page.goto("/")
    expect(rows(page)).to_have_count(1)
    page.get_by_role("combobox", name="Search").fill("token:")
    expect(page.get_by_role("option")).to_contain_text(NOBODY)
    assert page.evaluate(IS_CUT_OFF) == []
    heading = page.get_by_role("heading", level=1)
    assert heading.evaluate("(element) => element.scrollWidth <= element.clientWidth")


def test_the_systems_own_colours_are_enough(
    page: Page, gateway: PageGateway, accessible: Callable[[], None], shot: Callable[[str], None]
) -> None:
    apns_id = gateway.push(gateway.phone()).headers["apns-id"]
    page.emulate_media(forced_colors="active")
    page.goto(f"/#/notifications/{apns_id}")
    expect(page.get_by_role("button", name="Copy as curl")).to_be_visible()
    accessible()
    shot("forced-colors")


@pytest.mark.parametrize("look", [Look("light", 390, 844)], ids=str)
def test_on_a_phone_one_opens_in_place_of_the_list_and_back_returns(
    page: Page, gateway: PageGateway
) -> None:
    for number in range(40):
        gateway.push(NOBODY, f"Message {number}")
    page.goto("/")
    expect(rows(page).first).to_contain_text("Message 39")
    page.evaluate("document.querySelector('.windowed').scrollTop = 1200")
    chosen = page.get_by_role("link", name="Message 18")
    chosen.click()
    details = page.get_by_role("region", name="Details")
    expect(details).to_be_focused()
    expect(details.get_by_role("heading", level=2)).to_have_text("Message 18")
    expect(page.get_by_role("list", name="Notifications")).not_to_be_visible()
    details.get_by_role("link", name="Notifications").click()
    expect(chosen).to_be_in_viewport()
