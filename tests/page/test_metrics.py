"""Figures over time, on the page."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Page, expect

from tests.page.conftest import LOOKS
from tests.page.gateway import NOBODY

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.page.gateway import PageGateway


@pytest.mark.parametrize("look", LOOKS, ids=str)
def test_what_happens_is_drawn_and_stands_in_tables(
    page: Page, gateway: PageGateway, accessible: Callable[[], None], shot: Callable[[str], None]
) -> None:
    token = gateway.phone()
    page.goto("/#/metrics")
    connected = page.get_by_role("figure", name="Connected devices")
    expect(connected.get_by_role("row", name="connected")).to_contain_text("1")
    gateway.push(token)
    gateway.push(NOBODY)
    rejected = page.get_by_role("figure", name="Rejections").get_by_role("row").nth(1)
    expect(rejected).to_contain_text("BadDeviceToken")
    pushes = page.get_by_role("figure", name="Pushes").get_by_role("row", name="accepted")
    expect(pushes.get_by_role("cell").last).not_to_have_text("0")
    figures = page.get_by_role("region", name="Table of figures")
    expect(figures.get_by_role("row", name='status="200"').first).to_be_visible()
    accessible()
    shot("metrics")


def test_nothing_is_asked_while_the_page_is_hidden(page: Page) -> None:
    page.clock.install()
    page.goto("/#/metrics")
    expect(page.get_by_role("region", name="Table of figures")).to_be_visible()
    page.evaluate(
        "Object.defineProperty(document, 'hidden', { configurable: true, get: () => true })"
    )
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.clock.run_for(10_000)
    assert not [url for url in asked if url.endswith("/metrics")]
    page.evaluate("Object.defineProperty(document, 'hidden', { get: () => false })")
    with page.expect_request("**/metrics"):
        page.clock.run_for(2_000)
