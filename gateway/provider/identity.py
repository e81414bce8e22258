"""Who pushes: by the certificate of the connection, else by the token of each request.

A certificate decides once and for all: Apple ignores ``authorization`` then. A token binds.
Apple, "Establishing a token-based connection to APNs": the first push binds the connection to a
team and its key.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from certs.provider_token import (
    ExpiredProviderTokenError,
    InvalidProviderTokenError,
    ProviderToken,
    ProviderTokenVerifier,
)
from gateway.provider.certificate import CertificateIdentity, identity_in
from gateway.provider.key_kinds import KeyKind
from gateway.provider.token_pace import TokenPace
from protocol.provider.rejection import Reason, Rejection

if TYPE_CHECKING:
    from collections.abc import Callable

    from gateway.provider.contract import ConnectionFacts, ConnectionHandle
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

    @property
    def default_topic(self) -> None:
        """None: with a token each push names its topic."""

    def may_send_to(self, topic: Topic) -> bool:
        """Whether its key covers the topic."""
        return self.topics is None or topic in self.topics


ProviderIdentity: TypeAlias = CertificateIdentity | TokenIdentity


@dataclass(frozen=True, slots=True)
class IdentityRules:
    """What the connections of one gateway have in common.

    Args:
        verifier: checks a token's form, signature and age.
        keys: to which environments and topics a key is limited.
        update_seconds: a new token on a connection sooner than this is refused; 0 = never.
        bad_environment: what a key of the other environment earns; Apple's table and the wire
            may spell it differently.
    """

    verifier: ProviderTokenVerifier
    keys: KeyRing
    update_seconds: float = TOKEN_UPDATE_SECONDS
    bad_environment: Reason = Reason.BAD_ENVIRONMENT_KEY_ID_IN_TOKEN


class ConnectionIdentity:
    """The provider behind one connection: known by its certificate, or bound by its first token.

    Args:
        rules: shared by all connections.
        environment: which environment the connection speaks to.
        authenticated: called once, when the provider is known.
    """

    def __init__(
        self, rules: IdentityRules, environment: Environment, authenticated: Callable[[], None]
    ) -> None:
        self._rules = rules
        self._environment = environment
        self._authenticated = authenticated
        self._pace = TokenPace(rules.update_seconds)
        self._related_pace = TokenPace(rules.update_seconds)
        self._certificate: CertificateIdentity | None = None
        self._bound: TokenIdentity | None = None

    @property
    def bound(self) -> ProviderIdentity | None:
        """By the certificate, or the team and key of the first valid token; None before."""
        return self._certificate or self._bound

    def show(self, certificate: bytes) -> None:
        """Know the provider by the certificate (DER) that TLS has verified.

        Raises:
            Rejection: BadCertificate or BadCertificateEnvironment.
        """
        self._certificate = identity_in(certificate, self._environment)
        self._authenticated()

    def identify(self, authorization: str | None, now: float) -> ProviderIdentity:
        """Who sent a request with this header at this time (UNIX seconds).

        Raises:
            Rejection: one of the seven reasons that concern provider tokens.
        """
        if self._certificate is not None:
            return self._certificate
        bearer = _bearer_of(authorization)
        token = self._verify(bearer, now)
        identity = self._scope(token)
        self._bind(identity).refuse_churn(bearer, token, now)
        return identity

    def expire(self) -> None:
        """A fault has said ExpiredProviderToken: whoever renews on this connection then may.

        node-apn does so at once, as after Apple's own (clients.md 20).
        """
        self._pace.expire()
        self._related_pace.expire()

    def _verify(self, bearer: str, now: float) -> ProviderToken:
        try:
            return self._rules.verifier.verify(bearer, now)
        except ExpiredProviderTokenError as error:
            raise Rejection(Reason.EXPIRED_PROVIDER_TOKEN, str(error)) from None
        except InvalidProviderTokenError as error:
            raise Rejection(Reason.INVALID_PROVIDER_TOKEN, str(error)) from None

    def _scope(self, token: ProviderToken) -> TokenIdentity:
        registered = self._rules.keys.registered(token.key_id)
        if registered is None:  # lenient
            return TokenIdentity(token.team_id, token.key_id)
        if not registered.is_for(self._environment):
            detail = f"key {token.key_id} is not for the {self._environment} environment"
            raise Rejection(self._rules.bad_environment, detail)
        return TokenIdentity(token.team_id, token.key_id, registered.topics)

    def _bind(self, identity: TokenIdentity) -> TokenPace:
        """Bind the connection, or see that it is bound so; the pace at which this key renews."""
        if self._bound is None:
            self._bound = identity
            self._authenticated()
        elif self._bound.team_id != identity.team_id:
            detail = f"the connection belongs to team {self._bound.team_id}; open another one"
            raise Rejection(Reason.INVALID_PROVIDER_TOKEN, detail)
        elif self._bound.key_id != identity.key_id:
            return self._bind_second_key(self._bound.key_id, identity.key_id)
        return self._pace

    def _bind_second_key(self, first_id: str, second_id: str) -> TokenPace:
        """See that a second key may serve beside the first.

        Apple: after a team-scoped key no topic-specific one may, after a topic-specific key nothing
        but its related key. "You can use authentication tokens from both", so each of the two
        renews at its own pace; otherwise APNs "does not distinguish multiple tokens generated using
        different keys" (Apple's staff, developer forum 702056).
        """
        first, second = map(self._rules.keys.registered, (first_id, second_id))
        if first is not None and second is not None:
            if first.kind is second.kind is KeyKind.TEAM_SCOPED:
                return self._pace
            if first.kind is KeyKind.TOPIC_SPECIFIC and first.related_key_id == second_id:
                return self._related_pace
        detail = f"the connection belongs to key {first_id}; open another one"
        raise Rejection(Reason.UNRELATED_KEY_ID_IN_TOKEN, detail)


def meet(
    rules: IdentityRules, facts: ConnectionFacts, handle: ConnectionHandle
) -> ConnectionIdentity:
    """Who is behind a new connection, as far as TLS tells; a bad certificate ends it with GOAWAY.

    Measured (sideshow/apns2#93, ninenines/gun#308): BadCertificateEnvironment comes as GOAWAY with
    last stream 0, before any request is judged, and the socket is closed.
    """
    identity = ConnectionIdentity(rules, facts.environment, handle.authenticated)
    if facts.peer_certificate is not None:
        try:
            identity.show(facts.peer_certificate)
        except Rejection as rejection:
            handle.goaway(rejection.reason.text, rejection.detail)
    return identity


def _bearer_of(authorization: str | None) -> str:
    scheme, _, bearer = (authorization or "").partition(" ")
    # Clients write "bearer" and "Bearer" (hapns, a2); both work in production use.
    if scheme.lower() != "bearer" or not (bearer := bearer.strip()):
        detail = "expected authorization: bearer <provider token>"
        raise Rejection(Reason.MISSING_PROVIDER_TOKEN, detail)
    return bearer
