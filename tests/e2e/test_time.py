"""The clock is moved through the control API, and everything that is emulated follows it."""

from __future__ import annotations

import json
import time
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import httpx
import pytest
import trio

from certs.provider_key import ProviderKey
from gateway.records import State
from tests.e2e.world import TOPIC, World, until, world
from tests.gateway.webhooks.target import target

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

MINUTE, HOUR, DAY = 60, 3600, 86_400
QUIET = {"apns_push_type": "background", "apns_priority": "5"}
EXPIRED = State.DISCARDED_EXPIRED


class Lab:
    """A world, and whoever tests it: by the control API alone, but for pushing."""

    def __init__(self, here: World, api: httpx.AsyncClient) -> None:
        self.here = here
        self.api = api

    async def call(self, method: str, path: str, body: object = None) -> Any:  # noqa: ANN401
        """What the API answers."""
        answer = await self.api.request(method, path, json=body)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None

    async def advance(self, seconds: float) -> Any:  # noqa: ANN401
        return await self.call("POST", "clock/advance", {"seconds": seconds})

    async def clock(self, **change: Any) -> Any:  # noqa: ANN401
        return await self.call("PUT", "clock", change)

    async def now(self) -> float:
        return float((await self.call("GET", "clock"))["now"])

    async def phone(self, *push_types: str, **options: Any) -> tuple[str, dict[str, str]]:  # noqa: ANN401
        """A phone with the app; its tokens."""
        device = await self.call("POST", "devices", options)
        body = {"bundle_id": TOPIC, "push_types": push_types or ["alert"]}
        app = await self.call("POST", f"devices/{device['id']}/apps", body)
        return device["id"], app["tokens"]

    async def patch(self, phone: str, **changes: Any) -> Any:  # noqa: ANN401
        return await self.call("PATCH", f"devices/{phone}", changes)

    async def push(self, token: str, text: str = "Hello", **headers: Any) -> str:  # noqa: ANN401
        """An accepted push; its id."""
        answer = await self.here.push(token, text, **headers)
        assert answer.status_code == 200, answer.text
        return answer.headers["apns-id"]

    async def events(self, apns_id: str) -> list[tuple[str, float]]:
        """What has become of it, and when."""
        story = await self.call("GET", f"notifications/{apns_id}")
        return [(event["state"], event["at"]) for event in story["timeline"]]

    async def at(self, apns_id: str, state: State) -> float:
        """When it was in that state."""
        [at] = [at for name, at in await self.events(apns_id) if name == state]
        return at

    async def received(self, phone: str) -> list[Any]:
        return list(await self.call("GET", f"devices/{phone}/notifications"))

    async def texts(self, phone: str) -> list[str]:
        return [each["payload"]["aps"]["alert"] for each in await self.received(phone)]

    async def session(self, phone: str) -> Any:  # noqa: ANN401
        """The device's link, as the gateway sees it; None: there is none."""
        links = (await self.call("GET", "connections"))["courier"]
        return next((each for each in links if each["device"] == phone), None)


@asynccontextmanager
async def lab(data_dir: Path, **settings: Any) -> AsyncIterator[Lab]:  # noqa: ANN401
    async with world(data_dir, **settings) as here:
        base = f"{here.running.console_url}/api/v1/"
        async with httpx.AsyncClient(base_url=base, timeout=60, trust_env=False) as api:
            yield Lab(here, api)


async def test_offline_three_pushes_two_hours_later_one_arrives(tmp_path: Path) -> None:
    async with lab(tmp_path) as here:
        phone, tokens = await here.phone()
        await here.patch(phone, online=False)
        for text in ("1-0", "2-0", "3-0"):
            await here.push(tokens["alert"], text)
        before = await here.now()
        after = (await here.advance(2 * HOUR))["now"]
        assert after - before == pytest.approx(2 * HOUR, abs=60)
        await here.patch(phone, online=True)
        await until(lambda: bool(here.here.devices.notifications(phone)))
        assert await here.texts(phone) == ["3-0"]


