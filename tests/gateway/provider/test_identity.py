from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from certs.authority import Authority
from certs.provider_certificate import Kind, ProviderCertificate
from certs.provider_key import ProviderKey
from certs.provider_token import ProviderTokenVerifier
from gateway.provider.certificate import CertificateIdentity
from gateway.provider.identity import ConnectionIdentity, IdentityRules, TokenIdentity
from gateway.provider.keys import KeyRing, RegisteredKey
from protocol.identifiers import Topic
from protocol.notification import Environment
from protocol.provider.rejection import Reason, Rejection
from tests.builders import NOW, TOPIC

TEAM, OTHER_TEAM = "TEAM123456", "OTHER12345"
KEY = ProviderKey.generate(TEAM, "KEY1234567")
SECOND_KEY = ProviderKey.generate(TEAM, "KEY2222222")
FOREIGN_KEY = ProviderKey.generate(OTHER_TEAM, "KEY3333333")
MINUTE = 60
CERTIFICATE = (
    Authority.create()
    .issue_provider(
        replace(ProviderCertificate.of_kind(Kind.APP, str(TOPIC)), for_production=False)
    )
    .chain[0]
    .public_bytes(Encoding.DER)
)


@dataclass
class Connection:
    """One connection to a gateway that knows three keys of two teams."""

    is_lenient: bool = False
    environment: Environment = Environment.DEVELOPMENT
    update_seconds: float = 20 * MINUTE
    key_environments: frozenset[Environment] | None = None
    key_topics: frozenset[str] | None = None
    authentications: int = 0
    keys: KeyRing = field(default_factory=KeyRing)

    def __post_init__(self) -> None:
        self.keys.add(RegisteredKey(KEY.public, self.key_environments, self.key_topics))
        if not self.is_lenient:
            self.keys.add(RegisteredKey(SECOND_KEY.public))
            self.keys.add(RegisteredKey(FOREIGN_KEY.public))
        verifier = ProviderTokenVerifier(self.keys, self.is_lenient)
        rules = IdentityRules(verifier, self.keys, self.update_seconds)
        self.identity = ConnectionIdentity(rules, self.environment, self._authenticated)

    def _authenticated(self) -> None:
        self.authentications += 1

    def push(self, bearer: str, at: float = NOW) -> TokenIdentity:
        identity = self.identity.identify(f"bearer {bearer}", at)
        assert isinstance(identity, TokenIdentity)
        return identity

    def refuses(self, authorization: str | None, at: float = NOW) -> Reason:
        with pytest.raises(Rejection) as refused:
            self.identity.identify(authorization, at)
        bearer = (authorization or "").partition(" ")[2]
        assert refused.value.detail
        assert len(bearer) < 20 or bearer not in refused.value.detail
        return refused.value.reason


def issued(at: float = NOW, key: ProviderKey = KEY) -> str:
    return key.sign(int(at))


# -- the header ------------------------------------------------------------------------------------


@pytest.mark.parametrize("scheme", ["bearer", "Bearer", "BEARER"])
def test_a_bearer_token_says_who_pushes(scheme: str) -> None:
    connection = Connection()
    identity = connection.identity.identify(f"{scheme} {issued()}", NOW)
    assert identity == TokenIdentity(TEAM, KEY.key_id)
    assert identity.may_send_to(TOPIC)


def test_white_space_around_a_token_is_no_part_of_it() -> None:
    assert Connection().push(f"  {issued()} ").team_id == TEAM


@pytest.mark.parametrize(
    "authorization", [None, "", " ", "bearer", "bearer ", "bearer   ", "Basic eDp5", "token"]
)
def test_without_a_bearer_token_it_is_missing(authorization: str | None) -> None:
    assert Connection().refuses(authorization) is Reason.MISSING_PROVIDER_TOKEN


@pytest.mark.parametrize("bearer", ["x", "a.b.c", "..", "é.é.é", "x" * 10_000])
def test_a_token_that_is_none_is_invalid(bearer: str) -> None:
    assert Connection().refuses(f"bearer {bearer}") is Reason.INVALID_PROVIDER_TOKEN


def test_a_token_of_an_unknown_key_is_invalid() -> None:
    stranger = ProviderKey.generate(TEAM, "KEY9999999")
    assert Connection().refuses(f"bearer {issued(key=stranger)}") is Reason.INVALID_PROVIDER_TOKEN


def test_a_key_that_was_removed_is_believed_no_longer_on_the_same_connection() -> None:
    connection, bearer = Connection(), issued()
    connection.push(bearer)
    connection.keys.remove(KEY.key_id)
    assert connection.refuses(f"bearer {bearer}") is Reason.INVALID_PROVIDER_TOKEN


# -- bound by the first push -----------------------------------------------------------------------


