from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Page, Route, expect

from tests.page.conftest import LOOKS, Look
from tests.page.gateway import page_gateway

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.page.gateway import PageGateway


@pytest.mark.parametrize("look", LOOKS, ids=str)
def test_an_empty_gateway_is_accessible(
    page: Page, accessible: Callable[[], None], shot: Callable[[str], None]
) -> None:
    page.goto("/")
    expect(page.get_by_role("heading", name="Nothing yet")).to_be_visible()
    expect(page.get_by_text("Live", exact=True)).to_be_visible()
    accessible()
    shot("empty")


def test_every_view_is_reached_by_the_navigation(page: Page) -> None:
    page.goto("/")
    links = page.get_by_role("navigation", name="Views").get_by_role("link")
    for index in range(1, links.count()):
        links.nth(index).click()
        name = links.nth(index).inner_text()
        expect(page.get_by_role("heading", level=1)).to_have_text(name)
        expect(page).to_have_title(f"{name} · apnsim")
        expect(links.nth(index)).to_have_attribute("aria-current", "page")


@pytest.mark.parametrize("look", [Look("light", 390, 844)], ids=str)
def test_on_a_phone_the_navigation_is_a_drawer(
    page: Page, accessible: Callable[[], None], shot: Callable[[str], None]
) -> None:
    page.goto("/")
    page.get_by_role("button", name="Views").click()
    expect(page.get_by_role("dialog", name="Navigation")).to_be_visible()
    accessible()
    shot("drawer")
    page.get_by_role("dialog").get_by_role("link", name="Requests").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.get_by_role("heading", level=1)).to_have_text("Requests")


@pytest.mark.parametrize("look", [Look("light", 390, 844)], ids=str)
def test_back_leaves_no_drawer_over_the_view_that_it_leads_to(page: Page) -> None:
    page.goto("/#/devices")
    page.goto("/#/requests")
    expect(page.get_by_role("heading", level=1)).to_have_text("Requests")
    page.get_by_role("button", name="Views").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    page.go_back()
    expect(page.get_by_role("heading", level=1)).to_have_text("Devices")
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_the_theme_follows_the_person_and_is_remembered(page: Page) -> None:
    page.goto("/")

    def ground() -> str:
        return page.evaluate("getComputedStyle(document.body).backgroundColor")

    light = ground()
    theme = page.get_by_role("button", name=re.compile("^Theme"))
    theme.click()
    theme.click()
    expect(theme).to_have_text("Theme: dark")
    assert ground() != light
    page.reload()
    expect(theme).to_have_text("Theme: dark")
    assert ground() != light


def test_an_address_that_leads_nowhere_says_so(page: Page) -> None:
    page.goto("/#/nowhere")
    expect(page.get_by_role("heading", name="There is no such view")).to_be_visible()


def test_the_keyboard_skips_to_the_content_and_asks_for_help(page: Page) -> None:
    page.goto("/")
    page.keyboard.press("Tab")
    expect(page.get_by_text("Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("main")).to_be_focused()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keyboard and search")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_nothing_is_reset_before_it_is_confirmed(page: Page, gateway: PageGateway) -> None:
    gateway.phone()
    page.goto("/")
    page.get_by_role("button", name="Reset").click()
    dialog = page.get_by_role("dialog", name="Reset the gateway?")
    dialog.get_by_role("button", name="Cancel").click()
    assert len(gateway.apnsim.devices()) == 1
    page.get_by_role("button", name="Reset").click()
    dialog.get_by_role("button", name="Delete everything").click()
    expect(page.get_by_text("Back to empty.")).to_be_visible()
    assert gateway.apnsim.devices() == []


def test_a_console_with_a_token_asks_for_it(
    page: Page, tmp_path: Path, accessible: Callable[[], None]
) -> None:
    with page_gateway(tmp_path, token="secret") as locked:
        page.goto(locked.console_url)
        expect(page.get_by_role("heading", name="This console wants its token")).to_be_visible()
        accessible()
        page.get_by_label("Console token").fill("wrong")
        page.get_by_role("button", name="Unlock").click()
        expect(page.get_by_text("That was not it")).to_be_visible()
        page.get_by_label("Console token").fill("secret")
        page.get_by_role("button", name="Unlock").click()
        expect(page.get_by_text("Live", exact=True)).to_be_visible()
        page.reload()
        expect(page.get_by_text("Live", exact=True)).to_be_visible()


def test_a_refusal_that_comes_late_locks_nobody_out(page: Page, tmp_path: Path) -> None:
    late: list[Route] = []
    page.route("**/api/v1/clock", lambda route: late.append(route), times=1)
    with page_gateway(tmp_path, token="secret") as locked:
        page.goto(locked.console_url)
        page.get_by_label("Console token").fill("secret")
        page.get_by_role("button", name="Unlock").click()
        expect(page.get_by_text("Live", exact=True)).to_be_visible()
        with page.expect_event("requestfinished", lambda request: request.url.endswith("/clock")):
            late[0].continue_()
        expect(page.get_by_text("Live", exact=True)).to_be_visible()
        assert page.get_by_label("Console token").count() == 0


def test_a_token_in_the_address_is_taken_and_hidden(page: Page, tmp_path: Path) -> None:
    with page_gateway(tmp_path, token="secret") as locked:
        page.goto(locked.console_url)
        expect(page.get_by_role("heading", name="This console wants its token")).to_be_visible()
        for _ in range(2):  # into the page that is open, and into a new one
            page.goto(f"{locked.console_url}/#token=secret")
            expect(page.get_by_text("Live", exact=True)).to_be_visible()
            expect(page.get_by_role("heading", name="Nothing yet")).to_be_visible()
            assert "secret" not in page.url
            page.goto("about:blank")
