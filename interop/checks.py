"""Judging a case: what the client said, what the device received, what the gateway recorded."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from apnsim.client.views import ReceivedNotification, Request
    from interop.cases import Case, Push
    from interop.phone import Phone

Answer = dict[str, Any]
DEFAULT_PRIORITY = 10  # "If you omit this header, APNs sets the notification priority to 10."


def check_answers(
    case: Case,
    phone: Phone,
    pushes: Sequence[Push],
    answers: Sequence[Answer],
    timestamp_unit: int = 1,
) -> Iterable[str]:
    """Every push was answered, as the client tells it, with the status and reason of the case.

    Args:
        case: the case.
        phone: whom was pushed to.
        pushes: what was sent.
        answers: what the client reports; a refusal may be without a status, by its reason alone.
        timestamp_unit: milliseconds; what the client's times of a 410 are multiples of.
    """
    for push, answer in zip(pushes, answers, strict=True):
        if "error" in answer:
            yield f"the client raised {answer['error']}"
            continue
        told = (answer.get("status"), answer.get("reason") or "")
        if told not in ((case.status, case.reason), (None, case.reason or None)):
            yield f"the client reports {told}, not {(case.status, case.reason)}"
        elif push.apns_id not in (None, answer.get("apns_id")):
            yield f"the client reports the apns-id {answer.get('apns_id')}, not {push.apns_id}"
        elif case.status == 410 and not _is_when_gone(
            answer.get("timestamp"), phone, timestamp_unit
        ):
            yield f"timestamp {answer.get('timestamp')!r} is not in {phone.gone_between}"


def _is_when_gone(timestamp: object, phone: Phone, unit: int) -> bool:
    first, last = phone.gone_between
    return isinstance(timestamp, int) and first - first % unit <= timestamp <= last


def check_device(
    case: Case,
    pushes: Sequence[Push],
    answers: Sequence[Answer],
    received: Sequence[ReceivedNotification],
) -> Iterable[str]:
    """The device has each accepted push once, whole, under its own apns-id, and nothing else."""
    is_due = case.status == 200 and case.arrives
    due = Counter(_sent(push, case.from_storage) for push in pushes if is_due)
    came = Counter(_received(each, case.from_storage) for each in received)
    yield from (f"the device did not receive {shorten(what)}" for what in due - came)
    yield from (f"the device received, not asked for: {shorten(what)}" for what in came - due)
    ids = {canonical(each.payload): each.apns_id for each in received}
    for push, answer in zip(pushes, answers, strict=True):
        told, arrived = answer.get("apns_id"), ids.get(canonical(push.payload))
        if told and arrived and told.lower() != arrived.lower():
            yield f"the client was told the apns-id {told}, the device {arrived}"


def _sent(push: Push, from_storage: bool | None) -> str:
    priority = push.priority or DEFAULT_PRIORITY
    parts = (push.topic, push.push_type, priority, push.collapse_id, from_storage)
    return canonical([*parts, push.payload])


def _received(each: ReceivedNotification, expected: bool | None) -> str:
    from_storage = None if expected is None else each.from_storage
    parts = (each.topic, each.push_type, each.priority, each.collapse_id, from_storage)
    return canonical([*parts, each.raw_payload if each.payload is None else each.payload])


def check_requests(
    case: Case, pushes: Sequence[Push], requests: Sequence[Request], sends: Mapping[str, str | None]
) -> Iterable[str]:
    """The gateway recorded each push with the outcome of the case, and none accepted twice.

    Args:
        case: the case.
        pushes: what was sent.
        requests: what the gateway has heard since.
        sends: headers that this client is known for; see ``clients.Client``.
    """
    attempts: dict[str, list[Request]] = {canonical(push.payload): [] for push in pushes}
    for request in requests:
        if canonical(request.payload) in attempts:
            attempts[canonical(request.payload)].append(request)
    for of_one in attempts.values():
        yield from _check_attempts(case, [(each.status, each.reason) for each in of_one])
    heard = [request for of_one in attempts.values() for request in of_one]
    connections = {request.connection for request in heard}
    if case.connections is not None and len(connections) > case.connections:
        yield f"{len(connections)} connections instead of {case.connections}"
    for request in heard:
        headers = {each[0]: each[1] for each in request.headers}
        for name, value in sends.items():
            if headers.get(name) != value:
                yield f"this client is here for {name}: {value}, but sent {headers.get(name)}"


def _check_attempts(case: Case, outcomes: list[tuple[int | None, str]]) -> Iterable[str]:
    last = (case.status, case.reason)
    if not outcomes:
        yield "the gateway has no such request"
    elif case.first_reason:
        if [reason for _, reason in outcomes] != [case.first_reason, ""]:
            yield f"expected {case.first_reason}, then 200; the gateway recorded {outcomes}"
    elif case.status == 200 and len(outcomes) > 1:
        yield f"the gateway recorded {outcomes} for one push"
    else:  # a refused push may have been sent again: that is the client's affair
        yield from (f"the gateway recorded {each}" for each in outcomes if each != last)


def canonical(value: object) -> str:
    """One text for equal JSON values."""
    return json.dumps(value, sort_keys=True)


def shorten(text: str) -> str:
    """For people."""
    return text if len(text) <= 160 else f"{text[:120]} … {text[-30:]}"


def summarize(problems: Iterable[str]) -> str:
    """The most frequent two; empty if there are none."""
    counted = Counter(problems).most_common()
    lines = [f"{count} times: {text}" if count > 1 else text for text, count in counted[:2]]
    more = [f"and {len(counted) - 2} more"] if len(counted) > 2 else []
    return "; ".join(lines + more)
