"""The gateway's time in the bar."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Page, Route, expect

from tests.page.conftest import LOOKS
from tests.page.gateway import page_gateway

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Locator

    from apnsim.client import Apnsim
    from tests.page.gateway import PageGateway

DAY = 86_400


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PageGateway]:
    """A gateway of their own: in no other test is it another month."""
    with page_gateway(tmp_path_factory.mktemp("elsewhere")) as gateway:
        yield gateway


@pytest.fixture
def apnsim(elsewhere: PageGateway) -> Apnsim:
    return elsewhere.apnsim


@pytest.fixture
def clock(page: Page, elsewhere: PageGateway) -> Iterator[Locator]:
    """The open panel; afterwards the gateway has the machine's time again."""
    page.goto(f"{elsewhere.console_url}/#/devices")
    page.get_by_role("button", name="The gateway's time").click()
    yield page.get_by_role("dialog", name="The gateway's time")
    elsewhere.apnsim.reset_clock()


@pytest.mark.parametrize("look", LOOKS, ids=str)
def test_time_is_frozen_advanced_and_given_back(
    page: Page,
    clock: Locator,
    apnsim: Apnsim,
    accessible: Callable[[], None],
    shot: Callable[[str], None],
) -> None:
    clock.get_by_role("button", name="Freeze").click()
    expect(page.get_by_role("button", name="The gateway's time")).to_contain_text("frozen")
    before = apnsim.clock().now
    clock.get_by_role("button", name="+ 2 h").click()
    expect(clock).to_contain_text("2 h ahead of the machine")
    clock.get_by_role("button", name="+ 30 days").click()
    expect(clock).to_contain_text("30 days 2 h ahead of the machine")
    assert apnsim.clock().now == pytest.approx(before + 30 * DAY + 7200)
    accessible()
    shot("clock")
    clock.get_by_role("button", name="Let it run").click()
    expect(clock.get_by_role("button", name="Freeze")).to_be_visible()
    clock.get_by_role("button", name="The machine's time again").click()
    expect(clock).not_to_contain_text("ahead")


def test_how_far_is_written_as_people_write_it(clock: Locator, apnsim: Apnsim) -> None:
    clock.get_by_role("button", name="Freeze").click()
    expect(clock.get_by_role("button", name="Let it run")).to_be_visible()
    before = apnsim.clock().now
    by = clock.get_by_role("textbox", name="Advance by")
    by.fill("two hours")
    expect(clock).to_contain_text("Write a length such as 90, 2h 30m or 3 days.")
    by.fill("1 day, 2h 30m")
    expect(clock.get_by_text("1 day 2 h", exact=True)).to_be_visible()
    by.press("Enter")
    expect(by).to_have_value("")
    expect(clock).to_contain_text("1 day 2 h ahead")
    assert apnsim.clock().now == pytest.approx(before + DAY + 9000)


def test_a_long_advance_tells_how_far_it_is(
    page: Page, clock: Locator, elsewhere: PageGateway
) -> None:
    clock.get_by_role("button", name="Freeze").click()
    expect(clock.get_by_role("button", name="Let it run")).to_be_visible()
    held: list[Route] = []
    page.route("**/clock/advance", lambda route: held.append(route), times=1)
    clock.get_by_role("button", name="+ 2 h").click()
    expect(clock.get_by_role("status")).to_contain_text("Everything that is due until")
    progress = clock.get_by_role("progressbar", name="Advancing")
    expect(progress).to_have_js_property("value", 0)
    elsewhere.apnsim.advance_clock(3600)
    expect(progress).to_have_js_property("value", 3600)
    held[0].abort()
    expect(clock.get_by_role("alert")).to_contain_text("does not answer")
    expect(progress).to_have_count(0)


def test_what_others_do_to_the_clock_is_seen(page: Page, elsewhere: PageGateway) -> None:
    page.goto(f"{elsewhere.console_url}/#/devices")
    bar = page.get_by_role("button", name="The gateway's time")
    elsewhere.apnsim.set_clock(frozen=True)
    expect(bar).to_contain_text("frozen")
    elsewhere.apnsim.reset_clock()
    expect(bar).not_to_contain_text("frozen")


def test_the_pace_is_set_and_its_limits_are_told(page: Page, clock: Locator) -> None:
    clock.get_by_label("Pace").fill("60")
    clock.get_by_label("Pace").press("Enter")
    expect(page.get_by_role("button", name="The gateway's time")).to_contain_text("60")
    clock.get_by_label("Pace").fill("1e9")
    clock.get_by_label("Pace").press("Enter")
    expect(clock.get_by_role("alert")).to_contain_text("body.rate")


def test_escape_shuts_the_panel_and_not_the_push_behind_it(
    page: Page, elsewhere: PageGateway
) -> None:
    apns_id = elsewhere.push(elsewhere.phone()).headers["apns-id"]
    page.goto(f"{elsewhere.console_url}/#/notifications/{apns_id}")
    details = page.get_by_role("region", name="Details")
    expect(details).to_be_visible()
    page.get_by_role("button", name="The gateway's time").click()
    panel = page.get_by_role("dialog", name="The gateway's time")
    expect(panel).to_be_visible()
    page.keyboard.press("Escape")
    expect(panel).to_be_hidden()
    expect(details).to_be_visible()
    page.keyboard.press("Escape")
    expect(details).to_have_count(0)
