"""The daemon against a scripted gateway: one link, tokens, dispatch, acknowledgement."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from devicesim import dispatch
from devicesim.app import AppError, Permission, UnknownAppError
from devicesim.link.courier_link import CONNECT_SECONDS
from devicesim.network import Interface
from devicesim.state import inbox
from devicesim.token_keys import TokenKey
from protocol.courier.messages import (
    AckStatus,
    AppTokenInvalidate,
    AppTokenRequest,
    AppTokenResponse,
    Connect,
    Filter,
    KeepAlive,
    NoStorage,
    PushAck,
    SetState,
    TokenStatus,
)
from protocol.identifiers import DeviceToken, Topic
from tests.devicesim.scripted_gateway import Phone, acknowledged, push_to

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

NEWS, CHAT = "com.example.news", "com.example.chat"


@pytest.fixture
async def phone() -> AsyncIterator[Phone]:
    with trio.fail_after(5):
        async with Phone().running() as phone:
            await phone.daemon.wait_until_online()
            yield phone


async def test_it_says_who_it_is_what_it_wants_and_then_asks_whether_it_was_heard(
    phone: Phone,
) -> None:
    said = [type(message) for message in phone.gateway.heard]
    assert said == [Connect, SetState, Filter, KeepAlive]
    assert phone.daemon.link is not None
    assert str(phone.daemon.link) == "device:1 -> gateway:5223"


async def test_it_is_not_online_before_the_gateway_has_answered() -> None:
    phone = Phone()
    phone.gateway.answers.discard(KeepAlive)
    async with phone.running():
        await phone.gateway.hears(KeepAlive)
        await wait_all_tasks_blocked()
        assert not phone.daemon.is_online


async def test_an_installed_app_has_a_token_per_topic_and_push_types_share_topics(
    phone: Phone,
) -> None:
    app = await phone.daemon.install(NEWS, ["alert", "background", "voip"])
    assert app.tokens.keys() == {TokenKey(Topic(NEWS)), TokenKey(Topic(f"{NEWS}.voip"))}
    by_type = app.tokens_by_push_type
    assert by_type["alert"] == by_type["background"] != by_type["voip"]
    assert phone.gateway.all_heard(Filter)[-1].enabled == (NEWS, f"{NEWS}.voip")
    assert NEWS in phone.apps.woken


async def test_a_refused_token_is_not_waited_for_and_asked_again_at_the_next_connect(
    phone: Phone,
) -> None:
    phone.gateway.refused_topics.add(NEWS)
    app = await phone.daemon.install(NEWS, ["alert"])
    assert app.tokens == {}
    phone.gateway.refused_topics.clear()
    await phone.daemon.go_offline()
    await phone.daemon.go_online()
    await wait_all_tasks_blocked()
    assert app.tokens.keys() == {TokenKey(Topic(NEWS))}


async def test_each_app_gets_its_own_pushes_and_each_is_acknowledged(phone: Phone) -> None:
    await phone.daemon.install(NEWS, ["alert"])
    await phone.daemon.install(CHAT, ["alert"])
    news = push_to(phone.token(NEWS), NEWS, b'{"n":1}')
    chat = push_to(phone.token(CHAT), CHAT, b'{"c":1}')
    await phone.gateway.say(news, chat, NoStorage())
    await phone.gateway.hears(PushAck, 2)
    assert phone.apps.payloads(NEWS) == [b'{"n":1}']
    assert phone.apps.payloads(CHAT) == [b'{"c":1}']
    assert acknowledged(phone.gateway) == [news.message_id, chat.message_id]


async def test_a_push_for_an_unknown_token_is_acknowledged_as_such(phone: Phone) -> None:
    stranger = push_to(DeviceToken(b"stranger"), NEWS)
    await phone.gateway.say(stranger)
    assert await phone.gateway.hears(PushAck) == [
        PushAck(stranger.message_id, AckStatus.UNKNOWN_TOKEN)
    ]
    assert phone.apps.taken == []


async def test_a_push_that_comes_again_is_acknowledged_again_and_not_delivered_again(
    phone: Phone,
) -> None:
    await phone.daemon.install(NEWS, ["alert"])
    push = push_to(phone.token(NEWS), NEWS)
    await phone.gateway.say(push)
    await phone.gateway.hears(PushAck)
    await phone.daemon.go_offline()
    await phone.daemon.go_online()
    await phone.gateway.say(push)
    await phone.gateway.hears(PushAck, 2)
    assert acknowledged(phone.gateway) == [push.message_id] * 2
    assert len(phone.apps.taken) == 1


async def test_disabled_notifications_put_the_apps_own_topic_on_the_ignored_list(
    phone: Phone,
) -> None:
    app = await phone.daemon.install(NEWS, ["alert", "voip"])
    app.notifications_enabled = False
    await phone.daemon.confirm_topics()
    said = phone.gateway.all_heard(Filter)[-1]
    assert said.ignored == (NEWS,)
    assert said.enabled == (f"{NEWS}.voip",)
    assert isinstance(phone.gateway.heard[-1], KeepAlive), "it asks whether the Filter was heard"


async def test_disabled_notifications_offline_are_said_at_the_next_connect() -> None:
    async with Phone(online=False).running() as phone:
        app = await phone.daemon.install(NEWS, ["alert"])
        app.permission = Permission.DENIED
        await phone.daemon.confirm_topics()
        await phone.daemon.go_online()
        assert phone.gateway.all_heard(Filter)[-1].ignored == (NEWS,)


async def test_who_may_not_notify_still_receives_background_pushes(phone: Phone) -> None:
    app = await phone.daemon.install(NEWS, ["alert", "background"])
    for app.permission in (Permission.DENIED, Permission.NOT_ASKED):
        await phone.daemon.confirm_topics()
        assert phone.gateway.all_heard(Filter)[-1].enabled == (NEWS,)


async def test_an_uninstalled_apps_tokens_are_given_back_and_its_pushes_unknown(
    phone: Phone,
) -> None:
    await phone.daemon.install(NEWS, ["alert"])
    token = phone.token(NEWS)
    await phone.daemon.uninstall(NEWS)
    assert phone.gateway.unregistered == {token}
    assert phone.gateway.all_heard(Filter)[-1] == Filter()
    await phone.gateway.say(push_to(token, NEWS))
    [ack] = await phone.gateway.hears(PushAck)
    assert ack.status is AckStatus.UNKNOWN_TOKEN


async def test_a_reinstalled_app_asks_for_a_new_token(phone: Phone) -> None:
    first = (await phone.daemon.install(NEWS, ["alert"])).tokens[TokenKey(Topic(NEWS))]
    await phone.daemon.uninstall(NEWS)
    second = (await phone.daemon.install(NEWS, ["alert"])).tokens[TokenKey(Topic(NEWS))]
    assert first != second
    assert [each.renew for each in phone.gateway.all_heard(AppTokenRequest)] == [False, True]


async def test_a_restored_device_gets_another_token_for_every_topic(phone: Phone) -> None:
    await phone.daemon.install(NEWS, ["alert", "voip"])
    before = dict(phone.gateway.tokens)
    await phone.daemon.restore()
    after = phone.state.apps.require(NEWS).tokens
    assert set(map(str, after)) == before.keys()
    assert not set(after.values()) & set(before.values())


async def test_what_was_done_offline_is_done_at_the_next_connect_in_this_order() -> None:
    async with Phone().running() as phone:
        await phone.daemon.install(NEWS, ["alert"])
        await phone.daemon.install(CHAT, ["alert"])
        old_chat, old_news = phone.token(CHAT), phone.token(NEWS)
        await phone.daemon.go_offline()
        await phone.daemon.uninstall(NEWS)
        await phone.daemon.restore()
        phone.gateway.heard.clear()
        await phone.daemon.go_online()
        assert phone.gateway.heard == [
            Connect(interface="WiFi", os_version="18.5", hardware="apnsim"),
            SetState(is_active=True),
            AppTokenInvalidate(old_news),
            AppTokenRequest(Topic(CHAT), renew=True),
            Filter(enabled=(Topic(CHAT),)),
            KeepAlive(60),
        ]
        assert phone.token(CHAT) != old_chat


async def test_the_answer_to_an_older_question_does_not_undo_a_restore(phone: Phone) -> None:
    phone.gateway.answers.discard(AppTokenRequest)
    topic = Topic(NEWS)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(phone.daemon.install, NEWS, ["alert"])
        await phone.gateway.hears(AppTokenRequest)
        nursery.start_soon(phone.daemon.restore)
        await phone.gateway.hears(AppTokenRequest, 2)
        old, new = DeviceToken(b"old"), DeviceToken(b"new")
        await phone.gateway.say(AppTokenResponse(TokenStatus.OK, topic, old))
        await wait_all_tasks_blocked()
        assert phone.state.apps.require(NEWS).tokens == {}
        await phone.gateway.say(AppTokenResponse(TokenStatus.OK, topic, new))
    assert phone.state.apps.require(NEWS).tokens == {TokenKey(topic): new}


async def test_a_token_minted_for_an_app_that_is_gone_meanwhile_is_given_back(
    phone: Phone,
) -> None:
    phone.gateway.answers.discard(AppTokenRequest)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(phone.daemon.install, NEWS, ["alert"])
        await phone.gateway.hears(AppTokenRequest)
        await phone.daemon.uninstall(NEWS)
        late = DeviceToken(b"late")
        await phone.gateway.say(AppTokenResponse(TokenStatus.OK, Topic(NEWS), late))
        await phone.gateway.hears(AppTokenInvalidate)
    await wait_all_tasks_blocked()
    assert phone.gateway.unregistered == {late}
    assert not phone.state.apps.doomed


async def test_a_token_that_the_gateway_gives_unasked_is_taken(phone: Phone) -> None:
    app = await phone.daemon.install(NEWS, ["alert"])
    another = DeviceToken(b"another")
    await phone.gateway.say(AppTokenResponse(TokenStatus.OK, Topic(NEWS), another))
    await wait_all_tasks_blocked()
    assert app.tokens == {TokenKey(Topic(NEWS)): another}


async def test_a_gateway_that_lost_its_memory_and_the_device_agree_again(phone: Phone) -> None:
    app = await phone.daemon.install(NEWS, ["alert"])
    before = app.tokens[TokenKey(Topic(NEWS))]
    phone.gateway.tokens.clear()
    await phone.daemon.go_offline()
    await phone.daemon.go_online()
    await wait_all_tasks_blocked()
    assert app.tokens[TokenKey(Topic(NEWS))] == phone.token(NEWS) != before
    assert phone.state.apps.of_token(before) is None


async def test_what_cannot_be_done_is_refused_and_nothing_said(phone: Phone) -> None:
    said = len(phone.gateway.heard)
    with pytest.raises(UnknownAppError, match=r"no app 'com\.example\.news'"):
        await phone.daemon.uninstall(NEWS)
    with pytest.raises(AppError, match="'telegram' is no push type"):
        await phone.daemon.install(NEWS, ["telegram"])
    await wait_all_tasks_blocked()
    assert len(phone.gateway.heard) == said


async def test_going_offline_says_goodbye_and_waits_until_the_gateway_has_closed(
    phone: Phone,
) -> None:
    await phone.daemon.go_offline()
    assert not phone.daemon.is_online
    assert phone.gateway.stream is not None
    with pytest.raises(trio.ClosedResourceError):  # the gateway has closed its end
        await phone.gateway.stream.send_all(b"x")


async def test_going_offline_while_connecting_stops_the_attempt(autojump_clock: MockClock) -> None:
    phone = Phone()
    phone.gateway.answers.clear()
    async with phone.running():
        await phone.gateway.hears(Connect)
        await phone.daemon.go_offline()
        await trio.sleep(100)
        assert phone.gateway.links == 1
        assert autojump_clock.current_time() > 0


async def test_it_reconnects_with_growing_delays_and_after_a_clean_close_too(
    autojump_clock: MockClock,
) -> None:
    phone = Phone()
    async with phone.running():
        await phone.daemon.wait_until_online()
        began = trio.current_time()
        phone.gateway.is_reachable = False
        await phone.gateway.close()
        await trio.sleep(100)
        times = [round(at - began) for at in phone.gateway.dialled_at[1:]]
        assert times == [1, 3, 7, 15, 31, 61, 91]  # 1, 2, 4, 8, 16, 30, 30 s
        phone.gateway.is_reachable = True
        await phone.daemon.wait_until_online()
        assert autojump_clock.current_time() > 100


async def test_a_link_that_was_of_use_brings_the_delay_back_to_its_base(
    autojump_clock: MockClock,
) -> None:
    phone = Phone()
    phone.gateway.is_reachable = False
    async with phone.running():
        await trio.sleep(20)
        phone.gateway.is_reachable = True
        await phone.daemon.wait_until_online()
        await phone.daemon.install(NEWS, ["alert"])
        await phone.gateway.say(push_to(phone.token(NEWS), NEWS))
        await phone.gateway.hears(PushAck)
        ended = trio.current_time()
        await phone.gateway.reset()
        await phone.daemon.wait_until_online()
        assert phone.gateway.dialled_at[-1] - ended == pytest.approx(1.0)
        assert autojump_clock.current_time() > 20


async def test_going_online_does_not_wait_for_the_back_off(autojump_clock: MockClock) -> None:
    phone = Phone()
    phone.gateway.is_reachable = False
    async with phone.running():
        await trio.sleep(40)  # the next attempt is half a minute away
        attempts = len(phone.gateway.dialled_at)
        phone.gateway.is_reachable = True
        asked = trio.current_time()
        await phone.daemon.go_online()
        assert trio.current_time() == asked
        assert len(phone.gateway.dialled_at) == attempts + 1
        assert autojump_clock.current_time() == asked


async def test_a_refused_device_tries_again_later(
    autojump_clock: MockClock, caplog: pytest.LogCaptureFixture
) -> None:
    phone = Phone()
    phone.gateway.refusal = "unknown device"
    with caplog.at_level("INFO"):
        async with phone.running():
            await trio.sleep(4)
    assert phone.gateway.links > 1
    assert "refused this device: unknown device" in caplog.text
    assert autojump_clock.current_time() >= 4


async def test_a_gateway_that_never_answers_is_given_up(
    autojump_clock: MockClock, caplog: pytest.LogCaptureFixture
) -> None:
    phone = Phone()
    phone.gateway.answers.clear()
    with caplog.at_level("INFO"):
        async with phone.running():
            await trio.sleep(CONNECT_SECONDS + 3)
    assert phone.gateway.links == 2
    assert "did not answer within 10 s" in caplog.text
    assert autojump_clock.current_time() > CONNECT_SECONDS


async def test_a_link_whose_keep_alive_is_not_answered_is_dead(
    autojump_clock: MockClock, caplog: pytest.LogCaptureFixture
) -> None:
    phone = Phone()
    with caplog.at_level("INFO"):
        async with phone.running():
            await phone.daemon.wait_until_online()
            await phone.daemon.install(NEWS, ["alert"])
            phone.gateway.answers.discard(KeepAlive)
            await trio.sleep(70)
            # Pushes still arrive: the rule asks for an answer all the same.
            await phone.gateway.say(push_to(phone.token(NEWS), NEWS))
            phone.gateway.answers.add(KeepAlive)
            await trio.sleep(10)
            assert phone.gateway.links == 2
    assert "no KeepAliveResponse within 15 s" in caplog.text
    assert autojump_clock.current_time() == pytest.approx(80)


async def test_a_living_link_is_asked_once_per_interval(autojump_clock: MockClock) -> None:
    async with Phone().running() as phone:
        await phone.daemon.wait_until_online()
        await trio.sleep(245)
        assert len(phone.gateway.all_heard(KeepAlive)) == 1 + 4
        assert phone.gateway.links == 1
        assert autojump_clock.current_time() == pytest.approx(245)


async def test_an_app_that_takes_nothing_does_not_stop_the_others(
    phone: Phone, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inbox, "MAX_WAITING_PER_APP", 2)
    await phone.daemon.install(NEWS, ["alert"])
    await phone.daemon.install(CHAT, ["alert"])
    phone.apps.slow.add(NEWS)
    pushes = [push_to(phone.token(NEWS), NEWS) for _ in range(4)]
    await phone.gateway.say(*pushes, push_to(phone.token(CHAT), CHAT, b'{"c":1}'))
    await phone.gateway.hears(PushAck, 3)
    assert phone.apps.payloads(CHAT) == [b'{"c":1}']
    ids = [push.message_id for push in pushes]
    assert acknowledged(phone.gateway)[:2] == ids[:2], "the inbox holds two; the others are held"

    await phone.daemon.taken(NEWS, ids[:1])
    await phone.gateway.hears(PushAck, 4)
    assert acknowledged(phone.gateway)[3:] == ids[2:3], "in order, as room is made"
    await phone.daemon.uninstall(NEWS)
    await phone.gateway.hears(PushAck, 5)
    last = phone.gateway.all_heard(PushAck)[-1]
    assert last == PushAck(ids[3], AckStatus.UNKNOWN_TOKEN)


async def test_held_pushes_are_forgotten_with_their_link_and_come_again(
    phone: Phone, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inbox, "MAX_WAITING_PER_APP", 1)
    await phone.daemon.install(NEWS, ["alert"])
    phone.apps.slow.add(NEWS)
    first, second = (push_to(phone.token(NEWS), NEWS) for _ in range(2))
    await phone.gateway.say(first, second)
    await phone.gateway.hears(PushAck)
    await phone.daemon.go_offline()
    await phone.daemon.taken(NEWS, [first.message_id])
    assert len(phone.state.inbox) == 0
    await phone.daemon.go_online()
    await phone.gateway.say(second)
    await phone.gateway.hears(PushAck, 2)
    assert [push for _, push in phone.state.inbox] == [second]


async def test_a_gateway_without_a_window_loses_its_link(
    phone: Phone, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(inbox, "MAX_WAITING_PER_APP", 1)
    monkeypatch.setattr(dispatch, "MAX_HELD", 2)
    await phone.daemon.install(NEWS, ["alert"])
    phone.apps.slow.add(NEWS)
    await phone.gateway.say(*[push_to(phone.token(NEWS), NEWS) for _ in range(4)])
    while phone.daemon.is_online:
        await trio.lowlevel.checkpoint()
    assert "2 pushes wait for com.example.news" in caplog.text


async def test_a_gateway_that_breaks_the_protocol_loses_its_link_but_not_what_it_said_before(
    phone: Phone, caplog: pytest.LogCaptureFixture
) -> None:
    await phone.daemon.install(NEWS, ["alert"])
    assert phone.gateway.core is not None
    assert phone.gateway.stream is not None
    push = phone.gateway.core.send(push_to(phone.token(NEWS), NEWS, b'{"a":1}'))
    with caplog.at_level("INFO"):
        await phone.gateway._send(phone.gateway.stream, push + b"\x0a\x00\x00\x00\x01\xc1")
        while phone.daemon.is_online:
            await trio.lowlevel.checkpoint()
        await wait_all_tasks_blocked()
    assert phone.apps.payloads(NEWS) == [b'{"a":1}']
    assert "broke the protocol" in caplog.text


async def test_a_bug_in_an_app_costs_one_link_and_is_told(
    phone: Phone, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    await phone.daemon.install(NEWS, ["alert"])

    def burst(*_: object) -> bool:
        raise ZeroDivisionError("in the app")

    monkeypatch.setattr(phone.apps, "deliver", burst)
    await phone.gateway.say(push_to(phone.token(NEWS), NEWS))
    while phone.daemon.is_online:
        await trio.lowlevel.checkpoint()
    assert "ZeroDivisionError: in the app" in caplog.text
    await phone.daemon.go_online()


async def test_a_bug_in_the_dial_does_not_end_the_daemon(
    autojump_clock: MockClock, caplog: pytest.LogCaptureFixture
) -> None:
    phone = Phone()
    original, attempts = phone.links.keepers[Interface.WIFI]._dial, []

    async def dial() -> object:
        attempts.append(trio.current_time())
        if len(attempts) == 1:
            raise ZeroDivisionError("in the dial")
        return await original()

    phone.links.keepers[Interface.WIFI]._dial = dial  # type: ignore[assignment]
    async with phone.running():
        await phone.daemon.wait_until_online()
    assert "in the dial" in caplog.text
    assert autojump_clock.current_time() >= 1


async def test_a_changed_network_means_a_new_link_at_once(
    phone: Phone, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("INFO"):
        phone.links.drop("the network changed")
        phone.links.hurry()
        assert not phone.daemon.is_online
        await phone.daemon.wait_until_online()
    assert phone.gateway.links == 2
    assert "courier link closed device:1 -> gateway:5223" in caplog.text
    assert "the network changed" in caplog.text
    assert "courier link established device:1 -> gateway:5223 (WiFi)" in caplog.text
