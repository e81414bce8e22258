"""An answer to every request that a connection has heard, whatever happens."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from gateway.provider.refusals import refusal
from protocol.provider.rejection import Reason

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from gateway.provider.bent import Bent
    from gateway.provider.contract import (
        Answerer,
        ConnectionFacts,
        ConnectionSettings,
        Refused,
        ShutdownAnswer,
    )
    from gateway.provider.inbound import Stream
    from protocol.provider.http import HttpResponse

log = logging.getLogger(__name__)


class Answers:
    """Asks whoever is to answer, and answers itself where that fails or is not worth asking.

    Args:
        answer: of this connection.
        shutdown_answer: answers what arrives while draining.
        refused: told of requests that are refused here.
        facts: who is there.
        settings: the limit of a header list.
    """

    def __init__(
        self,
        answer: Answerer,
        shutdown_answer: ShutdownAnswer,
        refused: Refused,
        facts: ConnectionFacts,
        settings: ConnectionSettings,
    ) -> None:
        self._answer = answer
        self._shutdown_answer = shutdown_answer
        self._refused = refused
        self._facts = facts
        self._longest_list = settings.header_list_bytes

    def ask(
        self, stream: Stream, *, is_draining: bool
    ) -> HttpResponse | Awaitable[HttpResponse | Bent]:
        """The answer to a stream's request, or what is to be awaited for it."""
        if stream.head.list_bytes > self._longest_list:
            return self._refuse_headers(stream)
        answer = self._shutdown_answer if is_draining else self._answer
        try:
            return answer(stream.request())
        except Exception as bug:  # the last line of defence (architecture.md 6)
            return self.own_up(stream, bug)

    def own_up(self, stream: Stream, bug: Exception) -> HttpResponse:
        """The answer when making one has failed, and the traceback in the log."""
        where = self._facts.connection_id, stream.stream_id
        log.error("connection %d: no answer could be made to stream %d", *where, exc_info=bug)
        return refusal(stream.head, Reason.INTERNAL_SERVER_ERROR)

    def _refuse_headers(self, stream: Stream) -> HttpResponse:
        response = refusal(stream.head, Reason.PAYLOAD_TOO_LARGE, 431)
        length = stream.head.list_bytes
        detail = f"a header list of {length} bytes; SETTINGS allow {self._longest_list}"
        self._refused(self._facts, stream.request(), response, detail)
        return response
