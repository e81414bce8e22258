"""Whether it came as expected; if not: what happened instead, and what came near.

A condition is one key of an ``expect`` step. Each knows its subject, how to say it, and how to
tell what is not so.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from apnsim.scenario.cast import device_id
from apnsim.scenario.times import spoken

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from apnsim.scenario.record import Sent
    from apnsim.scenario.stage import Stage
    from apnsim.scenario.steps.expectations import Expect
    from gateway.records import Record as JournalRecord

_NOT_ARRIVED = "it has not arrived"


@dataclass(frozen=True, slots=True)
class OfEach:
    """A condition on each of several pushes; ``deviation`` is "" when it is so."""

    says: Callable[[Any], str]
    deviation: Callable[[Any, Sent, Stage], str]


@dataclass(frozen=True, slots=True)
class OfAll:
    """A condition on several pushes together."""

    says: Callable[[Any], str]
    deviation: Callable[[Any, list[Sent]], str]


@dataclass(frozen=True, slots=True)
class OfOther:
    """A condition on an app or a phone."""

    subject: str
    says: Callable[[Any], str]
    deviation: Callable[[Any, Expect, Stage], str]


def subject_of(conditions: Iterable[str]) -> str:
    """What conditions of these keys are about: ``push``, ``app`` or ``device``; "" of none."""
    for name in conditions:
        condition = CONDITIONS[name]
        return condition.subject if isinstance(condition, OfOther) else "push"
    return ""


def judged(
    expect: Expect, conditions: dict[str, Any], stage: Stage
) -> Iterator[tuple[str, str, list[tuple[str, ...]]]]:
    """Each condition: the claim, what happened instead ("" if it is met), and what came near."""
    for name, wanted in conditions.items():
        condition = CONDITIONS[name]
        if isinstance(condition, OfOther):
            who = expect.app if condition.subject == "app" else stage.cast.device(expect.device)
            happened = condition.deviation(wanted, expect, stage)
            near = _near_app(expect, stage) if condition.subject == "app" and happened else []
            yield f"{who}: {condition.says(wanted)}", happened, near
            continue
        sent = stage.record.named(expect.push)
        claim = f"{_quoted(expect.push)}: {condition.says(wanted)}"
        if not sent and name != "sent":
            yield claim, "nothing of this name has been pushed yet", []
        elif isinstance(condition, OfAll):
            happened = condition.deviation(wanted, sent)
            yield claim, happened, [timeline(each, stage) for each in sent] if happened else []
        else:
            yield claim, *_of_each(condition, wanted, sent, stage)


def _of_each(
    condition: OfEach,
    wanted: Any,  # noqa: ANN401
    sent: list[Sent],
    stage: Stage,
) -> tuple[str, list[tuple[str, ...]]]:
    deviations = [(each, condition.deviation(wanted, each, stage)) for each in sent]
    wrong = [(each, why) for each, why in deviations if why]
    happened = "; ".join(f'"{each.name}": {why}' if len(sent) > 1 else why for each, why in wrong)
    return happened, [timeline(each, stage) for each, _ in wrong]


# -- what came near --------------------------------------------------------------------------------


def timeline(sent: Sent, stage: Stage) -> tuple[str, ...]:
    """The life of a push, line by line: what the gateway noted, in Apple's words."""
    record = _journal_record(sent, stage)
    lines = [f'"{sent.name}", sent {spoken(sent.at)} after the start']
    for event in [] if record is None else record.timeline:
        since = "+" + spoken(event.at - stage.epoch - sent.at)
        detail = f" ({stage.record.with_names(event.detail)})" if event.detail else ""
        lines.append(f"  {since:12} {event.state}{detail}")
    return tuple(lines)


def _journal_record(sent: Sent, stage: Stage) -> JournalRecord | None:
    found = stage.world.gateway.journal.find(
        lambda record: record.apns_id.lower() == sent.apns_id.lower(), limit=1
    )
    return found[0] if found else None


def _near_app(expect: Expect, stage: Stage) -> list[tuple[str, ...]]:
    got = {sent.name for sent, _ in _received(expect, stage)}
    missing = [name for name in expect.received or () if name not in got]
    return [timeline(sent, stage) for sent in stage.record.named(missing)]


# -- conditions ------------------------------------------------------------------------------------


def _sent(wanted: int, sent: list[Sent]) -> str:
    return "" if len(sent) == wanted else f"it was sent to {len(sent)}"


def _status(wanted: int, sent: Sent, _stage: Stage) -> str:
    if sent.answer is None:
        return "no answer yet"
    return "" if sent.answer.status == wanted else f"the gateway answered {sent.answer}"


def _reason(wanted: str, sent: Sent, _stage: Stage) -> str:
    if sent.answer is None:
        return "no answer yet"
    return "" if sent.answer.reason == wanted else f"the gateway answered {sent.answer}"


def _within(wanted: float, sent: Sent, _stage: Stage) -> str:
    if sent.latency is None:
        return _NOT_ARRIVED
    return "" if sent.latency <= wanted else f"it took {spoken(sent.latency)}"


def _later_than(wanted: float, sent: Sent, _stage: Stage) -> str:
    if sent.latency is None:
        return _NOT_ARRIVED
    return "" if sent.latency >= wanted else f"it took only {spoken(sent.latency)}"


def _from_storage(wanted: bool, sent: Sent, _stage: Stage) -> str:
    if sent.arrival is None:
        return _NOT_ARRIVED
    if sent.arrival.is_from_storage is wanted:
        return ""
    return "it came from storage" if sent.arrival.is_from_storage else "it had not waited"


