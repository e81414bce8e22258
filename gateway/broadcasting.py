"""The broadcast half of a gateway, wired: messages on the ports for pushes, management on its own.

Apple manages channels on ports of their own, 2195 for development and 2196 for production: there
the port alone tells the environment.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from gateway.broadcast_validation import BroadcastGrounds
from gateway.provider.broadcast import (
    BroadcastEndpoint,
    BroadcastService,
    by_path,
    manage,
    publish,
    shutdown_by_path,
)
from gateway.provider.listener import ProviderFront, serve_providers
from gateway.routing.broadcasts import Broadcaster
from gateway.routing.channels import ChannelDirectory

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    import trio

    from gateway.journal import Journal
    from gateway.provider.broadcast import Fulfil
    from gateway.provider.contract import (
        Answerer,
        ConnectionFacts,
        ConnectionHandle,
        ShutdownAnswer,
    )
    from gateway.provider.identity import ConnectionIdentity
    from gateway.provider.interference import RequestFaults
    from gateway.provider.listener import Context, ListenSettings
    from gateway.routing.channels import ChannelRules
    from gateway.store.store import Store
    from protocol.notification import Environment

    Meet: TypeAlias = Callable[[ConnectionFacts, ConnectionHandle], ConnectionIdentity]


class Broadcasting:
    """What providers say about channels.

    Args:
        store: where channels are kept.
        journal: told about every request.
        now: the gateway's clock, UNIX seconds.
        random_bytes: where ids come from.
        rules: the limits of channels.
    """

    def __init__(
        self,
        store: Store,
        journal: Journal,
        now: Callable[[], float],
        random_bytes: Callable[[int], bytes],
        rules: ChannelRules,
    ) -> None:
        self.channels = ChannelDirectory(store, now, random_bytes, rules)
        self.broadcaster = Broadcaster(self.channels, journal)
        self.ports: dict[Environment, int] = {}
        self._service = BroadcastService(
            self.channels, self.broadcaster, journal, now, random_bytes
        )

    def beside(
        self, pushes: Answerer, facts: ConnectionFacts, identity: ConnectionIdentity
    ) -> Answerer:
        """The answer of a connection for pushes, to devices and to channels."""
        return by_path(pushes, self._endpoint(facts, identity, publish))

    def shutting_down(self, pushes: ShutdownAnswer) -> ShutdownAnswer:
        """The same while the gateway drains."""
        return shutdown_by_path(pushes, self._service.shutting_down)

    def management(self, meet: Meet, pushes: ProviderFront, faults: RequestFaults) -> ProviderFront:
        """The front of channel management; its connections are as those of the front for pushes.

        Args:
            meet: who is behind a new connection.
            pushes: the front for pushes; who connects too often does so to both.
            faults: the rules for its requests.
        """

        def make_answer(facts: ConnectionFacts, handle: ConnectionHandle) -> Answerer:
            identity = meet(facts, handle)
            answer = self._endpoint(facts, identity, manage)
            return faults.over(answer, facts, handle, identity)

        return ProviderFront(
            make_answer,
            self._service.shutting_down,
            pushes.refused,
            pushes.settings,
            pushes.churn,
            pushes.numbers,
            pushes.faults,
        )

    async def open_ports(
        self,
        front: ProviderFront,
        listening: Iterable[ListenSettings],
        context: Context,
        accepting: trio.Nursery,
        links: trio.Nursery,
    ) -> None:
        """Open the ports of channel management: ``front``, made by :meth:`management`, serves them.

        Raises:
            PortError: one cannot be opened.
        """
        for listen in listening:
            (self.ports[listen.environment],) = await accepting.start(
                serve_providers, front, context, listen, links
            )

    def _endpoint(
        self, facts: ConnectionFacts, identity: ConnectionIdentity, fulfil: Fulfil
    ) -> BroadcastEndpoint:
        grounds = BroadcastGrounds(facts.environment, self.channels, identity.identify)
        return BroadcastEndpoint(self._service, grounds, facts.name, fulfil)
