"""What happens here, told elsewhere: from a provider's push to the program that wants to know."""

from __future__ import annotations

from typing import TYPE_CHECKING

import trio

from apnsim.client import Apnsim
from gateway.webhooks.description import read_description
from tests.e2e.world import until, world
from tests.gateway.tracing.collector import collector
from tests.gateway.webhooks.target import target

if TYPE_CHECKING:
    from pathlib import Path


async def test_a_push_is_told_once_it_was_delivered_and_once_it_was_presented(
    tmp_path: Path,
) -> None:
    async with target() as there, world(tmp_path, webhook=(read_description(there.url),)) as here:
        token = await here.install(await here.phone())
        await here.push(token, "Hello")
        first, second = await there.requests(2)

        def use() -> None:
            with Apnsim(here.running.console_url) as apnsim:
                [hook] = apnsim.webhooks
                assert (hook.id, hook.delivered, hook.last_status) == ("1", 2, 204)
                mine = apnsim.webhooks.add(there.url, events=["Rejected"], bundle_id="com.x")
                assert apnsim.webhooks.get(mine.id).events == ["Rejected"]
                assert [each.id for each in apnsim.webhooks.of("com.x")] == [mine.id]
                apnsim.webhooks.clear(bundle_id="com.y")
                [other] = apnsim.webhooks.of("com.x")
                apnsim.webhooks.remove(other.id)
                apnsim.reset()  # those of the settings stay
                assert [each.url for each in apnsim.webhooks] == [there.url]
                apnsim.webhooks.clear()
                assert list(apnsim.webhooks) == []

        while not [hook for hook in here.running.webhooks if hook.pending == 0]:
            await trio.lowlevel.checkpoint()
        await trio.to_thread.run_sync(use)
    assert first.json["event"]["state"] == "Delivered to Device"
    assert second.json["event"]["state"] == "Presented"
    assert second.json["payload"] == {"aps": {"alert": "Hello"}}


async def test_a_push_is_in_the_trace_of_its_provider_as_far_as_the_app(tmp_path: Path) -> None:
    trace_id = "4bf92f3577b34da6a3ce929d0e0e4736"
    with collector() as there:
        async with world(tmp_path, otel_endpoint=there.url) as here:
            phone = await here.phone()
            token = await here.install(phone)
            await here.push(token, traceparent=f"00-{trace_id}-00f067aa0ba902b7-01")
            [record] = here.gateway.journal.records()
            await until(lambda: record.state == "Presented")
    assert {span.trace_id for span in there.spans} == {trace_id}
    parents = {span.span_id: span.name for span in there.spans}
    tree = {span.name: parents.get(span.parent_id, span.parent_id) for span in there.spans}
    assert tree == {
        "POST /3/device/{token}": "00f067aa0ba902b7",
        "validate": "POST /3/device/{token}",
        "deliver com.example.app": "POST /3/device/{token}",
        "present com.example.app": "deliver com.example.app",
    }


async def test_a_target_that_hangs_holds_up_no_push_and_no_end(tmp_path: Path) -> None:
    async with target(0, 0) as there:
        started = trio.current_time()
        async with world(tmp_path, webhook=(read_description(there.url),)) as here:
            phone = await here.phone()
            token = await here.install(phone)
            await here.pushes(token, *map(str, range(50)))
            assert len(await here.received(phone, 50)) == 50
        assert trio.current_time() - started < 8
