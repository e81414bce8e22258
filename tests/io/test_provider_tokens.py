"""Provider tokens as real clients make them, over TLS to a whole gateway (clients.md §2, 2 to 4).

One test per row of the tables is in test_provider_keys.py.
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

from protocol.provider.rejection import Reason
from tests.io.hand_signed import Signer, part
from tests.io.provider_desk import desk

if TYPE_CHECKING:
    from pathlib import Path


async def test_b2_b3_every_form_that_real_clients_send_is_accepted(tmp_path: Path) -> None:
    async with desk(tmp_path) as provider:
        by = Signer(provider)
        forms = {
            "PyJWT": by.token({"typ": "JWT"}),
            "Go and Rust: no typ": by.token(),
            "Pushy, openssl: ASN.1 DER": by.token(der=True),
            "APNSwift, kalyke: iat is text": by.token(claims={"iat": str(by.now)}),
            "APNSwift: kid among the claims": by.token(claims={"kid": provider.key.key_id}),
            "PyAPNs2: iat is no whole number": by.token(claims={"iat": by.now + 0.345}),
            "Apple's shell script: white space": by.token(indent=2, der=True),
        }
        for form, token in forms.items():
            for scheme in ("bearer", "Bearer"):
                answer = await provider.ask(authorization=f"{scheme} {token}")
                assert answer.status == 200, (form, scheme, answer.body)


async def test_every_bad_form_is_named_by_its_reason(tmp_path: Path) -> None:
    """reference/apns-provider-api.md §4, last paragraph."""
    async with desk(tmp_path) as provider:
        by = Signer(provider)
        good = by.token()
        forms = [
            ("", Reason.MISSING_PROVIDER_TOKEN),
            ("bearer", Reason.MISSING_PROVIDER_TOKEN),
            ("Basic QQ==", Reason.MISSING_PROVIDER_TOKEN),
            (good, Reason.MISSING_PROVIDER_TOKEN),  # without the scheme
            ("bearer x", Reason.INVALID_PROVIDER_TOKEN),
            (f"bearer {by.token({'alg': 'HS256'})}", Reason.INVALID_PROVIDER_TOKEN),
            (f"bearer {by.token({'kid': 'UNKNOWN123'})}", Reason.INVALID_PROVIDER_TOKEN),
            (f"bearer {by.token(claims={'iss': 'OTHERTEAM1'})}", Reason.INVALID_PROVIDER_TOKEN),
            (f"bearer {by.token(claims={'iat': 'now'})}", Reason.INVALID_PROVIDER_TOKEN),
            (f"bearer {by.token(claims={'iat': None})}", Reason.INVALID_PROVIDER_TOKEN),
            (f"bearer {by.token(claims={'iat': by.now + 3700})}", Reason.INVALID_PROVIDER_TOKEN),
            (f"bearer {by.token(claims={'iat': by.now - 3602})}", Reason.EXPIRED_PROVIDER_TOKEN),
            (f"bearer {_with_other_claims(good)}", Reason.INVALID_PROVIDER_TOKEN),
        ]
        line = await provider.dial()
        for authorization, reason in forms:
            answer = await provider.ask(line, authorization=authorization)
            assert (answer.status, answer.reason) == (reason.status, reason.text), authorization
        assert (await provider.ask(line, authorization=f"bearer {good}")).status == 200


def _with_other_claims(token: str) -> str:
    header, claims, signature = token.split(".")
    text = base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4))
    return ".".join((header, part(text + b" "), signature))


async def test_b4_a_token_per_message_and_connection_is_no_churn(tmp_path: Path) -> None:
    """kalyke and django-push-notifications sign and dial anew for each push."""
    async with desk(tmp_path) as provider:
        by = Signer(provider)
        for age in range(10):
            token = by.token(claims={"iat": by.now - age})
            assert (await provider.ask(authorization=f"bearer {token}")).status == 200


async def test_b20_after_an_expired_token_a_fresh_one_serves_on_the_same_connection(
    tmp_path: Path,
) -> None:
    """node-apn signs again and retries at once, where it is."""
    async with desk(tmp_path) as provider:
        by = Signer(provider)
        line = await provider.dial()
        old, fresh = by.token(), by.token(claims={"iat": by.now + 3300})
        assert (await provider.ask(line, authorization=f"bearer {old}")).status == 200
        provider.here.clock.advance(3605)
        refused = await provider.ask(line, authorization=f"bearer {old}")
        assert (refused.status, refused.reason) == (403, "ExpiredProviderToken")
        assert (await provider.ask(line, authorization=f"bearer {fresh}")).status == 200
        assert line.goaways == []


async def test_b19_retries_at_once_make_a_limit_no_stricter(tmp_path: Path) -> None:
    """node-apn asks four times in a row, whatever the answer said."""
    async with desk(tmp_path, max_pushes_per_token_per_second=2) as provider:
        clock = provider.here.clock
        clock.freeze()
        line = await provider.dial()
        for _ in range(3):
            answers = [(await provider.ask(line)).status for _ in range(6)]
            assert answers == [200, 200, 429, 429, 429, 429]
            clock.advance(1)
        assert line.goaways == []


async def test_b28_a_retry_with_the_same_apns_id_may_be_the_same_push(tmp_path: Path) -> None:
    """aioapns sends its request again with the id that it had."""
    for seconds, expected in ((0, ["Hello", "Hello"]), (3600, ["Hello"])):
        async with desk(tmp_path / str(seconds), same_apns_id_seconds=seconds) as provider:
            here = provider.here
            [phone] = here.devices.list_devices()
            answers = [await provider.ask() for _ in range(2)]
            assert [answer.status for answer in answers] == [200, 200]
            # What comes last is all that still could come.
            last = await here.install(phone.id, "com.example.last")
            await here.pushes(last, "last", apns_topic="com.example.last")
            await here.received(phone.id, 1, "com.example.last")
            assert await here.received(phone.id, len(expected)) == expected
