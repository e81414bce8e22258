"""The data directory: CA, keys, who may read them."""

from __future__ import annotations

import os
import shutil
import time
from typing import TYPE_CHECKING

from apnsim.doctor.sign import failure, good, worry
from certs.authority import Authority
from certs.ca_files import has_certificate
from certs.files import CredentialError
from certs.provider_key import ProviderKey
from gateway.home import Home

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from apnsim.doctor.sign import Sign

SOON_SECONDS = 30 * 86_400
MIN_FREE_BYTES = 100 * 2**20
OTHERS = 0o077


def signs_of_directory(directory: Path) -> Iterator[Sign]:
    """Everything that a gateway with this data directory will need of it."""
    if not directory.is_dir():
        yield good("data directory", f"{directory} is not there yet; apnsim serve makes it")
        return
    if not os.access(directory, os.R_OK | os.W_OK | os.X_OK):
        yield failure("data directory", f"{directory} is not yours to write", "give --data-dir")
        return
    yield good("data directory", str(directory.resolve()))
    if (free := shutil.disk_usage(directory).free) < MIN_FREE_BYTES:
        yield worry("disk", f"{free // 2**20} MB are free", "a full disk answers pushes with 503")
    if has_certificate(directory):
        yield _authority(directory)
    yield from _keys(directory)
    yield from _modes(directory)


def _authority(directory: Path) -> Sign:
    try:
        authority = Authority.load(directory)
    except CredentialError as error:
        return failure("CA", str(error), "the gateway does not start with it")
    ends = authority.certificate.not_valid_after_utc
    until = f"{directory / 'ca.pem'}, valid until {ends:%Y-%m-%d}"
    if ends.timestamp() - time.time() < SOON_SECONDS:
        return worry("CA", until, "move ca.pem and ca-key.pem away to have a new one made")
    return good("CA", until)


def _keys(directory: Path) -> Iterator[Sign]:
    try:
        at_hand = list(Home(directory).key_ring().at_hand())
    except CredentialError as error:
        yield failure("keys", str(error), "the gateway does not start with it")
        return
    for registered in at_hand:
        key, file = registered.key, registered.key_file
        assert file is not None
        try:
            ProviderKey.load(file, key.team_id, key.key_id)
        except CredentialError as error:
            yield failure("key", str(error), f"apnsim keys remove {key.key_id}")
        else:
            yield good("key", f"{file}, team {key.team_id}")


def _modes(directory: Path) -> Iterator[Sign]:
    for file in [directory / "ca-key.pem", *sorted(directory.glob("AuthKey_*.p8"))]:
        if file.exists() and file.stat().st_mode & OTHERS:
            yield worry("private key", f"others may read {file}", f"chmod 600 {file}")