async def test_a_provider_token_grows_old_and_a_new_one_of_a_machine_that_was_not_moved_serves(
    tmp_path: Path,
) -> None:
    async with lab(tmp_path) as here:
        _, tokens = await here.phone()
        provider = Provider(here)
        old = provider.sign()
        assert await provider.push(tokens["alert"], old) == (200, "")
        await here.advance(61 * MINUTE)
        assert await provider.push(tokens["alert"], old) == (403, "ExpiredProviderToken")
        # Stamped by the machine's clock, 61 minutes behind; and by whoever has asked this one.
        assert await provider.push(tokens["alert"], provider.sign()) == (200, "")
        await here.advance(21 * MINUTE)
        here_now = int(await here.now())
        assert await provider.push(tokens["alert"], provider.sign(here_now)) == (200, "")
        await here.call("POST", "clock/reset")
        assert await provider.push(tokens["alert"], provider.sign(), anew=True) == (200, "")


async def test_how_often_a_token_may_be_renewed_follows_the_clock(tmp_path: Path) -> None:
    async with lab(tmp_path) as here:
        _, tokens = await here.phone()
        provider, alert = Provider(here), tokens["alert"]
        assert await provider.push(alert, provider.sign()) == (200, "")
        too_many = (429, "TooManyProviderTokenUpdates")
        assert await provider.push(alert, provider.sign()) == too_many
        await here.advance(19 * MINUTE)
        assert await provider.push(alert, provider.sign()) == too_many
        await here.advance(MINUTE)
        assert await provider.push(alert, provider.sign()) == (200, "")


async def test_a_push_expires_at_its_own_second_while_the_phone_is_away(tmp_path: Path) -> None:
    async with lab(tmp_path) as here:
        phone, tokens = await here.phone()
        await here.patch(phone, online=False)
        expiration = int(await here.now()) + 10 * MINUTE
        gone = await here.push(tokens["alert"], apns_expiration=str(expiration))
        await here.advance(HOUR)
        assert await here.at(gone, EXPIRED) == pytest.approx(expiration, abs=0.01)


async def test_a_push_that_is_too_late_by_this_clock_alone_says_so(tmp_path: Path) -> None:
    async with lab(tmp_path) as here:
        phone, tokens = await here.phone()
        await here.patch(phone, online=False)
        await here.advance(2 * HOUR)
        provider = Provider(here)
        in_an_hour = str(int(time.time()) + HOUR)
        await provider.push(tokens["alert"], provider.sign(), apns_expiration=in_an_hour)
        [record] = await here.call("GET", "notifications")
        [event] = [each for each in record["timeline"] if each["state"] == EXPIRED]
        assert "as the gateway's clock is 7" in event["detail"]
        assert "s ahead of this machine's" in event["detail"]


async def test_a_background_budget_is_refilled(tmp_path: Path) -> None:
    async with lab(tmp_path, background_pushes_per_hour=1) as here:
        phone, tokens = await here.phone("background")
        for _ in range(2):
            pushed = await here.here.push(
                tokens["background"], aps={"content-available": 1}, **QUIET
            )
            await here.here.reached(pushed.headers["apns-id"], State.DELIVERED)
        began = await here.now()
        assert len(await here.received(phone)) == 1
        await here.advance(2 * HOUR)
        held = (await here.received(phone))[1]
        assert held["received_at"] == pytest.approx(began + HOUR, abs=60)


async def test_an_uninstall_becomes_410_after_its_delay(tmp_path: Path) -> None:
    async with lab(tmp_path, unregistered_delay_seconds=3600.0) as here:
        phone, tokens = await here.phone()
        await here.call("DELETE", f"devices/{phone}/apps/{TOPIC}")
        assert (await here.here.push(tokens["alert"])).status_code == 200
        await here.advance(HOUR)
        assert (await here.here.push(tokens["alert"])).status_code == 410


