"""Live Activities of virtual devices, as the console needs to see them.

``devicesim.host.activities`` fits these protocols structurally, as the rest of the device host
does (``device_host``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gateway.console.app_host import AppView


class ActivityView(Protocol):
    """A Live Activity, as it was at the moment of the call. Times are UNIX seconds."""

    @property
    def activity_id(self) -> str:
        """Its name on the device."""
        ...

    @property
    def bundle_id(self) -> str:
        """Whose it is."""
        ...

    @property
    def attributes_type(self) -> str:
        """The name of its type, such as ``DeliveryAttributes``."""
        ...

    @property
    def state(self) -> str:
        """``active``, ``stale`` or ``ended``."""
        ...

    @property
    def token(self) -> str | None:
        """What updates it, in hexadecimal; None when nothing does (any more, or yet)."""
        ...

    @property
    def attributes(self) -> Mapping[str, Any]:
        """What it is about, for good."""
        ...

    @property
    def content_state(self) -> Mapping[str, Any]:
        """Its newest content."""
        ...

    @property
    def started_at(self) -> float:
        """When it began, by the device's clock."""
        ...

    @property
    def timestamp(self) -> float:
        """That of its newest content, by the provider's clock."""
        ...

    @property
    def stale_date(self) -> float | None:
        """From when on its content is out of date."""
        ...

    @property
    def ended_at(self) -> float | None:
        """When it ended."""
        ...

    @property
    def dismissal_date(self) -> float | None:
        """When it leaves the screen, once it has ended."""
        ...

    @property
    def channel(self) -> str | None:
        """The broadcast channel that it follows, in base64."""
        ...

    @property
    def relevance_score(self) -> float:
        """Of several on a screen the highest is first."""
        ...


class ActivityHost(Protocol):
    """What can be done about Live Activities; errors are those of ``DeviceHost``."""

    async def register_type(self, device_id: str, bundle_id: str, attributes_type: str) -> AppView:
        """Ask for the push-to-start token of a type and wait for it while there is a link."""
        ...

    async def start(
        self,
        device_id: str,
        bundle_id: str,
        attributes_type: str,
        attributes: dict[str, Any],
        content_state: dict[str, Any],
    ) -> ActivityView:
        """The app starts one; waits for its token while there is a link."""
        ...

    async def of(self, device_id: str, bundle_id: str) -> Sequence[ActivityView]:
        """What is on the screen of an app's, oldest first."""
        ...

    async def end(self, device_id: str, bundle_id: str, activity_id: str) -> None:
        """The app or the person ends one; its token has expired when this returns."""
        ...
