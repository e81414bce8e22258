"""Live Activities from the provider to the screen and back to 410 (reference §6.3, §7)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gateway.records import State
from tests.e2e.world import PRODUCTION, TOPIC, World, until, world

if TYPE_CHECKING:
    from pathlib import Path

    import httpx

    from devicesim.host.views import ReceivedView
    from devicesim.live_activities.views import ActivityView

LIVE = f"{TOPIC}.push-type.liveactivity"
KIND = "Delivery"


class Couch:
    """One phone with the app, and a provider of Live Activities."""

    def __init__(self, here: World, phone: str) -> None:
        self.here = here
        self.phone = phone

    @classmethod
    async def of(cls, here: World, **options: Any) -> Couch:  # noqa: ANN401
        couch = cls(here, await here.phone(**options))
        await here.install(couch.phone)
        return couch

    async def to_start(self, kind: str = KIND) -> str:
        view = await self.here.devices.activities.register_type(self.phone, TOPIC, kind)
        return view.push_to_start_tokens[kind]

    async def push(self, token: str, event: str, **more: Any) -> httpx.Response:  # noqa: ANN401
        """``priority`` and ``sni`` are the request's; the rest goes into ``aps``."""
        headers = {"apns_topic": LIVE, "apns_push_type": "liveactivity"}
        headers["apns_priority"] = str(more.pop("priority", 5))
        sni = more.pop("sni", "localhost")
        aps: dict[str, Any] = {"event": event, "timestamp": int(self.here.clock.now())}
        if event == "start":
            aps |= {"attributes-type": KIND, "attributes": {"order": 7}, "alert": {"title": "!"}}
            aps |= {"input-push-token": 1}
        aps |= {"content-state": {"stops": 3}}
        aps |= {name.replace("_", "-"): value for name, value in more.items()}
        return await self.here.push(token, aps=aps, sni=sni, **headers)

    async def sees(self, token: str, event: str, **more: Any) -> ReceivedView:  # noqa: ANN401
        """Push, and wait for what the phone makes of it."""
        answer = await self.push(token, event, **more)
        assert answer.status_code == 200, answer.text
        apns_id = answer.headers["apns-id"]

        def found() -> list[ReceivedView]:
            received = self.here.devices.notifications(self.phone)
            return [view for view in received if view.apns_id == apns_id]

        await until(lambda: bool(found()))
        return found()[0]

    async def activities(self) -> tuple[ActivityView, ...]:
        return await self.here.devices.activities.of(self.phone, TOPIC)

    async def only(self) -> tuple[ActivityView, str]:
        """The one activity, once it has its token."""
        while True:
            [activity] = await self.activities()
            if activity.token is not None:
                return activity, activity.token

    async def hears_410(self, token: str, reason: str, since: float) -> None:
        """Wait until the gateway has been told, then judge the answer."""
        directory = self.here.gateway.directory
        await until(
            lambda: any(
                str(each.token) == token and each.unregistered_at is not None
                for each in directory.registrations()
            )
        )
        answer = await self.push(token, "update")
        gone = answer.json()
        assert (answer.status_code, gone["reason"]) == (410, reason)
        # clients.md 16: a JSON number in milliseconds, with every 410.
        assert isinstance(gone["timestamp"], int)
        assert int(since * 1000) <= gone["timestamp"] <= self.here.clock.now() * 1000


async def test_from_push_to_start_over_an_update_to_the_end_and_410_expired_token(
    tmp_path: Path,
) -> None:
    async with world(tmp_path) as here:
        couch = await Couch.of(here)
        to_start = await couch.to_start()
        started = await couch.sees(to_start, "start")
        activity, token = await couch.only()
        assert started.presentation == "shown"
        assert started.detail == f"started {KIND} {activity.activity_id}, with an alert"
        assert (activity.attributes, activity.content_state) == ({"order": 7}, {"stops": 3})

        updated = await couch.sees(token, "update", content_state={"stops": 2})
        assert updated.detail == f"updated {KIND} {activity.activity_id}"
        activity, _ = await couch.only()
        assert (activity.state, activity.content_state) == ("active", {"stops": 2})

        since = here.clock.now()
        ended = await couch.sees(token, "end", content_state={"stops": 0})
        assert ended.detail.startswith(f"ended {KIND} {activity.activity_id}, stays until ")
        await couch.hears_410(token, "ExpiredToken", since)
        [activity] = await couch.activities()
        assert (activity.state, activity.token) == ("ended", None)
        assert activity.content_state == {"stops": 0}
        # Another one begins by the same push-to-start token, and has another update token.
        here.clock.advance(4 * 3600 + 1)
        await couch.sees(to_start, "start")
        assert (await couch.only())[1] != token


