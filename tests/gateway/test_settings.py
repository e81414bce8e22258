"""Every setting has three doors: the command line, the environment, the file, in that order."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from gateway import settings
from gateway.choices import Auth
from gateway.configuration import SettingsError, load, options
from gateway.faults.reading import read_rule
from gateway.settings import Settings
from gateway.webhooks.description import read_description

if TYPE_CHECKING:
    from gateway.configuration import Option

RULES = ["pass times=2", "delay seconds=1"]

# For each setting, what to write and what it means; never its default.
WRITTEN: dict[str, tuple[Any, Any]] = {
    "host": ("127.0.0.2", "127.0.0.2"),
    "provider_port": (["443", "2197"], (443, 2197)),
    "provider_port_development": (["2198"], (2198,)),
    "provider_port_production": (["2199", "443"], (2199, 443)),
    "manage_port_development": ("2295", 2295),
    "manage_port_production": ("2296", 2296),
    "courier_port": ("5224", 5224),
    "console_port": ("0", 0),
    "proxy_port": ("2199", 2199),
    "data_dir": ("elsewhere", Path("elsewhere")),
    "store": ("memory", "memory"),
    "auth": ("lenient", Auth.LENIENT),
    "unknown_tokens": ("adopt", settings.UnknownTokens.ADOPT),
    "environment": ("production", settings.Environment.PRODUCTION),
    "san": (["gateway.test", "10.0.0.1"], ("gateway.test", "10.0.0.1")),
    "team_id": ("TEAM123456", "TEAM123456"),
    "ready_file": ("ready.json", Path("ready.json")),
    "log_format": ("json", settings.LogFormat.JSON),
    "log_level": ("debug", settings.LogLevel.DEBUG),
    "console_token": ("secret", "secret"),
    "drain_seconds": ("0.5", 0.5),
    "handshake_seconds": ("3", 3.0),
    "idle_seconds": ("60", 60.0),
    "keep_alive_seconds": ("60", 60.0),
    "silent_seconds": ("61", 61.0),
    "unacknowledged_seconds": ("120", 120.0),
    "connect_skew_seconds": ("30", 30.0),
    "window": ("7", 7),
    "power_hold": ("deliver", settings.PowerHold.DELIVER),
    "power_burst_seconds": ("60", 60.0),
    "power_reconnect_seconds": ("30", 30.0),
    "power_maintenance_seconds": ("0", 0.0),
    "power_wake_seconds": ("2", 2.0),
    "streams_before_authentication": ("100", 100),
    "streams": ("500", 500),
    "streams_after_error": ("1", 1),
    "surplus_streams": ("refuse", settings.SurplusStreams.REFUSE),
    "max_errors": ("20", 20),
    "max_connections_per_minute": ("30", 30),
    "churn_block_seconds": ("5", 5.0),
    "provider_token_update_seconds": ("0", 0.0),
    "bad_environment_key_reason": (
        "BadEnvironmentKeyInToken",
        settings.BadEnvironmentKeyReason.REPORTED,
    ),
    "unregistered_delay_seconds": ("60", 60.0),
    "same_apns_id_seconds": ("3600", 3600.0),
    "max_pushes_per_token_per_second": ("5", 5),
    "broadcast_disabled": (["com.example.app"], ("com.example.app",)),
    "max_channels_per_app": ("3", 3),
    "max_broadcasts_per_channel_per_second": ("5", 5),
    "live_activity_budget": ("20", 20),
    "background_pushes_per_hour": ("3", 3),
    "background_pushes_per_day": ("20", 20),
    "late_call_seconds": ("5.5", 5.5),
    "unreported_calls": ("0", 0),
    "background_priority_10": ("accept", settings.BackgroundPriority10.ACCEPT),
    "rule": (
        ["pass times=2", "delay seconds=1"],
        tuple(map(read_rule, ("pass times=2", "delay seconds=1"))),
    ),
    "webhook": (
        ["http://127.0.0.1/a", "http://[::1]:8/b"],
        (read_description("http://127.0.0.1/a"), read_description("http://[::1]:8/b")),
    ),
    "webhook_allow": (["*.internal", "10.0.0.0/8:443"], ("*.internal", "10.0.0.0/8:443")),
    "otel_endpoint": ("http://127.0.0.1:4318", "http://127.0.0.1:4318"),
    "in_band_faults": ("on", settings.InBandFaults.ON),
    "journal_size": ("10", 10),
    "import": ("before.json", Path("before.json")),
    "export_on_exit": ("after.json", Path("after.json")),
    "seed": ("7", 7),
    "http2_library": ("h2", settings.Http2Library.H2),
}


def test_the_defaults_are_those_of_the_documented_interface() -> None:
    made = load(None, {}, {})
    assert made == Settings()
    ports = (made.provider_port, made.courier_port, made.console_port)
    assert ports == ((2197,), 5223, 2198)
    assert (made.manage_port_development, made.manage_port_production) == (2195, 2196)
    assert (made.host, made.data_dir, made.store) == ("127.0.0.1", Path(".apnsim"), "sqlite")
    assert (made.auth, made.unknown_tokens, made.environment) == ("strict", "reject", "development")


def test_every_setting_is_in_this_table() -> None:
    assert set(WRITTEN) == {option.name for option in options()}
    for option in options():
        assert option.default != WRITTEN[option.name][1]


@pytest.mark.parametrize("option", options(), ids=lambda option: option.name)
def test_every_setting_may_come_from_each_door(option: Option, tmp_path: Path) -> None:
    text, value = WRITTEN[option.name]
    joined = ",".join(text) if isinstance(text, list) else text
    file = tmp_path / "apnsim.toml"
    quoted = str(text).replace("'", '"') if isinstance(text, list) else f'"{text}"'
    bare = quoted.replace('"', "") if isinstance(value, int | float) else quoted
    for key in (option.name, option.name.replace("_", "-")):
        file.write_text(f"{key} = {bare}\n")
        assert getattr(load(file, {}, {}), option.field) == value
    assert option.variable == f"APNSIM_{option.name.upper()}"
    assert getattr(load(None, {option.variable: joined}, {}), option.field) == value
    assert option.flag == "--" + option.name.replace("_", "-")
    assert getattr(load(None, {}, {option.name: text}), option.field) == value


def test_the_command_line_wins_over_the_environment_and_that_over_the_file(tmp_path: Path) -> None:
    file = tmp_path / "apnsim.toml"
    file.write_text("window = 1\nstreams = 1\njournal_size = 1\n")
    environment = {"APNSIM_STREAMS": "2", "APNSIM_JOURNAL_SIZE": "2"}
    made = load(file, environment, {"journal_size": "3", "window": None})
    assert (made.window, made.streams, made.journal_size) == (1, 2, 3)


def test_other_variables_of_ours_and_empty_ones_are_no_settings() -> None:
    assert load(None, {"APNSIM_CONSOLE_URL": "http://x", "APNSIM_SAN": ""}, {}) == Settings()


def test_what_may_be_given_several_times_is_a_list_in_the_file_and_has_commas_in_a_variable(
    tmp_path: Path,
) -> None:
    file = tmp_path / "apnsim.toml"
    file.write_text("provider_port = [2197, 443]\n")
    loaded = load(file, {"APNSIM_SAN": "a.test,10.0.0.1"}, {})
    assert loaded.provider_port == (2197, 443)
    assert loaded.san == ("a.test", "10.0.0.1")
    assert load(None, {}, {"provider_port": ["1", "2"]}).provider_port == (1, 2)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (
            b'auht = "strict"',
            "unknown key 'auht'; did you mean auth? see apnsim serve --help for the keys",
        ),
        (b"nothing_near = 1", "unknown key 'nothing_near'; see apnsim serve --help for the keys"),
        (b"[auth]\nx = 1", "auth: expected one of strict, lenient, not {'x': 1}"),
        (b"provider_port = []", "provider_port: expected at least one, not []"),
        (
            b"provider_port = [1, 99999]",
            "provider_port: expected a port from 0 to 65535, not 99999",
        ),
        (b"window = true", "window: expected a whole number, 1 or more, not True"),
        (b"auth = ", "not TOML"),
        (b"\xff", "not TOML"),
    ],
)
def test_a_mistake_in_the_file_names_file_key_and_what_was_expected(
    tmp_path: Path, content: bytes, problem: str
) -> None:
    file = tmp_path / "apnsim.toml"
    file.write_bytes(content)
    with pytest.raises(SettingsError) as refused:
        load(file, {}, {})
    [said] = refused.value.problems
    assert said.startswith(f"{file}: {problem}")


def test_mistakes_of_all_doors_are_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as refused:
        load(tmp_path, {"APNSIM_AUTH": "x"}, {"window": "x"})
    assert [problem.partition(":")[0] for problem in refused.value.problems] == [
        str(tmp_path),
        "APNSIM_AUTH",
        "--window",
    ]
    assert str(refused.value) == "\n".join(refused.value.problems)


def test_rules_are_tables_in_the_file(tmp_path: Path) -> None:
    file = tmp_path / "apnsim.toml"
    file.write_text('[[rule]]\ntimes = 2\nmatch = {topic = "a"}\naction = {type = "pass"}\n')
    assert load(file, {}, {}).rule == (read_rule("pass times=2 match.topic=a"),)
    file.write_text('[[rule]]\naction = {type = "pss"}\n')
    with pytest.raises(SettingsError) as refused:
        load(file, {}, {})
    assert str(refused.value) == (
        f"{file}: rule: action: there is no type 'pss'; did you mean pass?"
        " (the rule {'action': {'type': 'pss'}})"
    )


def test_a_variable_holds_several_or_one_in_json() -> None:
    rules = load(None, {"APNSIM_RULE": "pass times=2,pass times=3"}, {}).rule
    assert rules == (read_rule("pass times=2"), read_rule("pass times=3"))
    written = '{"action": {"type": "answer", "status": 503}, "times": 3}'
    assert load(None, {"APNSIM_RULE": written}, {}).rule == (
        read_rule("answer status=503 times=3"),
    )
    hook = '{"url": "http://127.0.0.1/", "events": ["Rejected"]}'
    assert load(None, {"APNSIM_WEBHOOK": hook}, {}).webhook[0].events == {"Rejected"}


def test_a_webhook_in_the_file_is_a_table_and_its_secret_is_in_no_error(tmp_path: Path) -> None:
    file = tmp_path / "apnsim.toml"
    file.write_text('[[webhook]]\nurl = "http://127.0.0.1/"\nevents = ["Rejected"]\n')
    [hook] = load(file, {}, {}).webhook
    assert hook.events == {"Rejected"}
    file.write_text('[[webhook]]\nurl = "http://a:pass@127.0.0.1/"\nsecret = "s3cret"\n')
    with pytest.raises(SettingsError) as refused:
        load(file, {}, {"webhook": ['{"url": "http://localhost/", "secret": "s3cret"}']})
    said = str(refused.value)
    assert said.startswith("--webhook: secret: expected whsec_")
    assert ", not" not in said
    with pytest.raises(SettingsError, match="webhook: url: no user name or password") as refused:
        load(file, {}, {})
    assert "pass@" not in str(refused.value)
