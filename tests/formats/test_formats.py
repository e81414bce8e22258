"""What we write in formats of others, judged by their own tools; ``make formats`` brings those."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import jsonschema
import pytest
from referencing import Registry, Resource

from gateway.console.metrics import render
from gateway.records import State
from tests.gateway.console.consoles import Console
from tests.gateway.console.test_metrics import busy_parts

TOOLS = Path(__file__).parents[2] / "build/formats"


@pytest.fixture
def console() -> Console:
    console = Console()
    console.accept(1, State.DELIVERED, State.PRESENTED)
    console.accept(2, State.STORED_OFFLINE)
    console.reject()
    return console


def test_promtool_has_nothing_to_say_about_the_metrics(console: Console) -> None:
    figures, _ = render(busy_parts(console), "")
    checked = subprocess.run(
        [TOOLS / "usr/bin/promtool", "check", "metrics"],
        input=figures,
        capture_output=True,
        check=False,
    )
    assert (checked.returncode, checked.stdout, checked.stderr) == (0, b"", b"")


async def test_an_archive_is_valid_by_the_har_schema(console: Console) -> None:
    async with console.client() as client:
        archive = (await client.get("/api/v1/export", params={"format": "har"})).json()
    assert len(archive["log"]["entries"]) == 3
    schemas = {
        file.name: json.loads(file.read_text()) for file in (TOOLS / "package/lib").glob("*.json")
    }
    registry: Registry[object] = Registry().with_resources(
        (f"{name}#", Resource.from_contents(schema)) for name, schema in schemas.items()
    )
    judge = jsonschema.Draft6Validator(schemas["har.json"], registry=registry)
    assert [error.message for error in judge.iter_errors(archive)] == []
    del archive["log"]["entries"][0]["request"]["method"]
    assert [error.message for error in judge.iter_errors(archive)]  # it does look
