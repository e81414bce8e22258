"""Who may talk to the console at all: judged from the request's head, before any route.

A gateway on a developer's machine is reachable by every web page the developer opens. Three
attacks are refused: a page of another origin that sends requests (Origin), a page whose own host
name was pointed at this machine (DNS rebinding: Host), and whoever else is on the network, when
the console is bound to more than loopback (bearer token).
"""

from __future__ import annotations

import hmac
import ipaddress
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders

from gateway.console.body import MAX_BODY_BYTES, MAX_SNAPSHOT_BYTES, RequestBody
from gateway.console.problems import ProblemAnswer, problem
from gateway.console.static import is_of_the_page

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

# For the health checks of containers, which have no token. The page has none either, until it has
# asked for it: its files are public, what it shows comes from the API.
_OPEN_PATHS = frozenset({"/livez", "/readyz"})
_LONG_BODIES = {"/api/v1/snapshot": MAX_SNAPSHOT_BYTES}


@dataclass(frozen=True, slots=True)
class Admission:
    """Who is let in.

    Args:
        token: what every request must bear, or None when loopback is protection enough.
        names: host names under which the console may be addressed, beside ``localhost`` and IP
            addresses; lower case.
    """

    token: str | None
    names: frozenset[str] = frozenset()

    def refusal(self, headers: Headers, path: str, method: str = "GET") -> ProblemAnswer | None:
        """Why a request is refused; None when it is let in."""
        host = headers.get("host", "")
        if not self._is_ours(host):
            detail = (
                f"the console does not answer to the name {host[:80]!r}; "
                "use localhost or an IP address, or allow the name"
            )
            return problem(403, detail)
        origin = headers.get("origin")
        if origin is not None and _host_of(origin) != host.lower():
            return problem(403, f"a page of {origin[:80]!r} may not use the console")
        if _comes_from_elsewhere(headers) and not _is_followed_link(headers, method):
            return problem(403, "a page of another site may not use the console")
        is_open = path in _OPEN_PATHS or is_of_the_page(path)
        if not is_open and not self._bears_token(headers.get("authorization", "")):
            detail = (
                "expected the header 'authorization: Bearer <console token>'; "
                "apnsim's commands have it from --console-token or $APNSIM_CONSOLE_TOKEN"
            )
            return problem(401, detail, headers={"www-authenticate": "Bearer"})
        return None

    def _is_ours(self, host: str) -> bool:
        try:
            name = urlsplit(f"//{host}").hostname or ""
        except ValueError:
            return False
        return name == "localhost" or name in self.names or _is_address(name)

    def _bears_token(self, authorization: str) -> bool:
        if self.token is None:
            return True
        scheme, _, token = authorization.partition(" ")
        is_equal = hmac.compare_digest(token.strip().encode(), self.token.encode())
        return scheme.lower() == "bearer" and is_equal


def _host_of(origin: str) -> str:
    """The ``host:port`` of an Origin, as a Host header spells it; empty for ``null``."""
    try:
        return urlsplit(origin).netloc.lower()
    except ValueError:
        return ""


def _comes_from_elsewhere(headers: Headers) -> bool:
    # An image or a script of a foreign page bears no Origin, but current browsers say this.
    return headers.get("sec-fetch-site", "none") not in {"none", "same-origin"}


def _is_followed_link(headers: Headers, method: str) -> bool:
    """Whether a person followed a link; a form that is sent navigates, too, and so does a frame."""
    return (
        method in ("GET", "HEAD")
        and headers.get("sec-fetch-mode") == "navigate"
        and headers.get("sec-fetch-dest", "document") == "document"
    )


def _is_address(name: str) -> bool:
    # A name can be rebound to this machine by its owner; an address cannot.
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


class Guard:
    """ASGI middleware: refuses who may not, caps bodies, and takes every body for JSON.

    Args:
        app: what is guarded.
        admission: who is let in.
        max_body_bytes: longer bodies are answered 413.
    """

    def __init__(
        self, app: ASGIApp, admission: Admission, max_body_bytes: int = MAX_BODY_BYTES
    ) -> None:
        self._app = app
        self._admission = admission
        self._max_body_bytes = max_body_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Judge one request."""
        if scope["type"] != "http":  # a WebSocket, which the routes refuse
            await self._app(scope, receive, send)
            return
        headers = MutableHeaders(scope=scope)
        most = _LONG_BODIES.get(scope["path"], self._max_body_bytes)
        body = RequestBody(receive, most)
        refusal = self._admission.refusal(headers, scope["path"], scope["method"])
        if refusal is None and body.is_announced_too_long(headers):
            last = {"connection": "close"} if body.will_be_cut_off(headers) else None
            refusal = problem(413, body.limit, headers=last)
        if "transfer-encoding" in headers and "content-length" in headers:
            # RFC 9112 6.1: what a proxy takes for one request may be two; so nothing comes after.
            detail = "a request has either content-length or transfer-encoding"
            refusal = problem(400, detail, headers={"connection": "close"})
        # curl -d says "form": what people paste should work, and Origin was judged already.
        headers["content-type"] = "application/json"
        await (refusal or self._app)(scope, body.receive, body.sending(send))
