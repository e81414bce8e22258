"""What a provider puts into ``aps`` for a Live Activity; a test changes the one key it is about."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from protocol.notification import Priority, PushType
from tests.devicesim.scripted_gateway import push_to

if TYPE_CHECKING:
    from protocol.courier.messages import Push
    from protocol.identifiers import DeviceToken

NOW = 1_790_000_000.0
NEWS = "com.example.news"
LIVE = f"{NEWS}.push-type.liveactivity"
KIND = "Delivery"
ABSENT = object()


def aps(event: str, /, **changes: Any) -> dict[str, Any]:  # noqa: ANN401
    """Valid; ``content_state=…`` replaces or adds a key, ABSENT leaves it out."""
    valid: dict[str, Any] = {"event": event, "timestamp": int(NOW), "content-state": {"stops": 3}}
    if event == "start":
        valid |= {"attributes-type": KIND, "attributes": {"order": 7}, "alert": {"title": "!"}}
    valid |= {name.replace("_", "-"): value for name, value in changes.items()}
    return {name: value for name, value in valid.items() if value is not ABSENT}


def live_push(
    token: DeviceToken,
    event: str,
    *,
    priority: Priority = Priority.IMMEDIATE,
    **changes: Any,  # noqa: ANN401
) -> Push:
    """The push that carries it."""
    payload = json.dumps({"aps": aps(event, **changes)}).encode()
    kind = PushType.LIVE_ACTIVITY
    return push_to(token, LIVE, payload, push_type=kind, priority=priority)
