"""What ``make interop`` makes of programs that misbehave and of tools that are missing."""

from __future__ import annotations

import sys

import pytest

from interop import report
from interop.cases import CASES, Push
from interop.clients import CLIENTS, Client
from interop.program import Program, ProgramError
from interop.report import Results

PUSH = Push("ab" * 32, "com.example.app", {"aps": {}})


def python(code: str) -> tuple[str, ...]:
    return (sys.executable, "-c", code)


def client(**changes: object) -> Client:
    return Client("one", ("true",), version=lambda: "1.0", **changes)  # type: ignore[arg-type]


def test_a_program_answers_a_line_with_a_line() -> None:
    echo = "import sys\nfor line in sys.stdin: print(line, end='', flush=True)"
    with Program(python(echo)) as program:
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
def test_a_program_that_does_not_answer_is_found_out(
    code: str, why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("interop.program.ANSWER_SECONDS", 0.5 if "sleep" in code else 30)
    with Program(python(code)) as program, pytest.raises(ProgramError, match=why):
        program.send([PUSH])


def test_a_client_without_its_tools_is_not_run_and_never_ok() -> None:
    absent = client(needs=("no-such-command", "sh"))
    assert absent.missing() == "no-such-command is missing"
    results = Results([absent], CASES, missing={"one": absent.missing()})
    assert {results.cell(absent, case) for case in CASES} == {"not run"}
    assert "not run: one: no-such-command is missing" in report.text(results)


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
    one = client(cannot={CASES[1].name: "has no means"}, breaks_on={"hangs": "alert"})
    page = report.markdown(Results([one], CASES))
    assert "- one 1.0" in page
    assert f"- one, *{CASES[1].name}*: has no means" in page
    assert "| one | hangs | alert |" in page


def test_what_clients_say_about_cases_names_real_cases() -> None:
    names = {case.name for case in CASES}
    assert len(names) == len(CASES)
    for each in CLIENTS:
        assert set(each.cannot) <= names
        # Names of cases may hold a comma: what is left without them is only separators.
        for shown_by in each.breaks_on.values():
            for name in sorted(names | {"every case"}, key=len, reverse=True):
                shown_by = shown_by.replace(name, "")
            assert not shown_by.strip(", ")