def test_the_first_valid_token_binds_the_connection_and_is_announced_once() -> None:
    connection = Connection()
    connection.refuses("bearer nonsense")
    connection.refuses(f"bearer {issued(NOW - 3601)}")
    assert (connection.identity.bound, connection.authentications) == (None, 0)
    bearer = issued()
    for _ in range(3):
        connection.push(bearer)
    assert connection.identity.bound == TokenIdentity(TEAM, KEY.key_id)
    assert connection.authentications == 1


def test_another_key_of_the_team_is_unrelated_on_this_connection() -> None:
    connection = Connection()
    connection.push(issued())
    bearer = issued(key=SECOND_KEY)
    assert connection.refuses(f"bearer {bearer}") is Reason.UNRELATED_KEY_ID_IN_TOKEN
    assert connection.refuses(f"bearer {bearer}", NOW + 30 * MINUTE) is (
        Reason.UNRELATED_KEY_ID_IN_TOKEN
    )
    assert Connection().push(bearer).key_id == SECOND_KEY.key_id


def test_another_team_is_refused_on_this_connection() -> None:
    connection = Connection()
    connection.push(issued())
    bearer = issued(key=FOREIGN_KEY)
    assert connection.refuses(f"bearer {bearer}") is Reason.INVALID_PROVIDER_TOKEN
    assert Connection().push(bearer).team_id == OTHER_TEAM


def test_a_refused_key_does_not_unbind_the_connection() -> None:
    connection, bearer = Connection(), issued()
    connection.push(bearer)
    connection.refuses(f"bearer {issued(key=SECOND_KEY)}")
    connection.refuses(f"bearer {issued(key=FOREIGN_KEY)}")
    assert connection.push(bearer).key_id == KEY.key_id


# -- which second key may serve --------------------------------------------------------------------


DEVELOPMENT = frozenset({Environment.DEVELOPMENT})
KINDS: dict[str, dict[str, Any]] = {
    "team": {},
    "team-scoped": {"environments": DEVELOPMENT},
    "topic-specific": {"environments": DEVELOPMENT, "topics": frozenset({str(TOPIC)})},
}


@pytest.mark.parametrize("second", KINDS)
@pytest.mark.parametrize("first", KINDS)
def test_the_kinds_of_the_first_and_the_second_key_decide(first: str, second: str) -> None:
    connection = Connection(update_seconds=0)
    connection.keys.add(RegisteredKey(KEY.public, **KINDS[first]))
    connection.keys.add(RegisteredKey(SECOND_KEY.public, **KINDS[second]))
    connection.push(issued())
    bearer = issued(key=SECOND_KEY)
    if first == second == "team-scoped":
        assert connection.push(bearer).key_id == SECOND_KEY.key_id
    else:
        assert connection.refuses(f"bearer {bearer}") is Reason.UNRELATED_KEY_ID_IN_TOKEN
    assert connection.push(issued()).key_id == KEY.key_id


@pytest.mark.parametrize("is_first", [True, False])
def test_the_related_key_of_a_topic_specific_key_serves_beside_it_for_its_own_topics(
    is_first: bool,
) -> None:
    connection = Connection()
    connection.keys.add(RegisteredKey(KEY.public, **KINDS["topic-specific"]))
    other = Topic("com.example.other")
    connection.keys.add(
        RegisteredKey(
            SECOND_KEY.public,
            DEVELOPMENT,
            frozenset({str(other)}),
            related_key_id=KEY.key_id,
        )
    )
    pair = (KEY, TOPIC), (SECOND_KEY, other)
    for key, topic in pair if is_first else reversed(pair):
        identity = connection.push(issued(key=key))
        assert identity.key_id == key.key_id
        assert [each for each in (TOPIC, other) if identity.may_send_to(each)] == [topic]


def test_each_of_two_related_keys_renews_its_token_at_its_own_pace() -> None:
    connection = Connection()
    connection.keys.add(RegisteredKey(KEY.public, **KINDS["topic-specific"]))
    related = RegisteredKey(SECOND_KEY.public, **KINDS["topic-specific"], related_key_id=KEY.key_id)
    connection.keys.add(related)
    tokens = issued(), issued(key=SECOND_KEY)
    for _ in range(2):
        for bearer in tokens:
            connection.push(bearer)
    for key in (KEY, SECOND_KEY):
        newer = issued(NOW - 1, key)
        assert connection.refuses(f"bearer {newer}") is Reason.TOO_MANY_PROVIDER_TOKEN_UPDATES


