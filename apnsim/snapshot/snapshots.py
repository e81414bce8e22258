"""The whole state of a gateway and its virtual devices, out as one document and in again.

docs/snapshots.md is for people. Taking one goes part by part, so that the gateway goes on with its
work: journal, then store, then devices. So a push that is on its way meanwhile is told twice
rather than not at all, and the phone knows it again.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
from functools import partial
from typing import TYPE_CHECKING, Any

import trio

from apnsim.snapshot.format import FORMAT, FORMAT_VERSION, SnapshotError
from certs.files import PRIVATE_MODE, PUBLIC_MODE, write_credential
from gateway.snapshot.telling import tell_clock, tell_key, tell_record, tell_rule
from gateway.version import VERSION
from protocol.plain import plain

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from apnsim.snapshot.reading import Snapshot
    from apnsim.virtual_devices import VirtualDevices
    from gateway.provider.keys import RegisteredKey
    from gateway.serve import Gateway
    from gateway.snapshot.document import KeyPart

log = logging.getLogger(__name__)

# About 5 ms of work.
VALUES_AT_ONCE = 25
# For the links of before to be over: acknowledgements that come later would be of other pushes.
LEAVE_SECONDS = 5.0
# What is written on exit may take so long.
EXPORT_SECONDS = 60.0
# What a test may depend on, and a snapshot cannot bring: the settings are the process's.
_SETTINGS = (
    "environment", "auth", "unknown_tokens", "power_hold", "same_apns_id_seconds",
    "unregistered_delay_seconds", "background_priority_10", "in_band_faults", "journal_size",
)  # fmt: skip


class Snapshots:
    """Takes snapshots, and loads them: one at a time.

    Args:
        gateway: whose state it is.
        devices: its virtual devices.
    """

    def __init__(self, gateway: Gateway, devices: VirtualDevices) -> None:
        self._gateway = gateway
        self._devices = devices
        self._turn = trio.Lock()
        self.is_ready = gateway.settings.import_ is None

    async def begin(self) -> None:
        """Load what the settings say, if they do.

        Raises:
            SnapshotError: the file cannot be read, or see :meth:`load`; or the one of the end
                could not be written.
            StateError, StoreUnavailableError, CredentialError: see there, too.
        """
        settings = self._gateway.settings
        if settings.export_on_exit is not None:
            _expect_writable(settings.export_on_exit)
        file = settings.import_
        if file is not None:
            try:
                await self.load(await trio.to_thread.run_sync(file.read_bytes))
            except SnapshotError as error:
                raise SnapshotError(f"{file}: {error}") from None
            except OSError as error:
                raise SnapshotError(f"{file}: cannot be read ({error.strerror})") from None
            self.is_ready = True

    async def leave(self) -> None:
        """Write what is left behind, if the settings say so: all of the file, or none.

        Raises:
            CredentialFileError: it cannot be written.
        """
        file = self._gateway.settings.export_on_exit
        if file is not None:
            with trio.CancelScope(shield=True, deadline=trio.current_time() + EXPORT_SECONDS):
                raw = await self.take()
                await trio.to_thread.run_sync(partial(write_snapshot, file, raw))
                log.info("the state is in %s", file)

    async def take(self, *, secrets: bool = False) -> bytes:
        """All of it as JSON.

        Args:
            secrets: with the private halves of keys, and the credentials that requests had.

        Raises:
            StoreUnavailableError: the store could not be read.
            OSError: a private half could not.
        """
        gateway = self._gateway
        records = (tell_record(each, secrets=secrets) for each in gateway.journal.records())
        parts: dict[str, Any] = {
            "format": FORMAT,
            "version": FORMAT_VERSION,
            "apnsim": VERSION,
            "secrets": secrets,
            "settings": self._settings(),
        }
        lists = {"records": await _array(records)}
        waiting = await gateway.store.waiting()
        parts["clock"] = gateway.clock_at_the_end or tell_clock(gateway.clock)
        parts["next_record"] = gateway.journal.next_number
        tokens = gateway.directory.registrations()
        lists |= {
            "keys": await _array(tell_key(each, secrets=secrets) for each in gateway.keys),
            "tokens": await _array(map(plain, sorted(tokens, key=lambda each: each.token))),
            "waiting": await _array(map(plain, waiting)),
            "channels": await _array(map(plain, gateway.channels)),
            "broadcasts": await _array(map(plain, gateway.channels.newest)),
            "rules": await _array(map(tell_rule, gateway.faults.book)),
            "devices": await _array(self._devices.describe_all()),
        }
        head = json.dumps(parts, allow_nan=False)[:-1].encode()
        tail = b",\n".join(b'"%b": %b' % (name.encode(), told) for name, told in lists.items())
        return b"%b,\n%b}\n" % (head, tail)

    async def load(self, raw: bytes) -> None:
        """Replace all of it by what a snapshot holds; all or nothing.

        Returns once the devices that want a link have it again, at most 10 s later.

        Raises:
            SnapshotError: it is none, or of a newer version; nothing has changed.
            StateError, StoreUnavailableError, CredentialError: it could not be written down;
                nothing has changed, but that devices had to connect anew.
        """
        async with self._turn:
            snapshot = await trio.to_thread.run_sync(_read, raw)
            self._compare(snapshot)
            states = await self._devices.stage(snapshot.devices)
            try:
                await self._replace(snapshot)
                self._gateway.chance.begin(f"snapshot {hashlib.sha256(raw).hexdigest()}")
            except BaseException:
                with trio.CancelScope(shield=True):
                    await self._devices.discard_staged()
                raise
            await self._devices.replace(snapshot.devices, states)
            log.info("a snapshot is loaded: %s", snapshot)

    async def _replace(self, snapshot: Snapshot) -> None:
        """The gateway's part; its devices are gone since."""
        gateway = self._gateway
        gateway.sessions.dismiss("a snapshot is loaded")
        with trio.move_on_after(LEAVE_SECONDS):
            await gateway.couriers.wait_until_left()
        before = list(gateway.keys)
        gateway.keys.restore(self._keys(snapshot.keys))
        try:
            await gateway.store.refill(snapshot.contents)
        except BaseException:
            gateway.keys.restore(before)
            raise
        self._devices.vanish_all("a snapshot is loaded")
        snapshot.set(gateway.clock)
        gateway.state.restore(snapshot)

    def _keys(self, parts: Iterable[KeyPart]) -> list[RegisteredKey]:
        """Those of the snapshot; and, if none of them can sign here, those that can."""
        home, here = self._gateway.home, {each.key.key_id: each for each in self._gateway.keys}
        keys = [home.with_private_half(part.key, part.private, here) for part in parts]
        if any(key.key_file is not None for key in keys):
            return keys
        names = {key.key.key_id for key in keys}
        return [
            *keys,
            *(each for each in self._gateway.keys.at_hand() if each.key.key_id not in names),
        ]

    def _settings(self) -> dict[str, Any]:
        settings = self._gateway.settings
        return {name: getattr(settings, name) for name in _SETTINGS}

    def _compare(self, snapshot: Snapshot) -> None:
        here = json.loads(json.dumps(self._settings()))
        for name, value in snapshot.settings.items():
            if name in here and here[name] != value:
                log.warning(
                    "the snapshot was taken with %s = %s; here it is %s", name, value, here[name]
                )


