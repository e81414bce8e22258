"""What the settings mean to each part, in its own words: no part but this knows their names."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from certs.provider_token import ProviderTokenVerifier
from gateway.choices import (
    Auth,
    BackgroundPriority10,
    BadEnvironmentKeyReason,
    InBandFaults,
    PowerHold,
    SurplusStreams,
    UnknownTokens,
)
from gateway.courier.faults import strike_devices
from gateway.courier.terms import CourierSettings
from gateway.faults.basics import Stage
from gateway.faults.book import RuleBook, Striking
from gateway.faults.in_band import InBand
from gateway.provider.churn import Churn
from gateway.provider.contract import ConnectionSettings
from gateway.provider.identity import IdentityRules
from gateway.provider.listener import ListenSettings
from gateway.routing.channels import ChannelRules
from gateway.validation import ValidationRules
from protocol.notification import Environment
from protocol.provider.rejection import Reason

if TYPE_CHECKING:
    from gateway.clock import Clock
    from gateway.provider.keys import KeyRing
    from gateway.routing.sessions import SessionTable
    from gateway.settings import Settings

BAD_ENVIRONMENT = {
    BadEnvironmentKeyReason.DOCUMENTED: Reason.BAD_ENVIRONMENT_KEY_ID_IN_TOKEN,
    BadEnvironmentKeyReason.REPORTED: Reason.BAD_ENVIRONMENT_KEY_IN_TOKEN,
}


def provider_listening(settings: Settings) -> tuple[ListenSettings, ...]:
    """The provider ports, by the environment of those who ask for none of Apple's host names."""
    listen = ListenSettings(
        settings.provider_port, settings.host, settings.environment, settings.handshake_seconds
    )
    return listen.with_more(settings.provider_port_development, settings.provider_port_production)


def provider_connections(settings: Settings) -> ConnectionSettings:
    """The numbers of each provider connection."""
    return ConnectionSettings(
        library=settings.http2_library.value,
        streams_before_authentication=settings.streams_before_authentication,
        streams_after_authentication=settings.streams,
        streams_after_error=settings.streams_after_error,
        refuses_surplus_streams=settings.surplus_streams is SurplusStreams.REFUSE,
        idle_seconds=settings.idle_seconds,
        max_errors=settings.max_errors,
    )


def churn(settings: Settings) -> Churn:
    """Who connects too often."""
    return Churn(settings.max_connections_per_minute, settings.churn_block_seconds)


def identity(settings: Settings, keys: KeyRing, clock: Clock) -> IdentityRules:
    """Whom to believe."""
    return IdentityRules(
        ProviderTokenVerifier(
            keys, lenient=settings.auth is Auth.LENIENT, issued_at=clock.issued_at
        ),
        keys,
        settings.provider_token_update_seconds,
        BAD_ENVIRONMENT[settings.bad_environment_key_reason],
    )


def validation(settings: Settings, environment: Environment) -> ValidationRules:
    """What is valid on a connection that speaks to this environment."""
    return ValidationRules(
        environment,
        settings.unregistered_delay_seconds,
        settings.background_priority_10 is BackgroundPriority10.REJECT,
        settings.unknown_tokens is UnknownTokens.ADOPT,
    )


def channels(settings: Settings) -> ChannelRules:
    """How many broadcast channels an app may have, and how fast they may be used."""
    return ChannelRules(
        frozenset(settings.broadcast_disabled),
        settings.max_channels_per_app,
        settings.max_broadcasts_per_channel_per_second,
    )


def management_listening(settings: Settings) -> tuple[ListenSettings, ...]:
    """The ports of channel management: of each the environment is its own, whatever the name."""
    ports = {
        Environment.DEVELOPMENT: settings.manage_port_development,
        Environment.PRODUCTION: settings.manage_port_production,
    }
    return tuple(
        ListenSettings(
            (port,),
            settings.host,
            environment,
            settings.handshake_seconds,
            environment_by_name=False,
            what="channel management",
            option=f"--manage-port-{environment}",
        )
        for environment, port in ports.items()
    )


def rule_book(settings: Settings, sessions: SessionTable) -> RuleBook:
    """What goes wrong on purpose, everywhere, from the start."""
    in_band: dict[Stage, Striking] = {}
    if settings.in_band_faults is InBandFaults.ON:
        in_band = {stage: InBand(stage) for stage in (Stage.REQUEST, Stage.DELIVERY)}
    return RuleBook(settings.rule, partial(strike_devices, sessions), in_band)


def courier_links(settings: Settings) -> CourierSettings:
    """The numbers of each device's link."""
    return CourierSettings(
        handshake_seconds=settings.handshake_seconds,
        silent_seconds=settings.silent_seconds,
        window=settings.window,
        holds_for_power=settings.power_hold is PowerHold.HOLD,
        burst_seconds=settings.power_burst_seconds,
    )
