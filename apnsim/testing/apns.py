"""The gateway of a test session, as its tests see it."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from apnsim.client import Apnsim, ApnsimError

if TYPE_CHECKING:
    from apnsim.testing.launch import GatewayProcess


class Apns(Apnsim):
    """A running gateway: where to push, what to sign with, and all that the client can do.

    Args:
        console_url: of its control API.
        token: the console's bearer token, if it demands one.
        process: the gateway, if it is the tests' own.
    """

    def __init__(
        self, console_url: str, token: str | None = None, process: GatewayProcess | None = None
    ) -> None:
        super().__init__(console_url, token=token)
        self.process = process
        self.console_url = console_url
        self.console_token = token
        self._info = self.info()
        self._rules_made: list[str] = []
        self._is_clock_moved = False

    @property
    def provider_url(self) -> str:
        """The provider API, such as ``https://127.0.0.1:2197``."""
        return self._info.provider_url

    @property
    def provider_host(self) -> str:
        """Of that, for clients that take it apart."""
        return urlsplit(self.provider_url).hostname or ""

    @property
    def provider_port(self) -> int:
        """Of that, for clients that take it apart."""
        return self._info.provider_ports[0]

    @property
    def manage_url(self) -> str:
        """Broadcast channel management, in the gateway's own environment."""
        environment = next(iter(self._info.provider_urls))
        ports: dict[str, int] = self._info.manage_ports
        return f"{self.provider_url.rpartition(':')[0]}:{ports[environment]}"

    @property
    def ca_file(self) -> str:
        """The authority that clients must trust, PEM."""
        return self._info.ca_file

    @property
    def key_file(self) -> str:
        """The ``.p8`` to sign provider tokens with."""
        return self._signing()[0]

    @property
    def key_id(self) -> str:
        """Of that key."""
        return self._signing()[1]

    @property
    def team_id(self) -> str:
        """Of that key."""
        return self._signing()[2]

    def _signing(self) -> tuple[str, str, str]:
        for key in self._info.keys:
            if key.key_file is not None:
                return key.key_file, key.key_id, key.team_id
        raise ApnsimError(0, "No key", "the gateway has made no key: apnsim keys make makes one")

    def ssl_context(self) -> ssl.SSLContext:
        """A context that trusts the gateway, for clients that take one."""
        return ssl.create_default_context(cadata=self._info.ca_pem)

    def environ(self) -> dict[str, str]:
        """The variables that ``apnsim exec`` sets: for a backend in a process of its own."""
        token = {} if self.console_token is None else {"APNSIM_CONSOLE_TOKEN": self.console_token}
        return token | {
            "APNSIM_PROVIDER_URL": self.provider_url,
            "APNSIM_MANAGE_URL": self.manage_url,
            "APNSIM_CONSOLE_URL": self.console_url,
            "APNSIM_CA_FILE": self.ca_file,
            "APNSIM_KEY_FILE": self.key_file,
            "APNSIM_KEY_ID": self.key_id,
            "APNSIM_TEAM_ID": self.team_id,
            "APNSIM_COURIER": self._info.courier,
        }

    def call(self, method: str, path: str, **how: Any) -> Any:  # noqa: ANN401 — JSON
        """Any call of the API; what tests turn is remembered, to be turned back after each."""
        answer = super().call(method, path, **how)
        if method != "GET" and path.split("/")[0] == "clock":
            self._is_clock_moved = True
        if (method, path) == ("POST", "rules"):
            self._rules_made.append(answer["id"])
        return answer

    def put_back(self) -> None:
        """Undo what a test has done to all: the clock is the machine's, its rules are gone."""
        if self._is_clock_moved:
            self.call("POST", "clock/reset")
            self._is_clock_moved = False
        if self._rules_made:
            for rule in self.rules:
                if rule.id in self._rules_made:
                    rule.delete()
            self._rules_made.clear()
