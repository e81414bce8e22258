from __future__ import annotations

import stat
from typing import TYPE_CHECKING

import pytest
from cryptography import x509

from certs.files import CredentialError
from certs.provider_key import ProviderPublicKey
from gateway.home import Home
from gateway.provider.keys import RegisteredKey

if TYPE_CHECKING:
    from pathlib import Path

TEAM = "ABCDE12345"


def test_a_new_home_is_for_its_owner_alone_and_so_are_private_keys(tmp_path: Path) -> None:
    home = Home(tmp_path / "a" / "b")
    home.authority()
    made = home.make_key(home.key_ring(), TEAM)
    assert stat.S_IMODE(home.directory.stat().st_mode) == 0o700
    assert made.key_file is not None
    modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in home.directory.iterdir()}
    assert modes == {
        "ca.pem": 0o644,
        "ca-key.pem": 0o600,
        made.key_file.name: 0o600,
        "keys.json": 0o644,
    }
    assert made.key_file.is_absolute()


def test_what_was_made_once_stays(tmp_path: Path) -> None:
    home = Home(tmp_path)
    made = home.make_key(home.key_ring(), TEAM)
    again = Home(tmp_path)
    assert again.authority().certificate_pem == home.authority().certificate_pem
    assert [each.key.key_id for each in again.key_ring()] == [made.key.key_id]


def test_the_key_to_sign_with_is_one_at_hand_or_else_a_new_one(tmp_path: Path) -> None:
    home = Home(tmp_path)
    ring = home.key_ring()
    elsewhere = Home(tmp_path / "elsewhere")
    theirs = elsewhere.make_key(elsewhere.key_ring(), TEAM).key
    ring.add(RegisteredKey(ProviderPublicKey.from_pem(theirs.public_key_pem, TEAM, theirs.key_id)))
    made = home.signing_key(ring, TEAM)
    assert made.key.key_id != theirs.key_id
    assert home.signing_key(ring, TEAM).key.key_id == made.key.key_id
    assert made.key_file is not None
    made.key_file.write_text("spoilt")
    with pytest.raises(CredentialError, match=made.key_file.name):
        home.signing_key(ring, TEAM)
    made.key_file.unlink()
    assert home.signing_key(ring, TEAM).key.key_id not in (made.key.key_id, theirs.key_id)


def test_a_spoilt_ring_of_keys_is_named(tmp_path: Path) -> None:
    (tmp_path / "keys.json").write_text("spoilt")
    with pytest.raises(CredentialError, match=r"keys\.json is not a list of keys"):
        Home(tmp_path).key_ring()


def test_a_file_in_place_of_the_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for act in (Home.prepare, Home.authority, lambda home: home.make_key(home.key_ring(), TEAM)):
        with pytest.raises(CredentialError, match="file: cannot be the data directory"):
            act(Home(tmp_path / "file"))


def test_the_server_certificate_is_for_apples_names_and_the_users(tmp_path: Path) -> None:
    leaf = Home(tmp_path).server_leaf(["gateway.test"])
    assert not list(tmp_path.glob("*server*"))
    certificate = x509.load_pem_x509_certificates(leaf.certificate_pem)[0]
    names = str(certificate.extensions)
    for name in ("localhost", "api.push.apple.com", "gateway.test"):
        assert name in names
