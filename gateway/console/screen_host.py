"""The screens of virtual devices, as the console needs to reach them.

``devicesim.host.screens`` fits this protocol structurally, as the rest of the device host does
(``device_host``). A screen is passed on unread, field by field as it is: ``api/screens.py``
documents it, and a test holds the two together.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping

# A frozen dataclass with the fields of ``api.screens.Screen``.
ScreenView: TypeAlias = object


class ScreenHost(Protocol):
    """What a person sees and does; errors are those of ``DeviceHost``."""

    async def look(self, device_id: str) -> ScreenView:
        """The screen now."""
        ...

    async def tap(self, device_id: str, apns_id: str) -> ScreenView:
        """Open a notification."""
        ...

    async def dismiss(self, device_id: str, apns_id: str) -> ScreenView:
        """Swipe a notification away."""
        ...

    async def clear(self, device_id: str, bundle_id: str | None = None) -> ScreenView:
        """Clear all, or all of an app."""
        ...

    async def set_badge(self, device_id: str, bundle_id: str, number: int) -> ScreenView:
        """The app changes its badge."""
        ...

    async def set_strings(self, device_id: str, bundle_id: str, table: Mapping[str, str]) -> None:
        """What the keys in alerts mean to the app."""
        ...