async def test_every_token_is_another_and_all_are_for_one_topic(tmp_path: Path) -> None:
    async with world(tmp_path) as here:
        couch = await Couch.of(here)
        own = await here.install(couch.phone, push_type="liveactivity")
        types = [await couch.to_start(), await couch.to_start("Ride")]
        running = [
            await here.devices.activities.start(couch.phone, TOPIC, KIND, {}, {}) for _ in range(2)
        ]
        tokens = [own, *types, *(str(each.token) for each in running)]
        assert len(set(tokens)) == 5
        topics = {str(r.token): r.topic for r in here.gateway.directory.registrations()}
        assert {topics[token] for token in tokens} == {LIVE}
        assert await couch.to_start() == types[0], "asked again, it is the same"
        for token in tokens:
            answer = await here.push(token, apns_topic=TOPIC)
            assert answer.json()["reason"] == "DeviceTokenNotForTopic"
            answer = await couch.push(token, "update", sni=PRODUCTION)
            assert answer.json()["reason"] == "BadDeviceToken", "of the other environment"


async def test_an_activity_that_the_app_ends_is_410_expired_token_at_once(tmp_path: Path) -> None:
    async with world(tmp_path) as here:
        couch = await Couch.of(here)
        activities = here.devices.activities
        view = await activities.start(couch.phone, TOPIC, KIND, {"order": 7}, {"stops": 3})
        assert view.token is not None
        since = here.clock.now()
        await activities.end(couch.phone, TOPIC, view.activity_id)
        assert (await couch.push(view.token, "update")).status_code == 410
        await couch.hears_410(view.token, "ExpiredToken", since)
        assert await couch.activities() == ()


async def test_after_eight_hours_the_system_ends_an_activity(tmp_path: Path) -> None:
    async with world(tmp_path) as here:
        couch = await Couch.of(here)
        view = await here.devices.activities.start(couch.phone, TOPIC, KIND, {}, {})
        assert view.token is not None
        here.clock.advance(8 * 3600)
        since = here.clock.now()
        [ended] = await couch.activities()
        assert (ended.state, ended.token) == ("ended", None)
        await couch.hears_410(view.token, "ExpiredToken", since - 1)
        here.clock.advance(4 * 3600)
        assert await couch.activities() == ()


async def test_the_end_by_time_is_told_without_anyone_asking(tmp_path: Path) -> None:
    async with world(tmp_path) as here:
        couch = await Couch.of(here)
        view = await here.devices.activities.start(couch.phone, TOPIC, KIND, {}, {})
        assert view.token is not None
        since = here.clock.now()
        here.clock.advance(9 * 3600)
        await couch.hears_410(view.token, "ExpiredToken", since)


async def test_an_uninstall_is_410_unregistered_but_what_expired_before_stays_expired(
    tmp_path: Path,
) -> None:
    async with world(tmp_path) as here:
        couch = await Couch.of(here)
        to_start = await couch.to_start()
        activities = here.devices.activities
        over, running = [
            await activities.start(couch.phone, TOPIC, KIND, {}, {"n": n}) for n in range(2)
        ]
        assert over.token is not None
        assert running.token is not None
        since = here.clock.now()
        await activities.end(couch.phone, TOPIC, over.activity_id)
        await here.devices.uninstall_app(couch.phone, TOPIC)
        await couch.hears_410(over.token, "ExpiredToken", since)
        await couch.hears_410(running.token, "Unregistered", since)
        await couch.hears_410(to_start, "Unregistered", since)
        await here.install(couch.phone)
        assert await couch.activities() == ()
        assert await couch.to_start() != to_start


async def test_a_restore_ends_activities_and_changes_push_to_start_tokens(tmp_path: Path) -> None:
    async with world(tmp_path) as here:
        couch = await Couch.of(here)
        to_start = await couch.to_start()
        view = await here.devices.activities.start(couch.phone, TOPIC, KIND, {}, {})
        assert view.token is not None
        since = here.clock.now()
        await here.devices.restore(couch.phone)
        await couch.hears_410(to_start, "Unregistered", since)
        await couch.hears_410(view.token, "ExpiredToken", since)
        assert await couch.activities() == ()
        fresh = await couch.to_start()
        assert fresh != to_start
        await couch.sees(fresh, "start")
        await couch.only()


