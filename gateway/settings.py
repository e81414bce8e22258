"""Every knob of the gateway: one frozen value, read once, every mistake reported at once.

A setting is a field of :class:`Settings`. Its name is the key in the TOML file; with hyphens it is
the option of ``apnsim serve``; in capitals behind ``APNSIM_`` it is the environment variable. The
command line wins over the environment, the environment over the file.
"""

from __future__ import annotations

import dataclasses
import tomllib
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gateway import values
from protocol.notification import Environment
from protocol.provider.rejection import Reason

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

ENVIRONMENT_PREFIX = "APNSIM_"


class SettingsError(Exception):
    """The settings cannot be used; ``problems`` names every mistake, one line each."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class Auth(StrEnum):
    """Which provider tokens are believed."""

    STRICT = "strict"
    LENIENT = "lenient"


class UnknownTokens(StrEnum):
    """What becomes of a push to a well-formed token that nobody knows."""

    REJECT = "reject"
    ADOPT = "adopt"


class BackgroundPriority10(StrEnum):
    """What becomes of a background push with an explicit priority of 10."""

    REJECT = "reject"
    ACCEPT = "accept"


class BadEnvironmentKeyReason(StrEnum):
    """How a key of the other environment is called."""

    DOCUMENTED = Reason.BAD_ENVIRONMENT_KEY_ID_IN_TOKEN.text
    REPORTED = Reason.BAD_ENVIRONMENT_KEY_IN_TOKEN.text


class SurplusStreams(StrEnum):
    """What becomes of HTTP/2 streams over the advertised limit."""

    SERVE = "serve"
    REFUSE = "refuse"


class Http2Library(StrEnum):
    """Which library speaks HTTP/2 for us; both have the same interface."""

    JH2 = "jh2"
    H2 = "h2"


class LogFormat(StrEnum):
    """How log lines look."""

    TEXT = "text"
    JSON = "json"


class LogLevel(StrEnum):
    """How much is logged."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


