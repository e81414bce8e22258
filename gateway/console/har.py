"""A provider's request and its answer as an entry of a HAR 1.2 archive.

The format: http://www.softwareishard.com/blog/har-12-spec/. Its ``send``, ``wait`` and ``receive``
"are not optional and must have non-negative values"; what else is not known is -1 or left out. A
server does not see how long a request travelled: those are 0, and a comment says so.
"""

from __future__ import annotations

from datetime import UTC, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from gateway.console.rendering import readable
from gateway.console.views import push_view
from protocol.provider.http import redacted

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gateway.records import Record
    from protocol.provider.http import HttpRequest, HttpResponse

HTTP_VERSION = "HTTP/2.0"
JSON = "application/json"
# They stand in the request, or are told in full beside it.
_TOLD_ELSEWHERE = frozenset({"payload", "raw_payload", "status", "received_at"})


def archive_around(version: str) -> tuple[bytes, bytes]:
    """What stands before the entries, and what after; args: of apnsim."""
    creator = f'{{"name":"apnsim","version":"{version}"}}'
    return f'{{"log":{{"version":"1.2","creator":{creator},"entries":['.encode(), b"]}}"


def entry_of(record: Record, request: HttpRequest, origin: str) -> dict[str, Any]:
    """One entry; what became of the push is in ``_apnsim``.

    Args:
        record: of the request.
        request: as it was received; credentials are redacted.
        origin: where the gateway listens, as ``https://host:port``.
    """
    wait = 1000 * (record.answer_seconds or 0.0)
    push = push_view(record)
    story = {name: getattr(push, name) for name in push.__slots__ if name not in _TOLD_ELSEWHERE}
    entry = {
        "startedDateTime": _iso(record.received_at),
        "time": wait,
        "request": _request(request, origin),
        "response": _response(record.response),
        "cache": {},
        "timings": {
            **dict.fromkeys(("blocked", "dns", "connect", "ssl"), -1),
            "send": 0,
            "wait": wait,
            "receive": 0,
            "comment": "seen by the gateway, which does not know how long they travelled",
        },
        "_apnsim": story,
    }
    return entry | ({"connection": record.connection} if record.connection else {})


def _iso(at: float) -> str:
    """UNIX seconds as ISO 8601; of what no calendar has, the last moment that has one."""
    moment = datetime.fromtimestamp(min(at, 253_402_300_799.0), UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _request(request: HttpRequest, origin: str) -> dict[str, Any]:
    told = {
        "method": request.method,
        "url": origin + request.path,
        "httpVersion": HTTP_VERSION,
        "cookies": [],
        "headers": _pairs(redacted(request.headers)),
        "queryString": _pairs(parse_qsl(request.path.partition("?")[2], keep_blank_values=True)),
        "headersSize": -1,
        "bodySize": len(request.body),
    }
    if request.body:
        sent = dict(request.headers).get("content-type", JSON)
        told["postData"] = {"mimeType": sent, "text": readable(request.body)}
    return told


def _response(response: HttpResponse | None) -> dict[str, Any]:
    """The answer as it was given; status 0, as browsers have it, where there was none."""
    status = response.status if response else 0
    headers = response.headers if response else ()
    body = response.body if response else b""
    return {
        "status": status,
        "statusText": HTTPStatus(status).phrase if status in set(HTTPStatus) else "",
        "httpVersion": HTTP_VERSION,
        "cookies": [],
        "headers": _pairs(headers),
        "content": {
            "size": len(body),
            "mimeType": dict(headers).get("content-type", JSON if body else ""),
            "text": readable(body),
        },
        "redirectURL": dict(headers).get("location", ""),
        "headersSize": -1,
        "bodySize": len(body) if response else -1,
    }


def _pairs(pairs: Iterable[tuple[str, str]]) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in pairs]
