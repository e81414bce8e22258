"""Provider tokens and keys, row by row: reference/apns-provider-api.md §4, and §1.6 on binding.

Over TLS to a whole gateway. How the forms of real clients mix is in test_provider_tokens.py.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx
import pytest

from certs.provider_key import ProviderKey
from protocol.notification import Environment
from tests.e2e.world import PRODUCTION, TOPIC
from tests.io.hand_signed import Signer
from tests.io.provider_desk import TEAM, desk

if TYPE_CHECKING:
    from pathlib import Path

    from tests.io.provider_desk import Desk
    from tests.io.streams import Answered

MINUTE = 60
OTHER_TOPIC = "com.example.other"
DEVELOPMENT = frozenset({Environment.DEVELOPMENT})
ONLY_PRODUCTION = frozenset({Environment.PRODUCTION})


def said(answer: Answered) -> tuple[int, str]:
    return answer.status, "" if answer.status == 200 else answer.reason


async def judged(provider: Desk, token: str) -> tuple[int, str]:
    return said(await provider.ask(authorization=f"bearer {token}"))


INVALID = (403, "InvalidProviderToken")
OK = (200, "")


# -- the table of the token ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "header",
    [
        {"alg": "HS256"},
        {"alg": "ES384"},
        {"alg": "none"},
        {"alg": None},
        {"kid": None},
        {"kid": "short"},
        {"kid": "abc123defg"},
    ],
)
async def test_header_alg_is_es256_and_kid_a_ten_character_key_id(
    tmp_path: Path, header: dict[str, Any]
) -> None:
    async with desk(tmp_path) as provider:
        assert await judged(provider, Signer(provider).token(header)) == INVALID


@pytest.mark.parametrize(
    ("claims", "verdict"),
    [
        ({"iss": None}, INVALID),
        ({"iss": "short"}, INVALID),
        ({"iss": "OTHERTEAM1"}, INVALID),
        ({"iat": None}, INVALID),
        ({"iat": "soon"}, INVALID),
        ({"iat": True}, INVALID),
    ],
)
async def test_claims_iss_is_the_team_and_iat_unix_seconds(
    tmp_path: Path, claims: dict[str, Any], verdict: tuple[int, str]
) -> None:
    async with desk(tmp_path) as provider:
        assert await judged(provider, Signer(provider).token(claims=claims)) == verdict


@pytest.mark.parametrize(("seconds", "verdict"), [(3590, OK), (3700, INVALID)])
async def test_claims_iat_is_no_more_than_one_hour_from_now(
    tmp_path: Path, seconds: int, verdict: tuple[int, str]
) -> None:
    async with desk(tmp_path) as provider:
        by = Signer(provider)
        assert await judged(provider, by.token(claims={"iat": by.now + seconds})) == verdict


async def test_transport_is_authorization_bearer_and_base64url_without_padding(
    tmp_path: Path,
) -> None:
    async with desk(tmp_path) as provider:
        token = Signer(provider).token()
        assert "=" not in token
        assert await judged(provider, token) == OK
        for authorization in (token, f"Basic {token}", "bearer", ""):
            answer = await provider.ask(authorization=authorization)
            assert said(answer) == (403, "MissingProviderToken")


async def test_key_file_is_a_p8_in_pkcs8_pem_on_p256(tmp_path: Path) -> None:
    async with desk(tmp_path) as provider:
        file = provider.here.running.signing_key().key_file
        assert file is not None
        assert file.name == f"AuthKey_{provider.key.key_id}.p8"
        assert file.read_text().startswith("-----BEGIN PRIVATE KEY-----\n")
        assert await judged(provider, Signer(provider).token()) == OK


async def test_refresh_at_most_once_per_20_minutes_on_one_connection(tmp_path: Path) -> None:
    async with desk(tmp_path) as provider:
        clock = provider.here.clock
        clock.freeze()
        line, by = await provider.dial(), Signer(provider)
        first, second = (by.token(claims={"iat": by.now - age}) for age in (0, 1))
        ask = provider.ask
        assert said(await ask(line, authorization=f"bearer {first}")) == OK
        clock.advance(20 * MINUTE - 1)
        early = await ask(line, authorization=f"bearer {second}")
        assert said(early) == (429, "TooManyProviderTokenUpdates")
        clock.advance(1)
        assert said(await ask(line, authorization=f"bearer {second}")) == OK


async def test_stale_a_token_older_than_one_hour_is_expired_on_every_request(
    tmp_path: Path,
) -> None:
    async with desk(tmp_path) as provider:
        clock = provider.here.clock
        clock.freeze()
        line, token = await provider.dial(), Signer(provider).token()
        assert said(await provider.ask(line, authorization=f"bearer {token}")) == OK
        clock.advance(3599)
        assert said(await provider.ask(line, authorization=f"bearer {token}")) == OK
        clock.advance(2)
        for _ in range(2):
            answer = await provider.ask(line, authorization=f"bearer {token}")
            assert said(answer) == (403, "ExpiredProviderToken")


# -- what real tokens look like --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("header", "claims", "how"),
    [
        pytest.param({"typ": "JWT"}, {}, {}, id="an extra header typ"),
        pytest.param({}, {"kid": "ABC123DEFG"}, {}, id="an extra claim kid"),
        pytest.param({}, {"iat": str}, {}, id="iat as a quoted number"),
        pytest.param({}, {}, {"der": True}, id="a signature in ASN.1 DER"),
        pytest.param({}, {}, {"der": False}, id="a signature of raw 64 bytes"),
        pytest.param({}, {}, {"indent": 2}, id="white space in the JSON"),
    ],
)
async def test_a_real_token_may_have(
    tmp_path: Path, header: dict[str, Any], claims: dict[str, Any], how: dict[str, Any]
) -> None:
    async with desk(tmp_path) as provider:
        by = Signer(provider)
        given = {name: str(by.now) if value is str else value for name, value in claims.items()}
        assert await judged(provider, by.token(header, given, **how)) == OK


@pytest.mark.parametrize("scheme", ["bearer", "Bearer", "BEARER"])
async def test_the_scheme_may_be_written_in_any_case(tmp_path: Path, scheme: str) -> None:
    async with desk(tmp_path) as provider:
        token = Signer(provider).token()
        assert said(await provider.ask(authorization=f"{scheme} {token}")) == OK


# -- how long and how many -------------------------------------------------------------------------


async def test_the_20_minutes_are_of_what_the_connection_has_seen_not_of_iat(
    tmp_path: Path,
) -> None:
    async with desk(tmp_path) as provider:
        clock = provider.here.clock
        clock.freeze()
        line = await provider.dial()
        old = provider.bearer(age=45 * MINUTE)
        assert said(await provider.ask(line, authorization=old)) == OK
        clock.advance(10 * MINUTE)
        newer = await provider.ask(line, authorization=provider.bearer())
        assert said(newer) == (429, "TooManyProviderTokenUpdates")


async def test_two_tokens_alternating_on_one_connection_are_too_many(tmp_path: Path) -> None:
    async with desk(tmp_path) as provider:
        line = await provider.dial()
        verdicts = [
            said(await provider.ask(line, authorization=provider.bearer(age=age)))
            for age in (0, 1, 0, 1)
        ]
        too_many = (429, "TooManyProviderTokenUpdates")
        assert verdicts == [OK, too_many, OK, too_many]


async def test_different_connections_may_each_hold_their_own_token(tmp_path: Path) -> None:
    async with desk(tmp_path) as provider:
        lines = [await provider.dial() for _ in range(3)]
        for _ in range(2):
            for age, line in enumerate(lines):
                bearer = provider.bearer(age=age)
                assert said(await provider.ask(line, authorization=bearer)) == OK


# -- the table of key kinds (limits: tests/gateway/provider/test_key_kinds.py) ---------------------


async def test_a_legacy_team_key_serves_all_topics_in_both_environments(tmp_path: Path) -> None:
    async with desk(tmp_path) as provider:
        here = provider.here
        bearer = provider.bearer(provider.new_key())
        for environment, sni in (("development", "localhost"), ("production", PRODUCTION)):
            phone = await here.phone(f"{environment} phone", environment=environment)
            for topic in (TOPIC, OTHER_TOPIC):
                token = await here.install(phone, topic)
                line = await provider.dial(sni)
                answer = await provider.ask(
                    line, path=f"/3/device/{token}", authorization=bearer, apns_topic=topic
                )
                assert said(answer) == OK, (environment, topic)


async def test_a_team_scoped_key_serves_all_topics_in_one_environment(tmp_path: Path) -> None:
    async with desk(tmp_path) as provider:
        here = provider.here
        bearer = provider.bearer(provider.new_key(environments=DEVELOPMENT))
        line = await provider.dial()
        phone = await here.phone("another")
        for topic in (TOPIC, OTHER_TOPIC):
            token = await here.install(phone, topic)
            answer = await provider.ask(
                line, path=f"/3/device/{token}", authorization=bearer, apns_topic=topic
            )
            assert said(answer) == OK, topic
        abroad = await provider.ask(await provider.dial(PRODUCTION), authorization=bearer)
        assert said(abroad) == (403, "BadEnvironmentKeyIdInToken")


async def test_a_topic_specific_key_serves_its_topics_in_one_environment(tmp_path: Path) -> None:
    async with desk(tmp_path) as provider:
        key = provider.new_key(environments=DEVELOPMENT, topics=frozenset({TOPIC}))
        bearer = provider.bearer(key)
        line = await provider.dial()
        assert said(await provider.ask(line, authorization=bearer)) == OK
        other = await provider.ask(line, authorization=bearer, apns_topic=OTHER_TOPIC)
        assert said(other) == (400, "TopicDisallowed")
        abroad = await provider.ask(await provider.dial(PRODUCTION), authorization=bearer)
        assert said(abroad) == (403, "BadEnvironmentKeyIdInToken")


async def test_a_key_registered_over_the_control_api_serves_at_once(tmp_path: Path) -> None:
    async with desk(tmp_path) as provider:
        key = ProviderKey.generate(TEAM, "FRESH12345")
        body = {
            "team_id": TEAM,
            "key_id": key.key_id,
            "private_key": key.private_key_pem.decode(),
            "environments": ["development"],
            "topics": [TOPIC],
        }
        url = f"{provider.here.running.console_url}/api/v1/keys"
        async with httpx.AsyncClient(trust_env=False) as console:
            answer = await console.post(url, json=body)
        assert (answer.status_code, answer.json()["kind"]) == (201, "topic-specific")
        assert said(await provider.ask(authorization=provider.bearer(key))) == OK


# -- errors per bad form ---------------------------------------------------------------------------


async def test_no_or_an_empty_header_is_a_missing_token(tmp_path: Path) -> None:
    async with desk(tmp_path) as provider:
        for authorization in (None, "", "bearer "):
            answer = await provider.ask(authorization=authorization)
            assert said(answer) == (403, "MissingProviderToken")


async def test_an_unknown_kid_is_an_invalid_token(tmp_path: Path) -> None:
    async with desk(tmp_path) as provider:
        assert await judged(provider, Signer(provider).token({"kid": "UNKNOWN123"})) == INVALID


async def test_a_bad_signature_is_an_invalid_token(tmp_path: Path) -> None:
    async with desk(tmp_path) as provider:
        forger = ProviderKey.generate(TEAM, provider.key.key_id)
        assert await judged(provider, forger.sign(int(provider.here.clock.now()))) == INVALID


async def test_another_team_than_the_keys_is_an_invalid_token(tmp_path: Path) -> None:
    async with desk(tmp_path) as provider:
        liar = ProviderKey(provider.key.key_id, "OTHERTEAM1", provider.key.private_key)
        assert await judged(provider, liar.sign(int(provider.here.clock.now()))) == INVALID


async def test_an_old_iat_is_an_expired_token(tmp_path: Path) -> None:
    async with desk(tmp_path) as provider:
        answer = await provider.ask(authorization=provider.bearer(age=3602))
        assert said(answer) == (403, "ExpiredProviderToken")


async def test_a_topic_that_the_key_does_not_cover_is_disallowed(tmp_path: Path) -> None:
    async with desk(tmp_path) as provider:
        key = provider.new_key(topics=frozenset({OTHER_TOPIC}))
        answer = await provider.ask(authorization=provider.bearer(key))
        assert said(answer) == (400, "TopicDisallowed")


# -- §1.6: what the first push binds ---------------------------------------------------------------


async def test_a_different_team_later_is_an_error_until_a_new_connection(tmp_path: Path) -> None:
    async with desk(tmp_path) as provider:
        foreign = provider.bearer(provider.new_key(team_id="OTHERTEAM1"))
        line = await provider.dial()
        assert said(await provider.ask(line)) == OK
        assert said(await provider.ask(line, authorization=foreign)) == INVALID
        assert said(await provider.ask(authorization=foreign)) == OK


UNRELATED = (403, "UnrelatedKeyIdInToken")
ABROAD = (403, "BadEnvironmentKeyIdInToken")
HERE: dict[str, Any] = {"environments": DEVELOPMENT}
MINE: dict[str, Any] = {"environments": DEVELOPMENT, "topics": frozenset({TOPIC})}


@pytest.mark.parametrize(
    ("first", "second", "verdict"),
    [
        pytest.param(HERE, MINE, UNRELATED, id="team-scoped, then topic-specific"),
        pytest.param(
            HERE,
            {"environments": ONLY_PRODUCTION},
            ABROAD,
            id="team-scoped, then team-scoped of the other environment",
        ),
        pytest.param(HERE, HERE, OK, id="team-scoped, then team-scoped of this environment"),
        pytest.param(MINE, MINE, UNRELATED, id="topic-specific, then an unrelated one"),
        pytest.param(
            MINE,
            {"environments": ONLY_PRODUCTION, "topics": frozenset({TOPIC})},
            ABROAD,
            id="topic-specific, then a key of the other environment",
        ),
        pytest.param(MINE, HERE, UNRELATED, id="topic-specific, then any team-scoped"),
        pytest.param(MINE, MINE | {"related": True}, OK, id="topic-specific, then its related one"),
        pytest.param({}, {}, UNRELATED, id="legacy, then another legacy"),
        pytest.param({}, HERE, UNRELATED, id="legacy, then team-scoped"),
    ],
)
async def test_after_the_first_push_with_a_key_of_one_kind_a_second_key(
    tmp_path: Path, first: dict[str, Any], second: dict[str, Any], verdict: tuple[int, str]
) -> None:
    async with desk(tmp_path, provider_token_update_seconds=0) as provider:
        one = provider.new_key(key_id="FIRST12345", **first)
        scope = dict(second)
        if scope.pop("related", False):
            scope["related_key_id"] = one.key_id
        two = provider.new_key(key_id="SECOND1234", **scope)
        line = await provider.dial()
        assert said(await provider.ask(line, authorization=provider.bearer(one))) == OK
        assert said(await provider.ask(line, authorization=provider.bearer(two))) == verdict
        assert said(await provider.ask(line, authorization=provider.bearer(one))) == OK


async def test_a_topic_that_is_not_attached_to_the_topic_specific_key_is_an_error(
    tmp_path: Path,
) -> None:
    async with desk(tmp_path) as provider:
        bearer = provider.bearer(provider.new_key(**MINE))
        line = await provider.dial()
        assert said(await provider.ask(line, authorization=bearer)) == OK
        answer = await provider.ask(line, authorization=bearer, apns_topic=OTHER_TOPIC)
        assert said(answer) == (400, "TopicDisallowed")


async def test_both_related_keys_may_be_used_in_turn_on_one_connection(tmp_path: Path) -> None:
    async with desk(tmp_path) as provider:
        one = provider.new_key(key_id="FIRST12345", **MINE)
        two = provider.new_key(**MINE, related_key_id=one.key_id)
        line = await provider.dial()
        for key in (two, one, two, one):
            assert said(await provider.ask(line, authorization=provider.bearer(key))) == OK


async def test_after_revoking_a_key_its_connection_is_of_no_more_use(tmp_path: Path) -> None:
    async with desk(tmp_path) as provider:
        key = provider.new_key()
        line, bearer = await provider.dial(), provider.bearer(key)
        assert said(await provider.ask(line, authorization=bearer)) == OK
        provider.here.gateway.keys.remove(key.key_id)
        assert said(await provider.ask(line, authorization=bearer)) == INVALID
        assert said(await provider.ask(line)) == UNRELATED
        assert said(await provider.ask()) == OK, "with another key on another connection"
