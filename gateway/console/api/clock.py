"""The gateway's time: expirations, token ages and time stamps follow it."""

# No "from __future__ import annotations": FastAPI reads the annotations of endpoints at run time.
from dataclasses import dataclass

from fastapi import APIRouter, HTTPException
from pydantic import Field

from gateway.clock import Clock
from gateway.console.api.common import Body, Parts
from gateway.console.rendering import Json

router = APIRouter(prefix="/api/v1/clock", tags=["clock"])

# 30,000 years: far beyond any test, and no float loses its seconds.
MAX_SECONDS = 1e12


@dataclass(frozen=True, slots=True)
class ClockView:
    """``now`` is UNIX seconds; ``rate`` is how fast it goes while it is not frozen."""

    now: float
    frozen: bool
    rate: float


class ClockChange(Body):
    """What is to be changed; what is absent stays. Time moves forward only."""

    now: float | None = Field(default=None, ge=0, le=MAX_SECONDS, description="UNIX seconds.")
    frozen: bool | None = None
    rate: float = Field(default=1, ge=1, le=1, description="Time goes at its own pace: 1.")


class Advance(Body):
    """How far to move time."""

    seconds: float = Field(ge=0, le=MAX_SECONDS, examples=[7200])


@router.get("", response_model=ClockView)
async def get_clock(parts: Parts) -> Json:
    """What time it is here."""
    return _answer(parts.clock)


@router.put("", response_model=ClockView)
async def set_clock(parts: Parts, body: ClockChange) -> Json:
    """Freeze time, let it run, or move it forward to a moment."""
    clock = parts.clock
    if body.now is not None and body.now < clock.now():
        detail = f"body.now: time moves forward only, and it is {clock.now()} already"
        raise HTTPException(422, detail)
    if body.frozen is not None:
        (clock.freeze if body.frozen else clock.resume)()
    if body.now is not None:
        clock.advance(max(0.0, body.now - clock.now()))
    return _answer(clock)


@router.post("/advance", response_model=ClockView)
async def advance(parts: Parts, body: Advance) -> Json:
    """Move time forward, frozen or not."""
    parts.clock.advance(body.seconds)
    return _answer(parts.clock)


def _answer(clock: Clock) -> Json:
    return Json(ClockView(clock.now(), clock.is_frozen, 1))
