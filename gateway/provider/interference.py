"""What fault rules do to the requests of one connection, before and after they are answered."""

from __future__ import annotations

import secrets
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import trio

from gateway.faults.actions import Answer, Delay, Outage, OutageReason
from gateway.faults.courier import Storm
from gateway.provider.bent import Bent
from gateway.provider.occasion import request_occasion
from gateway.provider.refusals import id_header_of
from gateway.records import State
from protocol.identifiers import ApnsId
from protocol.plain import json_of
from protocol.provider.http import HttpResponse
from protocol.provider.rejection import Reason
from protocol.provider.response import reason_json

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from gateway.faults.basics import Act
    from gateway.faults.book import Hit, RuleBook
    from gateway.journal import Journal
    from gateway.provider.contract import Answerer, ConnectionFacts, ConnectionHandle
    from gateway.provider.identity import ConnectionIdentity
    from gateway.records import Record
    from protocol.provider.http import HttpRequest


@dataclass(frozen=True, slots=True)
class RequestFaults:
    """What the fault rules of a gateway need at its provider fronts.

    Args:
        book: the rules.
        journal: told what they did.
        now: the gateway's clock, UNIX seconds.
        random_bytes: where ids come from.
    """

    book: RuleBook
    journal: Journal
    now: Callable[[], float]
    random_bytes: Callable[[int], bytes] = secrets.token_bytes

    def over(
        self,
        answer: Answerer,
        facts: ConnectionFacts,
        handle: ConnectionHandle,
        identity: ConnectionIdentity,
    ) -> Answerer:
        """The answer of a connection, with faults.

        Args:
            answer: without them.
            facts: of the connection.
            handle: of the connection.
            identity: who pushes on it.
        """
        book, interference = self.book, Interference(self, answer, facts, handle, identity)

        def ask(request: HttpRequest) -> HttpResponse | Awaitable[HttpResponse | Bent]:
            return interference.meet(request) if book.requests else answer(request)

        return ask


class Interference:
    """Asks the rules about each request of one connection, and does what they say."""

    def __init__(
        self,
        faults: RequestFaults,
        answer: Answerer,
        facts: ConnectionFacts,
        handle: ConnectionHandle,
        identity: ConnectionIdentity,
    ) -> None:
        self._faults = faults
        self._answer = answer
        self._facts = facts
        self._handle = handle
        self._identity = identity

    def meet(self, request: HttpRequest) -> HttpResponse | Awaitable[HttpResponse | Bent]:
        """The answer, or what becomes of the request instead."""
        book = self._faults.book
        occasion = request_occasion(
            request, self._facts, self._handle.requests, self._identity.bound
        )
        hits = book.meet(book.requests, occasion)
        return self._interfere(request, hits) if hits else self._answer(request)

    async def _interfere(self, request: HttpRequest, hits: list[Hit]) -> HttpResponse | Bent:
        waits = {"request": 0.0, "answer": 0.0}
        done: list[str] = []
        for hit in hits:
            done.append(str(hit))
            if isinstance(hit.act, Delay):
                seconds = hit.act.draw(hit.dice)
                waits[hit.act.holds] += seconds
                done[-1] += f" by {seconds:.3g} s"
            elif isinstance(hit.act, Storm):
                self._faults.book.at_once(hit)
        await trio.sleep(waits["request"])  # the machine's time: a real client waits for it
        outcome = await self._do(request, hits[-1].act, done)
        await trio.sleep(waits["answer"])
        on_the_way = tuple(hit.act for hit in hits[:-1] if hit.act.bends)
        if not on_the_way:
            return outcome
        if isinstance(outcome, HttpResponse):
            return Bent(on_the_way, outcome)
        return replace(outcome, acts=on_the_way + outcome.acts)

    async def _do(self, request: HttpRequest, act: Act, done: list[str]) -> HttpResponse | Bent:
        """Do what decides, and put all that is done on record."""
        response = await self._take(request) if act.takes else None
        record = self._record_of(request) if act.takes else self._begin(request)
        for text in done:
            self._faults.journal.remark(record, State.FAULT, text)
        if told := self._told(act, record.apns_id, id_header_of(request.path)):
            self._tell(record, told, done[-1])
            response = told
        if isinstance(act, Outage) and act.reason is OutageReason.SHUTDOWN:
            self._handle.leave()
        if not act.is_answered:
            record.response = None
        if act.bends or response is None:
            return Bent((act,), response if act.is_answered else None)
        return response

    async def _take(self, request: HttpRequest) -> HttpResponse:
        """As without a fault."""
        outcome = self._answer(request)
        response = outcome if isinstance(outcome, HttpResponse) else await outcome
        assert isinstance(response, HttpResponse), "only faults bend answers"
        return response

    def _record_of(self, request: HttpRequest) -> Record:
        """The record of the request; a new one if nobody but us has looked at it."""
        found = self._faults.journal.find(lambda each: each.request is request, limit=1)
        return found[0] if found else self._begin(request)

    def _begin(self, request: HttpRequest) -> Record:
        record = self._faults.journal.begin(request, self._facts.name)
        sent = request.header(id_header_of(request.path))
        record.apns_id = sent or ApnsId.from_random(self._faults.random_bytes(16))
        return record

    def _told(self, act: Act, apns_id: str, id_header: str) -> HttpResponse | None:
        """What the rule answers; None when it leaves that to the gateway, or nobody."""
        if isinstance(act, Outage):
            return HttpResponse(503, ((id_header, apns_id),), reason_json(act.reason))
        answer = act if isinstance(act, Answer) else getattr(act, "answer", None)
        if not isinstance(answer, Answer):
            return None
        headers: dict[str, str | None] = {id_header: apns_id}
        if answer.retry_after is not None:
            headers["retry-after"] = str(answer.retry_after)
        headers |= answer.headers
        sent = tuple((key, value) for key, value in headers.items() if value is not None)
        return HttpResponse(answer.code, sent, answer.content(self._faults.now()))

    def _tell(self, record: Record, told: HttpResponse, why: str) -> None:
        """What the provider hears counts: on record, and for its next tokens."""
        reason = _reason_in(told.body)
        if reason == Reason.EXPIRED_PROVIDER_TOKEN.text:
            self._identity.expire()
        record.response = told
        if record.notification is not None:
            record.status, record.reason, record.detail = told.status, reason, why
        elif told.status < 400:
            record.detail = why
            self._faults.journal.accepted(record, told.status)
        else:
            self._faults.journal.rejected(record, told.status, reason, why)


def _reason_in(body: bytes) -> str:
    with suppress(ValueError):
        told = json_of(body)
        if isinstance(told, dict):
            return str(told.get("reason", ""))
    return ""
