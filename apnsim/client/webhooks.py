"""Webhooks, by the control API."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

from apnsim.client.views import given, read

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from apnsim.client import Apnsim


@dataclass(frozen=True, slots=True)
class Webhook:
    """A webhook, and how it fares; ``last_at`` is UNIX seconds of the gateway's machine."""

    id: str
    url: str
    events: list[str]
    bundle_id: str | None
    signed: bool
    pending: int
    delivered: int
    failures: int
    dropped: int
    last_status: int | None
    last_error: str
    last_at: float | None


class Webhooks:
    """The webhooks of a gateway: iterate over them; docs/forwarding.md.

    Args:
        apnsim: the gateway to ask.
    """

    def __init__(self, apnsim: Apnsim) -> None:
        self._apnsim = apnsim

    def __iter__(self) -> Iterator[Webhook]:
        return iter([read(Webhook, told) for told in self._apnsim.call("GET", "webhooks")])

    def add(
        self,
        url: str,
        *,
        events: Iterable[str] | None = None,
        bundle_id: str | None = None,
        secret: str | None = None,
    ) -> Webhook:
        """Have the gateway tell a URL what becomes of pushes.

        Args:
            url: must be allowed by the gateway's settings.
            events: states of the timeline; if absent, delivered and presented.
            bundle_id: only pushes to this app.
            secret: ``whsec_…``; signs the requests.
        """
        states = None if events is None else [str(each) for each in events]
        body = given(url=url, events=states, bundle_id=bundle_id, secret=secret)
        return read(Webhook, self._apnsim.call("POST", "webhooks", body=body))

    def of(self, bundle_id: str) -> list[Webhook]:
        """Those that are told of one app alone."""
        query = {"bundle_id": bundle_id}
        return [read(Webhook, told) for told in self._apnsim.call("GET", "webhooks", query=query)]

    def get(self, webhook_id: str) -> Webhook:
        """How one fares."""
        return read(Webhook, self._apnsim.call("GET", f"webhooks/{quote(webhook_id, safe='')}"))

    def remove(self, webhook_id: str) -> None:
        """Have the gateway tell this one no more."""
        self._apnsim.call("DELETE", f"webhooks/{quote(webhook_id, safe='')}")

    def clear(self, *, bundle_id: str | None = None) -> None:
        """Have the gateway tell nobody any more, or nobody of one app alone."""
        self._apnsim.call("DELETE", "webhooks", query={"bundle_id": bundle_id})