def _presentation(wanted: str, sent: Sent, _stage: Stage) -> str:
    if sent.arrival is None:
        return _NOT_ARRIVED
    shown = sent.arrival
    return "" if shown.presentation == wanted else f"it was {shown.presentation} ({shown.detail})"


def _detail(wanted: str, sent: Sent, _stage: Stage) -> str:
    if sent.arrival is None:
        return _NOT_ARRIVED
    shown = sent.arrival
    return "" if wanted in shown.detail else f"it was {shown.presentation} ({shown.detail})"


def _handled(wanted: bool, sent: Sent, stage: Stage) -> str:
    received = stage.received(sent)
    handler = "" if received is None else received.handler
    if bool(handler) is wanted:
        return ""
    return f"{handler} was called" if handler else "no code of the app has run"


def _handler(wanted: str, sent: Sent, stage: Stage) -> str:
    received = stage.received(sent)
    if received is None:
        return _NOT_ARRIVED
    if wanted in received.handler:
        return ""
    return f"{received.handler} was called" if received.handler else "no code of the app has run"


def _state(wanted: str, sent: Sent, stage: Stage) -> str:
    record = _journal_record(sent, stage)
    states = [] if record is None else [str(event.state) for event in record.timeline]
    return "" if wanted in states else f"its timeline has {', '.join(states) or 'nothing yet'}"


def _delivered(wanted: bool | int, sent: list[Sent]) -> str:
    arrived = [each for each in sent if each.arrivals]
    expected = len(sent) * wanted if isinstance(wanted, bool) else wanted
    if len(arrived) == expected:
        return ""
    which = f": {_quoted([each.name for each in arrived])}" if arrived else ""
    return f"{len(arrived)} of {len(sent)} arrived{which}"


def _together(wanted: float, sent: list[Sent]) -> str:
    times = [each.arrival.at for each in sent if each.arrival is not None]
    if len(times) < len(sent):
        return f"only {len(times)} of {len(sent)} have arrived"
    span = max(times) - min(times)
    return "" if span <= wanted else f"{spoken(span)} passed from the first to the last"


def _received(expect: Expect, stage: Stage) -> list[tuple[Sent, object]]:
    app = expect.app or ""
    return list(stage.record.received(app, stage.cast.device_of_app(expect.device, app)))


def _received_deviation(wanted: tuple[str, ...], expect: Expect, stage: Stage) -> str:
    names = [sent.name for sent, _ in _received(expect, stage)]
    return "" if names == list(wanted) else f"it has received {_quoted(names) or 'nothing'}"


def _online(wanted: bool, expect: Expect, stage: Stage) -> str:
    name = stage.cast.device(expect.device)
    is_online = stage.world.devices.get_device(device_id(name)).online
    return "" if is_online is wanted else f"its link is {'up' if is_online else 'down'}"


def _lock_screen(wanted: tuple[str, ...], expect: Expect, stage: Stage) -> str:
    texts = stage.lock_screen(stage.cast.device(expect.device))
    return "" if texts == list(wanted) else f"there is {_quoted(texts) or 'nothing'}"


def _badge(wanted: int, expect: Expect, stage: Stage) -> str:
    app = expect.app or ""
    screen = stage.screens[stage.cast.device_of_app(expect.device, app)]
    number = screen.badges.get(app, 0)
    return "" if number == wanted else f"it is {number}"


def _policy(wanted: str, expect: Expect, stage: Stage) -> str:
    name = stage.cast.device(expect.device)
    policy = stage.world.devices.get_device(device_id(name)).assertion_policy
    return "" if policy == wanted else f"it is {policy}"


def _says_delivered(wanted: bool | int) -> str:
    if isinstance(wanted, bool):
        return "delivered" if wanted else "not delivered"
    return f"{wanted} delivered"


CONDITIONS: dict[str, OfEach | OfAll | OfOther] = {
    "sent": OfAll(lambda count: f"sent to {count}", _sent),
    "status": OfEach("answered {}".format, _status),
    "reason": OfEach("refused for {}".format, _reason),
    "delivered": OfAll(_says_delivered, _delivered),
    "within": OfEach(lambda s: f"delivered within {spoken(s)}", _within),
    "later_than": OfEach(lambda s: f"delivered no sooner than after {spoken(s)}", _later_than),
    "together": OfAll(lambda s: f"all delivered within {spoken(s)} of each other", _together),
    "from_storage": OfEach(lambda yes: "from storage" if yes else "without waiting", _from_storage),
    "presentation": OfEach("{}".format, _presentation),
    "detail": OfEach("because {}".format, _detail),
    "handled": OfEach(lambda yes: f"{'some' if yes else 'no'} code of the app runs", _handled),
    "handler": OfEach("handed to {}".format, _handler),
    "state": OfEach("{}".format, _state),
    "received": OfOther(
        "app", lambda names: f"received {_quoted(names) or 'nothing'}", _received_deviation
    ),
    "badge": OfOther("app", "badge {}".format, _badge),
    "lock_screen": OfOther(
        "device", lambda texts: f"lock screen {_quoted(texts) or 'empty'}", _lock_screen
    ),
    "assertion_policy": OfOther("device", "assertion policy {}".format, _policy),
    "online": OfOther("device", lambda yes: f"link {'up' if yes else 'down'}", _online),
}


def _quoted(names: Iterable[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)
