"""The composition root: its order of opening and closing, and what it says of itself."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Any

import pytest
import trio

from certs.files import CredentialError
from gateway.clock import Clock
from gateway.ports import PortError
from gateway.serve import serve
from gateway.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path

    from gateway.serve import Gateway


def settings(tmp_path: Path, **changes: Any) -> Settings:  # noqa: ANN401
    ports = {"provider_port": (0,), "courier_port": 0, "console_port": 0}
    ports |= {"manage_port_development": 0, "manage_port_production": 0}
    return Settings(**{"data_dir": tmp_path, "store": "memory", **ports, **changes})


async def test_every_port_is_open_before_companions_and_closed_after_the_stop(
    tmp_path: Path,
) -> None:
    stop = trio.Event()
    told: list[str] = []

    async def companion(
        gateway: Gateway, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED
    ) -> None:
        managing = gateway.info()["manage_ports"]
        ports = [*gateway.provider_ports, *managing.values(), gateway.courier_port]
        assert (len(ports), set(managing)) == (5, {"development", "production"})
        for port in ports:
            await (await trio.open_tcp_stream("127.0.0.1", port)).aclose()
        told.append("started")
        try:
            task_status.started()
            await trio.sleep_forever()
        finally:
            told.append("ended")

    async with trio.open_nursery() as nursery:
        chosen = settings(tmp_path, provider_port=(0, 0))
        gateway = await nursery.start(serve, chosen, Clock(), stop, (companion,))
        assert told == ["started"]
        info = gateway.info()
        assert info["provider_ports"] == gateway.provider_ports
        assert info["provider_url"] == f"https://127.0.0.1:{gateway.provider_ports[0]}"
        assert info["courier"] == f"127.0.0.1:{gateway.courier_port}"
        assert info["ca_pem"] == (tmp_path / "ca.pem").read_text()
        assert info["team_id"] == "APNSIMTEAM"
        [key] = info["keys"]
        assert key["key_file"] == str(tmp_path / f"AuthKey_{key['key_id']}.p8")
        stop.set()
    assert told == ["started", "ended"]
    for port in (*gateway.provider_ports, gateway.courier_port):
        with socket.socket() as here:
            here.bind(("127.0.0.1", port))


async def test_a_companion_that_fails_to_start_ends_it_all(tmp_path: Path) -> None:
    async def companion(_gateway: Gateway, _status: trio.TaskStatus[None]) -> None:
        raise OSError("no")

    async def failing(
        gateway: Gateway, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED
    ) -> None:
        await companion(gateway, task_status)

    with pytest.RaisesGroup(pytest.RaisesExc(OSError, match="no"), flatten_subgroups=True):
        await serve(settings(tmp_path), Clock(), trio.Event(), (failing,))


async def test_what_keeps_it_from_starting_is_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="expected memory, sqlite"):
        await serve(settings(tmp_path, store="cassandra"), Clock(), trio.Event())
    (tmp_path / "file").write_text("")
    with pytest.raises(CredentialError, match="file: cannot be the data directory"):
        await serve(settings(tmp_path / "file"), Clock(), trio.Event())
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        for option in ({"provider_port": (port,)}, {"courier_port": port}):
            with pytest.RaisesGroup(
                pytest.RaisesExc(PortError, match=f"port {port} of 127.0.0.1"),
                flatten_subgroups=True,
            ):
                await serve(settings(tmp_path, **option), Clock(), trio.Event())


async def test_a_second_start_makes_no_second_key(tmp_path: Path) -> None:
    for _ in range(2):
        async with trio.open_nursery() as nursery:
            stop = trio.Event()
            gateway = await nursery.start(serve, settings(tmp_path), Clock(), stop)
            stop.set()
    assert len(gateway.keys) == 1
