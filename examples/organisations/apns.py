"""Sends to APNs over HTTP/2 with a provider token; knows nothing of users or organisations."""

from __future__ import annotations

import json
import ssl
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

import httpx
import jwt

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

# Apple: refresh the token no more than once every 20 minutes and no less than once an hour.
REFRESH_SECONDS = 40 * 60


@dataclass(frozen=True)
class Answer:
    """What APNs said; ``dead_since`` is when a token answered by 410 died, UNIX seconds."""

    status: int
    reason: str = ""
    dead_since: float | None = None


class Apns:
    """One connection, kept open, as Apple asks for.

    Args:
        url: ``https://api.push.apple.com``, or a gateway of your own.
        topic: the app's bundle id.
        key_file: the ``.p8``.
        key_id: its ten characters.
        team_id: the team's.
        ca_file: whom to trust; None: the machine's list.
        now: UNIX seconds.
    """

    def __init__(  # noqa: PLR0913 - what Apple's token needs, and where it goes
        self,
        url: str,
        topic: str,
        *,
        key_file: str,
        key_id: str,
        team_id: str,
        ca_file: str | None = None,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._topic, self._key_id, self._team_id = topic, key_id, team_id
        self._key = Path(key_file).read_text()
        self._now = now
        self._signed_at, self._bearer = 0.0, ""
        trust = ssl.create_default_context(cafile=ca_file)
        self._client = httpx.Client(base_url=url, http2=True, verify=trust, trust_env=False)

    @classmethod
    def of_environment(cls, topic: str, variables: Mapping[str, str]) -> Self:
        """The gateway of ``apnsim exec``."""
        return cls(
            variables["APNSIM_PROVIDER_URL"],
            topic,
            key_file=variables["APNSIM_KEY_FILE"],
            key_id=variables["APNSIM_KEY_ID"],
            team_id=variables["APNSIM_TEAM_ID"],
            ca_file=variables["APNSIM_CA_FILE"],
        )

    def push(self, token: str, alert: str) -> Answer:
        """Push an alert to one device token."""
        response = self._client.post(
            f"/3/device/{token}",
            content=json.dumps({"aps": {"alert": alert, "sound": "default"}}),
            headers={
                "authorization": f"bearer {self._provider_token()}",
                "apns-topic": self._topic,
                "apns-push-type": "alert",
            },
        )
        said = response.json() if response.content else {}
        died = said.get("timestamp")  # milliseconds, of a 410
        return Answer(
            response.status_code, said.get("reason", ""), None if died is None else died / 1000
        )

    def close(self) -> None:
        """Hang up."""
        self._client.close()

    def _provider_token(self) -> str:
        if self._now() - self._signed_at > REFRESH_SECONDS:
            self._signed_at = self._now()
            claims = {"iss": self._team_id, "iat": int(self._signed_at)}
            self._bearer = jwt.encode(claims, self._key, "ES256", headers={"kid": self._key_id})
        return self._bearer
