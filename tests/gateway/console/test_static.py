from __future__ import annotations

import base64
import hashlib
import json
from typing import TYPE_CHECKING

import pytest

from gateway.console.static import PAGE, page_files

if TYPE_CHECKING:
    from tests.gateway.console.consoles import Console

LIBRARIES = json.loads((PAGE / "vendor/manifest.json").read_text())


async def test_the_page_is_served_with_a_policy_that_lets_nothing_else_in(console: Console) -> None:
    async with console.client() as client:
        answer = await client.get("/")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    policy = answer.headers["content-security-policy"].split("; ")
    assert {"default-src 'none'", "style-src 'self'", "connect-src 'self'"} < set(policy)
    [scripts] = [each for each in policy if each.startswith("script-src")]
    assert "unsafe" not in scripts
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    ("name", "media_type"),
    [
        ("app.js", "text/javascript; charset=utf-8"),
        ("vendor/preact.mjs", "text/javascript; charset=utf-8"),
        ("styles/tokens.css", "text/css; charset=utf-8"),
        ("icon.svg", "image/svg+xml"),
        ("vendor/LICENSE-preact.txt", "text/plain; charset=utf-8"),
    ],
)
async def test_files_have_their_types(console: Console, name: str, media_type: str) -> None:
    async with console.client() as client:
        answer = await client.get(f"/page/{name}")
    assert answer.content == (PAGE / name).read_bytes()
    assert answer.headers["content-type"] == media_type


@pytest.mark.parametrize(
    "path",
    ["../guard.py", "%2e%2e/guard.py", "..%2fguard.py", "/etc/passwd", "", "vendor/manifest.json"],
)
async def test_no_path_leads_out_of_the_page(console: Console, path: str) -> None:
    async with console.client() as client:
        answer = await client.get(f"/page/{path}")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"


async def test_a_file_that_has_not_changed_is_not_sent_again(console: Console) -> None:
    async with console.client() as client:
        first = await client.get("/page/app.js")
        again = await client.get("/page/app.js", headers={"if-none-match": first.headers["etag"]})
        other = await client.get("/page/app.js", headers={"if-none-match": '"another"'})
    assert first.headers["cache-control"] == "no-cache"
    assert (again.status_code, again.content) == (304, b"")
    assert other.status_code == 200


async def test_the_page_loads_without_the_token_and_the_api_does_not(console: Console) -> None:
    async with console.client(token="secret") as client:
        page = [await client.get(path) for path in ("/", "/page/app.js")]
        api = [await client.get(path) for path in ("/api/v1/info", "/pages", "/page")]
    assert [answer.status_code for answer in page] == [200, 200]
    assert [answer.status_code for answer in api] == [401, 401, 401]


async def test_the_page_is_for_its_own_host_only(console: Console) -> None:
    async with console.client() as client:
        rebound = await client.get("/", headers={"host": "evil.example"})
        framed = await client.get(
            "/page/app.js", headers={"sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors"}
        )
    assert (rebound.status_code, framed.status_code) == (403, 403)


@pytest.mark.parametrize(
    ("file", "integrity"),
    [(name, file["integrity"]) for library in LIBRARIES for name, file in library["files"].items()],
)
def test_libraries_are_what_their_authors_published(file: str, integrity: str) -> None:
    content = (PAGE / "vendor" / file).read_bytes()
    digest = base64.b64encode(hashlib.sha256(content).digest()).decode()
    assert f"sha256-{digest}" == integrity, "run `make vendor`"


def test_every_library_has_its_licence_and_nothing_else_lies_there() -> None:
    named = {name for library in LIBRARIES for name in library["files"]}
    assert {path.name for path in (PAGE / "vendor").iterdir()} == named | {"manifest.json"}
    for library in LIBRARIES:
        assert any(name.startswith("LICENSE") for name in library["files"])


def test_the_page_asks_for_nothing_elsewhere() -> None:
    for name, file in page_files().items():
        if name.startswith("vendor/") or name.endswith(".svg"):
            continue
        text = file.content.decode()
        assert "url(http" not in text, name
        for attribute in ('src="http', 'href="http', 'from "http', 'import("http'):
            assert attribute not in text, name


def test_a_module_of_the_page_is_read_at_a_glance() -> None:
    long = {
        name: lines
        for name, file in page_files().items()
        if name.endswith(".js") and (lines := file.content.count(b"\n")) > 150
    }
    assert not long