async def test_keep_alives_keep_a_link_through_a_day_and_the_gateway_hears_them(
    tmp_path: Path,
) -> None:
    async with lab(tmp_path) as here:
        phone, _ = await here.phone()
        before = await here.session(phone)
        now = (await here.advance(DAY))["now"]
        after = await here.session(phone)
        assert (after["number"], after["since"]) == (before["number"], before["since"])
        assert now - after["last_heard"] <= HOUR < after["last_heard"] - before["last_heard"]
        assert after["keep_alive_seconds"] == HOUR, "it has grown as long as it can be"


async def test_a_dead_path_is_noticed_by_both_ends(tmp_path: Path) -> None:
    async with lab(tmp_path) as here:
        phone, _ = await here.phone()
        await here.patch(phone, network="half-open")
        await here.advance(20 * MINUTE)
        [link, _] = (await here.call("GET", f"devices/{phone}"))["links"]
        assert link["state"] in ("connecting", "waiting"), "the phone has given its link up"
        assert await here.session(phone) is not None, "the gateway believes in it still"
        await here.advance(HOUR)
        # Its goodbye waits for an answer, as for any peer, by the machine's time.
        await until(lambda: phone not in here.here.connected)
        assert (await here.patch(phone, network="wifi"))["online"]


async def test_what_waits_for_a_locked_phone_goes_with_its_burst(tmp_path: Path) -> None:
    async with lab(tmp_path) as here:
        phone, tokens = await here.phone()
        await here.patch(phone, power="locked")
        began = await here.now()
        held = await here.push(tokens["alert"], apns_priority="5")
        await here.here.reached(held, State.STORED_POWER)
        await here.advance(19 * MINUTE)
        assert await here.received(phone) == []
        await here.advance(MINUTE)
        [received] = await here.received(phone)
        assert received["received_at"] == pytest.approx(began + 20 * MINUTE, abs=60)


async def test_a_phone_dials_again_by_this_clock(tmp_path: Path) -> None:
    async with lab(tmp_path) as here:
        phone, _ = await here.phone()
        await here.clock(frozen=True)
        here.here.gateway.sessions.dismiss("a test wants it gone")
        await until(lambda: phone not in here.here.connected)
        await trio.sleep(0.2)
        assert not (await here.call("GET", f"devices/{phone}"))["online"], "time stands still"
        await here.advance(MINUTE)
        assert (await here.call("GET", f"devices/{phone}"))["online"]


async def test_a_live_activity_ends_after_eight_hours_and_leaves_after_twelve(
    tmp_path: Path,
) -> None:
    async with lab(tmp_path) as here:
        phone, _ = await here.phone()
        place = f"devices/{phone}/apps/{TOPIC}/activities"
        body = {"attributes_type": "Delivery", "attributes": {}, "content_state": {}}
        activity = await here.call("POST", place, body)
        headers = {"apns_push_type": "liveactivity"}
        headers["apns_topic"] = f"{TOPIC}.push-type.liveactivity"
        await here.advance(8 * HOUR)
        [ended] = await here.call("GET", place)
        assert ended["state"] == "ended"
        answer = await here.here.push(activity["token"], **headers)
        assert (answer.status_code, answer.json()["reason"]) == (410, "ExpiredToken")
        since = answer.json()["timestamp"] / 1000
        assert since == pytest.approx(await here.now(), abs=60)
        await here.advance(4 * HOUR)
        assert await here.call("GET", place) == []


async def test_a_delivery_that_a_fault_delays_comes_by_this_clock(tmp_path: Path) -> None:
    async with lab(tmp_path) as here:
        phone, tokens = await here.phone()
        rule = {"action": {"type": "delay-delivery", "seconds": HOUR}}
        await here.call("POST", "rules", rule)
        began = await here.now()
        await here.push(tokens["alert"])
        await here.advance(59 * MINUTE)
        assert await here.received(phone) == []
        await here.advance(MINUTE)
        [received] = await here.received(phone)
        assert received["received_at"] == pytest.approx(began + HOUR, abs=30)


