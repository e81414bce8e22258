"""The web page: its files as they lie in ``page/``, and what a browser may do with them.

They are read once, into a table: a path is looked up in it and nowhere else, so none leads out.
"""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import Route

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request

PAGE = Path(__file__).parent / "page"
PREFIX = "/page/"
_INDEX = "index.html"

# What is not of one of these kinds is not served.
_MEDIA_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
}
_IMPORT_MAP = re.compile(rb'<script type="importmap">(.*?)</script>', re.DOTALL)


@dataclass(frozen=True, slots=True)
class PageFile:
    """One file of the page, ready to be sent."""

    content: bytes
    media_type: str
    etag: str


def is_of_the_page(path: str) -> bool:
    """Whether a path is that of the page, which holds nothing that is worth a token."""
    return path == "/" or path.startswith(PREFIX)


@cache
def page_files() -> Mapping[str, PageFile]:
    """Every file of the page by its name below ``/page/``."""
    return {
        path.relative_to(PAGE).as_posix(): _read(path)
        for path in sorted(PAGE.rglob("*"))
        if path.suffix in _MEDIA_TYPES and path.is_file()
    }


def _read(path: Path) -> PageFile:
    content = path.read_bytes()
    etag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
    return PageFile(content, _MEDIA_TYPES[path.suffix], etag)


@cache
def page_headers() -> Mapping[str, str]:
    """What every file is sent with.

    The one thing that stands in the page itself is the map of its imports, which browsers take
    from nowhere else; the policy names it by its hash, so that no other script in it would run.
    """
    maps = _IMPORT_MAP.findall(page_files()[_INDEX].content)
    hashes = " ".join(f"'sha256-{_sha256(text)}'" for text in maps)
    policy = (
        "default-src 'none'",
        f"script-src 'self' {hashes}",
        "style-src 'self'",
        "connect-src 'self'",
        "img-src 'self' data:",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
    return {
        "content-security-policy": "; ".join(policy),
        "x-content-type-options": "nosniff",
        "referrer-policy": "no-referrer",
        "cross-origin-opener-policy": "same-origin",
        "cross-origin-resource-policy": "same-origin",
        # Asked for each time, and answered 304: after an update nobody sees half of the old page.
        "cache-control": "no-cache",
    }


def _sha256(text: bytes) -> str:
    return base64.b64encode(hashlib.sha256(text).digest()).decode()


async def _page(request: Request) -> Response:
    name = request.path_params.get("name", _INDEX)
    file = page_files().get(name)
    if file is None:
        raise HTTPException(404, f"the page has no file {name[:80]!r}")
    headers = {**page_headers(), "etag": file.etag}
    if request.headers.get("if-none-match") == file.etag:
        return Response(status_code=304, headers=headers)
    return Response(file.content, media_type=file.media_type, headers=headers)


# Plain routes: they are no part of the API and of its document.
ROUTES = (Route("/", _page), Route(PREFIX + "{name:path}", _page))
