"""The store process's side of the socket, run here: what arrives is written beforehand."""

from __future__ import annotations

import signal
import socket
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from gateway.store import process, schema
from gateway.store.sqlite import Database
from gateway.store.wire import FrameReader, frame, row_of
from tests.builders import DEVICE, NOW, notification
from tests.examples_drawn import examples

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ACCEPT = ("accept", DEVICE, row_of(notification()), None)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    with closing(Database(tmp_path / "db", node="gateway")) as opened:
        yield opened


def converse(database: Database, *sent: bytes) -> tuple[int, list[Any]]:
    """The exit code, and what was answered before it."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.sendall(b"".join(sent))
        ours.shutdown(socket.SHUT_WR)
        code = process.serve(theirs, database)
        theirs.shutdown(socket.SHUT_WR)
        return code, received(ours)


def received(link: socket.socket) -> list[Any]:
    return list(FrameReader().feed(b"".join(iter(lambda: link.recv(65536), b""))))


def test_what_has_arrived_shares_one_transaction_and_each_batch_has_its_answer(
    database: Database,
) -> None:
    bad = ("accept", None, row_of(notification()), None)
    pause = ("pending", None)
    code, answers = converse(database, frame([ACCEPT, pause]), frame([]), frame([pause]))
    assert code == 0
    assert [answer[0] for answer in answers] == ["done"] * 3
    assert [answer[1] for answer in answers] == [((1, False, (), None), 1), (), (1,)]
    assert {answer[3:] for answer in answers} == {(1, 1)}, "pending, transactions"
    _, answers = converse(database, frame([pause]), frame([pause, bad, ACCEPT]))
    assert [[failure[0] for failure in answer[2]] for answer in answers] == [[], [1]]


def test_an_outage_is_the_answer_to_every_batch_it_hit(database: Database) -> None:
    database.connection.execute("PRAGMA busy_timeout = 10")
    with closing(schema.connect(database.path)) as other:
        other.execute("BEGIN IMMEDIATE")
        code, answers = converse(database, frame([ACCEPT]), frame([ACCEPT]))
    assert code == 0
    assert [answer[0] for answer in answers] == ["outage", "outage"]
    assert database.pending == 0


def test_more_than_fits_one_commit_is_left_for_the_next(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "RECEIVE_BYTES", 64)
    monkeypatch.setattr(process, "MAX_OPERATIONS", 10)
    code, answers = converse(database, *[frame([("pending", None)])] * 50)
    assert (code, len(answers)) == (0, 50)
    assert 4 <= database.transactions <= 5, "ten, or what 64 bytes more make of it"


@pytest.mark.parametrize(
    "garbage", [b"\xff\xff\xff\xff", b"\x00\x00\x00\x01\xc1", frame({"a": 1}), frame("accept")]
)
def test_what_is_no_batch_ends_the_conversation_with_a_reason(
    database: Database, garbage: bytes
) -> None:
    code, answers = converse(database, garbage)
    assert code == 1
    assert answers[0][0] == "broken"
    assert answers[0][1].startswith("the gateway sent a frame")


@settings(max_examples=examples(60), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.binary(max_size=30)
        | st.recursive(
            st.none()
            | st.integers().filter(lambda n: -(2**63) <= n < 2**64)
            | st.text(max_size=3)
            | st.sampled_from(
                [
                    "accept",
                    "attach",
                    "detach",
                    "fetch",
                    "acknowledge",
                    "register",
                    "unregister",
                    "registrations",
                    "pending",
                    "expire",
                    "clear",
                ]
            )
            | st.floats()
            | st.binary(max_size=3),
            lambda inner: st.lists(inner, max_size=7),
            max_leaves=30,
        ).map(frame),
        max_size=4,
    )
)
@example([frame([["attach", 1, 2]]), frame([["fetch", 1, 1, 0, 5, 0.0]])])
def test_whatever_arrives_the_process_answers_or_says_why_it_ends(
    database: Database, sent: list[bytes]
) -> None:
    code, answers = converse(database, *sent)
    assert code in {0, 1}
    assert [answer[0] for answer in answers[:-1]] == ["done"] * len(answers[:-1])
    if code == 1:
        assert answers[-1][0] == "broken"


@pytest.fixture
def signals() -> Iterator[None]:
    """``main`` ignores signals; this process must not stay so."""
    meant = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {each: signal.getsignal(each) for each in meant}
    yield
    for each, handler in before.items():
        signal.signal(each, handler)


def run_main(path: Path, *sent: bytes) -> tuple[int, list[Any]]:
    ours, theirs = socket.socketpair()
    with ours:
        ours.sendall(b"".join(sent))
        ours.shutdown(socket.SHUT_WR)
        words = ["--socket", str(theirs.detach()), "--database", str(path), "--node", "gateway"]
        return process.main(words), received(ours)


@pytest.mark.usefixtures("signals")
def test_main_says_ready_and_answers_until_the_socket_ends(tmp_path: Path) -> None:
    path = tmp_path / "new" / "db"
    assert run_main(path, frame([ACCEPT]))[1][0] == ("ready", 0)
    code, answers = run_main(path, frame([("attach", DEVICE, NOW), ("pending", DEVICE)]))
    assert code == 0
    assert answers == [("ready", 1), ("done", ((1, (), ()), 1), (), 1, 1)]
    assert {entry.name for entry in path.parent.iterdir()} == {"db", "db.lock"}
    assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN


@pytest.mark.usefixtures("signals")
def test_main_refuses_what_it_cannot_open_and_says_why(tmp_path: Path) -> None:
    (tmp_path / "db").write_text("not a database" * 100)
    code, answers = run_main(tmp_path / "db")
    assert (code, answers[0][0]) == (2, "refused")
    assert "is not a database" in answers[0][1]
    (tmp_path / "folder").mkdir()
    assert "folder" in run_main(tmp_path / "folder")[1][0][1]


@pytest.mark.usefixtures("signals")
def test_main_ends_well_when_the_gateway_is_gone(tmp_path: Path) -> None:
    ours, theirs = socket.socketpair()
    ours.close()
    words = ["--socket", str(theirs.detach()), "--database", str(tmp_path / "db"), "--node", "n"]
    assert process.main(words) == 0
