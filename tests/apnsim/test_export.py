"""``apnsim export`` and the client's, against a served console."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
import trio

from apnsim.client import Apnsim, ApnsimError
from gateway.records import State
from tests.gateway.console.consoles import Console

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.apnsim.conftest import Outcome


def names_in(folder: Path) -> list[str]:
    return [each.name for each in folder.iterdir()]


async def exported(
    apnsim: Callable[..., Outcome], *arguments: str, token: str | None = None
) -> Outcome:
    """How the command ends, asked of a console with two pushes, one of them delivered."""
    console = Console()
    console.accept(1)
    console.accept(2, State.DELIVERED)
    async with console.served(token) as url:
        return await trio.to_thread.run_sync(
            lambda: apnsim("export", *arguments, "--console-url", url)
        )
    raise AssertionError


async def test_an_archive_becomes_a_file(apnsim: Callable[..., Outcome], tmp_path: Path) -> None:
    outcome = await exported(apnsim, "--format", "har", "pushes.har")
    assert (outcome.code, outcome.out) == (0, "")
    assert len(json.loads((tmp_path / "pushes.har").read_text())["log"]["entries"]) == 2
    assert names_in(tmp_path) == ["pushes.har"]


async def test_json_lines_go_to_standard_output(apnsim: Callable[..., Outcome]) -> None:
    outcome = await exported(apnsim, "--format", "jsonl", "--state", "Delivered to Device")
    assert [json.loads(line)["number"] for line in outcome.out.splitlines()] == [2]


async def test_filters_look_into_the_payload(apnsim: Callable[..., Outcome]) -> None:
    wanted = ("--payload", "aps.alert=Hello*", "--text", "HELLO")
    outcome = await exported(apnsim, "--format", "jsonl", *wanted)
    assert len(outcome.out.splitlines()) == 2
    assert (await exported(apnsim, "--format", "jsonl", "--payload", "aps.badge=3")).out == ""
    refused = await exported(apnsim, "--format", "jsonl", "--payload", "aps")
    assert refused.code == 2
    assert "expected PATH=VALUE, such as aps.badge=3, not 'aps'" in refused.err


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["--since", "yesterday"], "query.since: Input should be a valid number"),
        (["no/such/folder.har"], "no/such/folder.har: No such file or directory"),
    ],
)
async def test_what_fails_is_one_line_and_leaves_no_file(
    apnsim: Callable[..., Outcome], tmp_path: Path, arguments: list[str], line: str
) -> None:
    outcome = await exported(apnsim, "--format", "har", *arguments)
    assert outcome.code == 1
    assert line in outcome.error
    assert names_in(tmp_path) == []


async def test_a_token_that_is_missing_is_said(apnsim: Callable[..., Outcome]) -> None:
    outcome = await exported(apnsim, "--format", "har", "x.har", token="secret")
    assert (outcome.code, "token" in outcome.error) == (1, True)


async def test_the_client_gives_the_pieces_as_they_come() -> None:
    console = Console()
    console.accept(1)
    console.reject()

    def use(url: str) -> None:
        with Apnsim(url) as apnsim:
            lines = b"".join(apnsim.export("jsonl")).splitlines()
            assert [json.loads(line)["status"] for line in lines] == [200, 400]
            assert b"".join(apnsim.export("jsonl", topic="other")) == b""
            with pytest.raises(ApnsimError, match="422"):
                next(apnsim.export("jsonl", token="xyz"))

    async with console.served() as url:
        await trio.to_thread.run_sync(use, url)