def _read(raw: bytes) -> Snapshot:
    # Not at start: most gateways never load one, and its models take time to be made.
    from apnsim.snapshot.reading import read_snapshot

    return read_snapshot(raw)


def _expect_writable(file: Path) -> None:
    """Whoever wants a file at the end hears at the start that there will be none."""
    folder = next(each for each in file.absolute().parents if each.exists())
    if file.is_dir() or not folder.is_dir() or not os.access(folder, os.W_OK):
        raise SnapshotError(f"{file}: cannot be written at the end; name a file in your own folder")


def write_snapshot(file: Path, raw: bytes, *, secrets: bool = False) -> None:
    """Under another name first: whoever sees it, sees all of it.

    Raises:
        CredentialFileError: it cannot be written.
    """
    write_credential(file, raw, mode=PRIVATE_MODE if secrets else PUBLIC_MODE, replace=True)


async def _array(values: Iterable[Any]) -> bytes:
    """A JSON array; the gateway goes on with its own work in between."""
    parts: list[bytes] = []
    for value in values:
        parts.append(json.dumps(value, allow_nan=False).encode("ascii"))
        if len(parts) % VALUES_AT_ONCE == 0:
            await trio.lowlevel.checkpoint()
    return b"[%b]" % b",\n".join(parts)
