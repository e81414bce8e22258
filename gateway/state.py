"""The state of a gateway as a whole: a reset takes it back, all of it or one tenant's.

A snapshot brings another.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import trio

if TYPE_CHECKING:
    from collections.abc import Container

    from gateway.faults.book import RuleBook
    from gateway.journal import Journal
    from gateway.records import Record
    from gateway.routing.channels import ChannelDirectory
    from gateway.routing.directory import DeviceDirectory
    from gateway.routing.router import Router
    from gateway.routing.sessions import SessionTable
    from gateway.snapshot.document import GatewayPart
    from gateway.store.store import Store
    from protocol.tenant import Tenant


@dataclass(frozen=True, slots=True)
class GatewayState:
    """Every part that remembers something."""

    store: Store
    directory: DeviceDirectory
    channels: ChannelDirectory
    router: Router
    sessions: SessionTable
    journal: Journal
    rules: RuleBook

    @property
    def is_empty(self) -> bool:
        """Whether nobody has ever been here, by what the store knew."""
        return not (self.directory.registrations() or any(self.channels) or self.channels.newest)

    async def load(self) -> None:
        """Know the tokens and channels that the store knows.

        Raises:
            StoreUnavailableError: it could not be read.
        """
        await self.directory.load()
        await self.channels.load()

    async def reset(self) -> None:
        """Back to empty but for the settings' rules and keys; links are asked to leave.

        Raises:
            StoreUnavailableError: what the store has it still has.
        """
        self.sessions.dismiss("the gateway is reset")
        await self.store.clear()
        await self.load()
        self.router.clear()
        self.journal.clear()
        self.rules.reset()

    def restore(self, part: GatewayPart) -> None:
        """Remember what a snapshot told, and nothing else; the store has its part of it already."""
        contents = part.contents
        self.directory.restore(contents.registrations)
        self.channels.restore(contents.channels, contents.broadcasts)
        self.router.clear()
        self.sessions.dismiss("a snapshot is loaded")
        self.journal.restore((each.record for each in part.records), part.next_record)
        self.rules.restore(each.entry for each in part.rules)
        for expiries in (self.router.expiries, self.channels.expiries):
            expiries.ring_at(0.0)  # look when the next of them is

    async def forget(self, tenant: Tenant, hosted: Container[str]) -> None:
        """Back to before a tenant came; nothing of others is touched.

        Its tokens have never been, as after a reset: providers hear BadDeviceToken.

        Args:
            tenant: whose everything goes.
            hosted: devices that know that the app is gone. Others that have it are asked to leave
                their link: they ask for new tokens on the next one.

        Raises:
            StoreUnavailableError: nothing is forgotten.
        """
        gone = await self.directory.forget(tenant)
        self.channels.forget(tenant)
        self.router.clear(tenant)
        self.sessions.forget(tenant)
        strangers = {each.device for each in gone if each.device not in hosted}
        for session in self.sessions:
            if session.device in strangers:
                session.leave(f"{tenant.bundle_id} is reset: its tokens are to be asked for anew")
        tokens = {each.token.hex() for each in gone}
        await trio.lowlevel.checkpoint()  # what sessions had fetched just before is noted by now

        def is_gone(record: Record) -> bool:
            return tenant.has(record.topic) if record.topic else record.token in tokens

        self.journal.forget(is_gone)
        self.rules.reset(tenant)
