"""The phone that one client pushes to, and what a case may do to it."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from apnsim.client import Apnsim, Device
    from apnsim.client.views import ReceivedNotification
    from interop.gateway import Gateway

ARRIVAL_SECONDS = 5.0
TOKEN_LIFETIME_SECONDS = 3600


@dataclass
class Phone:
    """A virtual device of its own for each client, with one app that stays and one that leaves.

    Attributes:
        tokens: of the app, by push type.
        gone_token: of the app that was uninstalled, ``gone_between`` (milliseconds, UNIX).
        channel: the broadcast channel that the app listens to.
        signed_at: by when the client has surely signed its provider token; UNIX seconds.
    """

    gateway: Gateway
    device: Device
    topic: str
    tokens: dict[str, str]
    gone_token: str
    gone_between: tuple[int, int]
    channel: str = ""
    signed_at: float = field(default_factory=time.time)
    _seen: int = 0
    _seen_of: int = 1

    @property
    def control(self) -> Apnsim:
        """The control API of the gateway."""
        return self.gateway.control

    @classmethod
    def create(cls, gateway: Gateway, client: str) -> Phone:
        """Unpack a phone, install two apps, uninstall one."""
        control = gateway.control
        topic = f"com.example.{client.replace(' ', '-')}"
        device = control.create_device(client)
        tokens = device.install(topic, ["alert", "voip"]).tokens
        gone = device.install(f"{topic}.gone")
        gone_token = gone.token
        before = control.clock().now
        gone.uninstall()
        after = control.clock().now
        gone_between = (int(before * 1000), int(after * 1000))
        return cls(gateway, device, topic, tokens, gone_token, gone_between)

    def arrivals(self, expected: int) -> list[ReceivedNotification]:
        """What the device received since the last call; waits until it is as much as expected."""
        deadline = time.monotonic() + ARRIVAL_SECONDS
        if self._seen_of != self.gateway.starts:  # its devices list what they received since
            self._seen_of, self._seen = self.gateway.starts, 0
        while len(received := self.device.notifications()) < self._seen + expected:
            if time.monotonic() > deadline:
                break
            time.sleep(0.02)
        new = received[self._seen :]
        self._seen = len(received)
        return new

    def install(self, count: int) -> list[tuple[str, str]]:
        """So many more apps; topic and token of each."""
        topics = [f"{self.topic}.app{number}" for number in range(count)]
        return [(topic, self.device.install(topic).token) for topic in topics]

    def listen(self, channel_id: str) -> None:
        """Have the app listen to a broadcast channel."""
        [app] = [app for app in self.device.refresh().apps if app.bundle_id == self.topic]
        app.subscribe(channel_id)
        self.channel = channel_id

    def leave(self) -> None:
        """Lose the network."""
        self.device.go_offline()

    def come_back(self) -> None:
        """Have the network again."""
        self.device.go_online()

    def outlive_the_gateway(self) -> None:
        """Have the gateway restart; the phone comes back to it by itself."""
        self.gateway.restart()

    def reconnect(self) -> None:
        """Whatever the gateway still has for the device, it hands over now."""
        self.leave()
        self.come_back()

    def age_token(self) -> None:
        """Have the client's provider token be too old, and one signed from now on be fresh.

        The gateway's clock is an hour ahead of the client's, less a moment, and stands still.
        """
        moment = 2
        time.sleep(max(0.0, self.signed_at + 2 * moment - time.time()))
        now = time.time() + TOKEN_LIFETIME_SECONDS - moment
        self.control.set_clock(frozen=True, now=max(now, self.control.clock().now))

    def distrust_tokens(self) -> None:
        """Have every provider token be refused as too old, however fresh it is."""
        expired = {"type": "answer", "status": 403, "reason": "ExpiredProviderToken"}
        self.control.rules.add(expired)

    def trust_tokens(self) -> None:
        """Have them be believed again."""
        for rule in self.control.rules:
            rule.delete()
