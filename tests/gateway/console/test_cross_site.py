"""What a page of another site can do to the console of a developer who has it open: nothing.

What browsers say of a request (https://www.w3.org/TR/fetch-metadata/): whose page it comes from
(Sec-Fetch-Site), how (-Mode), and for what (-Dest); all but plain GETs and HEADs bear an Origin.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gateway.console.app import create_app
from gateway.console.guard import Admission

if TYPE_CHECKING:
    from starlette.types import Message

    from tests.gateway.console.consoles import Console

OURS, FOREIGN = "http://localhost", "https://evil.example"
PATHS = ("/", "/page/app.js", "/api/v1/info", "/api/v1/events", "/metrics", "/api/v1/reset")

# name: headers of the browser, methods that it can come with.
EVERY = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
BY_FOREIGN_PAGES: dict[str, tuple[dict[str, str], tuple[str, ...]]] = {
    "fetch": ({"origin": FOREIGN, "sec-fetch-site": "cross-site", "sec-fetch-mode": "cors"}, EVERY),
    "fetch, no-cors": (
        {"origin": FOREIGN, "sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors"},
        ("POST",),
    ),
    "fetch of a sandboxed frame": ({"origin": "null", "sec-fetch-site": "cross-site"}, EVERY),
    "fetch of another port of this machine": (
        {"origin": "http://localhost:3000", "sec-fetch-site": "same-site"},
        EVERY,
    ),
    "fetch of an old browser": ({"origin": FOREIGN}, EVERY),
    "preflight": (
        {"origin": FOREIGN, "access-control-request-method": "DELETE"},
        ("OPTIONS",),
    ),
    "event source": (
        {"origin": FOREIGN, "sec-fetch-site": "cross-site", "accept": "text/event-stream"},
        ("GET",),
    ),
    "image, script, style": (
        {"sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors", "sec-fetch-dest": "image"},
        ("GET",),
    ),
    "frame": (
        {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "iframe"},
        ("GET",),
    ),
    "form that is sent": (
        {
            "origin": FOREIGN,
            "sec-fetch-site": "cross-site",
            "sec-fetch-mode": "navigate",
            "sec-fetch-dest": "document",
            "content-type": "text/plain",
        },
        ("POST",),
    ),
    "form whose Origin something has removed": (
        {
            "sec-fetch-site": "cross-site",
            "sec-fetch-mode": "navigate",
            "sec-fetch-dest": "document",
            "content-type": "application/x-www-form-urlencoded",
        },
        ("POST",),
    ),
    "name that was pointed at this machine": ({"host": "evil.example", "origin": FOREIGN}, EVERY),
    "same, of its own origin": (
        {"host": "evil.example", "origin": "http://evil.example", "sec-fetch-site": "same-origin"},
        EVERY,
    ),
}


async def ask(console: Console, method: str, path: str, headers: dict[str, str]) -> int:
    """The status; also of a stream without end."""
    statuses: list[int] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": b'{"name":"pwned"}', "more_body": False}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            statuses.append(message["status"])

    named = {"host": "localhost", **headers}
    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "query_string": b"",
        "headers": [(name.encode(), value.encode()) for name, value in named.items()],
    }
    await create_app(console.parts, Admission(None))(scope, receive, send)
    return statuses[0]


@pytest.mark.parametrize("what", BY_FOREIGN_PAGES)
async def test_a_foreign_page_is_refused_whatever_it_asks_for(console: Console, what: str) -> None:
    headers, methods = BY_FOREIGN_PAGES[what]
    told = {
        (path, method): await ask(console, method, path, headers)
        for path in PATHS
        for method in methods
    }
    assert told == dict.fromkeys(told, 403)
    assert console.host.facts == {}


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": OURS, "sec-fetch-site": "same-origin", "sec-fetch-mode": "cors"},
        {"sec-fetch-site": "none", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document"},
        {},  # curl, test clients
    ],
)
async def test_its_own_page_a_person_and_programs_are_let_in(
    console: Console, headers: dict[str, str]
) -> None:
    assert await ask(console, "GET", "/api/v1/info", headers) == 200
    assert await ask(console, "POST", "/api/v1/devices", headers) == 201


async def test_a_link_on_a_foreign_page_may_be_followed(console: Console) -> None:
    followed = {
        "sec-fetch-site": "cross-site",
        "sec-fetch-mode": "navigate",
        "sec-fetch-dest": "document",
    }
    assert await ask(console, "GET", "/", followed) == 200
    assert await ask(console, "DELETE", "/api/v1/rules", followed) == 403


async def test_nothing_tells_a_browser_to_share_an_answer(console: Console) -> None:
    async with console.client() as client:
        for path in ("/", "/api/v1/info", "/metrics"):
            headers = (await client.get(path)).headers
            assert [name for name in headers if name.startswith("access-control-")] == []


async def test_the_page_may_not_be_framed_and_runs_no_scripts_but_its_own(
    console: Console,
) -> None:
    async with console.client() as client:
        policy = (await client.get("/")).headers["content-security-policy"]
    rules = dict(each.split(" ", 1) for each in policy.split("; "))
    assert (rules["default-src"], rules["frame-ancestors"]) == ("'none'", "'none'")
    assert (rules["form-action"], rules["connect-src"]) == ("'none'", "'self'")
    assert "unsafe" not in policy
    assert "http" not in policy
