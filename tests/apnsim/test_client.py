"""The client against the real console, over a socket, in a thread as a test would run it."""

from __future__ import annotations

import pickle
import socket
from typing import TYPE_CHECKING, TypeVar

import httpx
import pytest
import trio

from apnsim.client import Apnsim, ApnsimError, NotInTimeError, UnreachableError
from certs.device_request import DeviceRequest
from certs.provider_key import ProviderKey
from gateway.faults.match import Occasion
from gateway.records import State
from tests.builders import APNS_ID, NOW, TOKEN, notification, push
from tests.gateway.console.consoles import Console, Received

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from apnsim.client.views import ServerEvent
    from gateway.records import LinkEvent, Record

Result = TypeVar("Result")


async def using(
    console: Console,
    use: Callable[[Apnsim], Result],
    token: str | None = None,
    borne: str | None = None,
) -> Result:
    """What ``use`` returns, run in a thread on a client of the served console."""

    def run(url: str) -> Result:
        with Apnsim(url, token=borne) as apnsim:
            return use(apnsim)

    async with console.served(token) as url:
        return await trio.to_thread.run_sync(run, url, limiter=trio.CapacityLimiter(1))
    raise AssertionError


async def test_a_phone_and_its_app_from_first_to_last() -> None:
    def use(apnsim: Apnsim) -> None:
        phone = apnsim.create_device("Anna's phone", environment="production")
        assert repr(phone) == "Device('d1', name=\"Anna's phone\", online=True)"
        assert (phone.environment, phone.network, phone.power) == ("production", "wifi", "awake")
        app = phone.install("com.example.app", ["voip", "alert"])
        assert repr(app) == "App('com.example.app', device='d1')"
        assert (app.token, sorted(app.tokens)) == (app.tokens["alert"], ["alert", "voip"])
        assert app.update(state="terminated").state == "terminated"
        assert app.update(notifications_enabled=False).notifications_enabled is False
        before = app.token
        assert phone.restore().apps[0].token != before
        assert app.refresh().token == phone.apps[0].token
        assert phone.go_offline().online is False
        assert apnsim.device("d1").online is False
        assert phone.update(network="cellular", power="locked").network == "cellular"
        assert phone.go_online().online is True
        assert phone.update(assertion_policy="restricted").assertion_policy == "restricted"
        assert phone.wake().assertion_policy == "full"
        assert (phone.power, phone.lock().power) == ("awake", "locked")
        app.uninstall()
        assert phone.refresh().apps == []
        with pytest.raises(ApnsimError, match=r"404 Not Found: com\.example\.app is not installed"):
            app.refresh()
        phone.delete()
        assert apnsim.devices() == []

    await using(Console(), use)


async def test_what_an_app_does_and_what_becomes_of_its_tokens() -> None:
    def use(apnsim: Apnsim) -> None:
        phone = apnsim.create_device()
        app = phone.install("com.example.app")
        assert app.update(permission="denied").permission == "denied"
        assert app.update(extension_seconds=3, reports_calls=False).extension_seconds == 3
        assert app.update(extension_seconds=None).extension_seconds is None
        assert app.reports_calls is False
        assert (app.unregister().registered, app.register().registered) == (False, True)
        assert (app.voip_stopped, app.background_push_held) == (False, False)
        assert [event.what for event in app.events()] == ["background"]
        successor = phone.restore(to="successor")
        assert (successor.id, phone.restore(to=successor).id) == ("successor", "successor")
        assert successor.apps[0].token != phone.refresh().apps[0].token
        before = phone.apps[0].token
        assert phone.reinstall_system().apps[0].token != before

    await using(Console(), use)


async def test_an_app_without_a_token_says_what_to_do_and_gets_it_later() -> None:
    def use(apnsim: Apnsim) -> None:
        phone = apnsim.create_device(online=False)
        phone.install("other.app")
        app = phone.install("com.example.app", ["voip"])
        with pytest.raises(ApnsimError, match="has no token yet: bring 'iPhone 1' online first"):
            _ = app.token
        phone.go_online()
        app.uninstall()
        app = phone.install("com.example.app", ["voip"])
        assert app.token == app.tokens["voip"]

    await using(Console(), use)


