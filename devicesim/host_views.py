"""What others see of a host's devices: frozen, in the words of the control API."""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from devicesim.pushes import is_from_storage

if TYPE_CHECKING:
    from devicesim.apps import App, AppState
    from devicesim.network import NetworkKind
    from devicesim.notification_center import Presentation, Presented
    from protocol.courier.messages import Push
    from protocol.notification import Environment


class Power(StrEnum):
    """Recorded; what follows from it comes with the device as a phone."""

    AWAKE = "awake"
    LOCKED = "locked"
    LOW_POWER = "low-power"


@dataclass(frozen=True, slots=True)
class AppView:
    """An app; ``tokens`` maps push types to hexadecimal."""

    bundle_id: str
    tokens: dict[str, str]
    state: AppState
    notifications_enabled: bool

    @classmethod
    def of(cls, app: App) -> AppView:
        """As it is now."""
        tokens = {each.value: token.hex() for each, token in app.tokens_by_push_type.items()}
        return cls(str(app.bundle_id), tokens, app.state, app.notifications_enabled)


@dataclass(frozen=True, slots=True)
class DeviceView:
    """A device; ``online`` is what the device itself believes of its link."""

    id: str
    name: str
    environment: Environment
    online: bool
    network: NetworkKind
    power: Power
    apps: tuple[AppView, ...]


@dataclass(frozen=True, slots=True)
class ReceivedView:
    """A push that reached its app; ``payload`` as JSON, or as text if it is none.

    ``received_at`` is UNIX seconds by the host's clock.
    """

    apns_id: str
    topic: str
    push_type: str
    priority: int
    collapse_id: str | None
    payload: Any
    received_at: float
    from_storage: bool
    presentation: Presentation
    detail: str

    @classmethod
    def of(cls, push: Push, received_at: float, presented: Presented) -> ReceivedView:
        """Read the push for others; costs a JSON parse."""
        collapse_id = push.collapse_id
        return cls(
            apns_id=str(push.apns_id),
            topic=str(push.topic),
            push_type=push.push_type.value,
            priority=int(push.priority),
            collapse_id=None if collapse_id is None else _readable(collapse_id),
            payload=_read(push.payload),
            received_at=received_at,
            from_storage=is_from_storage(push),
            presentation=presented.presentation,
            detail=presented.detail,
        )


def _read(payload: bytes) -> Any:  # noqa: ANN401 - JSON is anything
    try:
        return json.loads(payload)
    except (ValueError, RecursionError):
        return payload.decode("utf-8", "replace")


def _readable(text: str) -> str:
    """Without the surrogates of bytes that are no UTF-8, which no JSON encoder takes."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
