"""The gateway's time, which phones, pushes and provider tokens follow."""

# No "from __future__ import annotations": FastAPI reads the annotations of endpoints at run time.

from fastapi import APIRouter, HTTPException, Request
from pydantic import Field

from gateway.clock import MAX_RATE, MIN_RATE
from gateway.console.api.common import Body, Parts, answer, unless_over
from gateway.console.parts import ConsoleParts
from gateway.console.rendering import Json
from gateway.timekeeper import ClockResetError

router = APIRouter(prefix="/api/v1/clock", tags=["clock"])

# 30,000 years: far beyond any test, and no float loses its seconds.
MAX_SECONDS = 1e12


@answer
class ClockView:
    """``now`` is UNIX seconds; ``rate`` is how fast it goes while it is not frozen.

    ``ahead_seconds`` is how far it is ahead of the machine's clock.
    """

    now: float
    frozen: bool
    rate: float
    ahead_seconds: float


class ClockChange(Body):
    """What is to be changed; what is absent stays. Time moves forward only."""

    now: float | None = Field(default=None, ge=0, le=MAX_SECONDS, description="UNIX seconds.")
    frozen: bool | None = None
    rate: float | None = Field(
        default=None,
        ge=MIN_RATE,
        le=MAX_RATE,
        description="Seconds here in a second of the machine's.",
    )


class Advance(Body):
    """How far to move time."""

    seconds: float = Field(ge=0, le=MAX_SECONDS, examples=[7200])


@router.get("", response_model=ClockView)
async def get_clock(parts: Parts) -> Json:
    """What time it is here."""
    return _answer(parts)


@router.put("", response_model=ClockView)
async def set_clock(parts: Parts, request: Request, body: ClockChange) -> Json:
    """Freeze time, let it run, change its pace, or move it forward to a moment, as `advance`."""
    clock = parts.clock
    if body.now is not None:
        if body.now < clock.now():
            raise HTTPException(
                422,
                f"body.now: time moves forward only, and it is {clock.now()} already;"
                " POST /api/v1/clock/reset makes it the machine's time again",
            )
        _require_ahead(parts, body.now - clock.now(), "now")
    if body.frozen is not None:
        (clock.freeze if body.frozen else clock.resume)()
    if body.rate is not None:
        clock.go_at(body.rate)
    if body.now is not None:
        await _advance(parts, request, max(0.0, body.now - clock.now()))
    return _answer(parts)


@router.post("/advance", response_model=ClockView)
async def advance(parts: Parts, request: Request, body: Advance) -> Json:
    """Move time forward, frozen or not; answers when all that was due meanwhile has happened.

    In order, each at its own second. A month of a hundred phones takes its time: the log says how
    far it has come. Whoever does not wait for the answer stops it where it is.
    """
    _require_ahead(parts, body.seconds, "seconds")
    await _advance(parts, request, body.seconds)
    return _answer(parts)


@router.post("/reset", response_model=ClockView)
async def reset(parts: Parts) -> Json:
    """Be the machine's clock again, running at its pace: the time may go back, no wait does."""
    await parts.timekeeper.reset()
    return _answer(parts)


def _require_ahead(parts: ConsoleParts, seconds: float, field: str) -> None:
    try:
        parts.clock.require_ahead(seconds)
    except ValueError as error:
        raise HTTPException(422, f"body.{field}: {error}") from None


async def _advance(parts: ConsoleParts, request: Request, seconds: float) -> None:
    is_done = was_reset = False
    try:
        is_done = await unless_over(parts, request, lambda: parts.timekeeper.advance(seconds))
    except* ClockResetError:
        was_reset = True
    if was_reset:
        raise HTTPException(409, "the clock was reset meanwhile; it is the machine's again")
    if not is_done:
        raise HTTPException(503, f"the gateway shuts down; time has come to {parts.clock.now()}")


def _answer(parts: ConsoleParts) -> Json:
    clock = parts.clock
    return Json(ClockView(clock.now(), clock.is_frozen, clock.rate, clock.lead))
