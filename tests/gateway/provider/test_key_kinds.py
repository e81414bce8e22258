"""Reference §4, table "Key kinds": scope and limits of each (Apple, 2025)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from certs.provider_key import ProviderKey, ProviderPublicKey
from gateway.provider.key_kinds import KeyKind, KeyLimitError
from gateway.provider.keys import KeyRing, RegisteredKey
from protocol.notification import Environment

if TYPE_CHECKING:
    from pathlib import Path

TEAM, OTHER_TEAM = "TEAM123456", "OTHER12345"
ONE = ProviderKey.generate(TEAM, "KEY0000000").public.public_key  # one for all: ids tell keys apart
DEVELOPMENT = frozenset({Environment.DEVELOPMENT})
PRODUCTION = frozenset({Environment.PRODUCTION})
BOTH = frozenset(Environment)
TOPICS = frozenset({"com.example.app"})


def key(number: int = 1, team_id: str = TEAM, **scope: Any) -> RegisteredKey:  # noqa: ANN401
    return RegisteredKey(ProviderPublicKey(f"KEY{number:07}", team_id, ONE), **scope)


def ring_of(*keys: RegisteredKey, file: Path | None = None) -> KeyRing:
    ring = KeyRing(file)
    for each in keys:
        ring.add(each)
    return ring


def refused(ring: KeyRing, new: RegisteredKey) -> str:
    before = list(ring)
    with pytest.raises(KeyLimitError) as raised:
        ring.add(new)
    assert list(ring) == before
    return str(raised.value)


def related_in(ring: KeyRing) -> dict[str, str | None]:
    return {each.key.key_id: each.related_key_id for each in ring}


# -- scope -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("environments", [None, BOTH])
def test_a_legacy_team_key_is_for_all_topics_and_both_environments(
    environments: frozenset[Environment] | None,
) -> None:
    made = key(environments=environments)
    assert made.kind is KeyKind.TEAM
    assert all(map(made.is_for, Environment))
    assert made.topics is None


def test_a_team_scoped_key_is_for_all_topics_in_one_environment() -> None:
    made = key(environments=PRODUCTION)
    assert made.kind is KeyKind.TEAM_SCOPED
    assert [made.is_for(each) for each in Environment] == [False, True]
    assert made.scope == "team-scoped, production"


def test_a_topic_specific_key_is_for_its_topics_in_one_environment() -> None:
    made = key(environments=DEVELOPMENT, topics=TOPICS)
    assert made.kind is KeyKind.TOPIC_SPECIFIC
    assert [made.is_for(each) for each in Environment] == [True, False]
    assert made.scope == "topic-specific, development, 1 topics"


# -- limits ----------------------------------------------------------------------------------------


def test_of_legacy_team_keys_there_may_be_any_number() -> None:
    assert len(ring_of(*(key(number) for number in range(10)))) == 10


def test_of_team_scoped_keys_there_are_two_per_environment_and_team() -> None:
    ring = ring_of(*(key(number, environments=PRODUCTION) for number in (1, 2)))
    complaint = refused(ring, key(3, environments=PRODUCTION))
    assert complaint.startswith("team TEAM123456 has 2 team-scoped keys for production already")
    assert complaint.endswith("remove one first, such as KEY0000001")
    ring.add(key(3, environments=DEVELOPMENT))
    ring.add(key(4, OTHER_TEAM, environments=PRODUCTION))
    ring.add(key(5))
    ring.add(key(6, environments=PRODUCTION, topics=TOPICS))
    ring.add(key(2, environments=PRODUCTION))  # in place of itself
    ring.remove("KEY0000001")
    ring.add(key(7, environments=PRODUCTION))


def test_of_topic_specific_keys_there_are_200_per_environment_and_team() -> None:
    ring = ring_of(*(key(number, environments=PRODUCTION, topics=TOPICS) for number in range(200)))
    complaint = refused(ring, key(200, environments=PRODUCTION, topics=TOPICS))
    assert complaint.startswith("team TEAM123456 has 200 topic-specific keys for production")
    assert "for production" in refused(ring, key(200, topics=TOPICS)), "for both counts for each"
    ring.add(key(200, environments=DEVELOPMENT, topics=TOPICS))
    ring.add(key(201, OTHER_TEAM, environments=PRODUCTION, topics=TOPICS))


def test_a_topic_specific_key_has_400_topics_at_most_and_one_at_least() -> None:
    topics = [f"com.example.app{number}" for number in range(401)]
    ring = ring_of(key(environments=PRODUCTION, topics=frozenset(topics[:400])))
    complaint = refused(ring, key(2, environments=PRODUCTION, topics=frozenset(topics)))
    assert complaint == "a topic-specific key is for 1 to 400 topics, not 401"
    assert "not 0" in refused(ring, key(2, topics=frozenset()))
    assert "one environment at least" in refused(ring, key(2, environments=frozenset()))


# -- the related key -------------------------------------------------------------------------------


def topic_specific(number: int, related: int | None = None, **scope: Any) -> RegisteredKey:  # noqa: ANN401
    scope = {"environments": PRODUCTION, "topics": TOPICS} | scope
    related_key_id = None if related is None else f"KEY{related:07}"
    return key(number, related_key_id=related_key_id, **scope)


def test_a_relation_is_mutual_and_kept(tmp_path: Path) -> None:
    file = tmp_path / "keys.json"
    ring = ring_of(topic_specific(1), topic_specific(2, related=1), file=file)
    mutual = {"KEY0000001": "KEY0000002", "KEY0000002": "KEY0000001"}
    assert related_in(ring) == related_in(KeyRing(file)) == mutual


def test_a_topic_specific_key_has_one_related_key_at_most() -> None:
    ring = ring_of(topic_specific(1), topic_specific(2, related=1))
    for related in (1, 2):
        complaint = refused(ring, topic_specific(3, related=related))
        assert "is related to" in complaint
        assert "Apple allows one" in complaint


@pytest.mark.parametrize("gone", [1, 2])
def test_who_loses_its_related_key_may_have_another(gone: int) -> None:
    ring = ring_of(topic_specific(1), topic_specific(2, related=1))
    ring.remove(f"KEY{gone:07}")
    left = 3 - gone
    assert related_in(ring) == {f"KEY{left:07}": None}
    ring.add(topic_specific(3, related=left))


def test_a_key_that_is_registered_anew_says_anew_to_what_it_is_related() -> None:
    ring = ring_of(topic_specific(1), topic_specific(2, related=1), topic_specific(3))
    ring.add(topic_specific(2, related=3))
    assert related_in(ring) == {
        "KEY0000001": None,
        "KEY0000002": "KEY0000003",
        "KEY0000003": "KEY0000002",
    }
    ring.add(topic_specific(2))
    assert set(related_in(ring).values()) == {None}


@pytest.mark.parametrize(
    ("new", "complaint"),
    [
        (topic_specific(3, related=3), "has no other key KEY0000003"),
        (topic_specific(3, related=9), "has no other key KEY0000009"),
        (topic_specific(3, related=1, team_id=OTHER_TEAM), "has no other key KEY0000001"),
        (topic_specific(3, related=1, environments=DEVELOPMENT), "topic-specific, production, 1"),
        (topic_specific(3, related=2), "the key KEY0000002 is team-scoped, production;"),
        (topic_specific(3, related=1, topics=None), "only a topic-specific key has a related"),
    ],
)
def test_a_relation_is_between_topic_specific_keys_of_one_team_and_environment(
    new: RegisteredKey, complaint: str
) -> None:
    assert complaint in refused(ring_of(topic_specific(1), key(2, environments=PRODUCTION)), new)
