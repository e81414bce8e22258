"""The kinds of authentication keys, and how many of each a team may have.

Apple, "Establishing a token-based connection to APNs" (2025): a *team-scoped* key is for every
topic of its team in one environment, two of them at most per environment; a *topic-specific* key is
for up to 400 topics in one environment, up to 200 of them per environment, and may have one related
key there. Keys of before 2025 are for every topic in both environments and are still supported.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Final, TypedDict

from protocol.notification import Environment

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gateway.provider.keys import RegisteredKey

TOPICS_PER_KEY: Final = 400


class KeyKind(StrEnum):
    """What a key is limited to, in Apple's words; ``team`` is the kind of before 2025."""

    TEAM = "team"
    TEAM_SCOPED = "team-scoped"
    TOPIC_SPECIFIC = "topic-specific"


KEYS_PER_ENVIRONMENT: Final = {KeyKind.TEAM_SCOPED: 2, KeyKind.TOPIC_SPECIFIC: 200}


class KeyLimits(TypedDict, total=False):
    """To what a key is limited: absent or None is "not"."""

    environments: frozenset[Environment] | None
    topics: frozenset[str] | None
    related_key_id: str | None


class KeyLimitError(ValueError):
    """The key cannot be registered beside those that are; says why, and what to do."""


def refuse_beyond_limits(new: RegisteredKey, others: Iterable[RegisteredKey]) -> None:
    """Apple would not hand out this key to its team.

    Args:
        new: the key.
        others: those of all teams, without the new one.

    Raises:
        KeyLimitError: there are too many, or the relation is none that Apple knows.
    """
    if new.environments is not None and not new.environments:
        raise KeyLimitError("a key is for one environment at least; leave it out for both")
    if new.topics is not None and not 0 < len(new.topics) <= TOPICS_PER_KEY:
        raise KeyLimitError(
            f"a topic-specific key is for 1 to {TOPICS_PER_KEY} topics, not {len(new.topics)}"
        )
    team = [other for other in others if other.key.team_id == new.key.team_id]
    for environment in sorted(new.environments or Environment):
        _refuse_too_many(new, team, environment)
    if new.related_key_id is not None:
        _refuse_unfit_relation(new, team)


def _refuse_too_many(
    new: RegisteredKey, team: list[RegisteredKey], environment: Environment
) -> None:
    most = KEYS_PER_ENVIRONMENT.get(new.kind)
    alike = [each for each in team if each.kind is new.kind and each.is_for(environment)]
    if most is not None and len(alike) >= most:
        raise KeyLimitError(
            f"team {new.key.team_id} has {len(alike)} {new.kind} keys for {environment} already,"
            f" as many as Apple allows; remove one first, such as {alike[0].key.key_id}"
        )


def _refuse_unfit_relation(new: RegisteredKey, team: list[RegisteredKey]) -> None:
    key_id = new.related_key_id
    related = next((each for each in team if each.key.key_id == key_id), None)
    if new.kind is not KeyKind.TOPIC_SPECIFIC:
        raise KeyLimitError("only a topic-specific key has a related key; give it topics")
    if related is None:
        raise KeyLimitError(
            f"team {new.key.team_id} has no other key {key_id}; register that one first"
        )
    if related.kind is not KeyKind.TOPIC_SPECIFIC or related.environments != new.environments:
        raise KeyLimitError(
            f"the key {key_id} is {related.scope}; a related key is a topic-specific one for the"
            f" same environment, and this one is {new.scope}"
        )
    if related.related_key_id is not None:
        raise KeyLimitError(
            f"the key {key_id} is related to {related.related_key_id} already; Apple allows one"
        )
