"""What ``make interop`` makes of programs that misbehave and of tools that are missing."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import pytest

from interop import machine, report
from interop.builds import Build, tool
from interop.cases import CASES, Push
from interop.client import Client
from interop.clients import CLIENTS
from interop.program import Program, ProgramError
from interop.report import Results

if TYPE_CHECKING:
    from pathlib import Path

PUSH = Push("ab" * 32, "com.example.app", {"aps": {}})


def python(code: str) -> tuple[str, ...]:
    return (sys.executable, "-c", code)


def client(**changes: object) -> Client:
    settings = {"command": ("true",), "version": lambda: "1.0", **changes}
    return Client("one", **settings)  # type: ignore[arg-type]


def test_a_program_answers_a_line_with_a_line() -> None:
    echo = "import sys\nfor line in sys.stdin: print(line, end='', flush=True)"
    with Program(python(echo), os.environ) as program:
        assert program.send([PUSH]) == [PUSH.to_json()]
        large = Push("ab", "x", {"text": "x" * 500_000}, priority=5)
        assert program.send([large]) == [large.to_json()]


@pytest.mark.parametrize(
    ("code", "why"),
    [
        ("import sys; sys.exit(3)", "it ended with 3"),
        ("input(); print('Hello')", "it printed b'Hello"),
        ("input(); print('[]')", "expected 1 answers, not b'\\[\\]"),
        ("input(); print('{}')", "expected 1 answers, not b'{}"),
        ("import time; time.sleep(60)", "it hangs"),
    ],
)
def test_a_program_that_does_not_answer_is_found_out(code: str, why: str) -> None:
    patience = 0.5 if "sleep" in code else 30
    program = Program(python(code), os.environ, patience)
    with program, pytest.raises(ProgramError, match=why):
        program.send([PUSH])


def test_a_client_without_its_tools_is_not_run_and_never_ok() -> None:
    absent = client(needs=("no-such-command", "sh"))
    assert absent.missing() == "no-such-command is missing"
    results = Results([absent], CASES, missing={"one": absent.missing()})
    assert {results.cell(absent, case) for case in CASES} == {"not run"}
    assert "not run: one: no-such-command is missing" in report.text(results)


def test_a_client_that_goes_to_apple_is_not_run_where_its_names_lead_elsewhere(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fixed = client(goes_to_apple=True)
    monkeypatch.setenv(machine.WHOSE, machine.SHARED)
    assert "no namespaces can be had here" in fixed.missing()
    monkeypatch.setenv(machine.WHOSE, machine.OWN)
    assert fixed.missing() == ""


def made_by(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *commands: tuple[str, ...]) -> Build:
    monkeypatch.setattr("interop.builds.CACHE", tmp_path / "cache")
    (tmp_path / "source").write_text("1")
    return Build("it", tmp_path, ("source",), commands, tmp_path / "cache" / "it" / "made")


def test_a_client_is_built_once_and_again_when_its_source_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    build = made_by(tmp_path, monkeypatch, ("sh", "-c", "cat source >> {cache}/made"))
    for _ in range(2):
        assert build.make() == ""
        assert build.product.read_text() == "1"
    stamp = (build.cache / ".made").stat().st_mtime
    (tmp_path / "source").write_text("2")
    os.utime(tmp_path / "source", (stamp + 1, stamp + 1))
    assert build.make() == ""
    assert build.product.read_text() == "12"
    build.product.unlink()
    assert build.make() == ""
    assert build.product.exists()


def test_a_build_that_fails_says_why_and_is_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    build = made_by(tmp_path, monkeypatch, ("sh", "-c", "touch {cache}/made; echo no >&2; exit 1"))
    assert client(build=build).missing() == "sh -c: no"
    assert client(build=build).missing() == "sh -c: no"


def test_tools_are_found_where_installers_put_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr("interop.builds._PLACES", (tmp_path,))
    assert tool("go") is None
    (tmp_path / "go").touch(mode=0o755)
    assert tool("go") == str(tmp_path / "go")
    assert client(command=("go", "run")).started_by() == [str(tmp_path / "go"), "run"]


def test_a_failure_is_in_the_table_with_its_reason() -> None:
    first, second, third, *_ = CASES
    one = client(cannot={second.name: "has no means"})
    results = Results([one], CASES, problems={("one", first.name): ""})
    assert not results.failed
    results.problems["one", third.name] = "nothing arrived"
    assert results.failed
    assert [row[1] for row in results.rows()][:5] == ["one", "ok", "n/a", "FAIL", "not run"]
    assert f"FAIL one, {third.name}: nothing arrived" in report.text(results)


def test_the_page_names_versions_cases_and_what_clients_cannot_do() -> None:
    one = client(
        cannot={CASES[1].name: "has no means"}, breaks_on={"hangs": "alert"}, at_goaway="comes back"
    )
    page = report.markdown(Results([one], CASES))
    assert "- one 1.0" in page
    assert f"- one, *{CASES[1].name}*: has no means" in page
    assert "| one | hangs | alert |" in page
    assert "| one | comes back |" in page


def test_what_clients_say_about_cases_names_real_cases() -> None:
    names = {case.name for case in CASES}
    assert len(names) == len(CASES)
    for each in CLIENTS:
        assert set(each.cannot) | each.resends | set(each.one_at_a_time) <= names
        assert each.at_goaway
        # Names of cases may hold a comma: what is left without them is only separators.
        for shown_by in each.breaks_on.values():
            for name in sorted(names | {"every case"}, key=len, reverse=True):
                shown_by = shown_by.replace(name, "")
            assert not shown_by.strip(", ")