def test_two_team_scoped_keys_share_one_pace() -> None:
    # Apple's staff (forum 702056): tokens of different keys are not told apart.
    connection = Connection()
    for key in (KEY, SECOND_KEY):
        connection.keys.add(RegisteredKey(key.public, DEVELOPMENT))
    connection.push(issued())
    second = issued(key=SECOND_KEY)
    assert connection.refuses(f"bearer {second}") is Reason.TOO_MANY_PROVIDER_TOKEN_UPDATES
    connection.push(second, NOW + 20 * MINUTE)


def test_a_related_key_serves_no_longer_once_the_first_one_is_removed() -> None:
    connection = Connection()
    connection.keys.add(RegisteredKey(KEY.public, **KINDS["topic-specific"]))
    related = RegisteredKey(SECOND_KEY.public, **KINDS["topic-specific"], related_key_id=KEY.key_id)
    connection.keys.add(related)
    connection.push(issued())
    connection.keys.remove(KEY.key_id)
    bearer = issued(key=SECOND_KEY)
    assert connection.refuses(f"bearer {bearer}") is Reason.UNRELATED_KEY_ID_IN_TOKEN


# -- how often tokens change -----------------------------------------------------------------------


def test_a_second_token_within_20_minutes_is_one_too_many() -> None:
    connection = Connection()
    connection.push(issued())
    later = NOW + 20 * MINUTE - 1
    assert connection.refuses(f"bearer {issued(later)}", later) is (
        Reason.TOO_MANY_PROVIDER_TOKEN_UPDATES
    )


def test_a_token_that_a_fault_says_has_expired_may_be_renewed_at_once() -> None:
    connection, old, renewed = Connection(), issued(), issued(NOW - 1)
    connection.identity.expire()  # of a connection that has shown none
    connection.push(old)
    connection.identity.expire()
    connection.push(old)  # of requests that were under way
    connection.push(renewed)
    assert connection.refuses(f"bearer {old}") is Reason.TOO_MANY_PROVIDER_TOKEN_UPDATES


def test_a_second_token_after_20_minutes_is_welcome_and_starts_the_next_20() -> None:
    connection = Connection()
    connection.push(issued())
    later = NOW + 20 * MINUTE
    connection.push(issued(later), later)
    again = later + 19 * MINUTE
    assert connection.refuses(f"bearer {issued(again)}", again) is (
        Reason.TOO_MANY_PROVIDER_TOKEN_UPDATES
    )


def test_the_20_minutes_run_from_when_the_connection_saw_the_token_not_from_its_issue() -> None:
    # Measured (AndrewBarba/apns2#44): first used when 45 minutes old, replaced 10 minutes later.
    connection = Connection()
    connection.push(issued(NOW - 45 * MINUTE))
    later = NOW + 10 * MINUTE
    assert connection.refuses(f"bearer {issued(later)}", later) is (
        Reason.TOO_MANY_PROVIDER_TOKEN_UPDATES
    )


def test_one_token_used_again_and_again_is_no_update() -> None:
    connection, bearer = Connection(), issued()
    for minute in range(60):
        connection.push(bearer, NOW + minute * MINUTE)


def test_two_tokens_in_turn_on_one_connection_are_too_many() -> None:
    # Measured: PyAPNs2#76, one token per topic.
    connection, first, second = Connection(), issued(NOW), issued(NOW - 1)
    connection.push(first)
    assert connection.refuses(f"bearer {second}") is Reason.TOO_MANY_PROVIDER_TOKEN_UPDATES
    connection.push(first)
    assert connection.refuses(f"bearer {second}") is Reason.TOO_MANY_PROVIDER_TOKEN_UPDATES


def test_each_connection_may_have_its_own_token() -> None:
    # aioapns and Pushy sign one per connection, kalyke one per message and connection.
    keys = KeyRing()
    for age in range(10):
        assert Connection(keys=keys).push(issued(NOW - age)).team_id == TEAM


def test_after_the_last_token_expired_a_new_one_is_welcome_at_once() -> None:
    # node-apn signs anew after ExpiredProviderToken and tries again on the same connection.
    connection, old = Connection(), issued(NOW - 50 * MINUTE)
    connection.push(old)
    later = NOW + 11 * MINUTE
    assert connection.refuses(f"bearer {old}", later) is Reason.EXPIRED_PROVIDER_TOKEN
    connection.push(issued(later), later)


def test_a_client_that_replaces_an_expired_token_by_itself_is_not_punished() -> None:
    connection = Connection()
    connection.push(issued(NOW - 50 * MINUTE))
    later = NOW + 11 * MINUTE
    connection.push(issued(later), later)


def test_expired_tokens_never_count_as_seen() -> None:
    connection, bearer = Connection(), issued()
    for age in range(3):
        old = issued(NOW - 3601 - age)
        assert connection.refuses(f"bearer {old}") is Reason.EXPIRED_PROVIDER_TOKEN
    connection.push(bearer)
    assert connection.refuses(f"bearer {issued(NOW - 4000)}") is Reason.EXPIRED_PROVIDER_TOKEN
    connection.push(bearer)


