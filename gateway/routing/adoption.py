"""A token that nobody knows becomes a virtual device's (``--unknown-tokens adopt``): whose."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from gateway.store.store import Registration
from protocol.identifiers import DeviceId

if TYPE_CHECKING:
    from protocol.identifiers import DeviceToken, Topic
    from protocol.notification import Environment


def propose(token: DeviceToken, topic: Topic, environment: Environment, now: float) -> Registration:
    """The registration of an adopted token, on a device of its own, named after it.

    The digest is of all of it, because made-up tokens often differ in their last digits only.
    """
    name = f"adopted-{token.hex()[:8]}-{hashlib.sha256(token).hexdigest()[:16]}"
    return Registration(token, DeviceId(name), topic, environment, now)
