"""The folder of a host: one folder per device in it, and a lock."""

from __future__ import annotations

import logging
import shutil
from functools import partial
from typing import TYPE_CHECKING

import trio

from devicesim.files import StateError, StateFiles, locked_directory
from devicesim.state import DeviceState

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    from devicesim.document import DevicePart

log = logging.getLogger(__name__)


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

    async def stage(self, parts: Sequence[DevicePart]) -> list[DeviceState]:
        """Write devices down where no host looks for any, for :meth:`replace`.

        Raises:
            StateError: they could not be written; nothing is left of them.
        """
        return await trio.to_thread.run_sync(self._stage, parts)

    def _stage(self, parts: Sequence[DevicePart]) -> list[DeviceState]:
        shutil.rmtree(self._staging, ignore_errors=True)
        states: list[DeviceState] = []
        try:
            for part in parts:
                states.append(part.state(self._files_of(self._staging / part.device_id)))
                states[-1].write()
        except BaseException:
            shutil.rmtree(self._staging, ignore_errors=True)
            raise
        return states

    async def discard_staged(self) -> None:
        """What was staged is not wanted."""
        remove = partial(shutil.rmtree, self._staging, ignore_errors=True)
        await trio.to_thread.run_sync(remove)

    async def replace(self, device_ids: Sequence[str], states: Sequence[DeviceState]) -> None:
        """Staged devices in the place of those.

        Raises:
            StateError: not all could be put there.
        """
        await trio.to_thread.run_sync(self._replace, device_ids, states)

    def _replace(self, device_ids: Sequence[str], states: Sequence[DeviceState]) -> None:
        self._remove(device_ids)
        for state in states:
            state.move(self._directory / state.device_id)
        shutil.rmtree(self._staging, ignore_errors=True)

    @property
    def _staging(self) -> Path:
        return self._directory / ".staged"

    async def remove(self, *device_ids: str) -> None:
        """Delete devices' files; what cannot be deleted stays."""
        if device_ids:
            await trio.to_thread.run_sync(self._remove, device_ids)

    def _remove(self, device_ids: Iterable[str]) -> None:
        for device_id in device_ids:
            shutil.rmtree(self._directory / device_id, ignore_errors=True)

    def _files_of(self, path: Path) -> StateFiles:
        # Not synced: see devicesim.host for what that may cost.
        return StateFiles(path, is_synced=False)

    def _load(self) -> list[DeviceState]:
        shutil.rmtree(self._staging, ignore_errors=True)  # of a process that was killed
        states = [self._read(path) for path in self._directory.iterdir() if path.is_dir()]
        found = [state for state in states if state is not None]
        return sorted(found, key=lambda state: int(state.extras.get("serial", 0)))

    def _read(self, path: Path) -> DeviceState | None:
        try:
            return DeviceState.load(self._files_of(path))
        except StateError as error:
            log.error("device left out: %s", error)  # noqa: TRY400 - it tells all
            return None
