"""One app in JSON's types, as it is kept across restarts and in backups."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from devicesim.app import AppState, Permission
from devicesim.token_keys import TokenKey
from protocol.identifiers import ChannelId, DeviceToken, TokenPurpose

if TYPE_CHECKING:
    from devicesim.app import App


def describe_app(app: App) -> dict[str, Any]:
    """All of it; :func:`restore_app` reads it back."""
    return {
        "bundle_id": app.bundle_id,
        "push_types": [each.value for each in app.push_types],
        "purposes": list(app.purposes),
        "tokens": {str(key): token.hex() for key, token in app.tokens.items()},
        "renewing": sorted(map(str, app.renewing)),
        # Nobody will end its run when it is read again.
        "state": (app.state if app.run is None else AppState.SUSPENDED).value,
        "channels": dict(app.channels),
        **describe_switches(app),
    }


def describe_switches(app: App) -> dict[str, Any]:
    """What a person or the app's own code has decided: what of it a backup holds."""
    return {
        "notifications_enabled": app.notifications_enabled,
        "permission": app.permission.value,
        "is_registered": app.is_registered,
        "reports_calls": app.reports_calls,
        "extension_seconds": app.extension_seconds,
        "unreported_calls": app.unreported_calls,
        "is_voip_stopped": app.is_voip_stopped,
    }


def restore_app(app: App, described: dict[str, Any]) -> list[tuple[TokenKey, DeviceToken]]:
    """Bring an app that has just been installed to what was told of it; its tokens.

    Raises:
        ValueError, KeyError, TypeError: it is not such a description.
    """
    app.purposes = dict.fromkeys(map(TokenPurpose.parse, described.get("purposes", ())))
    app.state = AppState(described["state"])
    app.channels = {
        ChannelId.parse(channel_id): int(last)
        for channel_id, last in described.get("channels", {}).items()
    }
    restore_switches(app, described)
    return [
        (TokenKey.parse(key), DeviceToken.parse(token))
        for key, token in described["tokens"].items()
    ]


def restore_switches(app: App, described: dict[str, Any]) -> None:
    """Believe them; those that earlier versions did not write down stay as they are."""
    app.notifications_enabled = bool(described["notifications_enabled"])
    app.permission = Permission(described.get("permission", app.permission))
    app.is_registered = bool(described.get("is_registered", True))
    app.reports_calls = bool(described.get("reports_calls", True))
    seconds = described.get("extension_seconds")
    app.extension_seconds = None if seconds is None else float(seconds)
    app.unreported_calls = list(map(float, described.get("unreported_calls", ())))
    app.is_voip_stopped = bool(described.get("is_voip_stopped", False))
