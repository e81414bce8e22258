"""The console's own provider: pushes over the real provider port, as any backend does.

What the page sends and resends is heard, judged and recorded like every other request.
"""

from __future__ import annotations

import json
import re
import ssl
from typing import TYPE_CHECKING, Any

from apnsim.fresh_token import FreshToken
from certs.provider_key import ProviderKey
from gateway.console.sending import NoAnswerError, OutgoingPush, SentPush
from protocol.notification import Environment

if TYPE_CHECKING:
    import httpcore

    from gateway.provider.keys import RegisteredKey
    from gateway.serve import Gateway
    from protocol.provider.http import Headers

# The server name asks for the environment (interface.md, Ports).
HOSTS = {
    Environment.DEVELOPMENT: "api.sandbox.push.apple.com",
    Environment.PRODUCTION: "api.push.apple.com",
}
ANSWER_SECONDS = 10.0
# RFC 9110 §5.1 and §5.5; HTTP/2 has them in lower case.
_NAME = re.compile(r"[a-z0-9!#$%&'*+.^_`|~-]+")
_CONTROL = re.compile(r"[\0\r\n]")
_EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}


class OwnProvider:
    """Signs with a key of the gateway whose ``.p8`` is at hand; one connection per push.

    Args:
        gateway: is pushed to; its ports need not be open yet.
    """

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._tokens: dict[str, tuple[RegisteredKey, FreshToken]] = {}

    async def push(self, push: OutgoingPush) -> SentPush:
        """Send it, and hear the answer.

        Raises:
            ValueError: HTTP/2 cannot carry it; nothing was sent.
            NoAnswerError: a rule, or the drain, kept the gateway from answering.
        """
        # Not at start: most gateways have nothing to send.
        import httpcore

        host = HOSTS[push.environment]
        address, port = self._address(push.environment)
        request = httpcore.Request(
            "POST",
            httpcore.URL(
                scheme="https", host=address, port=port, target=push.path.encode("latin-1")
            ),
            headers=[
                ("host", host),
                ("content-length", str(len(push.body))),
                self._bearer(push.environment),
                *_encodable(push.headers),
            ],
            content=push.body,
            extensions={
                "sni_hostname": host,
                "timeout": dict.fromkeys(("connect", "read", "write", "pool"), ANSWER_SECONDS),
            },
        )
        try:
            async with httpcore.AsyncConnectionPool(
                ssl_context=self._trust(), http1=False, http2=True
            ) as pool:
                answer = await pool.handle_async_request(request)
                await answer.aread()
        except httpcore.LocalProtocolError as error:
            raise ValueError(f"HTTP/2 cannot carry this request: {error}") from None
        except httpcore.TimeoutException:
            said = f"there was no answer in {ANSWER_SECONDS:g} s; a rule may hold it back"
            raise NoAnswerError(said) from None
        except (httpcore.NetworkError, httpcore.ProtocolError) as error:
            said = f"the connection ended without an answer ({error}); a rule may have ended it"
            raise NoAnswerError(said) from None
        return _sent(answer)

    def _address(self, environment: Environment) -> tuple[str, int]:
        gateway, host = self._gateway, self._gateway.settings.host
        url = gateway.provider_urls.get(environment)
        port = int(url.rpartition(":")[2]) if url else gateway.provider_ports[0]
        return _EVERYWHERE.get(host, host), port

    def _trust(self) -> ssl.SSLContext:
        return ssl.create_default_context(
            cadata=self._gateway.authority.certificate_pem.decode("ascii")
        )

    def _bearer(self, environment: Environment) -> tuple[str, str]:
        registered = self._key_for(environment)
        key_id, file = registered.key.key_id, registered.key_file
        known, token = self._tokens.get(key_id, (None, None))
        if token is None or known is not registered:
            assert file is not None
            key = ProviderKey.load(file, registered.key.team_id, key_id)
            token = FreshToken(key, self._gateway.clock.now)
            self._tokens[key_id] = registered, token
        return token.header

    def _key_for(self, environment: Environment) -> RegisteredKey:
        """One without limits of topic if possible; which key may push what is for the gateway."""
        gateway = self._gateway
        here = [each for each in gateway.keys.at_hand() if each.is_for(environment)]
        here.sort(key=lambda each: each.topics is not None)
        return here[0] if here else gateway.home.signing_key(gateway.keys, gateway.settings.team_id)


def _encodable(headers: Headers) -> list[tuple[bytes, bytes]]:
    for name, value in headers:
        if not _NAME.fullmatch(name):
            raise ValueError(f"no header has the name {name[:40]!r}")
        if _CONTROL.search(value):
            raise ValueError(f"{name}: a header's value is one line of text, not {value[:40]!r}")
    return [(name.encode("ascii"), value.encode("latin-1")) for name, value in headers]


def _sent(answer: httpcore.Response) -> SentPush:
    headers = {name.decode().lower(): value.decode("latin-1") for name, value in answer.headers}
    apns_id = headers.get("apns-id") or headers.get("apns-request-id")
    return SentPush(answer.status, _reason(answer.content), apns_id, headers.get("apns-unique-id"))


def _reason(body: bytes) -> str:
    try:
        said: Any = json.loads(body) if body else {}
    except ValueError:  # a rule may cut an answer short
        return ""
    return str(said.get("reason", "")) if isinstance(said, dict) else ""
