"""What a page of another site can do in a developer's Chromium while a gateway is up: nothing."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Browser, Page

    from tests.page.gateway import PageGateway

SCRIPT = """
async (target) => {
  const told = {};
  const attempt = async (name, act) => {
    told[name] = await act().catch((error) => error.constructor.name);
  };
  const post = (mode, type) => ({
    method: "POST", mode, body: '{"name": "pwned"}', headers: { "content-type": type },
  });
  const read = (answer) => answer.text();
  const json = post("cors", "application/json");
  await attempt("read", () => fetch(`${target}/api/v1/info`).then(read));
  await attempt("post", () => fetch(`${target}/api/v1/devices`, json).then(read));
  await attempt("delete", () => fetch(`${target}/api/v1/rules`, { method: "DELETE" }).then(read));
  await fetch(`${target}/api/v1/devices`, post("no-cors", "text/plain"));
  navigator.sendBeacon(`${target}/api/v1/devices`, '{"name": "pwned"}');
  await attempt("events", () => new Promise((resolve, reject) => {
    const source = new EventSource(`${target}/api/v1/events`);
    source.onopen = () => resolve("open");
    source.onerror = () => { source.close(); reject(new TypeError()); };
  }));
  await attempt("image", () => new Promise((resolve, reject) => {
    const image = new Image();
    image.onload = () => resolve("shown");
    image.onerror = () => reject(new TypeError());
    image.src = `${target}/page/icon.svg`;
  }));
  return told;
}
"""
FORM = """<form method=post enctype=text/plain action="{target}/api/v1/devices">
<input name='{{"name":"pwned","x":"' value='"}}'></form>
<script>document.forms[0].submit()</script>"""
FRAME = '<iframe src="{target}/"></iframe>'


class _Pages(BaseHTTPRequestHandler):
    pages: dict[str, str]

    def do_GET(self) -> None:
        body = self.pages.get(self.path, "<title>evil</title>").encode()
        self.send_response(200)
        self.send_header("content-type", "text/html")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def site(pages: dict[str, str]) -> Iterator[int]:
    """Another site's server; its port."""
    handler = type("Pages", (_Pages,), {"pages": pages})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


@pytest.fixture
def tab(launch: Callable[..., Browser]) -> Iterator[Page]:
    """A tab of a Chromium to which evil.example is this machine."""
    browser = launch("--host-resolver-rules=MAP evil.example 127.0.0.1")
    yield browser.new_page()
    browser.close()


def test_a_foreign_page_reads_nothing_changes_nothing_and_frames_nothing(
    tab: Page, gateway: PageGateway
) -> None:
    gateway.apnsim.rules.add({"type": "pass"})
    target = gateway.console_url
    pages = {"/form": FORM.format(target=target), "/frame": FRAME.format(target=target)}
    with site(pages) as port:
        tab.goto(f"http://evil.example:{port}/")
        told = tab.evaluate(SCRIPT, target)
        assert told == dict.fromkeys(("read", "post", "delete", "events", "image"), "TypeError")
        tab.goto(f"http://evil.example:{port}/frame")
        assert "apnsim" not in tab.frames[-1].content()
        with tab.expect_navigation(url=f"{target}/**"):
            tab.goto(f"http://evil.example:{port}/form")
        assert json.loads(tab.inner_text("body"))["status"] == 403
    assert gateway.apnsim.devices() == []
    assert len(list(gateway.apnsim.rules)) == 1


def test_a_name_that_is_pointed_at_this_machine_is_not_answered(
    tab: Page, gateway: PageGateway
) -> None:
    port = gateway.console_url.rpartition(":")[2]
    answer = tab.goto(f"http://evil.example:{port}/")
    assert answer is not None
    assert answer.status == 403
    told = tab.evaluate("async () => (await fetch('/api/v1/info')).status")
    assert told == 403
