"""Every knob of the gateway: one frozen value, read once (``configuration.py``)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from gateway import values
from gateway.choices import (
    Auth,
    BackgroundPriority10,
    BadEnvironmentKeyReason,
    Http2Library,
    InBandFaults,
    LogFormat,
    LogLevel,
    PowerHold,
    SurplusStreams,
    UnknownTokens,
)
from gateway.device_settings import DeviceSettings
from gateway.values import setting
from protocol.notification import Environment

if TYPE_CHECKING:
    from gateway.faults.rule import Rule
    from gateway.webhooks.description import Description


@dataclass(frozen=True, slots=True)
class Settings(DeviceSettings):
    """The settings, with their defaults. ``about`` of each is what ``--help`` and README say."""

    host: str = setting("127.0.0.1", "address on which every port listens", values.text)
    provider_port: tuple[int, ...] = setting(
        (2197,),
        "port of the provider API; may be given several times; 0 chooses a free one",
        values.one_or_more(values.port),
    )
    provider_port_development: tuple[int, ...] = setting(
        (),
        "one more, whose environment is development whatever --environment says; Apple's host"
        " names still decide",
        values.several(values.port),
    )
    provider_port_production: tuple[int, ...] = setting(
        (), "the same for production", values.several(values.port)
    )
    manage_port_development: int = setting(
        2195, "port of broadcast channel management, development environment", values.port
    )
    manage_port_production: int = setting(2196, "the same, production environment", values.port)
    courier_port: int = setting(5223, "port of the long-lived TLS links of devices", values.port)
    console_port: int = setting(2198, "port of the control API, plain HTTP", values.port)
    proxy_port: int | None = setting(
        None,
        "port of an HTTP CONNECT proxy that leads Apple's push hosts, and no others, to this"
        " gateway; for clients whose host is fixed; off unless given",
        values.port,
    )
    data_dir: Path = setting(
        Path(".apnsim"), "where CA, keys, devices and the database live", values.path
    )
    store: str = setting(
        "sqlite", "where notifications wait: sqlite, sqlite:///FILE or memory", values.store
    )
    auth: Auth = setting(
        Auth.STRICT,
        "strict: only registered keys are believed; lenient: any well-formed ES256 token",
    )
    unknown_tokens: UnknownTokens = setting(
        UnknownTokens.REJECT,
        "reject: BadDeviceToken; adopt: an unknown token becomes a virtual device's at first push",
    )
    environment: Environment = setting(
        Environment.DEVELOPMENT, "environment of a client that asks for none of Apple's host names"
    )
    san: tuple[str, ...] = setting(
        (),
        "one more name or address of this gateway: in the server certificate, and for the console;"
        " may be given several times",
        values.several(values.server_name),
    )
    team_id: str = setting(
        "APNSIMTEAM", "team of the authentication key that is made at first", values.team_id
    )
    ready_file: Path | None = setting(
        None, "file written once every port is open: JSON as GET /api/v1/info", values.path
    )
    log_format: LogFormat = setting(LogFormat.TEXT, "one readable line per event, or JSON")
    log_level: LogLevel = setting(LogLevel.INFO, "how much is logged")
    console_token: str | None = setting(
        None,
        "bearer token that the control API demands; required when --host is more than loopback",
        values.bearer,
    )
    drain_seconds: float = setting(
        10.0, "how long a shutdown waits for work in flight", values.seconds
    )
    handshake_seconds: float = setting(10.0, "how long a TLS handshake may take", values.seconds)
    idle_seconds: float = setting(
        3600.0, "after which silence a provider connection is closed", values.seconds
    )
    silent_seconds: float = setting(
        3600.0, "after which silence a device's link is closed", values.seconds
    )
    unacknowledged_seconds: float = setting(
        3600.0,
        "for how long a push that was sent on a link that was lost may be sent again, also past its"
        " expiration",
        values.seconds,
    )
    connect_skew_seconds: float = setting(
        86_400.0, "how far off a device's clock may be when it signs a Connect", values.seconds
    )
    window: int = setting(
        128, "pushes sent to a device before the first is acknowledged", values.count
    )
    power_hold: PowerHold = setting(
        PowerHold.HOLD,
        "pushes of priority 5 and 1 to a phone that nobody uses; hold: as Apple's power"
        " considerations ask for; deliver: like those of priority 10",
    )
    power_burst_seconds: float = setting(
        1200.0,
        "how long such a push of priority 5 waits at most; all that wait go together",
        values.seconds,
    )
    streams_before_authentication: int = setting(
        1,
        "MAX_CONCURRENT_STREAMS before the first valid token",
        values.count,
    )
    streams: int = setting(1000, "MAX_CONCURRENT_STREAMS after it", values.count)
    streams_after_error: int = setting(
        0,
        "MAX_CONCURRENT_STREAMS after a refused push until the next accepted one; Apple's has been"
        " 1; 0 = unchanged",
        values.whole_number,
    )
    surplus_streams: SurplusStreams = setting(
        SurplusStreams.SERVE,
        "streams over the limit; refuse: REFUSED_STREAM, which several clients do not survive",
    )
    max_errors: int = setting(
        0,
        "refused pushes in a row before a provider connection is closed; 410 does not count,"
        " BadDeviceToken twice; 0 = any number",
        values.whole_number,
    )
    max_connections_per_minute: int = setting(
        0,
        "provider connections from one address before it is refused for a while; 0 = any number",
        values.whole_number,
    )
    churn_block_seconds: float = setting(
        60.0, "how long that while is: connections are closed before TLS", values.seconds
    )
    provider_token_update_seconds: float = setting(
        1200.0,
        "a new provider token on a connection sooner than this earns 429; 0 = never",
        values.seconds,
    )
    bad_environment_key_reason: BadEnvironmentKeyReason = setting(
        BadEnvironmentKeyReason.DOCUMENTED,
        "what a key of the other environment earns: as Apple documents it, or as it was reported",
    )
    unregistered_delay_seconds: float = setting(
        0.0,
        "for how long after an uninstall providers still hear 200, as Apple's do",
        values.seconds,
    )
    same_apns_id_seconds: float = setting(
        0.0,
        "for how long a repeated apns-id is the same push; 0 = it is a second one",
        values.seconds,
    )
    max_pushes_per_token_per_second: int = setting(
        0,
        "more pushes to one device token earn 429 TooManyRequests; 0 = any number",
        values.whole_number,
    )
    broadcast_disabled: tuple[str, ...] = setting(
        (),
        "app (its bundle id) for which broadcast is off: FeatureNotEnabled; may be given several"
        " times",
        values.several(values.bundle_id),
    )
    max_channels_per_app: int = setting(
        10_000,
        "broadcast channels of one app and environment; more earn CannotCreateChannelConfig",
        values.count,
    )
    max_broadcasts_per_channel_per_second: int = setting(
        0,
        "more broadcasts to one channel earn 429 TooManyRequests; 0 = any number",
        values.whole_number,
    )
    background_priority_10: BackgroundPriority10 = setting(
        BackgroundPriority10.REJECT, "a background push with an explicit apns-priority of 10"
    )
    rule: tuple[Rule, ...] = setting(
        (),
        "a fault, as words or JSON: answer status=503 times=2 match.topic=com.example.app; may be"
        " given several times, in the file as [[rule]]; docs/faults.md",
        values.several(values.rule),
    )
    in_band_faults: InBandFaults = setting(
        InBandFaults.OFF,
        "on: a push may ask for a fault itself, by the key apnsim of its payload, or by a token"
        " that begins with dead0503 or another status",
    )
    webhook: tuple[Description, ...] = setting(
        (),
        "URL (or JSON: url, events, bundle_id, secret) that is told what became of a push; may be"
        " given several times, in the file as [[webhook]]; docs/forwarding.md",
        values.several(values.webhook),
    )
    webhook_allow: tuple[str, ...] = setting(
        (),
        "a host, *.domain, address or network, perhaps with :port, that webhooks may reach; may be"
        " given several times; unless given they reach this machine alone",
        values.several(values.webhook_target),
    )
    otel_endpoint: str | None = setting(
        None,
        "an OpenTelemetry collector (OTLP over HTTP, such as http://127.0.0.1:4318) that gets a"
        " trace of each push; needs the extra apnsim[otel]",
        values.http_url,
    )
    import_: Path | None = setting(
        None, "snapshot to begin with, in place of the state that --data-dir holds", values.path
    )
    export_on_exit: Path | None = setting(
        None, "snapshot to leave behind when it ends, after the drain; without secrets", values.path
    )
    seed: int | None = setting(
        None, "tokens and ids are the same in every run; for tests alone", values.whole_number
    )
    journal_size: int = setting(10_000, "how many requests the control API remembers", values.count)
    http2_library: Http2Library = setting(Http2Library.JH2, "which HTTP/2 library serves")
