"""What its answers have earned a provider: how many streams, and whether it may stay."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.provider.refusals import BAD_DEVICE_TOKEN

if TYPE_CHECKING:
    from gateway.provider.contract import ConnectionSettings
    from protocol.provider.http import HttpResponse


class Standing:
    """The record of the provider on one connection.

    Apple, "Handling notification responses from APNs": 4xx answers slow the sender down, too many
    errors disconnect it, BadDeviceToken sooner; 410 is no error.

    Args:
        settings: what errors cost; by default nothing.
        streams: how many streams it may have at first.

    Attributes:
        streams: how many it may have now, MAX_CONCURRENT_STREAMS.
        errors: refused pushes since the last accepted one; BadDeviceToken counts twice.
    """

    def __init__(self, settings: ConnectionSettings, streams: int) -> None:
        self.streams = streams
        self.errors = 0
        self._settings = settings
        self._earned = streams

    def authenticated(self) -> None:
        """The first valid credential was seen. Idempotent."""
        if self._earned != self._settings.streams_after_authentication:
            self.streams = self._earned = self._settings.streams_after_authentication

    def answered(self, response: HttpResponse) -> bool:
        """An answer is about to be given. Whether that changes anything."""
        if response.status < 400:
            if not self.errors:
                return False
            self.errors = 0
            self.streams = self._earned
        elif response.status < 500 and response.status != 410:
            self.errors += 2 if response.body == BAD_DEVICE_TOKEN else 1
            # Measured (radar 27870881, pushy#476, #732): it fell to 1, until the next accepted one.
            if self._settings.streams_after_error:
                self.streams = min(self._settings.streams_after_error, self._earned)
        return True

    @property
    def is_spoilt(self) -> bool:
        """Whether it has made too many errors."""
        return 0 < self._settings.max_errors <= self.errors
