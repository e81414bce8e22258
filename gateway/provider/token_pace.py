"""How often a provider may renew its token on one connection.

Apple: "Refresh your token no more than once every 20 minutes", which is counted by what the
connection has seen, not by ``iat`` (measured: AndrewBarba/apns2#44).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from certs.provider_token import LIFETIME_SECONDS
from protocol.provider.rejection import Reason, Rejection

if TYPE_CHECKING:
    from certs.provider_token import ProviderToken


class TokenPace:
    """The tokens that a connection has seen, as far as they matter: the last one.

    Args:
        update_seconds: a new token sooner than this is refused; 0 = never.
    """

    def __init__(self, update_seconds: float) -> None:
        self._update_seconds = update_seconds
        self._bearer = ""
        self._seen_at = 0.0
        self._expires_at = 0.0

    def expire(self) -> None:
        """The last token was called expired, whatever its age: its successor is none too many."""
        self._expires_at = -math.inf

    def refuse_churn(self, bearer: str, token: ProviderToken, now: float) -> None:
        """Note the token, at ``now`` (UNIX seconds).

        Raises:
            Rejection: TooManyProviderTokenUpdates.
        """
        if bearer == self._bearer:
            return
        # A token that has expired since must be replaced: node-apn does so on this connection.
        # One that was seen later than now was seen before the clock was put back.
        is_early = 0 <= now - self._seen_at < self._update_seconds and now <= self._expires_at
        if self._bearer and is_early:
            minutes = self._update_seconds / 60
            detail = f"a second provider token on one connection within {minutes:g} minutes"
            raise Rejection(Reason.TOO_MANY_PROVIDER_TOKEN_UPDATES, detail)
        self._bearer, self._seen_at = bearer, now
        self._expires_at = token.issued_at + LIFETIME_SECONDS
