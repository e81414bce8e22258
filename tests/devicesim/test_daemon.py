"""The daemon against a scripted gateway: one link, tokens, dispatch, acknowledgement."""

from __future__ import annotations

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from devicesim.apps import AppError, UnknownAppError
from devicesim.files import StateFiles
from devicesim.state import DeviceState
from protocol.courier.messages import (
    AckStatus,
    AppTokenInvalidate,
    AppTokenRequest,
    AppTokenResponse,
    Connect,
    Filter,
    KeepAlive,
    PushAck,
)
from protocol.identifiers import DeviceToken
from protocol.notification import Environment
from tests.devicesim.scripted_gateway import Phone, acknowledged, push_to

NEWS, CHAT = "com.example.news", "com.example.chat"


@pytest.fixture
async def phone(nursery, autojump_clock):
    phone = Phone()
    phone.start(nursery)
    with trio.fail_after(5):
        await phone.daemon.wait_until_online()
    return phone


async def test_it_says_who_it_is_what_it_wants_and_then_asks_whether_it_was_heard(phone):
    kinds = [type(message) for message in phone.gateway.heard]
    assert kinds == [Connect, Filter, KeepAlive]
    assert phone.daemon.is_online


async def test_it_is_not_online_before_the_gateway_has_answered(nursery, autojump_clock):
    phone = Phone()
    phone.gateway.answers.discard(KeepAlive)
    phone.start(nursery)
    await phone.gateway.hears(KeepAlive)
    await wait_all_tasks_blocked()
    assert not phone.daemon.is_online


async def test_an_installed_app_has_a_token_per_topic_and_push_types_share_topics(phone):
    app = await phone.daemon.install(NEWS, ["alert", "background", "voip"])
    assert set(app.tokens) == {NEWS, f"{NEWS}.voip"}
    by_type = app.tokens_by_push_type
    assert by_type["alert"] == by_type["background"] != by_type["voip"]
    assert phone.gateway.all_heard(Filter)[-1].enabled == (NEWS, f"{NEWS}.voip")


async def test_each_app_gets_its_own_pushes_and_each_is_acknowledged(phone):
    await phone.daemon.install(NEWS, ["alert"])
    await phone.daemon.install(CHAT, ["alert"])
    news = push_to(phone.token(NEWS), NEWS, b'{"n":1}')
    chat = push_to(phone.token(CHAT), CHAT, b'{"c":1}')
    await phone.gateway.say(news, chat)
    await phone.gateway.hears(PushAck, 2)
    assert phone.apps.payloads(NEWS) == [b'{"n":1}']
    assert phone.apps.payloads(CHAT) == [b'{"c":1}']
    assert acknowledged(phone.gateway) == [news.message_id, chat.message_id]


async def test_a_push_for_an_unknown_token_is_acknowledged_as_such(phone):
    stranger = push_to(DeviceToken(b"stranger"), NEWS)
    await phone.gateway.say(stranger)
    [ack] = await phone.gateway.hears(PushAck)
    assert ack == PushAck(stranger.message_id, AckStatus.UNKNOWN_TOKEN)
    assert phone.apps.taken == []
