"""TLS handshakes that go wrong on purpose, and what clients make of it: httpx, curl, apsd."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import httpx
import pytest
import trio

from gateway.faults.reading import read_rule
from tests.e2e.world import World, until, world

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[World]:
    async with world(tmp_path) as made:
        yield made


def rule(here: World, words: str) -> None:
    here.gateway.faults.book.add(read_rule(words))


@pytest.mark.parametrize(
    ("how", "says", "curls_codes"),
    [
        ("expired", "certificate has expired", {60}),
        ("wrong-name", "Hostname mismatch", {60}),
        ("untrusted", "certificate verify failed", {60}),
        ("reset", "", {7, 35, 56}),
    ],
)
async def test_a_client_refuses_the_handshake_and_the_next_one_works(
    here: World, how: str, says: str, curls_codes: set[int], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "gateway")
    rule(here, f"tls how={how} times=1")
    token = await here.install(await here.phone())
    with pytest.raises(httpx.ConnectError) as refused:
        await here.push(token)
    assert says in _causes(refused.value)
    assert (await here.push(token)).status_code == 200
    assert any(f"rule 1: TLS handshake, {how}" in line for line in caplog.messages)
    rule(here, f"tls how={how}")
    assert await _curl(here) in curls_codes


async def test_a_handshake_that_never_ends_costs_a_client_its_connect_timeout(here: World) -> None:
    rule(here, "tls how=never-ends match.nth=1")
    token = await here.install(await here.phone())
    with pytest.raises(httpx.ConnectTimeout):
        await here.push(token, timeout=0.2)
    assert (await here.push(token)).status_code == 200


async def test_a_handshake_that_does_not_begin_for_a_while(here: World) -> None:
    rule(here, "tls how=never-ends seconds=0.05")
    with trio.fail_after(5):
        with pytest.raises(httpx.ConnectError):
            await here.push("ab" * 32)


async def test_a_drain_does_not_wait_for_a_handshake_that_never_ends(here: World) -> None:
    rule(here, "tls how=never-ends")
    port = here.gateway.provider_ports[0]
    async with await trio.open_tcp_stream("127.0.0.1", port) as stream:
        [entry] = here.gateway.faults.book
        await until(lambda: entry.hits)
        here.stop.set()
        with trio.fail_after(5):
            assert await stream.receive_some() == b""


async def test_what_nobody_can_know_of_a_handshake_is_refused() -> None:
    with pytest.raises(ValueError, match=r"match\.topic is not known of a TLS handshake"):
        read_rule("tls how=expired match.topic=com.example.app")


# -- of devices ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ("how=expired", "its certificate is not trusted (certificate has expired): same CA?"),
        ("how=wrong-name", "its certificate is not trusted (Hostname mismatch"),
        ("how=untrusted", "its certificate is not trusted ("),
        ("how=reset", "TLS failed ("),
        ("how=never-ends seconds=0.05", "TLS failed ("),
    ],
)
async def test_apsd_refuses_the_courier_says_why_and_tries_again_later(
    here: World, words: str, why: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    rule(here, f"tls peer=device {words} times=2")
    token = await here.install(await here.phone("Anna"))
    await here.pushes(token, "hello")  # providers shake hands as ever
    [phone] = [view.id for view in here.devices.list_devices()]
    assert await here.received(phone, 1) == ["hello"]
    said = [line for line in caplog.messages if "no courier link" in line]
    assert [why in line for line in said] == [True, True], said
    assert any("next attempt in" in line for line in caplog.messages)
    assert any("rule 1: device's TLS handshake" in line for line in caplog.messages)


async def test_devices_have_no_link_while_the_couriers_certificate_has_expired_and_then_get_all(
    here: World,
) -> None:
    phone = await here.phone()
    token = await here.install(phone)
    await until(lambda: here.connected == {phone})
    expired = here.gateway.faults.book.add(read_rule("tls peer=device how=expired"))
    here.gateway.faults.book.add(read_rule("storm"))
    await here.pushes(token, "meanwhile")
    await until(lambda: expired.hits >= 2)
    assert here.connected == set()
    here.gateway.faults.book.remove(expired.number)
    assert await here.received(phone, 1) == ["+meanwhile"]


async def test_a_drain_does_not_wait_for_a_device_whose_handshake_never_ends(here: World) -> None:
    rule(here, "tls peer=device how=never-ends")
    async with await trio.open_tcp_stream("127.0.0.1", here.gateway.courier_port) as stream:
        [entry] = here.gateway.faults.book
        await until(lambda: entry.hits)
        here.stop.set()
        with trio.fail_after(5):
            assert await stream.receive_some() == b""


def _causes(error: BaseException | None) -> str:
    """httpx itself says nothing of why."""
    return "" if error is None else f"{error!r} {_causes(error.__cause__ or error.__context__)}"


async def _curl(here: World) -> int:
    """Its exit code."""
    curl = shutil.which("curl")
    if curl is None:
        pytest.skip("no curl here")
    ca, url = here.gateway.home.ca_file, here.gateway.info()["provider_url"]
    arguments = [curl, "--silent", "--http2", "--cacert", str(ca), "--max-time", "5", url]
    return (await trio.run_process(arguments, check=False, capture_stdout=True)).returncode
