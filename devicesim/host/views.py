"""What others see of a host's devices: frozen, in the words of the control API."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from devicesim.app import Permission
from devicesim.pushes import collapse_id_of, is_from_storage
from protocol.plain import json_of

if TYPE_CHECKING:
    from devicesim.app import App, AppState
    from devicesim.link.views import LinkView
    from devicesim.network import Conditions, NetworkKind
    from devicesim.power import Power
    from devicesim.presentation import Presentation
    from devicesim.runtime.outcome import Outcome
    from protocol.courier.messages import Push
    from protocol.notification import Environment


@dataclass(frozen=True, slots=True)
class AppView:
    """An app; ``tokens`` maps push types to hexadecimal, the other attributes types.

    ``channels`` are the broadcast channels it listens to. ``voip_stopped``: it gets no VoIP pushes
    any more; ``background_push_held``: one waits until it may come.
    ``registered``: it wants the token of its own topic.
    """

    bundle_id: str
    tokens: dict[str, str]
    state: AppState
    notifications_enabled: bool
    push_to_start_tokens: dict[str, str]
    channels: tuple[str, ...] = ()
    permission: Permission = Permission.GRANTED
    reports_calls: bool = True
    extension_seconds: float | None = None
    voip_stopped: bool = False
    background_push_held: bool = False
    registered: bool = True

    @classmethod
    def of(cls, app: App, *, is_held: bool) -> AppView:
        """As it is now."""
        tokens = {each.value: token.hex() for each, token in app.tokens_by_push_type.items()}
        to_start = {name: token.hex() for name, token in app.push_to_start_tokens.items()}
        return cls(
            str(app.bundle_id),
            tokens,
            app.state,
            app.notifications_enabled,
            to_start,
            tuple(map(str, app.channels)),
            app.permission,
            app.reports_calls,
            app.extension_seconds,
            app.is_voip_stopped,
            is_held,
            app.is_registered,
        )


@dataclass(frozen=True, slots=True)
class DeviceView:
    """A device; ``online`` is what the device itself believes of its link.

    ``assertion_policy`` is ``full`` or ``restricted``.
    """

    id: str
    name: str
    environment: Environment
    online: bool
    network: NetworkKind
    conditions: Conditions
    power: Power
    assertion_policy: str
    apps: tuple[AppView, ...]
    # Ports and seconds: two looks at a device that is as it was are equal all the same.
    links: tuple[LinkView, ...] = field(default=(), compare=False)


@dataclass(frozen=True, slots=True)
class ReceivedView:
    """A push that reached its app; ``payload`` as JSON, or as text if it is none.

    ``received_at`` is UNIX seconds by the host's clock. A broadcast has a ``channel_id``.
    ``handler`` is Apple's name of the app's code that was called, empty if none was; the states are
    those of the app when the push came and since.
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
    channel_id: str | None = None
    handler: str = ""
    app_state_before: str = ""
    app_state_after: str = ""

    @classmethod
    def of(cls, push: Push, received_at: float, outcome: Outcome) -> ReceivedView:
        """Read the push for others; costs a JSON parse."""
        presented = outcome.presented
        return cls(
            apns_id=str(push.apns_id),
            topic=str(push.topic),
            push_type=push.push_type.value,
            priority=int(push.priority),
            collapse_id=collapse_id_of(push),
            payload=_read(push.payload),
            received_at=received_at,
            from_storage=is_from_storage(push),
            presentation=presented.presentation,
            detail=presented.detail,
            channel_id=None if push.channel is None else str(push.channel.channel_id),
            handler=outcome.handler,
            app_state_before=outcome.before,
            app_state_after=outcome.after,
        )


def _read(payload: bytes) -> Any:  # noqa: ANN401 - JSON is anything
    try:
        return json_of(payload)
    except ValueError:
        return payload.decode("utf-8", "replace")
