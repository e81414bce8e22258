"""What a user gets wrong is one readable line and a code; never a traceback."""

from __future__ import annotations

import json
import socket
from typing import TYPE_CHECKING

import pytest

from apnsim import cli
from certs.authority import Authority

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.apnsim.conftest import Outcome

FREE = ("--provider-port", 0, "--courier-port", 0, "--console-port", 0)
FREE += ("--manage-port-development", 0, "--manage-port-production", 0, "--store", "memory")
TOKEN = ("--console-token", "sesame")
PUSH = ("--token", "ab", "--topic", "com.example.app")


@pytest.fixture
def taken() -> Iterator[int]:
    """A port at which somebody listens."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        yield listening.getsockname()[1]


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        ([], 2, "the following arguments are required: COMMAND; see apnsim --help"),
        (["nosuch"], 2, "invalid choice: 'nosuch'"),
        (["sevre"], 2, "'certs') (did you mean serve?); see apnsim --help"),
        (["rules", "lsit"], 2, "(did you mean list?); see apnsim rules --help"),
        (
            ["serve", "--bogus"],
            2,
            "apnsim serve: unrecognized arguments: --bogus",
        ),
        (
            ["serve", "--provider-prot=1"],
            2,
            "unrecognized arguments: --provider-prot=1 (did you mean --provider-port?); see",
        ),
        (["keys", "list", "--jsn"], 2, "apnsim keys list: unrecognized arguments: --jsn"),
        (["clock", "advance", "-1h"], 2, "apnsim clock: unrecognized arguments: -1h"),
        (["power", "slep"], 2, "invalid choice: 'slep' (choose from 'awake', 'locked', "),
        (["power"], 1, "no device daemon answers (No such file or directory); start one with"),
        (["serve", "extra"], 2, "unrecognized arguments: extra"),
        (["serve", "--provider-port"], 2, "--provider-port: expected one argument"),
        (["serve", "--provider-port", "x"], 2, "--provider-port: expected a whole number"),
        (["serve", "--auth", "laissez-faire"], 2, "--auth: expected one of strict, lenient, not"),
        (["serve", "--san", "a b"], 2, "--san: expected a DNS name"),
        (
            ["serve", "--broadcast-disabled", "a b"],
            2,
            "--broadcast-disabled: expected a bundle id,",
        ),
        (["serve", "--rule", "answer"], 2, "--rule: action.answer: no status; say a status, such"),
        (["serve", "--team-id", "me"], 2, "--team-id: expected ten upper-case"),
        (["serve", "--config", "nope.toml"], 2, "nope.toml: cannot be read (No such file"),
        (["serve", *FREE[:-1], "cassandra"], 2, "--store: expected memory, sqlite (a file in the"),
        (["serve", *FREE[:-1], "redis://:pw@host"], 2, "sqlite:///FILE, not 'redis'"),
        (["exec", "--window", "zz", "--", "true"], 2, "--window: expected a whole number, 1 or"),
        (["device", "--courier", "127.0.0.1:99999"], 2, "--courier: expected HOST:PORT"),
        (["device", "--device-id", "a b"], 2, "--device-id: a device id is 1 to 64 letters"),
        (["device", "--keep-alive-seconds", "nan"], 2, "expected 1 to 86400 seconds, not 'nan'"),
        (["device", "--keep-alive-seconds", "-1"], 2, "expected 1 to 86400 seconds, not '-1'"),
        (["serve", *FREE, *TOKEN, "--host", "8.8.8.8"], 2, "of 8.8.8.8: Cannot assign requested"),
        (["serve", *FREE, *TOKEN, "--host", "no.such.invalid"], 2, "address of this machine"),
        (["serve", *FREE, "--host", "0.0.0.0"], 2, "0.0.0.0 is more than loopback, and whoever"),
        (
            ["serve", *FREE, "--host", "::"],
            2,
            "set APNSIM_CONSOLE_TOKEN, console_token in",
        ),
        (["demo", "--host", "host.test"], 2, "host.test is more than loopback"),
        (["serve", *FREE, "--data-dir", "a-file"], 2, "a-file: cannot be the data directory"),
        (["serve", *FREE, "--data-dir", "a-file/x"], 2, "cannot be the data directory (Not a d"),
        (["serve", *FREE, "--ready-file", "a-file/x"], 2, "a-file/x: cannot be replaced"),
        (["serve", *FREE, "--ready-file", "."], 2, "cannot be replaced"),
        (["serve", *FREE, "--data-dir", "bad-ca"], 2, "bad-ca/ca-key.pem: not a readable private"),
        (["serve", *FREE, "--data-dir", "bad-ring"], 2, "bad-ring/keys.json is not a list of keys"),
        (["serve", *FREE[:-2], "--data-dir", "bad-db"], 2, "store.sqlite3: it is not a database"),
        (["exec"], 2, "no command: apnsim exec [options] -- COMMAND"),
        (["scenario", ""], 2, "which scenario? give a file or a name; see apnsim scenario --list"),
        (["exec", "--"], 2, "no command"),
        (["exec", "--", "no-such-program"], 2, "no-such-program: no such command"),
        (["exec", "--window", "0", "--", "true"], 2, "--window: expected a whole number, 1 or"),
        (["device", "--courier", "somewhere"], 2, "--courier: expected HOST:PORT"),
        (["device", "--console-url", "localhost"], 2, "--console-url: expected http(s)://HOST"),
        (["device", "--console-url", "http://[::1"], 2, "--console-url: expected http(s)://HOST"),
        (["device", "--console-url", "http://127.0.0.1:9"], 2, "is the gateway running?"),
        (["device", "--state-dir", "a-file"], 2, "a-file: cannot be a device's folder"),
        (["app", "--bundle-id", "com.example.app"], 1, "start one with: apnsim device"),
        (["send", *PUSH, "--alert", "\udcff"], 2, "--alert: expected a text in UTF-8, not"),
        (["send", "--token", "ab"], 2, "--topic is missing: the app's bundle id"),
        (["send", *PUSH, "--alert", "x", "--certificate", "no.pem"], 2, "no.pem: no such file"),
        (["send", *PUSH, "--apns-id", "a\nb"], 2, "--apns-id: expected one line, not"),
        (["app"], 2, "required: --bundle-id"),
        (["app", "--bundle-id", "a.b", "--count", "0"], 2, "--count: expected a whole number, 1"),
        (["app", "--bundle-id", "a.b", "--count", "x"], 2, "--count: expected a whole number"),
        (["keys"], 2, "required: ACTION; see apnsim keys --help"),
        (["keys", "list", "--data-dir", "bad-ring"], 1, "keys.json is not a list of keys"),
        (["keys", "make", "--team-id", "me"], 1, "a team id is ten upper-case letters"),
        (["keys", "make", "--data-dir", "a-file"], 1, "a-file: cannot be the data directory"),
        (["keys", "add", "nope.p8", "--team-id", "ABCDE12345"], 1, "nope.p8: cannot be read"),
        (["keys", "add", "a-file", "--team-id", "ABCDE12345"], 1, "a-file: not a readable public"),
        (["keys", "add", "a-file"], 2, "required: --team-id"),
        (["keys", "remove", "ABC123DEFG"], 1, "no key ABC123DEFG is registered in .apnsim"),
        (["keys", "token"], 1, "no key in .apnsim: start the gateway once, call"),
        (["keys", "token", "--key-id", "ABC123DEFG"], 1, "no .p8 of the key ABC123DEFG in"),
        (["keys", "token", "--key-file", "a-file"], 1, "--key-file needs --team-id"),
        (
            ["keys", "token", "--key-file", "x.p8", "--team-id", "ABCDE12345"],
            1,
            "x.p8: no such file",
        ),
        (["keys", "token", "--key-file", "a-file", "--team-id", "ABCDE12345"], 1, "its key id"),
        (["certs", "device", "a/../b"], 1, "a device id is 1 to 64 letters"),
        (["certs", "server", "a b"], 1, "'a b' is neither a DNS name nor an IP address"),
        (["certs", "server", "gw.test", "--out", "a-file"], 1, "cannot be written"),
        (["certs", "ca", "--data-dir", "bad-ca"], 1, "bad-ca/ca-key.pem: not a readable private"),
    ],
    ids=lambda value: " ".join(map(str, value)) if isinstance(value, list) else "",
)
def test_a_mistake_is_one_readable_line_and_a_code(
    tmp_path: Path,
    apnsim: Callable[..., Outcome],
    arguments: list[object],
    code: int,
    words: str,
) -> None:
    (tmp_path / "a-file").write_text("neither key nor folder")
    for name, file in (("bad-ring", "keys.json"), ("bad-db", "store.sqlite3")):
        (tmp_path / name).mkdir()
        (tmp_path / name / file).write_text("spoilt")
    (tmp_path / "bad-ca").mkdir()
    for file in ("ca.pem", "ca-key.pem"):
        (tmp_path / "bad-ca" / file).write_text("spoilt")
    outcome = apnsim(*arguments)
    assert outcome.code == code
    assert words in outcome.error
    assert not outcome.out


def test_ctrl_c_while_a_command_is_imported_is_no_traceback(
    apnsim: Callable[..., Outcome], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(_name: str) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("apnsim.cli.import_module", interrupted)
    cli._module_of.cache_clear()
    outcome = apnsim("power")
    assert (outcome.code, outcome.err) == (130, "")


@pytest.mark.parametrize("option", ["provider", "courier", "console"])
def test_a_port_in_use_is_named_with_its_option(
    apnsim: Callable[..., Outcome], taken: int, option: str
) -> None:
    outcome = apnsim("serve", *FREE, f"--{option}-port", taken)
    # That of the provider is given twice, 0 and this one: the one in use is named.
    assert f"{option} port {taken} of 127.0.0.1: Address already in use" in outcome.error
    assert f"choose another --{option}-port" in outcome.error
    assert outcome.code == 2


def test_all_mistakes_of_all_sources_are_told_at_once(
    tmp_path: Path, apnsim: Callable[..., Outcome], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("APNSIM_WINDOW", "none")
    config = tmp_path / "apnsim.toml"
    config.write_text('auht = "strict"\nstreams = 0\nprovider_port = [2197, 80000]\n')
    outcome = apnsim("serve", "--config", config, "--auth", "maybe", "--drain-seconds", "soon")
    assert outcome.code == 2
    assert outcome.err.splitlines() == [
        "apnsim serve: these settings cannot be used:",
        f"  {config}: unknown key 'auht'; did you mean auth? see apnsim serve --help for the keys",
        f"  {config}: streams: expected a whole number, 1 or more, not 0",
        f"  {config}: provider_port: expected a port from 0 to 65535, not 80000",
        "  APNSIM_WINDOW: expected a whole number, 1 or more, not 'none'",
        "  --auth: expected one of strict, lenient, not 'maybe'",
        "  --drain-seconds: expected seconds, 0 or more, not 'soon'",
    ]


@pytest.mark.parametrize(
    ("more", "code", "words"),
    [
        ([], 2, "nothing to send: give --alert TEXT or --payload FILE"),
        (["--payload", "nope.json"], 2, "nope.json: No such file or directory"),
        (["--alert", "x", "--url", "nowhere"], 2, "--url: expected http(s)://HOST:PORT"),
        (["--alert", "x", "--url", "https://127.0.0.1:9"], 1, "is `apnsim serve` up?"),
        (["--alert", "x", "--ca-file", "nope.pem"], 2, "CA file nope.pem: No such file"),
        (["--alert", "x", "--ca-file", "a-file"], 2, "CA file a-file: holds no certificate"),
        (["--alert", "x", "--key-id", "ABC123DEFG"], 1, "no .p8 of the key ABC123DEFG"),
        (["--alert", "x", "--priority", "7"], 2, "--priority: invalid choice: '7'"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_send_says_what_it_lacks(
    tmp_path: Path, apnsim: Callable[..., Outcome], more: list[str], code: int, words: str
) -> None:
    (tmp_path / "a-file").write_text("no certificate")
    Authority.load_or_create(tmp_path / ".apnsim")
    assert apnsim("keys", "make").code == 0
    outcome = apnsim("send", "--token", "ab" * 32, "--topic", "com.example.app", *more)
    assert outcome.code == code
    # httpx words a refused connection as the system does.
    assert words in outcome.err
    assert "Traceback" not in outcome.err
    assert len(outcome.err.splitlines()) == 1


@pytest.mark.parametrize("token", ["s3cret\n", " s3cret", "s3crét", "s3cret\x00"])
def test_a_console_token_that_no_header_can_bear_is_refused_and_not_repeated(
    tmp_path: Path, apnsim: Callable[..., Outcome], token: str
) -> None:
    (tmp_path / "apnsim.toml").write_text(f"console_token = {json.dumps(token)}", encoding="utf-8")
    outcome = apnsim("serve", *FREE, "--host", "0.0.0.0", "--config", "apnsim.toml")
    assert outcome.code == 2
    assert "console_token: expected letters, digits and signs of ASCII" in outcome.err
    assert "s3cr" not in outcome.err


def test_the_console_token_is_not_repeated_in_an_error(
    tmp_path: Path, apnsim: Callable[..., Outcome]
) -> None:
    (tmp_path / "apnsim.toml").write_text(
        f"console_token = {json.dumps('s3cret')}\nbogus = 1\n", encoding="utf-8"
    )
    outcome = apnsim("serve", "--config", "apnsim.toml")
    assert outcome.code == 2
    assert "s3cret" not in outcome.err
