"""Why no push came at all: who is connected, who was refused at the door, who says nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.console.near_misses import NearMiss

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import Any

    from gateway.handshakes import FailedHandshake

_TRUST = "have the client trust the gateway's CA: ca_file of GET /api/v1/info, APNSIM_CA_FILE"
# Parts of what OpenSSL says of a failed handshake, on the server's side, and HTTP/2's library.
_WHAT_TO_DO = (
    ("unknown ca", _TRUST),
    ("unknown_ca", _TRUST),
    ("certificate unknown", _TRUST),
    ("bad certificate", _TRUST),
    # Some leave without an alert: Python's asyncio and Trio.
    ("eof occurred", f"see the client's own error; mostly it lacks trust: {_TRUST}"),
    ("http request", "the client speaks plain HTTP: the address begins with https://"),
    (
        "invalid http/2 preamble",
        "have the client speak HTTP/2: httpx.Client(http2=True), curl --http2",
    ),
    ("wrong version number", "the client speaks no TLS: the address begins with https://"),
)


def silence(
    connections: Sequence[Mapping[str, Any]],
    failed: Sequence[FailedHandshake],
    info: Mapping[str, Any],
    *,
    time: float,
) -> Iterator[NearMiss]:
    """What there is to say when nothing came that could be told about.

    Args:
        connections: of providers, as ``GET /api/v1/connections`` tells them.
        failed: handshakes, and connections without HTTP/2, the newest last.
        info: as ``GET /api/v1/info``.
        time: Trio's.
    """
    url = info.get("provider_url", "the provider port")
    if failed:
        last = failed[-1]
        advice = next((do for part, do in _WHAT_TO_DO if part in last.why.lower()), "")
        yield NearMiss(
            why=f"{_of(len(failed), 'connection')} of a client came to nothing, the last"
            f" {time - last.at:.1f} s ago from {last.peer}: {last.why}",
            advice=advice or "see the client's own error",
        )
    silent = [each for each in connections if not each.get("requests_answered")]
    if silent:
        peers = ", ".join(str(each.get("peer")) for each in silent[:3])
        yield NearMiss(
            why=f"{_of(len(silent), 'client')} ({peers}) connected to {url} and sent no request"
            " that was answered",
            advice="is the request awaited, and are its errors looked at?",
        )
    if not connections and not failed:
        yield NearMiss(
            why=f"no such push came, and no client is connected to {url}",
            advice=f"point the client at {url}; is its code run at all?",
        )
    elif not silent and not failed:
        yield NearMiss(
            why=f"no such push came; {_of(len(connections), 'client')} connected to {url} had sent"
            " requests before",
            advice="is the code that sends run at all?",
        )


def _of(number: int, what: str) -> str:
    return f"{number} {what}{'s' * (number != 1)}"
