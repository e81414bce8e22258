"""The folder of a host: one folder per device in it, and a lock."""

from __future__ import annotations

import json
import logging
import shutil
from functools import partial
from typing import TYPE_CHECKING

import trio

from devicesim.state.device_state import DeviceState
from devicesim.state.files import (
    StateError,
    StateFiles,
    locked_directory,
    make_private_directory,
    write_private,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    from devicesim.host.document import DevicePart

log = logging.getLogger(__name__)

# Folders that hold devices to come, and the list of all of these; no device id begins so.
STAGED, NEXT, NAMES = ".staged", ".next", ".devices.json"


class HostFolder:
    """Where a host keeps its devices.

    Args:
        directory: made if absent, mode 0700.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def locked(self) -> AbstractContextManager[None]:
        """Have it to oneself; raises StateError if another process has it."""
        return locked_directory(self._directory)

    async def load(self) -> list[DeviceState]:
        """Its devices, oldest first; one that cannot be read is left out with a line in the log."""
        return await trio.to_thread.run_sync(self._load)

    async def make(self, device_id: str) -> StateFiles:
        """The files of a new device.

        Raises:
            StateError: its folder cannot be made.
        """
        return await trio.to_thread.run_sync(self._files_of, self._directory / device_id)

    # -- others in their place: staged, then next, then here; each step is one rename ------------

    async def stage(self, parts: Sequence[DevicePart]) -> list[DeviceState]:
        """Write devices down where no host looks for any, for :meth:`replace`.

        Raises:
            StateError: they could not be written; nothing is left of them.
        """
        return await trio.to_thread.run_sync(self._stage, parts)

    def _stage(self, parts: Sequence[DevicePart]) -> list[DeviceState]:
        staged = self._directory / STAGED
        shutil.rmtree(staged, ignore_errors=True)
        states: list[DeviceState] = []
        try:
            make_private_directory(staged)
            names = json.dumps([part.device_id for part in parts])
            write_private(staged / NAMES, names.encode(), is_synced=False)
            for part in parts:
                states.append(part.state(self._files_of(staged / part.device_id)))
                states[-1].write()
        except BaseException:
            shutil.rmtree(staged, ignore_errors=True)
            raise
        return states

    async def discard_staged(self) -> None:
        """What was staged is not wanted."""
        remove = partial(shutil.rmtree, self._directory / STAGED, ignore_errors=True)
        await trio.to_thread.run_sync(remove)

    async def replace(self, states: Sequence[DeviceState]) -> None:
        """The staged devices in the place of all others; whatever happens, all of them.

        Raises:
            StateError: they are not there yet; the next start puts them there.
        """
        await trio.to_thread.run_sync(self._replace, states)

    def _replace(self, states: Sequence[DeviceState]) -> None:
        try:
            shutil.rmtree(self._directory / NEXT, ignore_errors=True)  # of one that failed
            (self._directory / STAGED).rename(self._directory / NEXT)
            self._complete()
        except OSError as error:
            raise StateError(f"{self._directory}: cannot be changed ({error.strerror})") from None
        for state in states:
            state.moved(self._directory / state.device_id)

    def _complete(self) -> None:
        """Let there be the next devices and no others; goes on where a killed process was."""
        coming = self._directory / NEXT
        if not coming.is_dir():
            return
        names = set(json.loads((coming / NAMES).read_bytes()))
        for path in self._folders(self._directory):
            if path.name not in names or (coming / path.name).is_dir():
                shutil.rmtree(path)
        for path in self._folders(coming):
            path.rename(self._directory / path.name)
        shutil.rmtree(coming)

    def _folders(self, directory: Path) -> list[Path]:
        return [each for each in directory.glob("[!.]*") if each.is_dir()]

    # -- one by one ------------------------------------------------------------------------------

    async def remove(self, *device_ids: str) -> None:
        """Delete devices' files; what cannot be deleted stays."""
        if device_ids:
            await trio.to_thread.run_sync(self._remove, device_ids)

    def _remove(self, device_ids: Iterable[str]) -> None:
        for device_id in device_ids:
            shutil.rmtree(self._directory / device_id, ignore_errors=True)

    def _files_of(self, path: Path) -> StateFiles:
        # Not synced: see devicesim.host.device_host for what that may cost.
        return StateFiles(path, is_synced=False)

    def _load(self) -> list[DeviceState]:
        shutil.rmtree(self._directory / STAGED, ignore_errors=True)  # of a process that was killed
        try:
            self._complete()
        except (OSError, ValueError, TypeError) as error:
            raise StateError(f"{self._directory / NEXT}: cannot be used ({error})") from None
        states = [self._read(path) for path in self._folders(self._directory)]
        found = [state for state in states if state is not None]
        return sorted(found, key=lambda state: int(state.extras.get("serial", 0)))

    def _read(self, path: Path) -> DeviceState | None:
        try:
            return DeviceState.load(self._files_of(path))
        except StateError as error:
            log.error("device left out: %s", error)  # noqa: TRY400 - it tells all
            return None
