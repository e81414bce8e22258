"""Why it did not arrive: what a test that waits in vain reads, with real phones behind it.

What became of a push is told in the phones' own words, and what to do is found by parts of them.
"""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import httpx
import pytest
import trio

from apnsim.client import Apnsim, NotInTimeError
from tests.e2e.world import TOPIC, until, world

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from apnsim.client.apps import App

WAKE = {"content-available": 1}
BACKGROUND = {"apns-push-type": "background", "apns-priority": "5"}


@dataclass(frozen=True)
class Case:
    """What happens before a push, the push, and what is said of it."""

    became: str
    advice: str
    before: Callable[[App], object] = lambda _: None
    aps: dict[str, Any] = field(default_factory=lambda: {"alert": "Hello"})
    headers: dict[str, str] = field(default_factory=dict)


CASES = {
    "offline": Case(
        "accepted, stored: the device is offline", "device.go_online()",
        lambda app: app.device.go_offline(),
    ),
    "now or never": Case(
        "accepted, and discarded: ", "send a later apns-expiration",
        lambda app: app.device.go_offline(), headers={"apns-expiration": "0"},
    ),
    "locked": Case(
        "accepted, stored to save power: ", "device.wake(), or send it with apns-priority 10",
        lambda app: app.device.lock(), headers={"apns-priority": "5"},
    ),
    "uninstalled": Case(
        "rejected: 410 Unregistered", "forget the token", lambda app: app.uninstall(),
    ),
    "switched off": Case(
        "does not want pushes for this app", "app.update(notifications_enabled=True)",
        lambda app: app.update(notifications_enabled=False),
    ),
    "denied": Case(
        "does not want pushes for this app", "app.update(permission='granted')",
        lambda app: app.update(permission="denied"),
    ),
    "not asked": Case(
        "presented nothing: alert push; the app has not asked", "app.update(permission='granted')",
        lambda app: app.update(permission="not-asked"),
    ),
    "nothing to see": Case(
        "without alert, badge or sound", "put an alert, a badge or a sound into aps", aps={"x": 1},
    ),
    "nothing to wake for": Case(
        "a background push without content-available: 1", "put content-available: 1 into aps",
        aps={"x": 1}, headers=BACKGROUND,
    ),
    "force-quit": Case(
        "presented nothing: background push; the app was force-quit",
        "let a person open the app: app.update(state='foreground')",
        lambda app: app.update(state="force-quit"), aps=WAKE, headers=BACKGROUND,
    ),
}  # fmt: skip


def push(apnsim: Apnsim, token: str, case: Case) -> None:
    headers = {"apns-topic": TOPIC, "apns-push-type": "alert", **case.headers}
    body = {"path": f"/3/device/{token}", "headers": headers, "payload": {"aps": case.aps}}
    apnsim.call("POST", "notifications", body=body)


def told_of(apnsim: Apnsim, case: Case, times: int = 1) -> str:
    """What is said when nobody sees it."""
    app = apnsim.create_device().install(TOPIC)
    token = app.token
    case.before(app)
    for _ in range(times):
        push(apnsim, token, case)
    apnsim.expect_none(topic=TOPIC, state="Presented", text="Corner")  # all has come to rest
    with pytest.raises(NotInTimeError) as caught:
        apnsim.wait_for_notifications(times, seconds=0, topic=TOPIC, state="Presented")
    return str(caught.value)


async def asked(url: str, use: Callable[[Apnsim], str]) -> str:
    def run() -> str:
        with Apnsim(url) as apnsim:
            return use(apnsim)

    return await trio.to_thread.run_sync(run)


@pytest.mark.parametrize("name", CASES)
async def test_what_became_of_it_is_told_with_what_helps(name: str, tmp_path: Path) -> None:
    case = CASES[name]
    async with world(tmp_path) as here:
        words = await asked(here.running.console_url, lambda apnsim: told_of(apnsim, case))
    assert case.became in words
    assert f"→ {case.advice}" in words


async def test_of_background_pushes_that_are_held_the_newer_one_is_named(tmp_path: Path) -> None:
    case = Case("", "", aps=WAKE, headers=BACKGROUND)
    async with world(tmp_path, background_pushes_per_hour=1) as here:
        words = await asked(here.running.console_url, lambda apnsim: told_of(apnsim, case, 3))
    assert "held back, and replaced by a newer background push" in words
    assert "→ look for the newer one" in words
    assert "and held back by the phone: the app has used up its background pushes" in words
    assert "→ let a person open the app, or move the clock an hour" in words


# -- it did not even come --------------------------------------------------------------------------

STRAYS = {
    "HTTP/1.1": ("https", True, "Invalid HTTP/2 preamble", "have the client speak HTTP/2"),
    "no trust": (
        "https",
        False,
        "EOF occurred",
        "see the client's own error; mostly it lacks trust: ",
    ),
    "no TLS": ("http", True, "http request", "the client speaks plain HTTP"),
}


@pytest.mark.parametrize("name", STRAYS)
async def test_a_client_that_cannot_talk_to_us_is_told_of(name: str, tmp_path: Path) -> None:
    scheme, trusts, why, advice = STRAYS[name]
    async with world(tmp_path) as here:
        ca = str(here.gateway.home.ca_file) if trusts else None
        trust = ssl.create_default_context(cafile=ca)
        url = here.gateway.info()["provider_url"].replace("https", scheme)
        async with httpx.AsyncClient(verify=trust, trust_env=False) as client:
            with pytest.raises(httpx.TransportError):
                await client.post(f"{url}/3/device/{'ab' * 32}", json={})
        await until(lambda: bool(here.gateway.providers.failed_handshakes))
        words = await asked(here.running.console_url, waited_in_vain)
    assert "1 connection of a client came to nothing, the last " in words
    assert why in words.replace("_", " ")
    assert f"→ {advice}" in words


def waited_in_vain(apnsim: Apnsim) -> str:
    with pytest.raises(NotInTimeError) as caught:
        apnsim.wait_for_notifications(seconds=0, topic=TOPIC)
    return str(caught.value)