def test_an_expired_token_does_not_open_the_door_for_a_second_valid_one() -> None:
    connection = Connection()
    connection.push(issued())
    connection.refuses(f"bearer {issued(NOW - 3601)}")
    assert connection.refuses(f"bearer {issued(NOW - 1)}") is (
        Reason.TOO_MANY_PROVIDER_TOKEN_UPDATES
    )


def test_the_pace_of_updates_is_a_setting() -> None:
    connection = Connection(update_seconds=0)
    for age in range(3):
        connection.push(issued(NOW - age))


def test_a_token_is_good_for_one_hour() -> None:
    connection, bearer = Connection(), issued()
    connection.push(bearer, NOW + 3600)
    assert connection.refuses(f"bearer {bearer}", NOW + 3601) is Reason.EXPIRED_PROVIDER_TOKEN


# -- what a key is limited to ----------------------------------------------------------------------


def test_a_key_of_the_other_environment_is_refused_and_binds_nothing() -> None:
    production = frozenset({Environment.PRODUCTION})
    connection = Connection(key_environments=production)
    assert connection.refuses(f"bearer {issued()}") is Reason.BAD_ENVIRONMENT_KEY_ID_IN_TOKEN
    assert connection.identity.bound is None
    connection.push(issued(key=SECOND_KEY))


@pytest.mark.parametrize("environment", Environment)
def test_a_key_for_an_environment_serves_there(environment: Environment) -> None:
    connection = Connection(environment=environment, key_environments=frozenset({environment}))
    assert connection.push(issued()).key_id == KEY.key_id


def test_a_key_for_some_topics_may_send_to_those_alone() -> None:
    identity = Connection(key_topics=frozenset({str(TOPIC)})).push(issued())
    assert identity.may_send_to(TOPIC)
    assert not identity.may_send_to(Topic("com.example.other"))


def test_a_change_of_a_keys_scope_counts_from_the_next_push_on() -> None:
    connection, bearer = Connection(), issued()
    assert connection.push(bearer).may_send_to(TOPIC)
    connection.keys.add(RegisteredKey(KEY.public, topics=frozenset({"com.example.other"})))
    assert not connection.push(bearer).may_send_to(TOPIC)


# -- a certificate ---------------------------------------------------------------------------------


def test_a_certificate_says_who_pushes_whatever_the_header_says() -> None:
    connection = Connection()
    connection.identity.show(CERTIFICATE)
    assert connection.authentications == 1
    shown = connection.identity.bound
    assert isinstance(shown, CertificateIdentity)
    for authorization in (None, "", "bearer nonsense", f"bearer {issued(key=FOREIGN_KEY)}"):
        assert connection.identity.identify(authorization, NOW) is shown
    assert connection.authentications == 1


def test_a_certificate_that_is_refused_leaves_the_provider_unknown() -> None:
    connection = Connection(environment=Environment.PRODUCTION)
    with pytest.raises(Rejection) as refused:
        connection.identity.show(CERTIFICATE)
    assert refused.value.reason is Reason.BAD_CERTIFICATE_ENVIRONMENT
    assert (connection.identity.bound, connection.authentications) == (None, 0)
    assert connection.refuses(None) is Reason.MISSING_PROVIDER_TOKEN


# -- lenient ---------------------------------------------------------------------------------------


def test_lenient_believes_an_unknown_key_for_every_topic_and_environment() -> None:
    connection = Connection(is_lenient=True, environment=Environment.PRODUCTION)
    identity = connection.push(issued(key=FOREIGN_KEY))
    assert identity == TokenIdentity(OTHER_TEAM, FOREIGN_KEY.key_id)
    assert identity.may_send_to(TOPIC)


def test_lenient_is_not_careless_about_age_binding_and_known_keys() -> None:
    connection = Connection(is_lenient=True)
    old = issued(NOW - 3601, FOREIGN_KEY)
    assert connection.refuses(f"bearer {old}") is Reason.EXPIRED_PROVIDER_TOKEN
    forged = ProviderKey(KEY.key_id, TEAM, FOREIGN_KEY.private_key)
    assert connection.refuses(f"bearer {issued(key=forged)}") is Reason.INVALID_PROVIDER_TOKEN
    connection.push(issued(key=FOREIGN_KEY))
    assert connection.refuses(f"bearer {issued()}") is Reason.INVALID_PROVIDER_TOKEN
    same_id = ProviderKey(FOREIGN_KEY.key_id, TEAM, FOREIGN_KEY.private_key)
    assert connection.refuses(f"bearer {issued(key=same_id)}") is Reason.INVALID_PROVIDER_TOKEN
