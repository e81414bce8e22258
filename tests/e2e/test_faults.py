"""Faults on purpose, over TLS, and what a real client makes of them (httpx, aioapns)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx
import pytest
import trio

from gateway.choices import InBandFaults
from gateway.faults.reading import read_rule
from gateway.records import State
from tests.e2e.world import PRODUCTION, TOPIC, World, until, world

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from gateway.faults.book import Entry


# httpx leaves the generator of a body behind that it could not write.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


class Lab:
    """A gateway, a phone with an app, and rules."""

    def __init__(self, here: World, phone: str, token: str) -> None:
        self.here = here
        self.phone = phone
        self.token = token

    def rule(self, words: Any) -> Entry:  # noqa: ANN401
        return self.here.gateway.faults.book.add(read_rule(words))

    async def push(self, text: str = "Hello", **more: Any) -> httpx.Response:  # noqa: ANN401
        return await self.here.push(self.token, text, **more)

    async def answers(self, count: int = 1, **more: Any) -> list[tuple[int, str]]:  # noqa: ANN401
        """Status and reason of so many pushes, one after the other."""
        told = [await self.push(f"push {number}", **more) for number in range(count)]
        return [(each.status_code, reason_of(each)) for each in told]

    async def until_disconnected(self) -> None:
        """No provider is connected any more."""
        await until(lambda: not self.here.gateway.providers.statistics())

    def timeline(self) -> list[tuple[str, str]]:
        """Of the newest request."""
        [record] = self.here.gateway.journal.find(lambda _: True, limit=1)
        return [(event.state.value, event.detail) for event in record.timeline]


def reason_of(answer: httpx.Response) -> str:
    return str(answer.json()["reason"]) if answer.content else ""


@pytest.fixture
async def lab(tmp_path: Path) -> AsyncIterator[Lab]:
    async with world(tmp_path) as here:
        phone = await here.phone()
        yield Lab(here, phone, await here.install(phone))


async def test_the_first_two_are_refused_and_then_all_is_well(lab: Lab) -> None:
    rule = lab.rule("answer status=503 times=2")
    busy = (503, "ServiceUnavailable")
    assert await lab.answers(3) == [busy, busy, (200, "")]
    assert (rule.hits, rule.is_spent) == (2, True)
    assert await lab.here.received(lab.phone, 1) == ["push 2"]


async def test_what_a_rule_did_is_on_record_and_nobody_takes_it_for_a_bug(
    lab: Lab, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "gateway")
    lab.rule("answer reason=Unregistered")
    answer = await lab.push(apns_id="EABEAE54-14A8-11E5-B60B-1697F925EC7B")
    assert answer.headers["apns-id"] == "EABEAE54-14A8-11E5-B60B-1697F925EC7B"
    assert abs(answer.json()["timestamp"] - lab.here.clock.now() * 1000) < 60_000
    why = "rule 1: answer 410 Unregistered"
    assert lab.timeline() == [("Fault", why), ("Rejected", f"410 Unregistered: {why}")]
    assert any(why in line for line in caplog.messages)


async def test_a_push_may_be_taken_and_refused_all_the_same(lab: Lab) -> None:
    lab.rule("answer status=500 accept=true times=1")
    assert await lab.answers(1) == [(500, "InternalServerError")]
    assert await lab.here.received(lab.phone, 1) == ["push 0"]
    [record] = lab.here.gateway.journal.find(lambda _: True)
    assert (record.status, record.reason) == (500, "InternalServerError")
    await until(lambda: record.state is State.PRESENTED)
    assert State.FAULT in [event.state for event in record.timeline]


async def test_retry_after_and_other_headers_reach_the_client(lab: Lab) -> None:
    headers = {"apns-id": None, "x-from": "rule"}
    lab.rule({"action": {"type": "answer", "status": 429, "retry_after": 7, "headers": headers}})
    answer = await lab.push()
    assert answer.headers == {"retry-after": "7", "x-from": "rule"}


async def test_after_expired_provider_token_the_renewed_one_serves_on_the_same_connection(
    lab: Lab,
) -> None:
    await lab.answers(1)
    lab.rule("answer reason=ExpiredProviderToken times=1")
    expired = (403, "ExpiredProviderToken")
    renewed = f"bearer {lab.here._signer.sign(int(lab.here.clock.now()) - 1)}"
    assert await lab.answers(1) == [expired]
    assert await lab.answers(2, authorization=renewed) == [(200, ""), (200, "")]
    assert await lab.answers(1) == [(429, "TooManyProviderTokenUpdates")]


async def test_a_body_that_nobody_can_read_is_answered_as_it_is(lab: Lab) -> None:
    lab.rule({"action": {"type": "answer", "status": 400, "body": "[" * 100_000}})
    answer = await lab.push()
    assert (answer.status_code, answer.text) == (400, "[" * 100_000)
    assert [record.status for record in lab.here.gateway.journal.records()] == [400]


async def test_a_late_answer_makes_httpx_give_up_on_a_push_that_arrives(lab: Lab) -> None:
    lab.rule("delay seconds=60 times=1")
    with pytest.raises(httpx.ReadTimeout):
        await lab.push("late", timeout=0.2)
    assert await lab.here.received(lab.phone, 1) == ["late"]
    assert await lab.answers(1) == [(200, "")], "the connection goes on"


async def test_a_delayed_answer_comes_and_says_why_it_was_late(lab: Lab) -> None:
    lab.rule("delay seconds=0.05")
    started = trio.current_time()
    assert await lab.answers(1) == [(200, "")]
    assert trio.current_time() - started >= 0.05
    assert ("Fault", "rule 1: delay the answer by 0.05 s") in lab.timeline()


async def test_a_request_that_is_never_answered_leaves_the_others_alone(lab: Lab) -> None:
    lab.rule("never-answer times=1")
    lab.rule("never-answer accept=true times=1")
    for text in ("lost", "taken"):
        with pytest.raises(httpx.ReadTimeout):
            await lab.push(text, timeout=0.2)
    # What was never said is not exported as if it had been.
    assert [record.response for record in lab.here.gateway.journal.records()] == [None, None]
    assert await lab.answers(1) == [(200, "")]
    assert await lab.here.received(lab.phone, 2) == ["taken", "push 0"]


async def test_a_gateway_drains_at_once_though_a_request_is_never_answered(lab: Lab) -> None:
    lab.rule("never-answer times=1")
    with pytest.raises(httpx.ReadTimeout):
        await lab.push(timeout=0.2)
    lab.here.stop.set()  # the fixture waits for the end; the test has its limit


async def test_delays_are_drawn_from_what_was_asked_for(lab: Lab) -> None:
    spread = {"type": "uniform", "lower": 0.01, "upper": 0.03}
    lab.rule({"action": {"type": "delay", "seconds": spread}, "seed": 1})
    said = []
    for _ in range(3):
        assert await lab.answers(1) == [(200, "")]
        said += [detail for state, detail in lab.timeline() if state == "Fault"]
    seconds = [float(each.split(" by ")[1].removesuffix(" s")) for each in said]
    assert len(set(seconds)) == 3
    assert all(0.01 <= each <= 0.03 for each in seconds)


async def test_a_410_tells_the_time_that_was_asked_for_in_whatever_form(lab: Lab) -> None:
    for timestamp in (1454948015990, "1454948015990", 1.5):
        told = {"type": "answer", "reason": "Unregistered", "timestamp": timestamp}
        lab.rule({"action": told, "times": 1})
        assert (await lab.push()).json() == {"reason": "Unregistered", "timestamp": timestamp}


async def test_one_app_is_spared_of_what_befalls_all(lab: Lab) -> None:
    other = await lab.here.install(lab.phone, "com.example.other")
    lab.rule("outage")
    lab.rule(f"pass match.topic={TOPIC} priority=1")
    assert await lab.answers(2) == [(200, ""), (200, "")]
    elsewhere = await lab.here.push(other, apns_topic="com.example.other")
    assert elsewhere.status_code == 503


async def test_chance_and_sequence_are_the_same_in_every_run(lab: Lab) -> None:
    def half() -> dict[str, Any]:
        return {"action": {"type": "answer", "status": 503}, "probability": 0.5, "seed": 7}

    rule = lab.rule(half())
    first = [status for status, _ in await lab.answers(8)]
    lab.here.gateway.faults.book.remove(rule.number)
    lab.rule(half())
    assert [status for status, _ in await lab.answers(8)] == first
    assert set(first) == {200, 503}


async def test_an_outage_lasts_until_the_rule_is_deleted(lab: Lab) -> None:
    book = lab.here.gateway.faults.book
    outage = lab.rule("outage")
    assert await lab.answers(3) == [(503, "ServiceUnavailable")] * 3
    book.remove(outage.number)
    assert await lab.answers(1) == [(200, "")]


async def test_an_outage_by_shutdown_costs_httpx_every_other_push(lab: Lab) -> None:
    outage = lab.rule("outage reason=Shutdown")
    for _ in range(2):
        assert await lab.answers(1) == [(503, "Shutdown")]
        await lab.until_disconnected()
        with pytest.raises(httpx.TransportError):  # it has not noticed: clients.md 25
            await lab.push()
    lab.here.gateway.faults.book.remove(outage.number)
    assert await lab.answers(1) == [(200, "")]


async def test_rules_know_who_pushes_what_and_where(lab: Lab) -> None:
    app = lab.here.gateway.settings.team_id
    other = await lab.here.install(lab.phone, "com.example.other")
    lab.rule(f"answer status=403 match.team_id={app} match.topic=com.example.other")
    lab.rule('answer status=400 match.payload={"aps.alert":"bad*"}')
    lab.rule("answer status=429 match.nth_on_connection=3")
    assert await lab.answers(1) == [(200, "")]
    assert (await lab.push("bad boy")).status_code == 400
    assert await lab.answers(1) == [(429, "TooManyRequests")]
    elsewhere = await lab.here.push(other, apns_topic="com.example.other")
    assert elsewhere.status_code == 403


async def test_rules_know_the_key_the_environment_and_the_connection(lab: Lab) -> None:
    assert await lab.answers(1) == [(200, "")]
    [connection] = lab.here.gateway.providers.statistics()
    number, key = connection.facts.connection_id, lab.here.running.signing_key().key.key_id
    lab.rule("answer status=400 match.key_id=ANOTHERKEY")
    lab.rule("answer status=403 match.environment=production")
    lab.rule(f"answer status=429 match.key_id={key} match.connection={number}")
    lab.rule(f"goaway at=connect match.connection=[{number + 2}]")
    assert (await lab.push()).status_code == 429
    assert (await lab.push(connection=1)).status_code == 200
    with pytest.raises(httpx.TransportError):
        await lab.push(connection=2)
    assert (await lab.push(connection=3, sni=PRODUCTION)).status_code == 403


async def test_a_push_that_does_not_say_its_type_matches_as_what_its_topic_makes_of_it(
    lab: Lab,
) -> None:
    lab.rule("answer status=503 match.push_type=voip match.priority=10")
    client = {"apns_push_type": None, "apns_topic": f"{TOPIC}.voip"}
    assert await lab.answers(1, **client) == [(503, "ServiceUnavailable")]
    assert await lab.answers(1) == [(200, "")]


async def test_channels_and_broadcasts_have_faults_too(lab: Lab) -> None:
    lab.rule("outage match.path=/4/* match.topic=com.example.app")
    client = lab.here._clients["localhost", 0] if await lab.answers(1) else None
    assert client is not None
    answer = await client.post(f"/4/broadcasts/apps/{TOPIC}", headers={"apns-request-id": "x"})
    assert (answer.status_code, reason_of(answer)) == (503, "ServiceUnavailable")
    assert answer.headers["apns-request-id"] == "x"


async def test_rules_of_the_settings_are_there_from_the_start_and_after_a_reset(
    tmp_path: Path,
) -> None:
    rule = read_rule("answer status=503 times=1")
    async with world(tmp_path, rule=(rule,)) as here:
        lab = Lab(here, phone := await here.phone(), await here.install(phone))
        assert await lab.answers(2) == [(503, "ServiceUnavailable"), (200, "")]
        lab.rule("answer status=400")
        await here.gateway.state.reset()
        assert [entry.rule for entry in here.gateway.faults.book] == [rule]
        assert (await lab.answers(1))[0][0] == 503


# -- streams and connections, as httpx takes them --------------------------------------------------


@pytest.mark.parametrize(
    ("words", "error"),
    [
        ("reset-stream", httpx.RemoteProtocolError),
        ("reset-stream code=REFUSED_STREAM", httpx.RemoteProtocolError),
        ("goaway reason=Shutdown", httpx.RemoteProtocolError),
        ("goaway code=ENHANCE_YOUR_CALM twice=true", httpx.RemoteProtocolError),
        ("goaway last_stream=all answers=true close_seconds=0.1", httpx.RemoteProtocolError),
        ("close", httpx.TransportError),
        ("close how=reset", httpx.TransportError),
        ("close how=half-open", httpx.ReadTimeout),
    ],
)
async def test_httpx_fails_the_push_and_serves_the_next_one(
    lab: Lab, words: str, error: type[Exception]
) -> None:
    assert await lab.answers(1) == [(200, "")]
    lab.rule(f"{words} times=1")
    with pytest.raises(error):
        await lab.push(timeout=0.3)
    assert await lab.answers(1) == [(200, "")]


async def test_every_third_request_of_a_connection_ends_it(lab: Lab) -> None:
    lab.rule("goaway reason=Shutdown match.nth_on_connection=3")
    for _ in range(2):
        assert await lab.answers(2) == [(200, ""), (200, "")]
        with pytest.raises(httpx.RemoteProtocolError):
            await lab.push()


async def test_requests_in_flight_are_lost_with_the_one_that_goaway_meets(lab: Lab) -> None:
    lab.rule('delay seconds=2 holds=request match.payload={"aps.alert":"slow"}')
    lab.rule('goaway last_stream=all match.payload={"aps.alert":"last"}')
    failed: list[str] = []

    async def fails(text: str) -> None:
        with pytest.raises(httpx.TransportError):
            await lab.push(text, timeout=10)
        failed.append(text)

    assert await lab.answers(1) == [(200, "")]
    async with trio.open_nursery() as nursery:
        nursery.start_soon(fails, "slow")
        await until(lambda: [entry.hits for entry in lab.here.gateway.faults.book] == [1, 0])
        nursery.start_soon(fails, "last")
    assert sorted(failed) == ["last", "slow"]
    assert await lab.answers(1) == [(200, "")]


async def test_httpx_sends_again_what_goaway_says_was_not_heard(lab: Lab) -> None:
    assert await lab.answers(1) == [(200, "")]
    rule = lab.rule("goaway last_stream=before times=1")
    assert await lab.answers(1) == [(200, "")]
    assert rule.hits == 1
    assert await lab.here.received(lab.phone, 2) == ["push 0", "push 0"]


async def test_httpx_never_sends_a_body_into_a_window_that_does_not_open(lab: Lab) -> None:
    lab.rule("no-window stream_bytes=0")
    assert await lab.answers(1) == [(200, "")], "sent before it has read our SETTINGS"
    with pytest.raises(httpx.ReadTimeout):
        await lab.push(timeout=0.3)
    assert lab.here.gateway.journal.statistics().requests == 1


@pytest.mark.parametrize("words", ["", "goaway=false"])
async def test_httpx_fails_on_a_connection_that_was_closed_while_it_was_idle(
    lab: Lab, words: str
) -> None:
    lab.rule(f"idle-close seconds=0.1 times=1 {words}")
    assert await lab.answers(1) == [(200, "")]
    await lab.until_disconnected()
    with pytest.raises(httpx.TransportError):  # clients.md 25
        await lab.push()
    assert await lab.answers(1) == [(200, "")]


async def test_httpx_reads_an_answer_in_pieces_as_any_other(lab: Lab) -> None:
    answer = {"type": "answer", "status": 503}
    lab.rule({"action": {"type": "pieces", "bytes_each": 3, "empty_end": True, "answer": answer}})
    assert await lab.answers(1) == [(503, "ServiceUnavailable")]


async def test_httpx_takes_half_a_body_for_the_whole(lab: Lab) -> None:
    answer = {"type": "answer", "status": 503}
    lab.rule({"action": {"type": "truncate", "bytes": 9, "answer": answer}})
    told = await lab.push()
    assert (told.status_code, told.text) == (503, '{"reason"')


async def test_httpx_does_not_mind_other_settings_or_a_ping_without_an_answer(lab: Lab) -> None:
    lab.rule("no-ping-ack")
    lab.rule("settings max_concurrent_streams=1 initial_window_size=0 match.nth=1")
    assert await lab.answers(1) == [(200, "")]
    with pytest.raises(httpx.ReadTimeout):  # the second has no window for its body
        await lab.push(timeout=0.3)


async def test_what_goes_on_goes_on_into_what_decides(lab: Lab) -> None:
    lab.rule("settings max_concurrent_streams=7 times=2")
    lab.rule("delay seconds=0.01 times=1")
    lab.rule({"action": {"type": "pieces", "answer": {"type": "answer", "status": 500}}})
    assert await lab.answers(2) == [(500, "InternalServerError")] * 2
    told = [detail for state, detail in lab.timeline() if state == "Fault"]
    assert told == ["rule 1: SETTINGS {3: 7}", "rule 3: answer in pieces of 1 bytes"]


async def test_a_request_that_is_no_push_matches_nothing_it_does_not_have(lab: Lab) -> None:
    lab.rule("answer status=500 match.token=*")
    lab.rule({"action": {"type": "answer", "status": 501}, "match": {"payload": {"a": "*"}}})
    lab.rule("answer status=502 match.team_id=*")
    lab.rule("answer status=503 match.path=/nowhere")
    assert await lab.answers(1) == [(500, "InternalServerError")]
    client = lab.here._clients["localhost", 0]
    assert (await client.post("/nowhere", content=b"no JSON")).status_code == 503


# -- in-band ---------------------------------------------------------------------------------------


@pytest.fixture
async def in_band(tmp_path: Path) -> AsyncIterator[Lab]:
    async with world(tmp_path, in_band_faults=InBandFaults.ON) as here:
        phone = await here.phone()
        yield Lab(here, phone, await here.install(phone))


@pytest.mark.parametrize(
    "asked",
    [
        "answer status=503 retry_after=3",
        {"type": "answer", "status": 503, "retry_after": 3},
    ],
)
async def test_a_push_asks_for_its_own_fault(in_band: Lab, asked: object) -> None:
    in_band.rule("answer status=400")  # of less weight than what the push says
    told = await in_band.here.push(in_band.token, payload={"aps": {"alert": "a"}, "apnsim": asked})
    assert (told.status_code, told.headers["retry-after"]) == (503, "3")
    assert in_band.timeline()[0] == ("Fault", "in-band: answer 503 ServiceUnavailable")


async def test_a_push_asks_for_a_fault_on_its_way_to_the_device(in_band: Lab) -> None:
    payload = {"aps": {"alert": "twice"}, "apnsim": "duplicate"}
    assert (await in_band.here.push(in_band.token, payload=payload)).status_code == 200
    assert await in_band.here.received(in_band.phone, 1) == ["twice"]
    [session] = in_band.here.gateway.couriers.statistics()
    assert session.sent == 1
    assert ("Fault", "in-band: send it 2 times") in in_band.timeline()


async def test_magic_tokens_earn_their_status(in_band: Lab) -> None:
    for status, reason in ((410, "Unregistered"), (429, "TooManyRequests"), (200, "")):
        answer = await in_band.here.push(f"dead0{status}" + 56 * "0")
        assert (answer.status_code, reason_of(answer)) == (status, reason)
    with pytest.raises(httpx.ReadTimeout):
        await in_band.here.push("DEAD0000" + 56 * "0", timeout=0.2)


@pytest.mark.parametrize("status", ["1", "[" * 2000], ids=["1", "deep"])
async def test_a_fault_that_is_none_is_told_in_the_log_and_the_push_arrives(
    in_band: Lab, caplog: pytest.LogCaptureFixture, status: str
) -> None:
    payload = {"aps": {"alert": "a"}, "apnsim": f"answer status={status}"}
    assert (await in_band.here.push(in_band.token, payload=payload)).status_code == 200
    assert await in_band.here.received(in_band.phone, 1) == ["a"]
    assert any("has a fault in it that is none: action.answer.status" in m for m in caplog.messages)


@pytest.mark.parametrize("asked", ["tls how=expired", "storm", "no-ping-ack"])
async def test_a_fault_that_a_push_cannot_bring_along_is_told_in_the_log(
    in_band: Lab, caplog: pytest.LogCaptureFixture, asked: str
) -> None:
    payload = {"aps": {"alert": "a"}, "apnsim": asked}
    assert (await in_band.here.push(in_band.token, payload=payload)).status_code == 200
    assert await in_band.here.received(in_band.phone, 1) == ["a"]
    [told] = [each for each in caplog.messages if "cannot bring along" in each]
    assert TOPIC in told


async def test_unless_it_is_switched_on_nothing_is_read_into_a_push(lab: Lab) -> None:
    payload = {"aps": {"alert": "a"}, "apnsim": "answer status=503"}
    assert (await lab.here.push(lab.token, payload=payload)).status_code == 200
    answer = await lab.here.push("dead0503" + 56 * "0")
    assert (answer.status_code, reason_of(answer)) == (400, "BadDeviceToken")
