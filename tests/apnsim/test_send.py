"""``apnsim send`` against a real gateway in this process."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import trio

from apnsim.cli import main
from certs.authority import Authority
from certs.provider_certificate import Kind, ProviderCertificate
from tests.e2e.world import TOPIC, World, until, world

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


async def send(here: World, token: str, *options: str) -> int:
    url = here.gateway.info()["provider_url"]
    data_dir = str(here.gateway.home.directory)
    where = ["--url", url + "/", "--data-dir", data_dir, "--token", token]
    return await trio.to_thread.run_sync(main, ["send", *where, *options])


async def test_what_is_sent_arrives_as_it_was_meant(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    payload = tmp_path / "payload.json"
    payload.write_text(json.dumps({"aps": {"alert": "from a file"}}))
    async with world(tmp_path / "data") as here:
        phone = await here.phone()
        token = await here.install(phone)
        await here.install(phone, push_type="background")
        apns_id = "7d4e1b20-0000-4000-8000-00000000000a"
        to = ["--topic", TOPIC]
        options = ["--alert", "Grüße", "--collapse-id", "x", "--apns-id", apns_id]
        assert await send(here, token, *to, *options) == 0
        assert capsys.readouterr().out == f"200 apns-id {apns_id}\n"
        assert await send(here, token, *to, "--payload", str(payload)) == 0
        assert await here.received(phone, 2) == ["Grüße", "from a file"]
        [first, _] = here.devices.notifications(phone)
        assert (first.apns_id, first.collapse_id, first.priority) == (apns_id, "x", 10)
        background = here.devices.get_device(phone).apps[0].tokens["background"]
        options = ["--push-type", "background", "--priority", "5"]
        assert await send(here, background, *to, *options) == 0
        await until(lambda: len(here.devices.notifications(phone)) == 3)
        third = here.devices.notifications(phone)[-1]
        assert (third.push_type, third.payload) == ("background", {"aps": {"content-available": 1}})


async def test_what_the_gateway_refuses_is_shown_with_its_reason(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with world(tmp_path) as here:
        token = await here.install(await here.phone())
        for device_token, topic, answer in (
            ("ab" * 32, TOPIC, '400 apns-id {} {{"reason":"BadDeviceToken"}}'),
            ("a/../b c#d", TOPIC, '400 apns-id {} {{"reason":"BadDeviceToken"}}'),
            (token, "ä", '400 apns-id {} {{"reason":"BadTopic"}}'),
        ):
            assert await send(here, device_token, "--topic", topic, "--alert", "x") == 1
            said = capsys.readouterr()
            assert said.out.strip() == answer.format(said.out.split()[2])
            assert not said.err


async def test_with_a_certificate_the_topic_may_be_left_out_and_needs_no_key(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with world(tmp_path / "data") as here:
        phone = await here.phone()
        token = await here.install(phone)
        certificate = here.gateway.authority.issue_provider(
            ProviderCertificate.of_kind(Kind.APP, TOPIC)
        )
        certificate.write(tmp_path, "app")
        options = ["--certificate", str(tmp_path / "app.pem"), "--alert", "Hello"]
        assert await send(here, token, *options) == 0
        assert await here.received(phone, 1) == ["Hello"]
        [request] = here.gateway.journal.find(lambda _: True)
        assert request.request is not None
        assert not {"authorization", "apns-topic"} & dict(request.request.headers).keys()
    capsys.readouterr()


async def test_what_a_bad_certificate_earns_is_shown(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with world(tmp_path / "data") as here:
        authority = here.gateway.authority
        for stem, leaf, said in (
            ("device", authority.issue_device("phone"), '{"reason":"BadCertificate"}'),
            ("stranger", Authority.create().issue_device("phone"), "alert unknown ca"),
        ):
            leaf.write(tmp_path, stem)
            options = ["--certificate", str(tmp_path / f"{stem}.pem"), "--alert", "x"]
            assert await send(here, "ab" * 32, *options) == 1
            [line] = capsys.readouterr().err.splitlines()
            assert line.startswith(f"apnsim send: {here.gateway.info()['provider_url']}: ")
            assert said in line


async def test_the_port_of_the_console_is_no_provider_api_and_that_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with world(tmp_path / "data") as here:
        url = here.running.console_url.replace("http:", "https:")
        options = ["--topic", TOPIC, "--alert", "x", "--url", url]
        assert await send(here, "ab" * 32, *options) == 1
    [line] = capsys.readouterr().err.splitlines()
    assert line == (
        f"apnsim send: what listens at {url} speaks no TLS; is that the provider API?"
        " `apnsim serve` says where it is"
    )


async def test_the_ca_of_somebody_else_is_not_trusted_and_that_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Authority.load_or_create(tmp_path / "other")
    async with world(tmp_path / "data") as here:
        ca_file = str(tmp_path / "other" / "ca.pem")
        options = ["--topic", TOPIC, "--alert", "x", "--ca-file", ca_file]
        assert await send(here, "ab" * 32, *options) == 1
    [line] = capsys.readouterr().err.splitlines()
    assert f"its certificate was not issued by {ca_file}" in line
    assert "give the CA of that gateway with --ca-file" in line
