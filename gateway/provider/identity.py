"""Who pushes: the provider token of a request, and what its connection is bound to.

Apple, "Establishing a token-based connection to APNs": the first push binds the connection to a
team and its key; tokens are to be refreshed "no more than once every 20 minutes", which is
counted by what the connection has seen, not by ``iat`` (measured: AndrewBarba/apns2#44).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from certs.provider_token import (
    LIFETIME_SECONDS,
    ExpiredProviderTokenError,
    InvalidProviderTokenError,
    ProviderToken,
    ProviderTokenVerifier,
)
from protocol.provider.rejection import Reason, Rejection

if TYPE_CHECKING:
    from collections.abc import Callable

    from gateway.provider.keys import KeyRing
    from protocol.identifiers import Topic
    from protocol.notification import Environment

TOKEN_UPDATE_SECONDS = 20 * 60


@dataclass(frozen=True, slots=True)
class TokenIdentity:
    """A provider that proved itself with a token; ``topics`` None means all of its team's."""

    team_id: str
    key_id: str
    topics: frozenset[str] | None = None

    def may_send_to(self, topic: Topic) -> bool:
        """Whether its key covers the topic."""
        return self.topics is None or topic in self.topics


@dataclass(frozen=True, slots=True)
class IdentityRules:
    """What the connections of one gateway have in common.

    Args:
        verifier: checks a token's form, signature and age.
        keys: to which environments and topics a key is limited.
        update_seconds: a new token on a connection sooner than this is refused; 0 = never.
    """

    verifier: ProviderTokenVerifier
    keys: KeyRing
    update_seconds: float = TOKEN_UPDATE_SECONDS


class ConnectionIdentity:
    """The provider behind one connection, bound by its first valid token.

    Args:
        rules: shared by all connections.
        environment: which environment the connection speaks to.
        authenticated: called once, at the first valid token.
    """

    def __init__(
        self, rules: IdentityRules, environment: Environment, authenticated: Callable[[], None]
    ) -> None:
        self._rules = rules
        self._environment = environment
        self._authenticated = authenticated
        self._bearer = ""
        self._seen_at = 0.0
        self._expires_at = 0.0
        self._bound: TokenIdentity | None = None

    @property
    def bound(self) -> TokenIdentity | None:
        """The team and key of the first valid token; None before."""
        return self._bound

    def identify(self, authorization: str | None, now: float) -> TokenIdentity:
        """Who sent a request with this header at this time (UNIX seconds).

        Raises:
            Rejection: one of the seven reasons that concern provider tokens.
        """
        bearer = _bearer_of(authorization)
        token = self._verify(bearer, now)
        identity = self._scope(token)
        self._bind(identity)
        self._refuse_churn(bearer, token, now)
        return identity

    def _verify(self, bearer: str, now: float) -> ProviderToken:
        try:
            return self._rules.verifier.verify(bearer, now)
        except ExpiredProviderTokenError as error:
            raise Rejection(Reason.EXPIRED_PROVIDER_TOKEN, str(error)) from None
        except InvalidProviderTokenError as error:
            raise Rejection(Reason.INVALID_PROVIDER_TOKEN, str(error)) from None

    def _scope(self, token: ProviderToken) -> TokenIdentity:
        environments, topics = self._rules.keys.scope_of(token.key_id)
        if environments is not None and self._environment not in environments:
            detail = f"key {token.key_id} is not for the {self._environment} environment"
            raise Rejection(Reason.BAD_ENVIRONMENT_KEY_ID_IN_TOKEN, detail)
        return TokenIdentity(token.team_id, token.key_id, topics)

    def _bind(self, identity: TokenIdentity) -> None:
        if self._bound is None:
            self._bound = identity
            self._authenticated()
        elif self._bound.team_id != identity.team_id:
            detail = f"the connection belongs to team {self._bound.team_id}; open another one"
            raise Rejection(Reason.INVALID_PROVIDER_TOKEN, detail)
        elif self._bound.key_id != identity.key_id:
            detail = f"the connection belongs to key {self._bound.key_id}; open another one"
            raise Rejection(Reason.UNRELATED_KEY_ID_IN_TOKEN, detail)

    def _refuse_churn(self, bearer: str, token: ProviderToken, now: float) -> None:
        if bearer == self._bearer:
            return
        # A token that has expired since must be replaced: node-apn does so on this connection.
        is_early = now - self._seen_at < self._rules.update_seconds and now <= self._expires_at
        if self._bearer and is_early:
            minutes = self._rules.update_seconds / 60
            detail = f"a second provider token on one connection within {minutes:g} minutes"
            raise Rejection(Reason.TOO_MANY_PROVIDER_TOKEN_UPDATES, detail)
        self._bearer, self._seen_at = bearer, now
        self._expires_at = token.issued_at + LIFETIME_SECONDS


def _bearer_of(authorization: str | None) -> str:
    scheme, _, bearer = (authorization or "").partition(" ")
    # Clients write "bearer" and "Bearer" (hapns, a2); both work in production use.
    if scheme.lower() != "bearer" or not (bearer := bearer.strip()):
        detail = "expected authorization: bearer <provider token>"
        raise Rejection(Reason.MISSING_PROVIDER_TOKEN, detail)
    return bearer