async def test_a_webhook_tries_again_by_this_clock(tmp_path: Path) -> None:
    async with target(500, 500) as there, lab(tmp_path) as here:
        await here.call("POST", "webhooks", {"url": there.url, "events": ["Delivered to Device"]})
        await here.clock(frozen=True)
        _, tokens = await here.phone()
        await here.push(tokens["alert"])
        await there.requests(1)
        await here.advance(HOUR)
        assert len(there.got) == 3


async def test_thirty_days_happen_in_order_each_thing_at_its_own_second(tmp_path: Path) -> None:
    async with lab(tmp_path) as here:
        began = int(await here.now())
        after = [12 * DAY, 5, 3 * HOUR, 29 * DAY, 40 * MINUTE, 12 * DAY + 1]
        pushes: dict[int, str] = {}
        for seconds in after:
            phone, tokens = await here.phone()
            await here.patch(phone, online=False)
            expiration = str(began + seconds)
            pushes[seconds] = await here.push(tokens["alert"], apns_expiration=expiration)
        online, _ = await here.phone()
        await here.advance(30 * DAY)
        told = {
            record.apns_id: record.timeline[-1].at
            for record in here.here.gateway.journal.records()
            if record.state is EXPIRED
        }
        assert sorted(told, key=told.__getitem__) == [pushes[each] for each in sorted(after)]
        for seconds in after:
            assert told[pushes[seconds]] == pytest.approx(began + seconds, abs=0.01)
        assert (await here.call("GET", f"devices/{online}"))["online"]


async def test_frozen_time_holds_up_no_answer(tmp_path: Path) -> None:
    async with lab(tmp_path) as here:
        frozen = (await here.clock(frozen=True))["now"]
        began = time.monotonic()
        assert await here.call("GET", "notifications?wait=1&count=1") == []
        assert 1 <= time.monotonic() - began < 20
        phone, tokens = await here.phone()
        await here.push(tokens["alert"])
        await until(lambda: bool(here.here.devices.notifications(phone)))
        [received] = await here.received(phone)
        assert received["received_at"] == frozen == await here.now()


async def test_frozen_time_holds_up_no_call_about_a_phone_on_a_slow_network(tmp_path: Path) -> None:
    async with lab(tmp_path) as here:
        phone, _ = await here.phone()
        await here.clock(frozen=True)
        began = time.monotonic()
        assert (await here.patch(phone, conditions={"latency_seconds": 0.5}))["online"]
        other = {"bundle_id": "com.example.other"}
        late = await here.api.post(f"devices/{phone}/apps", json=other)
        assert (await here.patch(phone, power="low-power"))["power"] == "low-power"
        assert time.monotonic() - began < 10, "ten seconds is the patience with each"
        assert late.status_code == 503
        assert late.json()["detail"] == (
            "the gateway has not confirmed the tokens of com.example.other within 0.5 s;"
            " the clock is frozen: what takes time comes once it is advanced or runs again"
        )
        await here.advance(MINUTE)
        [_, app] = (await here.call("GET", f"devices/{phone}"))["apps"]
        assert app["tokens"]["alert"]
        told = await here.call("GET", "snapshot")
        began = time.monotonic()
        await here.call("PUT", "snapshot", told)
        assert time.monotonic() - began < 10
        await here.advance(MINUTE)
        assert (await here.call("GET", f"devices/{phone}"))["online"]


async def test_at_rate_sixty_a_minute_takes_a_second(tmp_path: Path) -> None:
    async with lab(tmp_path, keep_alive_seconds=30.0) as here:
        phone, tokens = await here.phone()
        away, others = await here.phone()
        await here.patch(away, online=False)
        before, began = await here.session(phone), await here.now()
        gone = await here.push(others["alert"], apns_expiration=str(int(began) + MINUTE))
        await here.clock(rate=60)
        with trio.fail_after(25):
            await here.here.reached(gone, EXPIRED)
        assert await here.at(gone, EXPIRED) >= int(began) + MINUTE
        await here.push(tokens["alert"])
        await until(lambda: bool(here.here.devices.notifications(phone)))
        after = await here.session(phone)
        assert after["number"] == before["number"], "its keep-alives were answered in time"
        assert after["keep_alive_seconds"] == 30