def _setting(
    default: Any,  # noqa: ANN401 - as dataclasses.field, which types itself so
    about: str,
    convert: Callable[[Any], Any] | None = None,
) -> Any:  # noqa: ANN401
    """A field; a choice needs no converter, its default's type says what it is."""
    if isinstance(default, StrEnum):
        convert = values.choice(type(default))
    return field(default=default, metadata={"about": about, "convert": convert})


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings, with their defaults. ``about`` of each is what ``--help`` and README say."""

    host: str = _setting("127.0.0.1", "address on which every port listens", values.text)
    provider_port: tuple[int, ...] = _setting(
        (2197,),
        "port of the provider API; may be given several times; 0 chooses a free one",
        values.one_or_more(values.port),
    )
    courier_port: int = _setting(5223, "port of the long-lived TLS links of devices", values.port)
    console_port: int = _setting(2198, "port of the control API, plain HTTP", values.port)
    proxy_port: int | None = _setting(
        None,
        "port of an HTTP CONNECT proxy that leads Apple's push hosts, and no others, to this"
        " gateway; for clients whose host is fixed; off unless given",
        values.port,
    )
    data_dir: Path = _setting(
        Path(".apnsim"), "where CA, keys, devices and the database live", values.path
    )
    store: str = _setting(
        "sqlite", "where notifications wait: sqlite, sqlite:///FILE or memory", values.store
    )
    auth: Auth = _setting(
        Auth.STRICT,
        "strict: only registered keys are believed; lenient: any well-formed ES256 token",
    )
    unknown_tokens: UnknownTokens = _setting(
        UnknownTokens.REJECT,
        "reject: BadDeviceToken; adopt: an unknown token becomes a virtual device's at first push",
    )
    environment: Environment = _setting(
        Environment.DEVELOPMENT, "environment of a client that asks for none of Apple's host names"
    )
    san: tuple[str, ...] = _setting(
        (),
        "one more name or address for the server certificate; may be given several times",
        values.several(values.server_name),
    )
    team_id: str = _setting(
        "APNSIMTEAM", "team of the authentication key that is made at first", values.team_id
    )
    ready_file: Path | None = _setting(
        None, "file written once every port is open: JSON as GET /api/v1/info", values.path
    )
    log_format: LogFormat = _setting(LogFormat.TEXT, "one readable line per event, or JSON")
    log_level: LogLevel = _setting(LogLevel.INFO, "how much is logged")
    console_token: str | None = _setting(
        None,
        "bearer token that the control API demands; advised when --host is not loopback",
        values.text,
    )
    drain_seconds: float = _setting(
        10.0, "how long a shutdown waits for work in flight", values.seconds
    )
    handshake_seconds: float = _setting(10.0, "how long a TLS handshake may take", values.seconds)
    idle_seconds: float = _setting(
        3600.0, "after which silence a provider connection is closed", values.seconds
    )
    silent_seconds: float = _setting(
        3600.0, "after which silence a device's link is closed", values.seconds
    )
    window: int = _setting(
        128, "pushes sent to a device before the first is acknowledged", values.count
    )
    streams_before_authentication: int = _setting(
        1,
        "MAX_CONCURRENT_STREAMS before the first valid token",
        values.count,
    )
    streams: int = _setting(1000, "MAX_CONCURRENT_STREAMS after it", values.count)
    surplus_streams: SurplusStreams = _setting(
        SurplusStreams.SERVE,
        "streams over the limit; refuse: REFUSED_STREAM, which several clients do not survive",
    )
    provider_token_update_seconds: float = _setting(
        1200.0,
        "a new provider token on a connection sooner than this earns 429; 0 = never",
        values.seconds,
    )
    bad_environment_key_reason: BadEnvironmentKeyReason = _setting(
        BadEnvironmentKeyReason.DOCUMENTED,
        "what a key of the other environment earns: as Apple documents it, or as it was reported",
    )
    unregistered_delay_seconds: float = _setting(
        0.0,
        "for how long after an uninstall providers still hear 200, as Apple's do",
        values.seconds,
    )
    same_apns_id_seconds: float = _setting(
        0.0,
        "for how long a repeated apns-id is the same push; 0 = it is a second one",
        values.seconds,
    )
    max_pushes_per_token_per_second: int = _setting(
        0,
        "more pushes to one device token earn 429 TooManyRequests; 0 = any number",
        values.whole_number,
    )
    background_priority_10: BackgroundPriority10 = _setting(
        BackgroundPriority10.REJECT, "a background push with an explicit apns-priority of 10"
    )
    journal_size: int = _setting(
        10_000, "how many requests the control API remembers", values.count
    )
    http2_library: Http2Library = _setting(Http2Library.JH2, "which HTTP/2 library serves")


@dataclass(frozen=True, slots=True)
class Option:
    """One setting as the command line and the documentation see it."""

    name: str
    about: str
    default: Any
    is_repeatable: bool
    convert: Callable[[Any], Any]
    choices: tuple[str, ...] = ()

    @property
    def flag(self) -> str:
        """The option of the command line."""
        return "--" + self.name.replace("_", "-")

    @property
    def variable(self) -> str:
        """The environment variable."""
        return ENVIRONMENT_PREFIX + self.name.upper()


def options() -> list[Option]:
    """Every setting, in the order of :class:`Settings`."""
    return [
        Option(
            entry.name,
            entry.metadata["about"],
            entry.default,
            isinstance(entry.default, tuple),
            entry.metadata["convert"],
            tuple(type(entry.default)) if isinstance(entry.default, StrEnum) else (),
        )
        for entry in dataclasses.fields(Settings)
    ]


def load(
    file: Path | None, environment: Mapping[str, str], command_line: Mapping[str, Any]
) -> Settings:
    """Put the settings together.

    Args:
        file: a TOML file, or None.
        environment: environment variables; only those that begin with ``APNSIM_`` and name a
            setting count (unless they are empty), because ``apnsim exec`` sets others.
        command_line: setting name → text or list of texts; None values are left out.

    Raises:
        SettingsError: unknown keys in the file, values that do not fit; all of them.
    """
    problems: list[str] = []
    known = {option.name: option for option in options()}
    raw = _read_file(file, known, problems) if file is not None else {}
    for option in known.values():
        # A variable that is set to nothing (a compose file's ``APNSIM_SAN=``) is not set.
        if text := environment.get(option.variable):
            raw[option.name] = (option.variable, text.split(",") if option.is_repeatable else text)
    for name, value in command_line.items():
        if value is not None:
            raw[name] = (known[name].flag, value)
    converted: dict[str, Any] = {}
    for name, (source, value) in raw.items():
        try:
            converted[name] = known[name].convert(value)
        except ValueError as error:
            culprit = error.culprit if isinstance(error, values.SeveralError) else value
            problems.append(f"{source}: {error}, not {culprit!r}")
    if problems:
        raise SettingsError(problems)
    return Settings(**converted)


def _read_file(
    file: Path, known: Mapping[str, Option], problems: list[str]
) -> dict[str, tuple[str, Any]]:
    try:
        table = tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        problems.append(f"{file}: cannot be read ({error.strerror})")
        return {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        problems.append(f"{file}: not TOML ({error})")
        return {}
    raw: dict[str, tuple[str, Any]] = {}
    for key, value in table.items():
        name = key.replace("-", "_")
        if name in known:
            raw[name] = (f"{file}: {key}", value)
        else:
            problems.append(f"{file}: unknown key {key!r}; see apnsim serve --help for the keys")
    return raw