async def test_the_screen_of_a_phone() -> None:
    def use(apnsim: Apnsim) -> None:
        phone = apnsim.create_device()
        app = phone.install("com.example.app")
        assert [(link["interface"], link["leads"]) for link in phone.links] == [("WiFi", True)]
        screen = phone.screen()
        assert repr(screen) == "Screen('lock-screen', lit, 1 notifications)"
        assert str(screen) == (
            "lock-screen, lit\n  com.example.app: Hello, You\n  com.example.app: badge 1"
        )
        assert (screen.lit, screen.locked, screen.banner) == (True, True, None)
        [shown] = screen.lock_screen
        assert [shown] == screen.notifications
        assert (shown.title, shown.body, shown.apns_id) == ("Hello", "You", "AB")
        assert [group["featured"] for group in screen.groups] == ["AB"]
        assert (screen.live_activities, screen.sounds, screen.not_shown) == ([], [], [])
        assert screen.tap("AB").front == "com.example.app"
        assert screen.notifications == []
        with pytest.raises(ApnsimError, match="404 Not Found"):
            screen.dismiss("AB")
        app.set_badge(0)
        assert (screen.badges, screen.refresh().badges) == ({"com.example.app": 1}, {})
        app.set_strings({"HI": "Hello"})
        assert screen.clear().clear("com.example.app").notifications == []

    await using(Console(), use)


async def test_what_is_wrong_with_a_push_is_told_before_and_after_it_is_sent() -> None:
    def use(apnsim: Apnsim) -> None:
        report = apnsim.lint({"aps": {"badge": "3"}}, {"apns-priority": "7"})
        assert (report.push_type, report.guessed, report.max_size) == ("alert", True, 4096)
        error, *warnings = report.findings
        assert (error.rule, error.level, error.status) == ("priority", "error", 400)
        assert [each.where for each in warnings] == ["aps", "aps.badge"]
        text = apnsim.lint("{", path="/4/broadcasts/apps/com.example.app", whole=True)
        assert "not-json" in [each.rule for each in text.findings]
        story = apnsim.notification(str(accepted.apns_id))
        assert [each.rule for each in story.findings] == ["unknown-key"]
        [request] = apnsim.requests()
        assert request.findings == story.findings

    console = Console()
    accepted = console.accept(1, request=push(body=b'{"aps":{"alert":"x","y":1}}'))
    await using(console, use)


async def test_live_activities_of_an_app() -> None:
    def use(apnsim: Apnsim) -> None:
        app = apnsim.create_device().install("com.example.app")
        assert app.push_to_start_tokens == {}
        assert bytes.fromhex(app.push_to_start_token("Delivery"))
        activity = app.start_activity("Delivery", {"order": 7}, {"stops": 3})
        assert repr(activity) == "LiveActivity('A0', 'Delivery', 'active')"
        assert bytes.fromhex(activity.token)
        assert (activity.attributes, activity.content_state) == ({"order": 7}, {"stops": 3})
        assert (activity.stale_date, activity.dismissal_date) == (None, None)
        assert (activity.channel, activity.relevance_score) == (None, 0.0)
        [listed] = app.activities()
        assert listed.id == activity.refresh().id == "A0"
        activity.end()
        assert app.activities() == []
        with pytest.raises(ApnsimError, match=r"404 Not Found: .*has left the screen"):
            activity.refresh()

    await using(Console(), use)


async def test_an_activity_without_a_token_says_so() -> None:
    console = Console()

    def use(apnsim: Apnsim) -> None:
        app = apnsim.create_device(online=False).install("com.example.app")
        with pytest.raises(ApnsimError, match="no token to start Delivery: bring 'iPhone 1'"):
            app.push_to_start_token("Delivery")
        with pytest.raises(ApnsimError, match="'Delivery', 'active'\\) has no update token"):
            _ = app.start_activity("Delivery").token

    console.host.activities.has_tokens = False
    await using(console, use)


async def test_what_a_device_received() -> None:
    console = Console()
    console.host.received = [Received({"aps": {"alert": "Hello"}})]
    [received] = await using(console, lambda apnsim: apnsim.create_device().notifications())
    assert received.payload == {"aps": {"alert": "Hello"}}
    assert received.presentation == "shown"


async def test_pushes_and_requests() -> None:
    console = Console()
    console.accept(1, State.DELIVERED)
    console.reject(apns_id=APNS_ID)

    def use(apnsim: Apnsim) -> None:
        [push] = apnsim.wait_for_notifications(token=str(TOKEN), state="Delivered to Device")
        assert (push.topic, push.status, push.payload) == (
            "com.example.app",
            200,
            {"aps": {"alert": "Hello"}},
        )
        assert [entry.state for entry in push.timeline] == [
            "Received by APNs",
            "Delivered to Device",
        ]
        assert apnsim.notifications(limit=5, since=NOW) == [push]
        assert apnsim.notifications(state=["Rejected", "Replaced"])[0].reason == "BadDeviceToken"
        story = apnsim.notification(push.apns_id)
        assert story.request is not None
        assert (story.request.method, story.answer.status, story.others) == ("POST", 200, [])
        assert apnsim.notification(push.apns_id, number=1) == story
        [refused] = apnsim.requests(status=400, wait=5)
        assert refused.detail == "no device has this token"
        assert len(apnsim.requests()) == 2

    await using(console, use)


