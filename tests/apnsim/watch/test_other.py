"""A virtual device of a running gateway, looked at by its control API."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import pytest
import trio

from apnsim.errors import CommandError
from apnsim.watch.other import OtherDevice
from apnsim.watch.tail import Tail
from gateway.records import State
from protocol.identifiers import DeviceId
from tests.builders import DEVICE
from tests.gateway.console.consoles import Console

if TYPE_CHECKING:
    from collections.abc import Callable

    from trio.testing import MockClock


def said(tail: Tail) -> str:
    return "\n".join(line for _, line in tail.newest(99))


async def until(is_so: Callable[[], bool]) -> None:
    while not is_so():  # noqa: ASYNC110 - it happens in another task
        await trio.sleep(0.005)


async def test_a_glimpse_is_what_the_console_tells() -> None:
    console = Console()
    await console.host.create_device("Anna", None, online=True)
    await console.host.install_app("d1", "com.example.app", ["alert"])
    async with console.client() as http:
        seen = await OtherDevice(http, "d1").look()
    assert (seen.name, seen.device_id) == ("Anna", "d1")
    assert dict(seen.facts)["network"] == "wifi"
    [link] = seen.links
    assert (link.interface, link.words) == ("WiFi", "online, leads")
    assert link.keep_alive == "900 s, next in 412 s"
    assert str(link.socket).split()[3:5] == ["192.168.1.7.51234", "17.57.146.20.5223"]
    assert seen.apps == [("com.example.app", "background")]
    assert seen.screen["front"] == "lock-screen"


async def test_a_device_that_is_not_there_is_told() -> None:
    async with Console().client() as http:
        with pytest.raises(CommandError, match="404: no device 'nobody'"):
            await OtherDevice(http, "nobody").look()


async def test_a_gateway_that_is_not_there_is_told() -> None:
    async with httpx.AsyncClient(base_url="http://127.0.0.1:1", trust_env=False) as http:
        with pytest.raises(CommandError, match=r"no answer from http://127\.0\.0\.1:1"):
            await OtherDevice(http, "d1").look()


async def test_what_happens_to_the_device_is_in_the_log_and_nothing_else() -> None:
    console, tail = Console(), Tail()
    async with (
        console.served() as url,
        httpx.AsyncClient(base_url=url, trust_env=False) as http,
        trio.open_nursery() as nursery,
    ):
        nursery.start_soon(OtherDevice(http, str(DEVICE)).tell, tail)
        await until(lambda: console.journal.statistics().viewers == 1)
        console.accept(1, State.PRESENTED)
        console.accept(2, State.PRESENTED, device=DeviceId("another"))
        console.journal.link(DEVICE, is_connected=True, detail="127.0.0.1:5")
        await until(lambda: "courier link up: 127.0.0.1:5" in said(tail))
        nursery.cancel_scope.cancel()
    states = [line.rpartition(": ")[2] for _, line in tail.newest(99)]
    assert states == ["Received by APNs", "Presented", "127.0.0.1:5"]
    assert all(" Df apsd: " in line for _, line in tail.newest(99))


async def test_events_that_end_are_asked_for_again_and_the_log_says_so(
    autojump_clock: MockClock,  # noqa: ARG001
) -> None:
    tail = Tail()
    answers = [httpx.Response(500), httpx.Response(200, content=b"event: reload\ndata: {}\n\n")]
    transport = httpx.MockTransport(lambda _: answers.pop(0) if answers else httpx.Response(503))
    async with httpx.AsyncClient(base_url="http://gateway", transport=transport) as http:
        with trio.move_on_after(2.5):
            await OtherDevice(http, "d1").tell(tail)
    assert not answers
    assert said(tail).count("no events from the gateway") == 2
