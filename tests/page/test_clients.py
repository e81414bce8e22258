"""Pointing clients at the gateway: what the page hands out works as it is copied."""

from __future__ import annotations

import shlex
import socket
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Page, expect

from certs.provider_key import ProviderKey
from gateway.console.static import PAGE
from tests.page.clipboard import copied
from tests.page.conftest import LOOKS, Look

if TYPE_CHECKING:
    from collections.abc import Callable

    from apnsim.client import Apnsim
    from tests.page.gateway import PageGateway

BIN = Path(sys.executable).parent
SNIPPETS = PAGE / "snippets"
NAMES = (SNIPPETS / "index.txt").read_text().split()

# Those whose client is here already: their interpreter, and what they print for a 200.
RUN: dict[str, tuple[list[str], str]] = {
    "curl": (["bash", "-c"], "HTTP/2 200"),
    "apnsim-send": (["bash", "-c"], "200"),
    "httpx": ([sys.executable, "-c"], "200"),
    "aioapns": ([sys.executable, "-c"], "200"),
    "node-http2": (["node", "-e"], "200"),
}


@pytest.mark.parametrize("name", RUN)
def test_a_snippet_runs_as_it_is_copied(page: Page, gateway: PageGateway, name: str) -> None:
    token = gateway.phone()
    command, says = RUN[name]
    page.goto(f"/#/clients?client={name}")
    snippet = copied(page.get_by_role("button", name="Copy snippet"))
    path = f"{BIN}:/usr/bin:/bin"
    done = subprocess.run(
        [*command, snippet],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={"PATH": path},
    )
    assert says in done.stdout, done
    assert gateway.apnsim.wait_for_notifications(token=token)


@pytest.mark.parametrize("look", LOOKS, ids=str)
def test_clients_and_keys_are_accessible(
    page: Page, gateway: PageGateway, accessible: Callable[[], None], shot: Callable[[str], None]
) -> None:
    gateway.phone()
    page.goto("/#/clients?client=httpx")
    expect(page.get_by_role("group", name="Snippet", exact=True)).to_be_visible()
    expect(page.get_by_role("region", name="Table of keys")).to_be_visible()
    accessible()
    shot("clients")


def test_every_snippet_is_filled_in_and_says_how_to_trust_the_ca(
    page: Page, gateway: PageGateway
) -> None:
    gateway.phone()
    page.goto("/#/clients")
    snippet = page.get_by_role("group", name="Snippet", exact=True)
    for name in NAMES:
        option = page.get_by_role("group", name="Client").locator(f"input[value={name}]")
        page.goto(f"/#/clients?client={name}")
        expect(option).to_be_checked()
        expect(snippet).not_to_contain_text("{{")
        expect(page.get_by_text("To trust the CA:")).not_to_contain_text("{{")


def test_a_value_with_quotes_in_it_breaks_no_snippet(page: Page, gateway: PageGateway) -> None:
    page.goto("/#/clients")
    values = {"ca_file": """/it's "here"/ca.pem"""}
    fill = "([language, values]) => import('/page/clients/snippets.js')"
    fill += ".then(({ filled }) => filled('{{ca_file}}', language, values))"
    assert shlex.split(page.evaluate(fill, ["shell", values])) == [values["ca_file"]]
    assert page.evaluate(fill, ["python", values]) == r"""/it's \"here\"/ca.pem"""
    assert gateway.info["ca_file"]


@pytest.mark.parametrize("look", [Look("light", 1440, 900)], ids=str)
def test_a_key_is_made_downloaded_and_removed(page: Page, apnsim: Apnsim) -> None:
    page.goto("/#/clients")
    page.get_by_label("Key id").fill("k")
    page.get_by_role("button", name="Make the key").click()
    expect(page.get_by_label("Key id")).to_have_attribute("aria-invalid", "true")
    page.get_by_label("Key id").fill("PAGEKEY123")
    page.get_by_role("button", name="Make the key").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Download AuthKey_PAGEKEY123.p8").click()
    assert download.value.suggested_filename == "AuthKey_PAGEKEY123.p8"
    key = ProviderKey.load(Path(download.value.path()), "APNSIMTEAM", "PAGEKEY123")
    keys = apnsim.keys()
    made = next(each for each in keys if each.key_id == "PAGEKEY123")
    assert made.public_key == key.public_key_pem.decode()
    page.get_by_role("button", name="Remove PAGEKEY123").click()
    page.get_by_role("dialog").get_by_role("button", name="Remove it").click()
    expect(page.get_by_role("button", name="Remove PAGEKEY123")).to_have_count(0)


@pytest.mark.parametrize("look", LOOKS, ids=str)
def test_a_webhook_is_added_watched_and_removed(
    page: Page, gateway: PageGateway, accessible: Callable[[], None], shot: Callable[[str], None]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        url = f"http://127.0.0.1:{nobody.getsockname()[1]}/pushes"
    page.goto("/#/clients")
    form = page.get_by_role("form", name="A new webhook")
    form.get_by_label("URL").fill("http://192.0.2.1/")
    form.get_by_role("button", name="Add the webhook").click()
    expect(form.get_by_role("alert")).to_contain_text("--webhook-allow")
    form.get_by_label("URL").fill(url)
    form.get_by_role("button", name="Add the webhook").click()
    row = page.get_by_role("row", name=url)
    expect(row).to_contain_text("none yet")
    gateway.push(gateway.phone(), {"aps": {"alert": "Hello"}})
    expect(row).to_contain_text("failed")
    accessible()
    shot("webhooks")
    row.get_by_role("button").click()
    page.get_by_role("dialog").get_by_role("button", name="Remove it").click()
    expect(page.get_by_text("No program of yours is told")).to_be_visible()
    assert list(gateway.apnsim.webhooks) == []


def test_a_key_of_somebody_else_is_registered_and_has_no_download(
    page: Page, apnsim: Apnsim
) -> None:
    key = ProviderKey.generate("TEAM123456", "OTHERKEY12")
    page.goto("/#/clients")
    page.get_by_label("Register yours").check()
    page.get_by_label("Team id").fill(key.team_id)
    page.get_by_label("Key id").fill(key.key_id)
    page.get_by_label("The .p8, or its public half").fill(key.private_key_pem.decode())
    page.get_by_role("button", name="Register the key").click()
    expect(page.get_by_role("row", name="OTHERKEY12")).to_contain_text("its owner has it")
    expect(page.get_by_role("button", name="Download AuthKey_OTHERKEY12.p8")).to_have_count(0)
    apnsim.remove_key(key.key_id)
