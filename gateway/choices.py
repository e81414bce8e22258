"""The settings that are a choice between words."""

from __future__ import annotations

from enum import StrEnum

from protocol.provider.rejection import Reason


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


class PowerHold(StrEnum):
    """What becomes of pushes of priority 5 and 1 to a device that nobody uses."""

    HOLD = "hold"
    DELIVER = "deliver"


class InBandFaults(StrEnum):
    """Whether a push may ask for its own fault."""

    OFF = "off"
    ON = "on"


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