async def test_a_push_from_before_this_gateway_has_no_request() -> None:
    console = Console()
    console.journal.adopt(notification(1), console.accept(2).topic)  # type: ignore[arg-type]
    apns_id = notification(1).apns_id
    assert (await using(console, lambda apnsim: apnsim.notification(apns_id))).request is None


async def test_waiting_in_vain_says_what_was_there_instead() -> None:
    console = Console()
    console.accept(1, State.STORED_OFFLINE)

    def use(apnsim: Apnsim) -> None:
        with pytest.raises(NotInTimeError) as caught:
            apnsim.wait_for_notifications(
                2, seconds=0.01, topic="com.example.app", state="Delivered to Device"
            )
        assert str(caught.value) == (
            "waited for 2 within 0.01 s (topic='com.example.app', state='Delivered to Device'),"
            " found 0; in whatever state: 1 'Stored - Device Offline'"
            "\nthe nearest:"
            "\n  alert to com.example.app 'Hello': accepted, stored: the device is offline"
            "\n    → connect the device"
        )
        with pytest.raises(NotInTimeError, match=r"\(any push\), found 1"):
            apnsim.wait_for_notifications(2, seconds=0.01)
        with pytest.raises(NotInTimeError, match="in whatever state: none"):
            apnsim.wait_for_notifications(seconds=0.01, topic="x")

    await using(console, use)


async def test_time_and_the_gateway_itself() -> None:
    console = Console()

    def use(apnsim: Apnsim) -> None:
        assert apnsim.clock().rate == 1
        assert apnsim.set_clock(now=NOW + 5, frozen=True).frozen
        assert apnsim.advance_clock(60).now == NOW + 65
        assert apnsim.info().version == "1"
        assert apnsim.info().courier is None  # of a gateway that does not tell
        assert apnsim.connections()["provider"] == [{"id": 1}]
        assert "apnsim_journal_records 0" in apnsim.metrics()
        apnsim.reset(bundle_id="com.example.app")
        apnsim.reset()

    await using(console, use)
    assert console.resets == ["com.example.app", None]


async def test_keys() -> None:
    key = ProviderKey.generate("TEAM123456", "KEY1234567")

    def use(apnsim: Apnsim) -> None:
        private, public = key.private_key_pem.decode(), key.public_key_pem.decode()
        registered = apnsim.register_key("TEAM123456", "KEY1234567", private)
        assert (registered.public_key, registered.topics) == (public, None)
        limited = apnsim.register_key(
            "TEAM123456", "KEY1234567", public, environments={"production"}, topics=["a"]
        )
        assert (limited.environments, limited.topics) == (["production"], ["a"])
        assert (registered.kind, limited.kind) == ("team", "topic-specific")
        other = ProviderKey.generate("TEAM123456", "KEY2222222").public_key_pem.decode()
        related = apnsim.register_key(
            "TEAM123456",
            "KEY2222222",
            other,
            environments=["production"],
            topics=["b"],
            related_key_id="KEY1234567",
        )
        first, second = apnsim.keys()
        assert (first.related_key_id, second.related_key_id) == ("KEY2222222", "KEY1234567")
        apnsim.remove_key(related.key_id)
        assert apnsim.keys() == [limited]
        apnsim.remove_key("KEY1234567")
        assert apnsim.keys() == []

    await using(Console(), use)


async def test_activation() -> None:
    request = DeviceRequest.create("phone")
    told = await using(Console(), lambda apnsim: apnsim.activate("phone", request.pem.decode()))
    assert told["courier"] == {"host": "127.0.0.1", "port": 5223}


async def test_events_as_they_happen(monkeypatch: pytest.MonkeyPatch) -> None:
    console, watched = Console(), trio.Event()
    view = console.journal.view

    def watch(
        wanted: Callable[[Record | LinkEvent], bool],
    ) -> AbstractContextManager[trio.MemoryReceiveChannel[Record | LinkEvent]]:
        watched.set()
        return view(wanted)

    monkeypatch.setattr(console.journal, "view", watch)

    async def happen() -> None:
        await watched.wait()
        console.accept(1)
        console.reject()

    def use(apnsim: Apnsim) -> list[ServerEvent]:
        events = apnsim.events()
        happened = [next(events), next(events)]
        missed = apnsim.events(last_event_id=happened[0].id, topic="com.example.app")
        assert next(missed) == happened[1]
        missed.close()  # type: ignore[attr-defined]
        trio.from_thread.run_sync(console.parts.closing.set)
        assert list(events) == []
        return happened

    async with trio.open_nursery() as nursery:
        nursery.start_soon(happen)
        events = await using(console, use)
    assert [(event.name, event.data["number"]) for event in events] == [
        ("push", 1),
        ("rejected", 2),
    ]


