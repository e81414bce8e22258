"""Live Activities that are only remembered, for the console's small device host."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.builders import NOW

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tests.gateway.console.consoles import AppFacts


@dataclass(frozen=True)
class ActivityFacts:
    activity_id: str
    attributes_type: str
    attributes: dict[str, Any]
    content_state: dict[str, Any]
    token: str | None
    state: str = "active"
    started_at: float = NOW
    timestamp: float = NOW
    stale_date: float | None = None
    ended_at: float | None = None
    dismissal_date: float | None = None
    channel: str | None = None
    bundle_id: str = "com.example.app"
    relevance_score: float = 0.0


@dataclass
class Activities:
    """Of one host: ``app`` finds an app or raises, ``token`` makes one."""

    app: Callable[[str, str], AppFacts]
    token: Callable[[], str]
    facts: dict[tuple[str, str], list[ActivityFacts]] = field(default_factory=dict)
    has_tokens: bool = True

    async def register_type(self, device_id: str, bundle_id: str, attributes_type: str) -> AppFacts:
        app = self.app(device_id, bundle_id)
        tokens = {attributes_type: self.token()} if self.has_tokens else {}
        return dataclasses.replace(app, push_to_start_tokens=tokens)

    async def start(
        self,
        device_id: str,
        bundle_id: str,
        attributes_type: str,
        attributes: dict[str, Any],
        content_state: dict[str, Any],
    ) -> ActivityFacts:
        self.app(device_id, bundle_id)
        if not attributes_type.isprintable():
            raise ValueError("an attributes type is printable")
        known = self.facts.setdefault((device_id, bundle_id), [])
        token = self.token() if self.has_tokens else None
        started = ActivityFacts(f"A{len(known)}", attributes_type, attributes, content_state, token)
        known.append(started)
        return started

    async def of(self, device_id: str, bundle_id: str) -> Sequence[ActivityFacts]:
        self.app(device_id, bundle_id)
        return self.facts.get((device_id, bundle_id), [])

    async def end(self, device_id: str, bundle_id: str, activity_id: str) -> None:
        known = await self.of(device_id, bundle_id)
        self.facts[device_id, bundle_id] = [e for e in known if e.activity_id != activity_id]
