"""Ten thousand notifications, and more of them than a page can follow."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.page.gateway import NOBODY
from tests.page.test_records import rows

if TYPE_CHECKING:
    from tests.page.gateway import PageGateway

# Into the page's own store, through its own reading of the API's answer: pushing so many by HTTP/2
# would take a Python client longer than all other tests of the page.
KEEP = """async ({count, push}) => {
    const {keep, revision} = await import("/page/journal.js");
    const {fromPush} = await import("/page/record.js");
    const began = performance.now();
    for (let number = 1; number <= count; number++) {
        const payload = {aps: {alert: `Message ${number}`}, words: "lorem ipsum ".repeat(20)};
        // Lower than any of the gateway's own.
        keep(fromPush({...push, number: number - 1e6, apns_id: `id-${number}`, payload}));
    }
    const told = revision.value;
    while (revision.value === told) await new Promise(requestAnimationFrame);
    await new Promise(requestAnimationFrame);
    return performance.now() - began;
}"""

# One step per frame, as a wheel does; how long each frame took, in milliseconds.
SCROLL = """async () => {
    const list = document.querySelector(".windowed");
    const frames = [];
    let last = await new Promise(requestAnimationFrame);
    for (let step = 0; step < 90; step++) {
        list.scrollTop += 900;
        const now = await new Promise(requestAnimationFrame);
        frames.push(now - last);
        last = now;
    }
    return {frames, top: list.scrollTop, rows: list.querySelectorAll("li").length};
}"""

SEARCH = """async (text) => {
    const began = performance.now();
    location.hash = "#/notifications?q=" + encodeURIComponent(text);
    const count = () => document.querySelector(".count").textContent;
    const before = count();
    while (count() === before) await new Promise(requestAnimationFrame);
    return performance.now() - began;
}"""


PADDING = {f"x_{number}": "y" * 1000 for number in range(8)}


def a_push(gateway: PageGateway) -> Any:  # noqa: ANN401
    """One as the API tells it."""
    gateway.push(gateway.phone())
    return httpx.get(f"{gateway.console_url}/api/v1/notifications").json()[0]


def median(values: list[float]) -> float:
    return sorted(values)[len(values) // 2]


def test_ten_thousand_scroll_as_a_hundred_do(page: Page, gateway: PageGateway) -> None:
    push = a_push(gateway)
    page.goto("/")
    expect(rows(page)).to_have_count(1)
    page.evaluate(KEEP, {"count": 200, "push": push})
    few = page.evaluate(SCROLL)
    appeared_ms = page.evaluate(KEEP, {"count": 10_000, "push": push})
    expect(page.get_by_text("10,000 records")).to_be_visible()
    page.evaluate("document.querySelector('.windowed').scrollTop = 0")
    many = page.evaluate(SCROLL)
    assert many["top"] > 80_000
    assert many["rows"] < 60, "only what is in sight is in the document"
    # Ten thousand in the document would take a second for each; a busy machine, some 50 ms.
    assert median(many["frames"]) < max(100, 3 * median(few["frames"]))
    assert appeared_ms < 5000
    searched_ms = page.evaluate(SEARCH, "ipsum 9999")
    expect(rows(page)).to_have_count(1)
    assert searched_ms < 1500


def test_what_is_read_stays_in_place_while_more_comes(page: Page, gateway: PageGateway) -> None:
    push = a_push(gateway)
    page.goto("/")
    expect(rows(page)).to_have_count(1)
    page.evaluate(KEEP, {"count": 300, "push": push})
    page.evaluate("document.querySelector('.windowed').scrollTop = 4000")
    seen = page.get_by_role("link", name="Message 195", exact=False)
    before = seen.bounding_box()
    for _ in range(5):
        gateway.push(NOBODY)
    expect(page.get_by_text("306 records")).to_be_visible()
    assert seen.bounding_box() == before
    page.get_by_role("button", name=re.compile("new")).click()
    expect(rows(page).first).to_contain_text("BadDeviceToken")


@pytest.mark.takes_seconds(300)
def test_a_page_that_cannot_follow_is_dropped_and_recovers(
    page: Page, gateway: PageGateway
) -> None:
    page.goto("/")
    expect(page.get_by_text("Live", exact=True)).to_be_visible()
    viewers = lambda: figure(gateway, "apnsim_journal_viewers")  # noqa: E731
    while viewers() > 1:
        pass  # the page of the test before has gone; the gateway is about to hear of it
    assert viewers() == 1
    with paused(page):
        count = 0
        while viewers() and count < 9_000:
            # Refused pushes, for each is one event; large, to fill every buffer on the way.
            for _ in range(100):
                gateway.push(NOBODY, {"aps": {"alert": "x" * 3900}}, **PADDING)
            count += 100
        assert viewers() == 0, "the slow viewer was dropped, and nobody waited for it"
    expect(page.get_by_text(f"{count:,} records")).to_be_visible(timeout=30_000)
    expect(page.get_by_text("Live", exact=True)).to_be_visible()
    gateway.push(NOBODY, "And on it goes")
    expect(rows(page).first).to_contain_text("And on it goes")


class paused:  # noqa: N801
    """The page's scripts stand still, as those of a busy or a sleeping computer."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._devtools = page.context.new_cdp_session(page)

    def __enter__(self) -> None:
        self._devtools.send("Debugger.enable")
        self._devtools.send("Debugger.pause")

    def __exit__(self, *_: object) -> None:
        self._devtools.send("Debugger.resume")
        self._devtools.send("Debugger.disable")


def figure(gateway: PageGateway, name: str) -> float:
    """One of the gateway's metrics."""
    text = httpx.get(f"{gateway.console_url}/metrics").text
    [value] = re.findall(rf"^{name} (\S+)$", text, re.MULTILINE)
    return float(value)
