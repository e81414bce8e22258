from __future__ import annotations

import json
import logging
import re
from typing import TYPE_CHECKING

import pytest

from apnsim import logs

if TYPE_CHECKING:
    from collections.abc import Callable


def record(name: str, level: int = logging.INFO, **extra: object) -> logging.LogRecord:
    made = logging.LogRecord(name, level, "file.py", 1, "%s is %d", ("it", 5), None)
    vars(made).update(extra)
    return made


@pytest.mark.parametrize(
    ("name", "level", "rest"),
    [
        ("gateway.provider.connection", logging.INFO, "provider  it is 5"),
        ("gateway.courier", logging.WARNING, "courier   WARNING it is 5"),
        ("gateway", logging.INFO, "gateway   it is 5"),
        ("devicesim.daemon", logging.ERROR, "device    ERROR it is 5"),
        ("apnsim.serve", logging.DEBUG, "apnsim    it is 5"),
    ],
)
def test_a_line_says_when_where_and_what(name: str, level: int, rest: str) -> None:
    line = logs.TextFormatter().format(record(name, level))
    assert re.fullmatch(r"\d\d:\d\d:\d\d\.\d{3} (.*)", line)[1] == rest  # type: ignore[index]


def test_what_a_peer_says_cannot_begin_a_line_of_its_own_nor_speak_to_the_terminal() -> None:
    said = "a\n12:00:00.000 gateway   forged \x1b[31m\x9b\u2028"
    hostile = logging.LogRecord("gateway", logging.INFO, "file.py", 1, "%s", (said,), None)
    line = logs.TextFormatter().format(hostile)
    assert line.endswith(r"a\x0a12:00:00.000 gateway   forged \x1b[31m\x9b\u2028")


def test_json_is_one_object_per_line_with_the_facts_beside_the_words() -> None:
    line = logs.JsonFormatter().format(record("gateway.x", apns_id="a\nb", device="ä"))
    assert "\n" not in line
    entry = json.loads(line)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?\+00:00", entry.pop("time"))
    assert entry == {
        "level": "info",
        "logger": "gateway.x",
        "message": "it is 5",
        "apns_id": "a\nb",
        "device": "ä",
    }


@pytest.mark.parametrize("formatter", [logs.TextFormatter(), logs.JsonFormatter()])
def test_a_bug_of_ours_comes_with_its_traceback(formatter: logging.Formatter) -> None:
    with pytest.raises(ZeroDivisionError) as caught:
        _ = 1 / 0
    raised = (caught.type, caught.value, caught.tb)
    text = formatter.format(record("gateway.x", exc_info=raised))
    assert "Traceback" in text
    assert "ZeroDivisionError" in text
    assert (text.count("\n") == 0) == isinstance(formatter, logs.JsonFormatter)


def test_ours_are_heard_from_the_level_that_is_asked_for_and_libraries_from_warning_on(
    capsys: pytest.CaptureFixture[str],
) -> None:
    logs.set_up("text", "debug")
    say("gateway.x", "hpack")
    said = capsys.readouterr()
    assert [line.split(maxsplit=2)[-1] for line in said.err.splitlines()] == [
        "gateway.x debug",
        "gateway.x info",
        "WARNING gateway.x warning",
        "WARNING hpack warning",
    ]
    assert not said.out
    logs.set_up("json", "warning")
    say("gateway.x", "hpack")
    entries = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert [entry["message"] for entry in entries] == ["gateway.x warning", "hpack warning"]


def say(*names: str) -> None:
    for name in names:
        logger = logging.getLogger(name)
        speak: Callable[..., None]
        for speak, word in (
            (logger.debug, "debug"),
            (logger.info, "info"),
            (logger.warning, "warning"),
        ):
            speak("%s %s", name, word)
