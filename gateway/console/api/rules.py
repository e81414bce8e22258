"""Fault rules: what goes wrong on purpose, when, and how often it has."""

# No "from __future__ import annotations": FastAPI reads the annotations of endpoints at run time.
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Response
from pydantic import Field, ValidationError, ValidatorFunctionWrapHandler, WrapValidator
from pydantic_core import InitErrorDetails, PydanticCustomError

from gateway.console.api.common import Body, OneTenant, Parts, answer, number_of
from gateway.console.rendering import Json
from gateway.faults.book import Entry
from gateway.faults.match import Match
from gateway.faults.reading import read_rule, told
from gateway.faults.rule import Action, Rule
from gateway.faults.words import RuleError

router = APIRouter(prefix="/api/v1/rules", tags=["rules"])


def _read(body: object, _: ValidatorFunctionWrapHandler) -> Rule:
    try:
        return read_rule(body)
    except RuleError as error:
        mistakes = [_at(where, what) for where, what in error.mistakes]
        raise ValidationError.from_exception_data("Rule", mistakes) from None


def _at(where: str, what: str) -> InitErrorDetails:
    # The message is a value of its template: braces in it are no places for others.
    error = PydanticCustomError("rule", "{what}", {"what": what})
    return InitErrorDetails(type=error, loc=tuple(where.split(".")) if where else (), input=None)


# FastAPI documents the rule; its mistakes are told as those of the file and the command line are.
NewRule = Annotated[Rule, WrapValidator(_read)]


@answer
class RuleView:
    """A rule, and what became of it.

    ``seen`` counts the occasions that it was for, ``hits`` those that it struck. A rule that is
    ``spent`` strikes no more, nor does one that is not ``enabled``. ``missed``: why it was not for
    the last occasion that it was asked about, such as ``topic was 'com.example.app'``; empty if it
    was, or none has come yet.
    """

    id: str
    match: Match
    action: Action | list[Action]
    times: int | None
    probability: float
    after: int
    priority: int
    seed: int | None
    enabled: bool
    seen: int
    hits: int
    spent: bool
    missed: str


class RuleChange(Body):
    """What is to be changed; what is absent stays."""

    enabled: bool | None = Field(default=None, description="false: it rests, and keeps its counts.")
    priority: int | None = Field(
        default=None, description="The greatest is asked first.", ge=-(2**31), lt=2**31
    )


@router.get("", response_model=list[RuleView])
async def list_rules(parts: Parts, tenant: OneTenant) -> Json:
    """Every rule, or those that can strike one app only, in the order in which they are asked."""
    entries = parts.rules if tenant is None else parts.rules.of(tenant)
    return Json([_view(entry) for entry in entries])


@router.get("/{rule_id}", response_model=RuleView)
async def get_rule(parts: Parts, rule_id: str) -> Json:
    """One rule."""
    return Json(_view(_require(parts, rule_id)))


@router.post("", response_model=RuleView, status_code=201)
async def make_rule(parts: Parts, body: NewRule) -> Json:
    """From now on this fault, too."""
    entry = parts.rules.add(body)
    return Json(_view(entry), 201, {"location": f"/api/v1/rules/{entry.number}"})


@router.patch("/{rule_id}", response_model=RuleView)
async def change_rule(parts: Parts, rule_id: str, body: RuleChange) -> Json:
    """Let a rule rest, let it strike again, or ask it earlier or later than others."""
    entry = _require(parts, rule_id)
    parts.rules.change(entry, enabled=body.enabled, priority=body.priority)
    return Json(_view(entry))


@router.delete("", status_code=204, response_class=Response)
async def delete_rules(parts: Parts, tenant: OneTenant) -> Response:
    """No faults any more, or none of those that can strike one app only."""
    parts.rules.clear(tenant)
    return Response(status_code=204)


@router.delete("/{rule_id}", status_code=204, response_class=Response)
async def delete_rule(parts: Parts, rule_id: str) -> Response:
    """This fault no more; what it has begun on open connections goes on."""
    parts.rules.remove(_require(parts, rule_id).number)
    return Response(status_code=204)


def _require(parts: Parts, rule_id: str) -> Entry:
    entry = parts.rules.get(number_of(rule_id))
    if entry is None:
        raise HTTPException(404, f"there is no rule {rule_id[:80]!r}")
    return entry


def _view(entry: Entry) -> dict[str, Any]:
    rule = entry.rule
    limits = {"times": rule.times, "probability": rule.probability, "after": rule.after}
    told_so = {"id": str(entry.number), **limits, "priority": rule.priority, "seed": rule.seed}
    counted: dict[str, Any] = {"seen": entry.seen, "hits": entry.hits, "spent": entry.is_spent}
    counted |= {"enabled": entry.is_enabled, "missed": entry.missed}
    return {**told_so, **told(rule), **counted}
