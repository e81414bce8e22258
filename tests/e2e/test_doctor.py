"""``apnsim doctor``: what it says of healthy and of broken surroundings."""

from __future__ import annotations

import json
import socket
import threading
from typing import TYPE_CHECKING, Any

import pytest
import trio

from apnsim.cli import main
from apnsim.client import Apnsim
from apnsim.doctor.machine import signs_of_environment
from apnsim.doctor.sign import Health
from gateway.home import Home
from tests.e2e.gateway_process import gateway_process

if TYPE_CHECKING:
    from pathlib import Path


NOBODY = "http://127.0.0.1:1"


def examine(
    capsys: pytest.CaptureFixture[str], data_dir: Path, console_url: str = NOBODY
) -> tuple[int, dict[str, dict[str, Any]]]:
    """The exit code, and the last sign of each thing."""
    where = ["--data-dir", str(data_dir), "--console-url", console_url]
    code = main(["doctor", "--json", *where])
    return code, {
        sign["about"].split(" http")[0]: sign for sign in json.loads(capsys.readouterr().out)
    }


async def test_a_gateway_that_works_is_well(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    async with gateway_process(tmp_path) as gateway:
        url = gateway.info["console_url"]
        code, signs = await trio.to_thread.run_sync(examine, capsys, gateway.data_dir, url)
        assert code == 0
        assert {sign["health"] for sign in signs.values()} == {Health.GOOD}
        assert "the provider token are right" in signs["provider API"]["seen"]
        assert signs[f"courier {gateway.info['courier']}"]["seen"].startswith("TLS is right")


async def test_what_may_be_on_purpose_is_told_and_fails_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with gateway_process(tmp_path) as gateway:
        url = gateway.info["console_url"]

        def bend() -> None:
            with Apnsim(url) as apnsim:
                apnsim.set_clock(frozen=True)
                apnsim.rules.add({"type": "answer", "status": 503})

        await trio.to_thread.run_sync(bend)
        code, signs = await trio.to_thread.run_sync(examine, capsys, gateway.data_dir, url)
        assert code == 0
        assert "frozen" in signs["clock"]["seen"]
        assert signs["rules"]["seen"] == "active: 1"
        assert "503 ServiceUnavailable" in signs["provider API"]["seen"]


@pytest.mark.parametrize("limits", [{"times": 1}, {"after": 1}, {"probability": 0.5}])
async def test_a_rule_that_counts_is_left_to_those_it_is_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], limits: dict[str, float]
) -> None:
    async with gateway_process(tmp_path) as gateway:
        url = gateway.info["console_url"]

        def look() -> None:
            with Apnsim(url) as apnsim:
                rule = apnsim.rules.add({"type": "answer", "status": 503}, **limits)
                code, signs = examine(capsys, gateway.data_dir, url)
                assert code == 0
                assert f"rule {rule.id} would count it" in signs["provider API and courier"]["seen"]
                assert rule.refresh().seen == 0
                rule.update(enabled=False)
                _, signs = examine(capsys, gateway.data_dir, url)
                assert signs["provider API"]["health"] == Health.GOOD

        await trio.to_thread.run_sync(look)


async def test_a_certificate_that_no_client_takes_fails(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with gateway_process(tmp_path) as gateway:
        url = gateway.info["console_url"]

        def bend() -> None:
            with Apnsim(url) as apnsim:
                apnsim.rules.add({"type": "tls", "how": "expired"})

        await trio.to_thread.run_sync(bend)
        code, signs = await trio.to_thread.run_sync(examine, capsys, gateway.data_dir, url)
        assert code == 1
        assert signs["provider API"]["health"] == Health.FAILURE
        assert "expired" in signs["provider API"]["seen"]


def test_a_port_that_another_program_has_fails(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        monkeypatch.setenv("APNSIM_COURIER_PORT", str(port))
        code, signs = examine(capsys, tmp_path)
    assert code == 1
    assert signs[f"port {port} (--courier-port)"]["health"] == Health.FAILURE
    assert "choose another one" in signs[f"port {port} (--courier-port)"]["advice"]


def test_settings_that_cannot_be_fail(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("APNSIM_STORE", "etcd")
    code, signs = examine(capsys, tmp_path)
    assert code == 1
    assert "APNSIM_STORE" in signs["settings"]["seen"]


def test_a_console_that_is_none_fails(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        other.listen()
        other.settimeout(10)

        def answer() -> None:
            connection, _ = other.accept()
            with connection:
                connection.recv(4096)
                connection.sendall(b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n")

        thread = threading.Thread(target=answer)
        thread.start()
        url = f"http://127.0.0.1:{other.getsockname()[1]}"
        code, signs = examine(capsys, tmp_path, url)
        thread.join()
    assert code == 1
    assert signs["gateway"]["health"] == Health.FAILURE


def test_keys_that_others_may_read_and_files_that_are_none_are_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home = Home(tmp_path)
    home.authority()
    registered = home.make_key(home.key_ring(), "APNSIMTEAM")
    assert registered.key_file is not None
    registered.key_file.chmod(0o644)
    _, signs = examine(capsys, tmp_path)
    assert signs["private key"]["advice"] == f"chmod 600 {registered.key_file}"
    registered.key_file.write_text("no key")
    (tmp_path / "ca.pem").write_text("no certificate")
    code, signs = examine(capsys, tmp_path)
    assert code == 1
    assert {signs["key"]["health"], signs["CA"]["health"]} == {Health.FAILURE}


def told(environment: dict[str, str]) -> list[str]:
    return [f"{sign.seen}; {sign.advice}" for sign in signs_of_environment(environment)]


def test_a_slip_in_a_variable_is_found() -> None:
    assert told({"APNSIM_COURIER_PROT": "1"})[1:] == [
        "APNSIM_COURIER_PROT is no setting; did you mean APNSIM_COURIER_PORT?"
    ]
    assert told({"APNSIM_CONSOLE_URL": "http://127.0.0.1:1"})[1:] == [], "exec sets it"


def test_a_proxy_that_leads_clients_away_is_found() -> None:
    [seen] = told({"HTTPS_PROXY": "http://proxy:3128"})
    assert "NO_PROXY=localhost,127.0.0.1" in seen
    assert told({"HTTPS_PROXY": "http://proxy:3128", "NO_PROXY": "localhost"}) == []


def test_for_people_each_failure_comes_with_what_to_do(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("APNSIM_STORE", "etcd")
    assert main(["doctor", "--data-dir", str(tmp_path), "--console-url", NOBODY]) == 1
    lines = capsys.readouterr().out.splitlines()
    [at] = [number for number, line in enumerate(lines) if line.startswith("FAIL  settings")]
    assert lines[at + 1] == "      → apnsim serve does not start with it"
