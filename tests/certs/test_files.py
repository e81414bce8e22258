from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from certs.files import (
    MAX_FILE_BYTES,
    PRIVATE_MODE,
    PUBLIC_MODE,
    CredentialError,
    CredentialFileError,
    CredentialFileExistsError,
    CredentialFileMissingError,
    read_credential,
    remove_credential,
    write_credential,
)

if TYPE_CHECKING:
    from collections.abc import Iterator


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def names_in(directory: Path) -> list[str]:
    return [path.name for path in directory.iterdir()]


@pytest.fixture(params=[0o000, 0o022, 0o077])
def umask(request: pytest.FixtureRequest) -> Iterator[int]:
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


def test_what_is_written_is_read_and_folders_are_made(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "key.pem"
    write_credential(path, b"secret", mode=PRIVATE_MODE)
    assert read_credential(path) == b"secret"


@pytest.mark.parametrize("replace", [False, True])
@pytest.mark.usefixtures("umask")
def test_a_private_file_is_0600_whatever_the_umask(tmp_path: Path, replace: bool) -> None:
    path = tmp_path / "key.pem"
    write_credential(path, b"secret", mode=PRIVATE_MODE, replace=replace)
    assert mode_of(path) == 0o600


def test_a_private_file_that_replaces_an_open_one_is_0600(tmp_path: Path) -> None:
    path = tmp_path / "key.pem"
    path.write_bytes(b"old")
    path.chmod(0o666)
    write_credential(path, b"new", mode=PRIVATE_MODE, replace=True)
    assert (mode_of(path), path.read_bytes()) == (0o600, b"new")


def test_a_public_file_obeys_the_umask(tmp_path: Path, umask: int) -> None:
    path = tmp_path / "ca.pem"
    write_credential(path, b"public", mode=PUBLIC_MODE)
    assert mode_of(path) == 0o644 & ~umask


def test_nothing_is_overwritten_silently(tmp_path: Path) -> None:
    path = tmp_path / "key.pem"
    write_credential(path, b"first", mode=PRIVATE_MODE)
    with pytest.raises(CredentialFileExistsError, match=r"key\.pem: already exists") as caught:
        write_credential(path, b"second", mode=PRIVATE_MODE)
    assert caught.value.path == path
    assert path.read_bytes() == b"first"
    assert names_in(tmp_path) == ["key.pem"]


def test_where_hard_links_are_unknown_files_are_written_and_kept_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(Path, "hardlink_to", refuse)
    path = tmp_path / "key.pem"
    write_credential(path, b"first", mode=PRIVATE_MODE)
    with pytest.raises(CredentialFileExistsError):
        write_credential(path, b"second", mode=PRIVATE_MODE)
    assert (path.read_bytes(), mode_of(path)) == (b"first", 0o600)
    assert names_in(tmp_path) == ["key.pem"]


def test_a_failed_write_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    path = tmp_path / "key.pem"
    path.write_bytes(b"old")
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(CredentialFileError, match="No space left on device"):
        write_credential(path, b"new", mode=PRIVATE_MODE, replace=True)
    assert path.read_bytes() == b"old"
    assert names_in(tmp_path) == ["key.pem"]


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(CredentialFileError, match=r"key\.pem: cannot be written") as caught:
        write_credential(tmp_path / "file" / "key.pem", b"", mode=PRIVATE_MODE)
    assert not isinstance(caught.value, CredentialFileExistsError)


def test_an_absent_file_is_told_from_an_unreadable_one(tmp_path: Path) -> None:
    with pytest.raises(CredentialFileMissingError, match=r"absent\.pem: no such file"):
        read_credential(tmp_path / "absent.pem")
    with pytest.raises(CredentialFileError, match=r"cannot be read .*check its kind") as caught:
        read_credential(tmp_path)
    assert not isinstance(caught.value, CredentialFileMissingError)
    assert isinstance(caught.value, CredentialError)


def test_a_huge_file_is_not_taken_for_a_key(tmp_path: Path) -> None:
    path = tmp_path / "movie.mp4"
    path.write_bytes(b"x" * (MAX_FILE_BYTES + 1))
    with pytest.raises(CredentialFileError, match="too large"):
        read_credential(path)


def test_removing_is_done_once_and_a_folder_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "ca.pem"
    path.write_bytes(b"x")
    remove_credential(path)
    remove_credential(path)
    assert not path.exists()
    with pytest.raises(CredentialFileError, match="cannot be written"):
        remove_credential(tmp_path)
