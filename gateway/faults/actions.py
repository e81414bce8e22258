"""What may be done to the answer of a request, and when it comes."""

# No "from __future__ import annotations": pydantic reads the annotations at run time.
import json
import random
import re
from enum import StrEnum
from typing import Annotated, ClassVar, Literal

from pydantic import Field, field_validator, model_validator
from pydantic.dataclasses import dataclass

from gateway.faults.basics import STRICT, Act, RequestAct, Seconds
from protocol.provider.rejection import Reason

_REASONS = {reason.text: reason for reason in Reason}

# What a status means when no reason is given: the reason that field reports name most.
_USUAL = {
    400: Reason.BAD_DEVICE_TOKEN,
    403: Reason.EXPIRED_PROVIDER_TOKEN,
    404: Reason.BAD_PATH,
    405: Reason.METHOD_NOT_ALLOWED,
    410: Reason.UNREGISTERED,
    413: Reason.PAYLOAD_TOO_LARGE,
    429: Reason.TOO_MANY_REQUESTS,
    500: Reason.INTERNAL_SERVER_ERROR,
    503: Reason.SERVICE_UNAVAILABLE,
}

_HEADER_NAME = re.compile(r"[a-z0-9!#$%&'*+.^_`|~-]+", re.ASCII)
_HEADER_VALUE = re.compile(r"[\x20-\x7e\t]*", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True, config=STRICT)
class Answer(RequestAct):
    """Answer so: any status, any reason.

    ``status`` or ``reason`` may be left out: Apple's table tells the other. ``timestamp`` is sent
    as it is; a 410 without one bears the current time (milliseconds). ``headers`` are added, or
    replace what would be there, or with null remove it. ``body`` replaces the whole JSON.
    """

    type: Literal["answer"]
    status: int | None = Field(default=None, ge=200, le=599)
    reason: str | None = Field(default=None, max_length=200)
    timestamp: int | float | str | None = None
    retry_after: int | str | None = None
    headers: dict[str, str | None] = Field(default_factory=dict)
    body: str | None = None

    @field_validator("headers")
    @classmethod
    def _can_be_sent(cls, headers: dict[str, str | None]) -> dict[str, str | None]:
        for name, value in headers.items():
            if _HEADER_NAME.fullmatch(name) is None:
                raise ValueError(f"a header name is in lower case, without a colon; not {name!r}")
            if value is not None and _HEADER_VALUE.fullmatch(value) is None:
                raise ValueError(f"the value of {name} is one line of ASCII, not {value!r}")
        return headers

    @model_validator(mode="after")
    def _has_a_status(self) -> "Answer":
        if self.status is None and self.reason not in _REASONS:
            said = "no status" if self.reason is None else f"no reason of Apple's: {self.reason!r}"
            raise ValueError(f"{said}; say a status, such as 503")
        return self

    @property
    def code(self) -> int:
        """The HTTP status."""
        if self.status is not None:
            return self.status
        assert self.reason is not None
        return _REASONS[self.reason].status

    @property
    def word(self) -> str:
        """The reason; empty when there is none."""
        if self.reason is not None:
            return self.reason
        usual = _USUAL.get(self.code)
        return usual.text if usual else ""

    def content(self, now: float) -> bytes:
        """The body at a time, UNIX seconds."""
        if self.body is not None:
            return self.body.encode()
        said: dict[str, object] = {"reason": self.word} if self.word else {}
        if self.timestamp is not None:
            said["timestamp"] = self.timestamp
        elif self.code == Reason.UNREGISTERED.status:
            said["timestamp"] = round(now * 1000)
        return json.dumps(said, separators=(",", ":")).encode() if said else b""

    def __str__(self) -> str:
        return f"answer {self.code} {self.word}".rstrip()


class OutageReason(StrEnum):
    """Apple's two words for it."""

    SERVICE_UNAVAILABLE = Reason.SERVICE_UNAVAILABLE.text
    SHUTDOWN = Reason.SHUTDOWN.text


@dataclass(frozen=True, slots=True, kw_only=True, config=STRICT)
class Outage(Act):
    """Answer every request 503 until the rule is deleted.

    ``Shutdown`` is said as by a server that goes away: GOAWAY follows, and the connection ends.
    """

    type: Literal["outage"]
    reason: OutageReason = OutageReason.SERVICE_UNAVAILABLE

    def __str__(self) -> str:
        return f"outage, 503 {self.reason}"


@dataclass(frozen=True, slots=True, kw_only=True, config=STRICT)
class Uniform:
    """Evenly between two values, in seconds."""

    type: Literal["uniform"]
    lower: Seconds
    upper: Seconds

    @model_validator(mode="after")
    def _is_a_range(self) -> "Uniform":
        if self.upper < self.lower:
            raise ValueError("upper is less than lower")
        return self

    def draw(self, dice: random.Random) -> float:
        """One value."""
        return dice.uniform(self.lower, self.upper)


@dataclass(frozen=True, slots=True, kw_only=True, config=STRICT)
class LogNormal:
    """Mostly near the median (seconds), with a long tail; ``sigma`` 0.1 is short, 1 is long."""

    type: Literal["lognormal"]
    median: float = Field(gt=0, le=1e6)
    sigma: float = Field(ge=0, le=5)

    def draw(self, dice: random.Random) -> float:
        """One value."""
        return self.median * dice.lognormvariate(0, self.sigma)


Distribution = Annotated[Uniform | LogNormal, Field(discriminator="type")]


@dataclass(frozen=True, slots=True, kw_only=True, config=STRICT)
class Delay(Act):
    """Wait; then later rules and the gateway go on.

    ``holds``: the ``answer``, while the push is taken at once; or the ``request``, before anything
    has looked at it. ``jitter``: so many seconds more or less, at random.
    """

    is_transparent: ClassVar[bool] = True

    type: Literal["delay"]
    seconds: Seconds | Distribution
    jitter: Seconds = 0
    holds: Literal["answer", "request"] = "answer"

    def draw(self, dice: random.Random) -> float:
        """How long, this time."""
        if isinstance(self.seconds, Uniform | LogNormal):
            seconds = self.seconds.draw(dice)
        else:
            seconds = self.seconds
        if self.jitter:
            seconds += dice.uniform(-self.jitter, self.jitter)
        return max(0.0, seconds)

    def __str__(self) -> str:
        return f"delay the {self.holds}"


@dataclass(frozen=True, slots=True, kw_only=True, config=STRICT)
class NeverAnswer(RequestAct):
    """Leave the stream open for ever."""

    bends: ClassVar[bool] = True

    type: Literal["never-answer"]

    @property
    def is_answered(self) -> bool:
        """Never."""
        return False

    def __str__(self) -> str:
        return "never answer"


@dataclass(frozen=True, slots=True, kw_only=True, config=STRICT)
class Pass(Act):
    """Let it be, and ask no other rule: an exception, or a step of a sequence."""

    type: Literal["pass"]

    @property
    def takes(self) -> bool:
        """Nothing is done to it."""
        return True

    def __str__(self) -> str:
        return "pass"