async def test_a_refusal_reads_well() -> None:
    def use(apnsim: Apnsim) -> ApnsimError:
        with pytest.raises(ApnsimError) as caught:
            apnsim.device("nobody")
        return caught.value

    error = await using(Console(), use)
    assert (error.status, error.title) == (404, "Not Found")
    assert str(error) == "404 Not Found: no device 'nobody'"
    assert str(pickle.loads(pickle.dumps(error))) == str(error)


async def test_a_token_is_borne_and_its_absence_told() -> None:
    assert await using(Console(), lambda apnsim: apnsim.devices(), "secret", "secret") == []
    for use in (lambda apnsim: apnsim.devices(), lambda apnsim: next(apnsim.events())):
        with pytest.RaisesGroup(
            pytest.RaisesExc(ApnsimError, match=r"401 Unauthorized: .* or \$APNSIM_CONSOLE_TOKEN"),
            flatten_subgroups=True,
        ):
            await using(Console(), use, "secret")


def test_nobody_there_says_what_to_start() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}"
    with Apnsim(url) as apnsim:
        for call in (apnsim.info, lambda: next(apnsim.events())):
            with pytest.raises(UnreachableError, match=f"{url}.*start one with: apnsim serve"):
                call()


def test_a_console_that_is_asked_for_tls_says_that_it_has_none() -> None:
    said = "[SSL: WRONG_VERSION_NUMBER] wrong version number (_ssl.c:1006)"
    with (
        answering(httpx.ConnectError(said), "https://127.0.0.1:2198") as apnsim,
        pytest.raises(UnreachableError, match=r"speaks no TLS, .*: try http://127.0.0.1:2198$"),
    ):
        apnsim.info()


def test_what_hangs_up_is_asked_to_be_the_console() -> None:
    with (
        answering(httpx.RemoteProtocolError("Server disconnected.")) as apnsim,
        pytest.raises(UnreachableError, match=r"Server disconnected; is that its address\?"),
    ):
        apnsim.info()


def answering(answer: httpx.Response | Exception, url: str = "http://127.0.0.1:2198") -> Apnsim:
    def respond(_: httpx.Request) -> httpx.Response:
        if isinstance(answer, Exception):
            raise answer
        return answer

    return Apnsim(url, transport=httpx.MockTransport(respond))


def test_somebody_else_there_is_told_apart() -> None:
    with (
        answering(httpx.Response(502, text="<html>")) as apnsim,
        pytest.raises(
            ApnsimError, match=r"502 Bad Gateway: http://127.0.0.1:2198/.* is no apnsim console"
        ),
    ):
        apnsim.info()


def test_an_answer_that_does_not_come_is_told() -> None:
    with (
        answering(httpx.ReadTimeout("")) as apnsim,
        pytest.raises(UnreachableError, match="did not answer as expected: ReadTimeout"),
    ):
        apnsim.info()


async def test_fault_rules_are_made_looked_at_and_deleted() -> None:
    console = Console()

    def use(apnsim: Apnsim) -> None:
        rule = apnsim.rules.add({"type": "answer", "status": 503}, {"topic": "a.*"}, times=2)
        other = apnsim.rules.add([{"type": "never-answer"}, {"type": "pass"}], priority=1)
        assert [each.id for each in apnsim.rules] == [other.id, rule.id] == ["2", "1"]
        assert rule.match == {"topic": "a.*"}
        assert other.action == [{"type": "never-answer"}, {"type": "pass"}]
        console.rules.meet(console.rules.requests, Occasion({"topic": "b"}))
        assert (other.refresh().seen, other.hits, other.spent) == (1, 1, False)
        assert repr(other).startswith("Rule('2', [{")
        assert not other.update(enabled=False).enabled
        assert [each.id for each in apnsim.rules] == ["2", "1"]
        assert other.update(enabled=True, priority=-1).enabled
        assert [each.id for each in apnsim.rules] == ["1", "2"]
        other.delete()
        with pytest.raises(ApnsimError, match="404 Not Found: there is no rule '2'"):
            other.refresh()
        with pytest.raises(ApnsimError, match=r"action\.answer\.status: Input should be"):
            apnsim.rules.add({"type": "answer", "status": 1})
        apnsim.rules.clear()
        assert list(apnsim.rules) == []

    await using(console, use)
