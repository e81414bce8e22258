"""The snippets that the page hands out, as files; tests/page runs them."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from gateway.console.static import PAGE

SNIPPETS = PAGE / "snippets"
NAMES = (SNIPPETS / "index.txt").read_text().split()
README = Path(__file__).parents[3] / "README.md"


def read(name: str) -> tuple[dict[str, str], str]:
    head, text = (SNIPPETS / f"{name}.txt").read_text().split("\n---\n", 1)
    return dict(line.split(": ", 1) for line in head.splitlines()), text


def test_the_index_names_every_file() -> None:
    assert sorted(NAMES) == sorted(file.stem for file in SNIPPETS.iterdir() if file.stem != "index")


@pytest.mark.parametrize("name", NAMES)
def test_a_snippet_says_what_it_is_and_how_to_trust_the_ca(name: str) -> None:
    facts, text = read(name)
    assert {"name", "language", "trust"} <= facts.keys() <= {"name", "language", "trust", "needs"}
    values = set(re.findall(r"^ {4}(\w+):", (PAGE / "clients/values.js").read_text(), re.MULTILINE))
    assert set(re.findall(r"\{\{(\w+)\}\}", " ".join([*facts.values(), text]))) <= values
    if facts["language"] == "python":
        ast.parse(re.sub(r"\{\{\w+\}\}", "1", text))


def test_every_client_of_the_readme_has_one() -> None:
    table = README.read_text().split("## Point your client at it")[1].split("\n## ")[0]
    clients = re.findall(r"^\| ([^|…(]+?) (?:\(.*\) )?\|", table, re.MULTILINE)[1:]
    names = " ".join(read(name)[0]["name"] for name in NAMES)
    words = [word.strip("`,") for client in clients for word in client.split()]
    missing = {word for word in words if word not in names}
    # pypush is a device's client: docs/courier.md.
    assert missing <= {"pypush", "a", "*device's*", "client"}, missing
