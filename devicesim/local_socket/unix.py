"""A Unix socket for its owner only: mode 0600, in a folder that nobody else may enter."""

from __future__ import annotations

import errno
import os
import socket
import stat
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import trio

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# sun_path of Linux is 108 bytes with its final zero; of macOS 104.
MAX_PATH_BYTES = 103
_BACKLOG = 128


class LocalSocketError(Exception):
    """The socket cannot be made; names the path and what to do."""


@contextmanager
def private_unix_listener(path: Path) -> Iterator[trio.SocketListener]:
    """Listen at ``path``; the socket file goes away on the way out.

    A socket that nobody serves any more (a killed daemon's) is replaced.

    Raises:
        LocalSocketError: somebody serves it, the folder is open to others, something else has the
            name, or the path is too long.
    """
    if len(os.fsencode(path)) > MAX_PATH_BYTES:
        raise LocalSocketError(
            f"{path}: too long for a socket, at most {MAX_PATH_BYTES} bytes; choose a shorter one"
        )
    try:
        _prepare_folder(path.parent)
        _remove_stale(path)
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listening:
            listening.bind(os.fspath(path))
            path.chmod(0o600)
            inode = path.stat().st_ino
            listening.listen(_BACKLOG)
            listening.setblocking(False)
            serving = trio.socket.from_stdlib_socket(listening.dup())
    except OSError as error:
        raise LocalSocketError(f"{path}: cannot listen there ({error.strerror})") from None
    try:
        with serving:
            yield trio.SocketListener(serving)
    finally:
        with suppress(OSError):
            if path.stat().st_ino == inode:  # not the socket of whoever came after us
                path.unlink()


def _prepare_folder(folder: Path) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    mode = stat.S_IMODE(folder.stat().st_mode)
    if mode & 0o077:
        raise LocalSocketError(
            f"{folder}: open to others (mode {mode:04o}), expected 0700; choose another folder,"
            f" or close it with: chmod 700 {folder}"
        )


def _remove_stale(path: Path) -> None:
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(mode):
        raise LocalSocketError(f"{path}: exists and is no socket; choose another path")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.setblocking(False)
        result = probe.connect_ex(os.fspath(path))
    if result != errno.ECONNREFUSED:
        raise LocalSocketError(
            f"{path}: another device daemon serves it; stop it or choose another path"
        )
    path.unlink()
