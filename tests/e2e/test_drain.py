"""An orderly end: what is in flight is answered, what comes later is told to go elsewhere."""

from __future__ import annotations

import signal
import ssl
from typing import TYPE_CHECKING, Any

import httpx
import pytest
import trio

from tests.e2e.fleet import Fleet, Provider
from tests.e2e.gateway_process import GatewayProcess, gateway_process, token_for
from tests.e2e.world import until, world

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from gateway.store.store import Store


class Gate:
    """Holds up a store's accepts until it is opened."""

    def __init__(self, store: Store) -> None:
        self._accept = store.accept
        self._opened = trio.Event()
        self.waiting = 0
        store.accept = self.accept  # type: ignore[method-assign]

    async def accept(self, *arguments: Any, **options: Any) -> Any:  # noqa: ANN401
        self.waiting += 1
        await self._opened.wait()
        return await self._accept(*arguments, **options)

    def open(self) -> None:
        self._opened.set()


async def test_what_is_in_flight_is_answered_and_what_comes_later_hears_shutdown(
    tmp_path: Path,
) -> None:
    async with world(tmp_path) as here:
        phone = await here.phone()
        token = await here.install(phone)
        await here.pushes(token, "before")
        gate = Gate(here.gateway.store)
        answers: list[int] = []

        async def push(connection: int) -> None:
            answer = await here.push(token, "in flight", connection=connection)
            answers.append(answer.status_code)

        async with trio.open_nursery() as nursery:
            # Several on one connection: httpx loses answers that it reads together with a GOAWAY.
            for connection in (0, 0, 1):
                nursery.start_soon(push, connection)
            await until(lambda: gate.waiting == 3)
            here.stop.set()
            await until(lambda: here.gateway.providers.statistics()[0].draining)
            late = await here.push(token, "late", connection=1)
            assert (late.status_code, late.json()) == (503, {"reason": "Shutdown"})
            assert answers == []
            gate.open()
        assert answers == [200, 200, 200]
        # The last word was GOAWAY; nobody accepts any more.
        await until(lambda: here.gateway.providers.statistics() == [])
        with pytest.raises(httpx.ConnectError):
            await here.push(token, "too late", connection=7)


async def test_a_drain_ends_in_time_though_a_request_never_does(tmp_path: Path) -> None:
    # ``world`` returns when the gateway has ended: the gate stays shut.
    async with world(tmp_path, drain_seconds=0.2) as here, trio.open_nursery() as nursery:
        token = await here.install(await here.phone())
        await here.pushes(token, "before")
        gate = Gate(here.gateway.store)
        ended = trio.Event()

        async def push() -> None:
            with pytest.raises(httpx.HTTPError):
                await here.push(token, "for ever")
            ended.set()

        nursery.start_soon(push)
        await until(lambda: gate.waiting == 1)
        here.stop.set()
        await ended.wait()


async def test_sigterm_under_load_exits_0_and_a_restart_delivers_what_was_accepted(
    tmp_path: Path,
) -> None:
    async with gateway_process(tmp_path) as gateway, trio.open_nursery() as nursery:
        fleet = Fleet(gateway)
        await nursery.start(fleet.host.run)
        grown = await fleet.grow(devices=4, apps=50)
        targets = [target for targets in grown for target in targets]
        await fleet.patch([targets[0].device for targets in grown[:2]], online=False)
        provider = Provider(gateway, refusals={"Shutdown"})
        is_pushed = trio.Event()

        async def push_all() -> None:
            await provider.push_all(targets)
            is_pushed.set()

        nursery.start_soon(push_all)
        await until(lambda: len(provider.accepted) >= len(targets) // 4)
        assert await gateway.stop() == 0
        await gateway.start()
        await is_pushed.wait()
        await fleet.patch([targets[0].device for targets in grown], online=True)
        await until(lambda: set(provider.accepted) <= set(fleet.received))
        assert len(fleet.received) == len(set(fleet.received))
        await fleet.host.delete_all()
        assert await gateway.stop() == 0
        nursery.cancel_scope.cancel()
    assert "Traceback" not in gateway.log
    assert "ERROR" not in gateway.log


async def test_a_second_signal_ends_at_once(tmp_path: Path) -> None:
    async with (
        gateway_process(tmp_path, "--drain-seconds", "3600") as gateway,
        provider_client(gateway) as client,
        trio.open_nursery() as nursery,
    ):
        token = "ab" * 32
        headers = {"authorization": f"bearer {token_for(gateway.info)}", "apns-topic": "x"}
        is_asked, answer_nothing = trio.Event(), trio.Event()

        async def endless() -> AsyncIterator[bytes]:
            yield b"{"
            is_asked.set()
            await answer_nothing.wait()

        async def push() -> None:
            with pytest.raises(httpx.HTTPError):
                await client.post(f"/3/device/{token}", content=endless(), headers=headers)

        # A drain would wait for this request, for an hour.
        nursery.start_soon(push)
        await is_asked.wait()
        await until_streams_are_open(gateway)
        gateway.process.send_signal(signal.SIGINT)
        await until(lambda: "draining" in gateway.log)
        assert gateway.process.poll() is None
        gateway.process.send_signal(signal.SIGINT)
        assert await gateway.process.wait() == 0
        answer_nothing.set()
    assert "second time" in gateway.log
    assert "Traceback" not in gateway.log


def provider_client(gateway: GatewayProcess) -> httpx.AsyncClient:
    trust = ssl.create_default_context(cafile=gateway.info["ca_file"])
    url = gateway.info["provider_url"]
    return httpx.AsyncClient(http2=True, verify=trust, trust_env=False, base_url=url)


async def until_streams_are_open(gateway: GatewayProcess) -> None:
    url = f"{gateway.info['console_url']}/api/v1/connections"
    async with httpx.AsyncClient(trust_env=False) as console:
        while True:
            connections = (await console.get(url)).json()["provider"]
            if any(each["streams_open"] for each in connections):
                return