async def test_two_who_advance_at_once_come_one_after_the_other(tmp_path: Path) -> None:
    async with lab(tmp_path) as here:
        before = await here.now()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(here.advance, DAY)
            nursery.start_soon(here.advance, HOUR)
        assert await here.now() - before == pytest.approx(DAY + HOUR, abs=60)


async def test_time_moves_while_pushes_flow_and_none_of_them_is_lost(tmp_path: Path) -> None:
    async with lab(tmp_path, store="sqlite") as here:
        phone, tokens = await here.phone()
        sent, has_moved = 0, False
        async with trio.open_nursery() as nursery:

            async def flow() -> None:
                nonlocal sent
                while not has_moved:
                    await here.push(tokens["alert"], f"push {sent}")
                    sent += 1
                    await trio.sleep(0.02)

            nursery.start_soon(flow)
            await here.advance(3 * DAY)
            has_moved = True
        assert sent > 10
        await until(lambda: len(here.here.devices.notifications(phone)) >= sent)
        expected = [f"push {number}" for number in range(sent)]
        assert (await here.texts(phone))[:sent] == expected


async def test_whoever_does_not_wait_for_the_answer_stops_the_jump(tmp_path: Path) -> None:
    async with lab(tmp_path, keep_alive_seconds=1.0) as here:
        await here.phone()
        before = await here.now()
        with trio.move_on_after(0.5):
            await here.advance(30 * DAY)
        await trio.sleep(0.3)
        stopped = await here.now()
        assert MINUTE < stopped - before < 20 * DAY
        await trio.sleep(0.3)
        assert await here.now() - stopped < 60
        # And it can be moved again.
        await here.advance(MINUTE)


async def test_a_reset_ends_a_jump_and_whoever_waits_for_it_hears_so(tmp_path: Path) -> None:
    async with lab(tmp_path, keep_alive_seconds=1.0) as here:
        await here.phone()
        heard: list[int] = []

        async def advance(seconds: float) -> None:
            answer = await here.api.post("clock/advance", json={"seconds": seconds})
            heard.append(answer.status_code)

        async with trio.open_nursery() as nursery:
            nursery.start_soon(advance, 30 * DAY)
            nursery.start_soon(advance, 30 * DAY)
            await until(lambda: here.here.clock.lead > HOUR)
            told = await here.call("POST", "clock/reset")
        assert heard == [409, 409]
        assert told["ahead_seconds"] == pytest.approx(0, abs=0.01)
        assert await here.now() == pytest.approx(time.time(), abs=60)


async def test_a_reset_of_everything_is_one_of_the_clock_too(tmp_path: Path) -> None:
    async with lab(tmp_path) as here:
        await here.clock(rate=10)
        await here.advance(DAY)
        await here.call("POST", "reset")
        told = await here.call("GET", "clock")
        assert (told["frozen"], told["rate"], told["ahead_seconds"]) == (False, 1, 0)
        assert told["now"] == pytest.approx(time.time(), abs=60)
        # Whoever was left to wait does so no longer than it should.
        phone, tokens = await here.phone()
        await here.push(tokens["alert"])
        await until(lambda: bool(here.here.devices.notifications(phone)))


class Provider:
    """A provider with tokens of its own making."""

    def __init__(self, lab: Lab) -> None:
        self._here = lab.here
        registered = lab.here.running.signing_key()
        assert registered.key_file is not None
        self._key = ProviderKey.load(registered.key_file, registered.key.team_id)
        self._connection = 1

    def sign(self, at: int | None = None) -> str:
        """A token, by the machine's clock."""
        return self._key.sign(int(time.time()) if at is None else at)

    async def push(
        self, token: str, bearer: str, *, anew: bool = False, **headers: str
    ) -> tuple[int, str]:
        """Status and reason; ``anew``: on another connection."""
        self._connection += anew
        answer = await self._here.push(
            token, connection=self._connection, authorization=f"bearer {bearer}", **headers
        )
        return answer.status_code, json.loads(answer.content or "{}").get("reason", "")
