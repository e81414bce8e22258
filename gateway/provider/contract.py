"""What the HTTP/2 shell and the thing that answers requests promise each other.

The shell (``connection.py``) hears HTTP/2 and knows nothing of APNs; the answer knows APNs and
nothing of HTTP/2. One answer is made per connection, because APNs' state is per connection (team,
key, token refresh).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol, TypeAlias

from gateway.provider.wire import STREAM_WINDOW_BYTES

if TYPE_CHECKING:
    from gateway.provider.bent import Bent
    from protocol.notification import Environment
    from protocol.provider.http import HttpRequest, HttpResponse


class Answerer(Protocol):
    """Answers the requests of one connection.

    An answer that needs no waiting (a refusal) may be returned as it is; anything that waits is
    returned as an awaitable, for which the shell starts a task. An ``async def`` fits. Requests of
    one connection are answered concurrently. A raised exception is our bug: logged, and the
    provider gets 500.
    """

    def __call__(self, request: HttpRequest) -> HttpResponse | Awaitable[HttpResponse | Bent]:
        """Answer one whole request."""
        ...


ShutdownAnswer: TypeAlias = Callable[["HttpRequest"], "HttpResponse"]
"""The 503 for a request that arrives while the connection drains, ``apns-id`` echoed."""


Refused: TypeAlias = Callable[["ConnectionFacts", "HttpRequest", "HttpResponse", str], None]
"""Told of a request that the shell itself refused, with the answer and, for the record, why."""


class ConnectionHandle(Protocol):
    """What an answer may ask of its connection.

    ``requests``: how many were handed on to be answered, the one in hand among them.
    """

    requests: int

    def authenticated(self) -> None:
        """The first valid credential was seen: raise the stream limit. Idempotent."""
        ...

    def goaway(self, reason: str, detail: str = "") -> None:
        """Say GOAWAY ``{"reason":…}`` and close, as Apple with BadCertificateEnvironment.

        ``detail`` is for our log.
        """
        ...

    def leave(self) -> None:
        """Answer what is in flight, then say GOAWAY Shutdown and close."""
        ...


MakeAnswer: TypeAlias = Callable[["ConnectionFacts", ConnectionHandle], Answerer]
"""Called once per connection, before its first byte."""


@dataclass(frozen=True, slots=True)
class ConnectionFacts:
    """What is known of a connection once TLS is up.

    Attributes:
        connection_id: unique within this process, for logs and the console.
        peer: ``host:port`` of the provider.
        environment: from the server name the provider asked for, else the gateway's default.
        requested_name: that server name (SNI), if the provider sent one.
        peer_certificate: the provider's certificate in DER, present only if it was verified.
        faults: what fault rules have done to the connection from its beginning.
    """

    connection_id: int
    peer: str
    environment: Environment
    requested_name: str | None = None
    peer_certificate: bytes | None = None
    faults: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """What the journal calls the connection."""
        return f"provider-{self.connection_id}"


@dataclass(frozen=True, slots=True)
class ConnectionSettings:
    """The numbers of one provider connection.

    Attributes:
        library: ``jh2`` (h2's interface, HPACK in Rust, twice as fast) or ``h2``.
        streams_before_authentication: MAX_CONCURRENT_STREAMS in the first SETTINGS; Apple says 1.
        streams_after_authentication: the same once the first valid token was seen, or from the
            start with a certificate; Apple says 1000.
        streams_after_error: the same after a refused push until the next accepted one; 0 = as
            before.
        refuses_surplus_streams: a stream over the limit that was last advertised is reset with
            REFUSED_STREAM. Else it is served: clients that have not read our SETTINGS yet lose
            refused streams for good (clients.md 9).
        streams_tolerated: streams open at once before we hang up.
        unfinished_bytes: header lists and bodies of requests that are not whole yet, all together,
            before we hang up.
        kept_body_bytes: how much of a body reaches the answer; one more than the largest payload.
        heard_body_bytes: how much of a body is heard (and discarded) before it is answered,
            finished or not.
        header_list_bytes: MAX_HEADER_LIST_SIZE (counted as in RFC 9113 6.5.2); a longer list is
            answered 431.
        unsent_bytes: how much may wait to be sent before we stop reading.
        waiting_bytes: how much of answers may wait for the peer's windows before we hang up; lists
            of channels are long.
        write_seconds: how long the peer may leave us unable to send before we hang up; also how
            long answers may take once the peer has gone.
        idle_seconds: silence without a request in flight before GOAWAY IdleTimeout.
        low_window_bytes: a peer that never opens its connection window is sent away below this.
        resets_at_once: cancelled requests (CVE-2023-44487, "rapid reset") and SETTINGS frames
            forgiven in a burst.
        resets_per_second: the same in the long run.
        max_errors: errors in a row (``Standing``) before we hang up; 0 = any number.
        says_why_when_idle: there is a GOAWAY then. This and the next three change by fault rules
            only (``gateway.faults.frames``).
        acknowledges_pings: as HTTP/2 demands.
        opens_windows: what was heard may be sent again.
        stream_window_bytes: INITIAL_WINDOW_SIZE.
    """

    library: Literal["jh2", "h2"] = "jh2"
    streams_before_authentication: int = 1
    streams_after_authentication: int = 1000
    streams_after_error: int = 0
    refuses_surplus_streams: bool = False
    streams_tolerated: int = 2000
    unfinished_bytes: int = 1 << 21
    kept_body_bytes: int = 5121
    heard_body_bytes: int = 1 << 20
    header_list_bytes: int = 8000
    unsent_bytes: int = 1 << 18
    waiting_bytes: int = 1 << 23
    write_seconds: float = 30
    idle_seconds: float = 3600
    low_window_bytes: int = 1 << 14
    resets_at_once: int = 1000
    resets_per_second: float = 33
    max_errors: int = 0
    says_why_when_idle: bool = True
    acknowledges_pings: bool = True
    opens_windows: bool = True
    stream_window_bytes: int = STREAM_WINDOW_BYTES

    def streams_at_first(self, facts: ConnectionFacts) -> int:
        """Measured (pushy#878 and others): with a certificate the first SETTINGS say 1000."""
        if facts.peer_certificate is not None:
            return self.streams_after_authentication
        return self.streams_before_authentication


@dataclass(frozen=True, slots=True)
class ConnectionStatistics:
    """One connection as the console shows it.

    Attributes:
        facts: who it is.
        streams_open: requests heard in part or whole and not answered.
        requests_answered: complete answers handed to HTTP/2.
        requests_withdrawn: cancelled by the provider (RST_STREAM) before the answer.
        bytes_received: HTTP/2 bytes, inside TLS.
        bytes_sent: HTTP/2 bytes, inside TLS.
        stream_limit: the MAX_CONCURRENT_STREAMS last advertised.
        draining: whether new requests are answered 503 Shutdown.
    """

    facts: ConnectionFacts
    streams_open: int
    requests_answered: int
    requests_withdrawn: int
    bytes_received: int
    bytes_sent: int
    stream_limit: int
    draining: bool
