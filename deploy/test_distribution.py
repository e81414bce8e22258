"""Wheel and sdist: what is in them, and that what they install works by itself."""

from __future__ import annotations

import csv
import email
import importlib.metadata
import io
import json
import re
import shutil
import ssl
import subprocess
import tarfile
import time
import urllib.request
import zipfile
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from deploy.conftest import PACKAGES, ROOT, TOOLS, Place, only

if TYPE_CHECKING:
    from collections.abc import Iterator
    from email.message import Message
    from pathlib import Path


def _names(wheel: Path) -> list[str]:
    with zipfile.ZipFile(wheel) as archive:
        return archive.namelist()


def _read(wheel: Path, name: str) -> str:
    with zipfile.ZipFile(wheel) as archive:
        [member] = [each for each in archive.namelist() if each.endswith(f".dist-info/{name}")]
        return archive.read(member).decode()


def _metadata(wheel: Path) -> Message:
    return email.message_from_string(_read(wheel, "METADATA"))


def _sources() -> set[str]:
    """Every file of the packages that git knows or would add: no caches, nothing left behind."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", *PACKAGES],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split("\0")
    return {name for name in listed if name and (ROOT / name).exists()}


# -- what is in them -------------------------------------------------------------------------------


def test_the_wheel_holds_every_file_of_the_packages_and_no_other(wheel: Path) -> None:
    shipped = {name for name in _names(wheel) if ".dist-info/" not in name}
    assert shipped == _sources()


def test_the_packages_say_that_they_are_typed(wheel: Path) -> None:
    assert {f"{package}/py.typed" for package in PACKAGES} <= set(_names(wheel))


def test_the_licence_goes_along(wheel: Path) -> None:
    assert _read(wheel, "licenses/LICENSE") == (ROOT / "LICENSE").read_text()


def test_the_metadata_say_what_it_is_and_invent_no_address(wheel: Path) -> None:
    metadata = _metadata(wheel)
    assert (metadata["Name"], metadata["License-Expression"]) == ("apnsim", "MIT")
    assert metadata["Requires-Python"] == ">=3.11"
    assert "Typing :: Typed" in metadata.get_all("Classifier", [])
    assert metadata["Description-Content-Type"] == "text/markdown"
    assert metadata.get_all("Project-URL") is None
    assert metadata["Home-page"] is None


def test_the_sdist_holds_what_the_wheel_is_made_of(sdist: Path) -> None:
    with tarfile.open(sdist) as archive:
        names = {each.name.partition("/")[2] for each in archive.getmembers() if each.isfile()}
    assert {"LICENSE", "README.md", "CHANGELOG.md", "pyproject.toml", "requirements.lock"} <= names
    assert _sources() <= names
    ours = {name.partition("/")[0] for name in names}
    assert not ours & {"tests", "interop", "bench", "examples", "deploy", "js"}


def test_the_wheel_of_the_checkout_is_that_of_the_sdist(wheel: Path, tmp_path: Path) -> None:
    checkout = tmp_path / "checkout"
    for name in [*_sources(), "pyproject.toml", "README.md", "LICENSE", "MANIFEST.in"]:
        (checkout / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, checkout / name)
    command = [TOOLS / "python", "-m", "build", "--no-isolation", "--wheel", "-o", tmp_path]
    subprocess.run([*command, checkout], check=True, capture_output=True)
    records = [
        sorted(tuple(row[:2]) for row in csv.reader(io.StringIO(_read(each, "RECORD"))))
        for each in (wheel, only(tmp_path, "*.whl"))
    ]
    assert records[0] == records[1]


# -- what they install -----------------------------------------------------------------------------


def test_the_lock_file_is_all_that_it_needs(installed: Place) -> None:
    installed.run("python", "-m", "pip", "check")


def test_the_command_says_its_version_and_what_it_can(installed: Place, wheel: Path) -> None:
    assert installed.run("apnsim", "--version").strip() == f"apnsim {_metadata(wheel)['Version']}"
    assert "exec" in installed.run("apnsim", "--help")
    assert installed.run("python", "-m", "apnsim", "--version").startswith("apnsim ")


def test_what_runs_is_the_wheel_and_not_this_checkout(installed: Place) -> None:
    program = "import gateway, apnsim; print(gateway.__file__, apnsim.__file__)"
    for file in installed.run("python", "-c", program).split():
        assert file.startswith(str(installed.folder)), file


def test_a_shipped_scenario_plays(installed: Place) -> None:
    assert "voip-dead-zone" in installed.run("apnsim", "scenario", "--list")
    installed.run("apnsim", "scenario", "airplane-mode")


@contextmanager
def _serving(place: Place, folder: Path) -> Iterator[dict[str, Any]]:
    """A gateway as a program would start it: with free ports, a ready file, a pipe to hold it."""
    ports = [f"--{name}-port=0" for name in ("provider", "courier", "console")]
    ports += ["--manage-port-development=0", "--manage-port-production=0"]
    ready = folder / "ready.json"
    words = ["serve", "--until-eof", *ports, f"--data-dir={folder / 'data'}"]
    command = [str(place.bin / "apnsim"), *words, f"--ready-file={ready}"]
    with (
        (folder / "log").open("wb") as log,
        subprocess.Popen(
            command, cwd=folder, env=place.environment, stdin=subprocess.PIPE, stderr=log
        ) as gateway,
    ):
        while not ready.exists():
            assert gateway.poll() is None, (folder / "log").read_text()
            time.sleep(0.02)
        yield json.loads(ready.read_text())
        gateway.communicate(timeout=20)
        assert gateway.returncode == 0, (folder / "log").read_text()


def _console(info: dict[str, Any], path: str, body: dict[str, Any] | None = None) -> Any:
    request = urllib.request.Request(info["console_url"] + path)
    if body is not None:
        request.data = json.dumps(body).encode()
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request) as answer:
        text = answer.read().decode()
        is_json = "json" in answer.headers["content-type"]
        return json.loads(text) if is_json else text


def test_it_serves_its_page_and_what_it_sends_arrives(installed: Place, tmp_path: Path) -> None:
    with _serving(installed, tmp_path) as info:
        ssl.create_default_context(cadata=info["ca_pem"])  # a CA that OpenSSL takes
        phone = _console(info, "/api/v1/devices", {"name": "phone"})
        bundle = {"bundle_id": "com.example.app"}
        app = _console(info, f"/api/v1/devices/{phone['id']}/apps", bundle)
        token = app["tokens"]["alert"]
        sent = [f"--data-dir={tmp_path / 'data'}", f"--url={info['provider_url']}"]
        sent += ["--topic=com.example.app", "--alert=Hello", f"--token={token}"]
        assert "200" in installed.run("apnsim", "send", *sent)
        query = f"/api/v1/notifications?token={token}&wait=10&state=Delivered%20to%20Device"
        [push] = _console(info, query)
        assert push["topic"] == "com.example.app"
        assert _console(info, "/api/v1/openapi.json")["info"]["title"]
        page = re.findall(r'"(/page/[^"]+)"', _console(info, "/"))
        assert "/page/app.js" in page
        for path in page:
            _console(info, path)  # it raises unless it is there; a view may have an empty style


TEST_OF_A_USER = """
import gateway

def test_a_phone_is_here(apns_app):
    assert gateway.OWN
    assert len(apns_app.token) == 64
"""


def test_pytest_finds_the_fixtures_also_beside_a_package_named_as_one_of_ours(
    installed: Place, tmp_path: Path
) -> None:
    installed.pip("install", "--no-compile", f"pytest=={importlib.metadata.version('pytest')}")
    (tmp_path / "gateway.py").write_text("OWN = True\n")
    (tmp_path / "test_user.py").write_text(TEST_OF_A_USER)
    assert "1 passed" in installed.run("python", "-m", "pytest", "-q", cwd=tmp_path)
