"""The page in a real Chromium, before a real gateway in a process of its own.

``make page`` runs these; they are not part of ``make test``, which needs only Python. They do not
sleep: Playwright waits for what a test expects.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import ConsoleMessage, Page, expect, sync_playwright

from tests.page.gateway import PageGateway, page_gateway

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Browser

    from apnsim.client import Apnsim

SHOTS = Path(__file__).parents[2] / "build/page"
EXPECT_MS = 30_000  # a busy machine is no failure
expect.set_options(timeout=EXPECT_MS)


class Look(NamedTuple):
    """How a person has it."""

    scheme: str
    width: int
    height: int

    def __str__(self) -> str:
        return f"{self.scheme}-{self.width}"


LOOKS = [Look(scheme, *size) for scheme in ("light", "dark") for size in ((1440, 900), (390, 844))]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        item.add_marker(
            pytest.mark.takes_seconds(180), append=not item.get_closest_marker("takes_seconds")
        )


@pytest.fixture(scope="session")
def launch() -> Iterator[Callable[..., Browser]]:
    """Starts Debian's chromium, or what ``CHROMIUM`` names; Playwright downloads none.

    A process can hold only one Playwright: all browsers of a session come from here.
    """
    names = ("chromium", "chromium-browser", "google-chrome")
    path = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, names)), None)
    assert path, "no chromium here: `apt-get install chromium`, or set CHROMIUM to its path"
    # As root there is no sandbox to be had; the only page that is opened is ours.
    always = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        yield lambda *arguments: playwright.chromium.launch(
            executable_path=path, args=[*always, *arguments]
        )


@pytest.fixture(scope="session")
def browser(launch: Callable[..., Browser]) -> Iterator[Browser]:
    """The one that most tests share."""
    started = launch()
    yield started
    started.close()


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PageGateway]:
    """One gateway for the whole session; `gateway` gives it empty."""
    with page_gateway(tmp_path_factory.mktemp("gateway")) as gateway:
        yield gateway


@pytest.fixture
def gateway(running: PageGateway) -> PageGateway:
    """A gateway without devices, notifications, rules."""
    running.apnsim.reset()
    return running


@pytest.fixture
def apnsim(gateway: PageGateway) -> Apnsim:
    """Its control API."""
    return gateway.apnsim


@pytest.fixture
def look() -> Look:
    """Parametrize it with `LOOKS` where all of them matter."""
    return LOOKS[0]


@pytest.fixture
def page(browser: Browser, gateway: PageGateway, look: Look) -> Iterator[Page]:
    """A tab. What it says on its console, or throws, or refuses by its policy, fails the test."""
    context = browser.new_context(
        base_url=gateway.console_url,
        viewport={"width": look.width, "height": look.height},
        color_scheme="light" if look.scheme == "light" else "dark",
        reduced_motion="reduce",
        permissions=["clipboard-read", "clipboard-write"],
    )
    context.set_default_timeout(EXPECT_MS)
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: _note(message, complaints))
    page.on("pageerror", lambda error: complaints.append(f"thrown: {error}"))
    yield page
    context.close()
    assert not complaints


def _note(message: ConsoleMessage, complaints: list[str]) -> None:
    # Chromium writes every answer of 400 and more there; whether it should be is the test's matter.
    if message.type in ("error", "warning") and "Failed to load resource" not in message.text:
        complaints.append(f"{message.type}: {message.text}")


@pytest.fixture
def accessible(page: Page) -> Callable[[], None]:
    """Call it where axe shall look: it fails with what is wrong, and where."""

    def look() -> None:
        results = Axe().run(page)
        assert not results.violations_count, results.generate_report()

    return look


@pytest.fixture
def shot(page: Page, look: Look) -> Callable[[str], None]:
    """Call it with a name to keep a screenshot for looking at, in ``build/page``."""

    def take(name: str) -> None:
        SHOTS.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=SHOTS / f"{name}-{look}.png")

    return take
