"""Whatever is said on a command line, it is done or refused; never a traceback."""

from __future__ import annotations

import argparse
import contextlib
import io
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from apnsim import cli
from tests.examples_drawn import examples

if TYPE_CHECKING:
    from collections.abc import Iterator

# They run a gateway; what their options may be: tests/fuzz/test_toml.py.
GATEWAYS = {"serve", "exec", "demo"}
NOBODY = "127.0.0.1:9"
FILES = {
    "a-file": b"neither key nor folder", "p.json": b'{"aps":{"alert":"x"}}', "bad.json": b"\xff",
    "t.toml": b"title = 'x'\n", "deep": b"[" * 100_000, "long.toml": b"title=" + b"9" * 4301,
}  # fmt: skip
WORDS = [
    *FILES, "folder", "", " ", "\n", "é", "\udcff", "\N{ARABIC-INDIC DIGIT THREE}", "x" * 70_000,
    "nan", "inf", "1e999", "-1", "0", "1", "1.5", "9" * 400, "9" * 4301, "2h", "9" * 400 + "h",
    "a=b", "a.b=[", "=", "{", '{"action":' + "[" * 2000, "answer", "answer status=503",
    "answer status=" + "[" * 2000, "http://", "http://[::1", f"http://{NOBODY}", f"https://{NOBODY}",
    f"http://{NOBODY}/\udcff", "http://é", "http://x\x7f", "http://xn--", "http://a..b:9", "a:1",
    "http://" + "a" * 300, f"http://u:p@{NOBODY}?x#y", "com.example.app", "ABCDE12345", "*", ".",
]  # fmt: skip


def parsers_in(
    parser: argparse.ArgumentParser, words: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], argparse.ArgumentParser]]:
    inner = [each for each in parser._actions if isinstance(each, argparse._SubParsersAction)]
    if not inner:
        yield words, parser
    for each in inner:
        for name, subparser in each.choices.items():
            yield from parsers_in(subparser, (*words, name))


def commands() -> list[tuple[tuple[str, ...], argparse.ArgumentParser]]:
    found = []
    for name in sorted(cli.COMMANDS.keys() - GATEWAYS):
        inner = dict(parsers_in(cli._parser([name]), ()))
        found += [(words, parser) for words, parser in inner.items() if words[0] == name]
    return found


COMMANDS = commands()
# No other folder than that of the example is touched. Not ``--``: Python 3.11 makes a list of it.
LETTERS = st.characters(exclude_categories=["Cs"], exclude_characters="\0/~")
TEXTS = st.sampled_from(WORDS) | st.text(LETTERS, max_size=8).filter(
    lambda text: text not in ("--", "-", "..")
)
FILE_NAMES = TEXTS.filter(lambda text: len(text) < 100)


@st.composite
def command_lines(draw: st.DrawFn) -> list[str]:
    words, parser = draw(st.sampled_from(COMMANDS))
    line = list(words)
    for action in parser._actions:
        if isinstance(action, argparse._HelpAction):
            continue
        values = FILE_NAMES if action.type is Path else TEXTS
        if action.choices is not None:
            values |= st.sampled_from([*action.choices])
        if not action.option_strings:
            least, most = {None: (1, 1), "?": (0, 1), "*": (0, 2)}.get(action.nargs, (1, 2))
            line += draw(st.lists(values, min_size=least, max_size=most))
        elif action.required or draw(st.integers(0, 4)) == 0:
            name = action.option_strings[-1]
            line.append(name if action.nargs == 0 else f"{name}={draw(values)}")
    return line


@pytest.mark.takes_seconds(120)
@settings(max_examples=examples(150), suppress_health_check=list(HealthCheck))
@given(line=command_lines())
@example(line=["clock", "rate", "nan"])
@example(line=["clock", "--console-token=é"])
@example(line=["export", "--format=har", "--topic=\udcff"])
@example(line=["export", "--format=har", "--payload=a=\udcff"])
@example(line=["export", "--format=har", "--text=" + "x" * 70_000])
@example(line=["export", "--format=har", "."])
@example(line=["rules", "add", "\udcff"])
@example(line=["rules", "remove", "\udcff"])
@example(line=["rules", "list", f"--console-url=http://{NOBODY}/\udcff"])
@example(line=["rules", "list", "--console-url=http://xn--"])
@example(line=["rules", "list", "--console-url=http://x\x7f"])
@example(line=["rules", "list", "--console-url=http://" + "a" * 300])
def test_any_command_line(line: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("APNSIM_CONSOLE_URL", f"http://{NOBODY}")
    monkeypatch.setenv("APNSIM_PROVIDER_URL", f"https://{NOBODY}")
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        for name, content in FILES.items():
            Path(name).write_bytes(content)
        Path("folder").mkdir()
        code, complaint = outcome_of(line)
    assert code in {0, 1, 2}
    assert "Traceback" not in complaint


def outcome_of(line: list[str]) -> tuple[object, str]:
    """Half a surrogate pair may be said; that what pytest captures cannot hold it is no fault."""
    said = io.StringIO()
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(said):
        try:
            return cli.main(line), said.getvalue()
        except SystemExit as ending:
            return ending.code, said.getvalue()