async def test_a_push_that_follows_an_end_into_the_same_window_is_discarded_not_unregistered(
    tmp_path: Path,
) -> None:
    """The gateway learns of the end and of the late push in one breath: the end comes first."""
    async with world(tmp_path) as here:
        couch = await Couch.of(here)
        view = await here.devices.activities.start(couch.phone, TOPIC, KIND, {}, {})
        assert view.token is not None
        since = here.clock.now()
        answers = [await couch.push(view.token, "end")]
        while answers[-1].status_code == 200:
            answers.append(await couch.push(view.token, "update"))
        await couch.hears_410(view.token, "ExpiredToken", since)
        for late in answers[1:-1]:
            await here.reached(late.headers["apns-id"], State.DISCARDED_UNREGISTERED)


async def test_the_start_waits_for_a_phone_that_is_away(tmp_path: Path) -> None:
    async with world(tmp_path) as here:
        couch = await Couch.of(here)
        to_start = await couch.to_start()
        await here.switch(couch.phone, online=False)
        answer = await couch.push(to_start, "start")
        assert answer.status_code == 200
        assert await couch.activities() == ()
        await here.switch(couch.phone, online=True)
        await here.reached(answer.headers["apns-id"], State.DELIVERED_FROM_STORAGE)
        await couch.only()


async def test_an_end_while_away_is_told_when_the_phone_is_back(tmp_path: Path) -> None:
    async with world(tmp_path) as here:
        couch = await Couch.of(here)
        view = await here.devices.activities.start(couch.phone, TOPIC, KIND, {}, {})
        assert view.token is not None
        await here.switch(couch.phone, online=False)
        await here.devices.activities.end(couch.phone, TOPIC, view.activity_id)
        waiting = await couch.push(view.token, "update")
        assert waiting.status_code == 200, "nobody can know yet"
        since = here.clock.now()
        await here.switch(couch.phone, online=True)
        await here.reached(waiting.headers["apns-id"], State.DISCARDED_UNREGISTERED_FROM_STORAGE)
        await couch.hears_410(view.token, "ExpiredToken", since)


async def test_priority_10_has_a_budget_when_one_is_set(tmp_path: Path) -> None:
    async with world(tmp_path, live_activity_budget=2) as here:
        couch = await Couch.of(here)
        view = await here.devices.activities.start(couch.phone, TOPIC, KIND, {}, {})
        assert view.token is not None
        for _ in range(2):
            assert (await couch.sees(view.token, "update", priority=10)).presentation == "shown"
        throttled = await couch.sees(view.token, "update", priority=10)
        assert throttled.presentation == "not-shown"
        assert throttled.detail.startswith("throttled: 2 pushes of priority 10 within the hour")
        assert (await couch.sees(view.token, "update", priority=5)).presentation == "shown"
        here.clock.advance(3601)
        assert (await couch.sees(view.token, "update", priority=10)).presentation == "shown"


async def test_the_delay_after_an_uninstall_holds_for_expired_tokens_too(tmp_path: Path) -> None:
    async with world(tmp_path, unregistered_delay_seconds=60.0) as here:
        couch = await Couch.of(here)
        view = await here.devices.activities.start(couch.phone, TOPIC, KIND, {}, {})
        assert view.token is not None
        since = here.clock.now()
        await here.devices.activities.end(couch.phone, TOPIC, view.activity_id)
        early = await couch.push(view.token, "update")
        assert early.status_code == 200
        await here.reached(early.headers["apns-id"], State.DISCARDED_UNREGISTERED)
        here.clock.advance(61)
        await couch.hears_410(view.token, "ExpiredToken", since)


async def test_tokens_and_activities_are_there_after_a_restart(tmp_path: Path) -> None:
    async with world(tmp_path, store="sqlite") as here:
        couch = await Couch.of(here)
        phone, to_start = couch.phone, await couch.to_start()
        await couch.sees(to_start, "start")
        before, token = await couch.only()
        await couch.sees(token, "update", content_state={"stops": 1})
        over = await here.devices.activities.start(phone, TOPIC, KIND, {}, {})
        assert over.token is not None
        since = here.clock.now()
        await here.devices.activities.end(phone, TOPIC, over.activity_id)
    async with world(tmp_path, store="sqlite") as here:
        couch = Couch(here, phone)
        await until(lambda: here.devices.get_device(phone).online)
        after, same = await couch.only()
        assert (after.activity_id, same) == (before.activity_id, token)
        assert after.content_state == {"stops": 1}
        assert await couch.to_start() == to_start
        await couch.hears_410(over.token, "ExpiredToken", since)
        assert (await couch.sees(token, "end", dismissal_date=0)).detail.endswith("removed at once")
        await couch.hears_410(token, "ExpiredToken", since)
