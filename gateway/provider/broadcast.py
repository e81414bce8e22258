"""Broadcast requests of one connection: identify → validate → fulfil → answer (``endpoint.py``).

Messages for channels come to the ports for pushes, requests about channels to ports of their own:
two endpoints, which differ in what they do with a request.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from gateway.broadcast_validation import (
    BroadcastDraft,
    broadcast_of,
    validate_broadcast,
    validate_management,
)
from gateway.routing.channels import ChannelLimitError
from gateway.store.store import StoreUnavailableError
from protocol.identifiers import ApnsId
from protocol.provider import response
from protocol.provider.broadcast import (
    ManagementCall,
    channel_json,
    sent_request_id,
)
from protocol.provider.rejection import Reason, Rejection
from protocol.provider.request import headers_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from gateway.broadcast_validation import BroadcastGrounds
    from gateway.journal import Journal
    from gateway.provider.contract import Answerer, ShutdownAnswer
    from gateway.records import Record
    from gateway.routing.broadcasts import Broadcaster
    from gateway.routing.channels import ChannelDirectory
    from protocol.provider.http import HttpRequest, HttpResponse


@dataclass(frozen=True, slots=True)
class BroadcastService:
    """What all broadcast endpoints share.

    Args:
        channels: which there are.
        broadcaster: takes valid messages.
        journal: told about every request.
        now: the gateway's clock, UNIX seconds.
        random_bytes: where ids come from.
    """

    channels: ChannelDirectory
    broadcaster: Broadcaster
    journal: Journal
    now: Callable[[], float]
    random_bytes: Callable[[int], bytes]

    def request_id_of(self, request: HttpRequest) -> str:
        """What the answer is to echo, byte for byte even if it is the error; or a new one."""
        sent = sent_request_id(headers_of(request.headers))
        return sent or ApnsId.from_random(self.random_bytes(16))

    def refuse(self, record: Record, rejection: Rejection) -> HttpResponse:
        """The answer to a request that is refused, journalled."""
        reason = rejection.reason
        record.response = response.rejected(rejection, record.apns_id, response.REQUEST_ID)
        self.journal.rejected(record, reason.status, reason.text, rejection.detail)
        return record.response

    def shutting_down(self, request: HttpRequest) -> HttpResponse:
        """The answer to a request that arrives while the gateway drains."""
        record = self.journal.begin(request, "")
        record.apns_id = self.request_id_of(request)
        return self.refuse(record, Rejection(Reason.SHUTDOWN, "the gateway is shutting down"))


class Fulfil(Protocol):
    """What an endpoint does with a request: checks it, does it, answers it."""

    async def __call__(
        self, service: BroadcastService, draft: BroadcastDraft, record: Record
    ) -> HttpResponse:
        """One request.

        Raises:
            Rejection: it is refused.
            StoreUnavailableError: it could not be made durable.
        """
        ...


class BroadcastEndpoint:
    """Answers the broadcast requests of one connection.

    Args:
        service: what all connections share.
        grounds: what its requests are judged by.
        connection: the connection's name, for the journal.
        fulfil: :func:`publish` or :func:`manage`.
    """

    def __init__(
        self, service: BroadcastService, grounds: BroadcastGrounds, connection: str, fulfil: Fulfil
    ) -> None:
        self._service = service
        self._grounds = grounds
        self._connection = connection
        self._fulfil = fulfil

    async def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer one request; every refusal is an answer too."""
        service = self._service
        record = service.journal.begin(request, self._connection)
        record.apns_id = service.request_id_of(request)
        draft = BroadcastDraft(request, service.now(), self._grounds)
        try:
            record.response = await self._fulfil(service, draft, record)
            return record.response
        except Rejection as rejection:
            return service.refuse(record, rejection)
        except StoreUnavailableError as error:
            return service.refuse(record, Rejection(Reason.SERVICE_UNAVAILABLE, str(error)))
        except Exception:
            # Our bug: the connection logs it and answers; every request is on record all the same.
            bug = Reason.INTERNAL_SERVER_ERROR
            service.journal.rejected(record, bug.status, bug.text, "a bug of ours: see the log")
            raise


async def publish(service: BroadcastService, draft: BroadcastDraft, record: Record) -> HttpResponse:
    """A message for a channel: 200 once it is durable and waits for the fan-out."""
    channel = validate_broadcast(draft).channel
    checkpoint = service.channels.take_place(channel, draft.now)
    request_id = draft.request_id or ApnsId(record.apns_id)
    broadcast = broadcast_of(draft, request_id, checkpoint, service.random_bytes)
    service.journal.received(record, broadcast, None)
    await service.broadcaster.publish(broadcast, channel.policy)
    service.journal.accepted(record)
    # Documented for every environment, unlike that of device pushes.
    return response.managed(200, request_id, {"apns-unique-id": broadcast.unique_id})


async def manage(service: BroadcastService, draft: BroadcastDraft, record: Record) -> HttpResponse:
    """A request about channels: create, read, delete or list."""
    channels, call = service.channels, validate_management(draft)
    environment, bundle_id = draft.grounds.environment, draft.bundle_id
    status, more, content = 200, {}, None
    if call is ManagementCall.CREATE:
        try:
            channel = await channels.create(environment, bundle_id, draft.policy)
        except ChannelLimitError as error:
            raise Rejection(Reason.CANNOT_CREATE_CHANNEL_CONFIG, str(error)) from None
        status, more = 201, {"apns-channel-id": channel.channel_id}
    elif call is ManagementCall.DELETE:
        await channels.delete(draft.channel)
        status = 204
    elif call is ManagementCall.READ:
        content = channel_json(draft.channel.policy)
    else:
        ids = [channel.channel_id for channel in channels.of_app(environment, bundle_id)]
        content = {"channels": ids}
    service.journal.accepted(record, status)
    return response.managed(status, record.apns_id, more, content)


def is_broadcast(request: HttpRequest) -> bool:
    """Whether a request on a port for pushes is about a channel, not a device."""
    return request.path.startswith("/4/")  # what follows may be a BadPath


def by_path(pushes: Answerer, broadcasts: Answerer) -> Answerer:
    """The answer of a port for pushes: to devices, and to channels."""
    return lambda request: (broadcasts if is_broadcast(request) else pushes)(request)


def shutdown_by_path(pushes: ShutdownAnswer, broadcasts: ShutdownAnswer) -> ShutdownAnswer:
    """The same while it drains."""
    return lambda request: (broadcasts if is_broadcast(request) else pushes)(request)
