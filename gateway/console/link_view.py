"""The links of virtual devices, as the console needs to see them; see ``device_host``."""

from __future__ import annotations

from typing import Protocol


class LinkView(Protocol):
    """A device's link through one interface, as the device believes it to be."""

    @property
    def interface(self) -> str:
        """``WiFi`` or ``Cellular``."""
        ...

    @property
    def state(self) -> str:
        """``online``, ``connecting``, ``waiting`` or ``off``."""
        ...

    @property
    def leads(self) -> bool:
        """Whether the device says on it what it has to say."""
        ...

    @property
    def local(self) -> str | None:
        """Its own address, while there is a connection."""
        ...

    @property
    def remote(self) -> str | None:
        """The gateway's."""
        ...

    @property
    def keep_alive_seconds(self) -> float | None:
        """From one keep-alive to the next."""
        ...

    @property
    def keep_alive_stage(self) -> str | None:
        """Where the search for the longest interval is; empty if there is none."""
        ...

    @property
    def next_keep_alive_seconds(self) -> float | None:
        """Until the next one is due."""
        ...
