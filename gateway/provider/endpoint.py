"""One request, the whole story: identify → validate → route → answer.

An endpoint belongs to one connection, because APNs state does: one team, one key, one pace of
token updates per connection.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.store.store import StoreUnavailableError
from gateway.validation import (
    Draft,
    Grounds,
    notification_of,
    token_is_for_topic,
    validate,
)
from protocol.identifiers import ApnsId
from protocol.notification import Environment
from protocol.provider import response
from protocol.provider.rejection import Reason, Rejection

if TYPE_CHECKING:
    from collections.abc import Callable

    from gateway.journal import Journal
    from gateway.provider.contract import ConnectionFacts
    from gateway.provider.identity import ConnectionIdentity
    from gateway.records import Record
    from gateway.routing.directory import DeviceDirectory
    from gateway.routing.router import Router
    from gateway.store.store import Registration
    from gateway.validation import ValidationRules
    from protocol.provider.http import HttpRequest, HttpResponse


@dataclass(frozen=True, slots=True)
class PushService:
    """What all endpoints for pushes to devices share.

    Args:
        router: takes valid pushes.
        directory: learns of tokens that are adopted.
        journal: told about every request.
        now: the gateway's clock, UNIX seconds.
        random_bytes: where ids come from.
        adopted: told about a token that a push made known.
    """

    router: Router
    directory: DeviceDirectory
    journal: Journal
    now: Callable[[], float]
    random_bytes: Callable[[int], bytes]
    adopted: Callable[[Registration], None]

    def refuse(self, request: HttpRequest, record: Record, rejection: Rejection) -> HttpResponse:
        """The answer to a request that is refused, journalled."""
        reason = rejection.reason
        # The client's own, byte for byte, even when it is the error: aioapns matches it.
        sent = request.header("apns-id")
        record.apns_id = sent or ApnsId.from_random(self.random_bytes(16))
        record.response = response.rejected(rejection, record.apns_id)
        self.journal.rejected(record, reason.status, reason.text, rejection.detail)
        return record.response

    def refused(
        self, facts: ConnectionFacts, request: HttpRequest, answer: HttpResponse, why: str
    ) -> None:
        """A connection refused a request by itself: on record like all others."""
        record = self.journal.begin(request, facts.name)
        [(_, record.apns_id)] = answer.headers
        record.response = answer
        reason = json.loads(answer.body)["reason"]
        self.journal.rejected(record, answer.status, reason, why)

    def shutting_down(self, request: HttpRequest) -> HttpResponse:
        """The answer to a request that arrives while the gateway drains."""
        record = self.journal.begin(request, "")
        rejection = Rejection(Reason.SHUTDOWN, "the gateway is shutting down")
        return self.refuse(request, record, rejection)


class PushEndpoint:
    """Answers the pushes of one connection.

    Args:
        service: what all connections share.
        rules: what validation leaves to settings, with this connection's environment.
        identity: who pushes on this connection.
        connection: the connection's name, for the journal.
    """

    def __init__(
        self,
        service: PushService,
        rules: ValidationRules,
        identity: ConnectionIdentity,
        connection: str,
    ) -> None:
        self._service = service
        self._grounds = Grounds(rules, service.directory, identity.identify)
        self._connection = connection

    async def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer one request; every refusal is an answer too."""
        service = self._service
        record = service.journal.begin(request, self._connection)
        try:
            draft = validate(Draft(request, service.now(), self._grounds))
            if draft.is_adopted:
                await self._adopt(draft)
            notification = notification_of(draft, service.random_bytes)
            service.journal.received(record, notification, draft.registration.device)
            unique_id = await service.router.route(notification, draft.registration)
        except Rejection as rejection:
            return service.refuse(request, record, rejection)
        except StoreUnavailableError as error:
            outage = Rejection(Reason.SERVICE_UNAVAILABLE, str(error))
            return service.refuse(request, record, outage)
        except Exception:
            # Our bug: the connection logs it and answers; every request is on record all the same.
            bug = Reason.INTERNAL_SERVER_ERROR
            service.journal.rejected(record, bug.status, bug.text, "a bug of ours: see the log")
            raise
        if unique_id != notification.unique_id:
            record.detail = f"the same push as {unique_id}, by its apns-id: not taken again"
        is_development = self._grounds.rules.environment is Environment.DEVELOPMENT
        answer = response.accepted(notification.apns_id, unique_id if is_development else None)
        record.response = answer
        service.journal.accepted(record)
        return answer

    async def _adopt(self, draft: Draft) -> None:
        """Make the token known; where another push was faster, its topic is the token's."""
        draft.registration, is_new = await self._service.directory.adopt(draft.registration)
        if is_new:
            self._service.adopted(draft.registration)
        token_is_for_topic(draft)
