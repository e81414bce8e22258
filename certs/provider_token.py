"""A provider token: bearer text in, who sent it out, or one of two refusals.

reference/apns-provider-api.md §4; how the text is read is in ``token_text``.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import replace
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

from certs.token_text import (
    ExpiredProviderTokenError,
    InvalidProviderTokenError,
    ProviderToken,
    ProviderTokenError,
    parse_token,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from certs.provider_key import ProviderPublicKey

__all__ = [
    "LIFETIME_SECONDS",
    "ExpiredProviderTokenError",
    "InvalidProviderTokenError",
    "KeyLookup",
    "ProviderToken",
    "ProviderTokenError",
    "ProviderTokenVerifier",
]

# Apple: "no more than one hour from the current time".
LIFETIME_SECONDS: Final = 3600.0
DEFAULT_REMEMBERED: Final = 1024


class KeyLookup(Protocol):
    """Where registered keys are found by their id; a ``dict`` serves. Asked at every request."""

    def get(self, key_id: str, /) -> ProviderPublicKey | None:
        """Return the key of that id, or ``None`` when it is not (or no longer) registered."""


class _Remembered(NamedTuple):
    """A text that was verified against this key; none: it was believed without one."""

    token: ProviderToken
    key: ProviderPublicKey | None
    seen_at: float


class ProviderTokenVerifier:
    """Decides about provider tokens against the keys registered right now.

    Verified texts are remembered (least recently used out), because most clients send one token
    with every request and a signature costs about 100 µs. A remembered text is believed only while
    its key is still the registered one, and its age is judged anew each time.
    """

    def __init__(
        self,
        keys: KeyLookup,
        lenient: bool = False,
        *,
        future_seconds: float = LIFETIME_SECONDS,
        remembered: int = DEFAULT_REMEMBERED,
        issued_at: Callable[[float, float], float] = lambda stamp, _seen_at: stamp,
    ) -> None:
        """Start with nothing remembered.

        Args:
            keys: registered keys by id.
            lenient: whether a well-formed token of an unknown key is accepted unverified; tokens
                of known keys are verified all the same.
            future_seconds: how far ahead of ``now`` the issue time may lie; beyond it the token is
                invalid. Apple's answer is unconfirmed; its page reads as one hour either way.
                ``math.inf`` accepts any.
            remembered: how many verified texts are kept.
            issued_at: what an ``iat`` means by the clock of ``now``, given when the text was first
                seen by it: the clock may be one that tests move.
        """
        self._keys = keys
        self._lenient = lenient
        self._future_seconds = future_seconds
        self._capacity = remembered
        self._issued_at = issued_at
        self._remembered: OrderedDict[str, _Remembered] = OrderedDict()

    def verify(self, bearer_text: str, now: float) -> ProviderToken:
        """Believe the token or refuse it.

        Args:
            bearer_text: what follows ``bearer`` in the ``authorization`` header.
            now: seconds since 1970.

        Returns:
            The token, its ``issued_at`` by the clock of ``now``.

        Raises:
            InvalidProviderTokenError: malformed, of an unknown key or another team, not signed by
                the key, or issued too far in the future.
            ExpiredProviderTokenError: genuine, but older than one hour.
        """
        known = self._recall(bearer_text) or self._believe(bearer_text, now)
        token = known.token
        issued_at = self._issued_at(token.issued_at, known.seen_at)
        _require_fresh(issued_at, now, self._future_seconds)
        return token if issued_at == token.issued_at else replace(token, issued_at=issued_at)

    def _recall(self, text: str) -> _Remembered | None:
        known = self._remembered.get(text)
        if known is None:
            return None
        if self._keys.get(known.token.key_id) != known.key:
            del self._remembered[text]  # the key was removed, replaced, or has become known
            return None
        self._remembered.move_to_end(text)
        return known

    def _believe(self, text: str, now: float) -> _Remembered:
        token, message, signature = parse_token(text)
        key = self._keys.get(token.key_id)
        if key is not None:
            _require_genuine(token, key, message, signature)
        elif not self._lenient:
            raise InvalidProviderTokenError(
                f"the key {token.key_id} is not registered here; register it, or use --auth lenient"
            )
        known = self._remembered[text] = _Remembered(token, key, now)
        if len(self._remembered) > self._capacity:
            self._remembered.popitem(last=False)
        return known


def _require_genuine(
    token: ProviderToken, key: ProviderPublicKey, message: bytes, signature: bytes
) -> None:
    if token.team_id != key.team_id:
        raise InvalidProviderTokenError(
            f"iss is {token.team_id}, but the key {key.key_id} belongs to team {key.team_id}"
        )
    if not key.has_signed(message, signature):
        raise InvalidProviderTokenError(
            f"the signature was not made with the key registered as {key.key_id}"
        )


def _require_fresh(issued_at: float, now: float, future_seconds: float) -> None:
    age = now - issued_at
    if age > LIFETIME_SECONDS:
        raise ExpiredProviderTokenError(
            f"issued {age:.0f} s ago; a provider token serves for {LIFETIME_SECONDS:.0f} s"
        )
    if -age > future_seconds:
        raise InvalidProviderTokenError(
            f"iat lies {-age:.0f} s in the future; is it in seconds, and the sender's clock right?"
        )
