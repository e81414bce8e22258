"""A running gateway, tried as its clients would; or the ports that it would open."""

from __future__ import annotations

import json
import socket
import ssl
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import httpx

from apnsim.client.errors import ApnsimError, UnreachableError
from apnsim.doctor.sign import failure, good, worry
from certs.files import CredentialError
from certs.provider_key import ProviderKey
from gateway import configuration
from protocol.courier.codec import ALPN_PROTOCOLS
from protocol.provider.rejection import Reason

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from apnsim.client import Apnsim
    from apnsim.client.rules import Rule
    from apnsim.client.views import Info
    from apnsim.doctor.sign import Sign

SECONDS = 5.0
MOVED_SECONDS = 2.0
# Nobody's: the answer to a push for it shows that everything before the token is right.
NO_TOKEN = "00" * 32


def signs_of_gateway(
    apnsim: Apnsim, console_url: str, environment: Mapping[str, str]
) -> Iterator[Sign]:
    """What answers there; if nobody does, whether a gateway could start."""
    try:
        info = apnsim.info()
    except UnreachableError:
        yield good("gateway", f"none at {console_url}; apnsim serve starts one")
        yield from _ports(environment)
        return
    except ApnsimError as error:
        yield failure("gateway", str(error), "is that apnsim, and its --console-token right?")
        return
    yield good("gateway", f"apnsim {info.version} at {console_url}")
    yield from _clock(apnsim)
    rules = list(apnsim.rules)
    if rules:
        advice = "pushes may fail on purpose: apnsim rules list"
        yield worry("rules", f"active: {len(rules)}", advice)
    context = ssl.create_default_context(cadata=info.ca_pem)
    yield _ca_file(info)
    if counting := [rule.id for rule in rules if _counts(rule)]:
        seen = f"not tried: rule {', '.join(counting)} would count it, and strike a test the less"
        yield worry("provider API and courier", seen, "look again when it is spent or deleted")
        return
    yield _provider(info, context)
    yield _courier(info, context)


def _ports(environment: Mapping[str, str]) -> Iterator[Sign]:
    """Those that a gateway with these settings would open."""
    try:
        settings = configuration.load(None, environment, {})
    except configuration.SettingsError as error:
        for problem in error.problems:
            yield failure("settings", problem, "apnsim serve does not start with it")
        return
    for name in (each.name for each in configuration.options() if "_port" in each.name):
        given = getattr(settings, name)
        for port in given if isinstance(given, tuple) else (given,):
            if port:  # 0 is any
                yield _port(settings.host, port, "--" + name.replace("_", "-"))


def _port(host: str, port: int, option: str) -> Sign:
    about = f"port {port} ({option})"
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            seen = error.strerror or str(error)
            return failure(about, seen, "choose another one, or see who has it: ss -ltnp")
    return good(about, "free")


def _clock(apnsim: Apnsim) -> Iterator[Sign]:
    clock = apnsim.clock()
    ahead = clock.now - time.time()
    if clock.frozen or clock.rate != 1 or abs(ahead) > MOVED_SECONDS:
        how = "frozen" if clock.frozen else f"running at rate {clock.rate:g}"
        yield worry(
            "clock",
            f"{how}, {ahead:+.0f} s from the machine's",
            "what expires, and when tokens are too old, follows the gateway's clock",
        )
    else:
        yield good("clock", "the machine's")


def _counts(rule: Rule) -> bool:
    """Whether it would do otherwise, after a trial, with the pushes that it is for."""
    limits = rule.limits
    is_limited = limits["times"] is not None or limits["after"] or limits["probability"] < 1
    is_counting = bool(is_limited or "nth" in rule.match or isinstance(rule.action, list))
    return rule.enabled and not rule.spent and is_counting


def _ca_file(info: Info) -> Sign:
    file = Path(info.ca_file)
    try:
        text = file.read_text()
    except OSError as error:
        advice = "clients on another machine get it from GET /api/v1/info: ca_pem"
        return worry("CA", f"{file}: {error.strerror}", advice)
    if text.strip() != info.ca_pem.strip():
        return failure("CA", f"{file} is not the gateway's", "trust ca_pem of GET /api/v1/info")
    return good("CA", f"trust {file}")


def _provider(info: Info, context: ssl.SSLContext) -> Sign:
    """Push to nobody: refused for the token alone if all the rest is right."""
    about = f"provider API {info.provider_url}"
    key = next((key for key in info.keys if key.key_file), None)
    if key is None:
        return worry(about, "not tried: the gateway has no .p8 of its own", "apnsim keys make")
    try:
        file = Path(str(key.key_file))
        bearer = ProviderKey.load(file, key.team_id, key.key_id).sign(int(time.time()))
        with httpx.Client(http2=True, verify=context, trust_env=False, timeout=SECONDS) as client:
            answer = client.post(
                f"{info.provider_url}/3/device/{NO_TOKEN}",
                content=json.dumps({"aps": {"alert": "apnsim doctor"}}),
                headers={
                    "authorization": f"bearer {bearer}",
                    "apns-topic": "com.example.doctor",
                    "apns-push-type": "alert",
                },
            )
    except CredentialError as error:
        return worry(about, f"not tried: {error}", "run this where the gateway's files are")
    except httpx.HTTPError as error:
        return failure(about, str(error) or type(error).__name__, "see the gateway's log")
    return _judged(about, answer)


def _judged(about: str, answer: httpx.Response) -> Sign:
    said: dict[str, Any] = answer.json() if answer.content else {}
    reason = said.get("reason", "")
    if answer.http_version != "HTTP/2":
        return failure(about, f"answered {answer.http_version}", "is that the provider port?")
    if reason == Reason.BAD_DEVICE_TOKEN.text or answer.is_success:
        return good(about, "TLS, HTTP/2 and the provider token are right")
    return worry(about, f"answered {answer.status_code} {reason}", "docs/fidelity.md explains it")


def _courier(info: Info, context: ssl.SSLContext) -> Sign:
    about = f"courier {info.courier}"
    address = urlsplit(f"//{info.courier}")
    context.set_alpn_protocols(ALPN_PROTOCOLS)
    try:
        with (
            socket.create_connection((address.hostname, address.port), SECONDS) as tcp,
            context.wrap_socket(tcp, server_hostname=address.hostname) as tls,
        ):
            chosen = tls.selected_alpn_protocol()
    except OSError as error:
        return failure(about, str(error), "devices cannot connect: see the gateway's log")
    if chosen not in ALPN_PROTOCOLS:
        return failure(about, f"chose {chosen}", "is that the courier port?")
    return good(about, f"TLS is right, {chosen}")
