"""Files that somebody else may have written, or changed: read, or refused with a word on why."""

from __future__ import annotations

import json
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

import trio
from hypothesis import example, given
from hypothesis import strategies as st

from apnsim.lint_report import in_json
from apnsim.request_file import BadRequestFileError, read_request
from certs.provider_key import ProviderKey
from devicesim.state.device_state import DeviceState
from devicesim.state.files import StateError, StateFiles
from gateway.provider.keys import KeyRing
from protocol.lint.judgement import lint
from protocol.lint.push import Push
from protocol.notification import Environment, PushType
from tests.builders import BUNDLE_ID, NOW
from tests.fuzz.test_snapshot import places

KEY = ProviderKey.generate("TEAM123456", "KEY1234567").public
DEEP = b"[" * 100_000
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(exclude_categories=()), max_size=8)
    | st.sampled_from(["production", "com.example.app", "alert", "AuthKey.p8", "TEAM123456"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=4,
)
ANY = st.binary() | JSON.map(lambda value: json.dumps(value).encode())


@st.composite
def changed(draw: st.DrawFn, true: dict[str, Any]) -> bytes:
    """A true one with something else in some places."""
    told = json.loads(json.dumps(true))
    for _ in range(draw(st.integers(1, 2))):
        *path, last = draw(st.sampled_from(places(told)))
        inner = told
        for step in path:
            inner = inner[step]
        inner[last] = draw(JSON)
    return json.dumps(told).encode()


ENTRY = {
    "key_id": KEY.key_id, "team_id": KEY.team_id, "public_key": KEY.public_key_pem.decode(),
    "environments": ["production"], "topics": ["com.example.app"], "key_file": "AuthKey.p8",
    "related_key_id": None,
}  # fmt: skip


@given(changed(ENTRY).map(lambda raw: b"[" + raw + b"]") | ANY)
@example(DEEP)
def test_keys(raw: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder, suppress(ValueError):
        file = Path(folder, "keys.json")
        file.write_bytes(raw)
        for registered in KeyRing(file):
            assert registered.key.key_id


def true_device() -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        files = StateFiles(Path(folder), is_synced=False)
        state = DeviceState("phone", "iPhone", Environment.PRODUCTION, files)
        state.apps.install(BUNDLE_ID, [PushType.ALERT])
        trio.run(state.save)
        described = files.read_description()
    assert described is not None
    return described


@given(changed(true_device()) | ANY)
@example(DEEP)
def test_a_device(raw: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder, suppress(StateError):
        Path(folder, "device.json").write_bytes(raw)
        state = DeviceState.load(StateFiles(Path(folder), is_synced=False))
        assert state is not None
        trio.run(state.save)


HEADERS = ["apns-topic", "apns-push-type", "apns-priority", "apns-expiration", "apns-collapse-id"]
LINES = st.builds(
    "{}: {}".format, st.sampled_from(HEADERS) | st.text(max_size=5), st.text(max_size=9)
)


@given(
    st.binary()
    | st.builds(
        lambda lines, body: "\n".join(["POST /3/device/00", *lines, "", body]).encode(),
        st.lists(LINES, max_size=5),
        st.text(max_size=20) | JSON.map(json.dumps),
    )
)
def test_a_request(raw: bytes) -> None:
    try:
        request = read_request(raw)
    except BadRequestFileError:
        return
    assert json.loads(in_json("push.http", lint(Push(request, NOW))))
