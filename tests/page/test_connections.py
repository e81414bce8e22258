"""Who is connected, on the page."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Page, expect

from tests.page.conftest import LOOKS
from tests.page.gateway import NOBODY

if TYPE_CHECKING:
    from collections.abc import Callable

    from apnsim.client import Apnsim
    from tests.page.gateway import PageGateway


@pytest.mark.parametrize("look", LOOKS, ids=str)
def test_both_sides_are_listed_with_who_they_are(
    page: Page,
    gateway: PageGateway,
    apnsim: Apnsim,
    accessible: Callable[[], None],
    shot: Callable[[str], None],
) -> None:
    gateway.push(gateway.phone())
    [device] = apnsim.devices()
    page.goto("/#/connections")
    provider = page.get_by_role("region", name="Provider connections").get_by_role("row")
    expect(page.get_by_role("link", name="Anna's iPhone")).to_be_visible()
    signed = provider.filter(has_text=f"key {gateway.info['keys'][0]['key_id']}")
    expect(signed.first).to_contain_text("team APNSIMTEAM")
    link = page.get_by_role("region", name="Courier links").get_by_role("row").last
    expect(link).to_contain_text("ESTABLISHED")
    expect(link).to_contain_text("served")
    accessible()
    shot("connections")
    device.update(online=False)
    expect(page.get_by_text("No device has a link.")).to_be_visible()


def test_a_push_leads_to_the_connection_that_it_came_by(page: Page, gateway: PageGateway) -> None:
    page.goto(f"/#/notifications/{gateway.push(NOBODY).headers['apns-id']}")
    link = page.get_by_role("region", name="Push").get_by_role("link", name="provider-")
    name = link.inner_text()
    link.click()
    providers = page.get_by_role("region", name="Provider connections")
    expect(providers.get_by_role("rowheader", name=name, exact=True)).to_be_visible()


def test_a_search_finds_a_device_among_many(page: Page, gateway: PageGateway) -> None:
    for name in ("Anna", "Ben"):
        gateway.phone(name)
    [anna, _] = gateway.apnsim.devices()
    page.goto("/#/connections")
    expect(page.get_by_role("heading", name="Links of devices: 2")).to_be_visible()
    page.get_by_label("Find by device").fill(anna.name)
    expect(page.get_by_role("heading", name="Links of devices: 1")).to_be_visible()
