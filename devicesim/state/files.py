"""A device's folder: mode 0700, files 0600, replaced whole or appended to whole.

======================  ==========================================================
``device.json``         who the device is, its apps and tokens; replaced atomically
``pushes.log``          what happened to pushes, appended in msgpack; compacted
======================  ==========================================================
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_FORMAT = 1


class StateError(Exception):
    """The device's folder cannot be used; names the path and what to do."""


class StateFiles:
    """The files of one device.

    Args:
        directory: its folder, made if absent.
        is_synced: flush to the disk itself before returning. Without it a kill -9 of the process
            loses nothing, a crash of the machine may lose the last seconds.
    """

    __slots__ = ("_description_path", "_log_path", "directory", "is_synced", "log_bytes")

    def __init__(self, directory: Path, *, is_synced: bool) -> None:
        make_private_directory(directory)
        self.directory = directory
        self.is_synced = is_synced
        self._description_path = directory / "device.json"
        self._log_path = directory / "pushes.log"
        self.log_bytes = 0

    def moved(self, directory: Path) -> None:
        """The folder is elsewhere from now on."""
        self.directory = directory
        self._description_path = directory / self._description_path.name
        self._log_path = directory / self._log_path.name

    def read_description(self) -> dict[str, Any] | None:
        """What ``write_description()`` wrote; None if nothing was written yet.

        Raises:
            StateError: the file cannot be read or is not ours.
        """
        try:
            described = json.loads(self._description_path.read_bytes())
        except FileNotFoundError:
            return None
        except (OSError, ValueError, RecursionError) as error:
            raise StateError(f"{self._description_path}: cannot be read ({error})") from None
        if not isinstance(described, dict) or described.get("format") != _FORMAT:
            raise StateError(
                f"{self._description_path}: not a device of format {_FORMAT}; move the folder away"
            )
        return described

    def write_description(self, described: dict[str, Any]) -> None:
        """Replace the description.

        Raises:
            StateError: the folder cannot be written.
        """
        text = json.dumps({"format": _FORMAT, **described}, indent=1)
        write_private(self._description_path, text.encode(), is_synced=self.is_synced)

    def read_log(self) -> bytes:
        """All that was appended; the last record may be cut short by a crash.

        Raises:
            StateError: the file cannot be read.
        """
        try:
            data = self._log_path.read_bytes()
        except FileNotFoundError:
            return b""
        except OSError as error:
            raise StateError(f"{self._log_path}: cannot be read ({error.strerror})") from None
        self.log_bytes = len(data)
        return data

    def append_to_log(self, data: bytes) -> None:
        """Append all of it or, on an error, none of it.

        Raises:
            StateError: the folder cannot be written, e.g. because the disk is full.
        """
        try:
            # Opened each time: thousands of devices would hold thousands of descriptors.
            descriptor = os.open(self._log_path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            try:
                self._append(descriptor, data)
            finally:
                os.close(descriptor)
        except OSError as error:
            raise _unwritable(self._log_path, error) from None
        self.log_bytes += len(data)

    def replace_log(self, data: bytes) -> None:
        """Replace the log by this shorter one.

        Raises:
            StateError: the folder cannot be written.
        """
        write_private(self._log_path, data, is_synced=self.is_synced)
        self.log_bytes = len(data)

    def _append(self, descriptor: int, data: bytes) -> None:
        length = os.fstat(descriptor).st_size
        try:
            _write_whole(descriptor, data)
            if self.is_synced:
                os.fdatasync(descriptor)
        except OSError:
            os.ftruncate(descriptor, length)  # half a record would hide those after it
            raise


def write_private(path: Path, data: bytes, *, is_synced: bool) -> None:
    """Write a file of mode 0600 under another name, then rename it.

    Raises:
        StateError: the folder cannot be written.
    """
    temporary = path.with_name(f".{path.name}.new")
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            if is_synced:
                os.fsync(descriptor)
        temporary.replace(path)
        if is_synced:
            _sync_directory(path.parent)
    except OSError as error:
        raise _unwritable(path, error) from None


def make_private_directory(directory: Path) -> None:
    """Make the folder, mode 0700; one that is there already must be as private.

    It is not made private: it may be somebody else's (``--state-dir /tmp``).

    Raises:
        StateError: it cannot be made, or others may look into it.
    """
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        mode = directory.stat().st_mode & 0o777
    except OSError as error:
        raise StateError(
            f"{directory}: cannot be a device's folder ({error.strerror}); check owner and mode"
        ) from None
    if mode & 0o077:
        raise StateError(
            f"{directory}: open to others (mode {mode:o}); choose a folder that is not there yet,"
            f" or: chmod 700 {directory}"
        )


@contextmanager
def locked_directory(directory: Path) -> Iterator[None]:
    """Have the folder to oneself; the lock ends with the process, however it ends.

    Raises:
        StateError: another process has it.
    """
    make_private_directory(directory)
    path = directory / ".lock"  # no device id begins so
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise StateError(
                f"{directory}: in use by another device daemon; stop it or choose another folder"
            ) from None
        yield
    finally:
        os.close(descriptor)


def _write_whole(descriptor: int, data: bytes) -> None:
    if os.write(descriptor, data) != len(data):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _sync_directory(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _unwritable(path: Path, error: OSError) -> StateError:
    return StateError(f"{path}: cannot be written ({error.strerror}); make room or check its mode")
