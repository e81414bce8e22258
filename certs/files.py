"""Keys and certificates on disk: written whole or not at all, never over another by accident.

A private file has mode 0600 whatever the umask. Every failure names the path and what to do.
"""

from __future__ import annotations

import os
import secrets
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

PRIVATE_MODE = 0o600
PUBLIC_MODE = 0o644
# A P-256 key or certificate is under 2 KB; a file beyond this is something else.
MAX_FILE_BYTES = 1 << 20


class CredentialError(ValueError):
    """A key, certificate or request cannot be used; says what was expected and what to do."""


class CredentialFileError(CredentialError):
    """A file with a key or certificate cannot be used; ``path`` is that file."""

    def __init__(self, path: Path, message: str) -> None:
        super().__init__(f"{path}: {message}")
        self.path = path


class CredentialFileMissingError(CredentialFileError):
    """The file is not there: make it, or look elsewhere."""


class CredentialFileExistsError(CredentialFileError):
    """Another file is already there, and nothing is overwritten silently."""


def read_credential(path: Path) -> bytes:
    """Read a key or certificate file.

    Raises:
        CredentialFileMissingError: there is no such file.
        CredentialFileError: it cannot be read, or is too large to be a key or certificate.
    """
    try:
        with path.open("rb") as file:
            data = file.read(MAX_FILE_BYTES + 1)
    except FileNotFoundError:
        raise CredentialFileMissingError(path, "no such file") from None
    except OSError as error:
        raise CredentialFileError(
            path, f"cannot be read ({error.strerror}); check its kind, owner and mode"
        ) from None
    if len(data) > MAX_FILE_BYTES:
        raise CredentialFileError(path, "is too large for a key or certificate; wrong file?")
    return data


def write_credential(path: Path, data: bytes, *, mode: int, replace: bool = False) -> None:
    """Write the file under a temporary name, flush it, then give it its name in one step.

    Args:
        path: where; missing folders are made.
        data: the whole content.
        mode: ``PRIVATE_MODE`` for anything with a private key, else ``PUBLIC_MODE``.
        replace: whether a file of that name may be replaced.

    Raises:
        CredentialFileExistsError: the name is taken and ``replace`` is false.
        CredentialFileError: the folder or file cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}.tmp")
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    except OSError as error:
        raise _unwritable(path, error) from None
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(descriptor)
        if replace:
            temporary.replace(path)
        else:
            _publish(temporary, path)
    except FileExistsError:
        raise CredentialFileExistsError(
            path, "already exists and is not overwritten; move it away or choose another place"
        ) from None
    except OSError as error:
        raise _unwritable(path, error) from None
    finally:
        temporary.unlink(missing_ok=True)


def remove_credential(path: Path) -> None:
    """Delete the file if it is there.

    Raises:
        CredentialFileError: it cannot be deleted.
    """
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise _unwritable(path, error) from None


def _publish(temporary: Path, path: Path) -> None:
    """Give the file its name unless the name is taken."""
    try:
        path.hardlink_to(temporary)  # atomic, and fails when the name is taken; rename() does not
    except FileExistsError:
        raise
    except OSError:  # a file system without hard links (FAT, some container mounts)
        if path.exists():
            raise FileExistsError from None
        temporary.replace(path)


def _unwritable(path: Path, error: OSError) -> CredentialFileError:
    return CredentialFileError(
        path, f"cannot be written ({error.strerror}); check that its folder exists and is yours"
    )
