from __future__ import annotations

import os
import stat
from itertools import cycle
from typing import TYPE_CHECKING

import jwt
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from certs.files import (
    CredentialFileError,
    CredentialFileExistsError,
    CredentialFileMissingError,
)
from certs.keys import InvalidKeyError, new_private_key
from certs.provider_key import ProviderKey, ProviderPublicKey

if TYPE_CHECKING:
    from pathlib import Path


def test_a_drawn_key_id_is_ten_upper_case_letters_and_digits() -> None:
    first, second = ProviderKey.generate("TEAM123456"), ProviderKey.generate("TEAM123456")
    assert len(first.key_id) == 10
    assert first.key_id == first.key_id.upper()
    assert first.key_id != second.key_id


def test_the_draw_can_be_told() -> None:
    letters = cycle("AB3")
    drawn = ProviderKey.generate("TEAM123456", choose=lambda _: next(letters))
    assert drawn.key_id == "AB3AB3AB3A"


@pytest.mark.parametrize("text", ["", "short", "lower12345", "TOOLONG12345", "KEY123456\n"])
def test_other_ids_are_refused(key: ProviderKey, text: str) -> None:
    with pytest.raises(InvalidKeyError, match="a team id is ten upper-case letters and digits"):
        ProviderKey.generate(text, "KEY1234567")
    with pytest.raises(InvalidKeyError, match="a key id is ten"):
        ProviderKey(text, "TEAM123456", key.private_key)
    with pytest.raises(InvalidKeyError, match="a key id is ten"):
        ProviderPublicKey(text, "TEAM123456", key.public.public_key)


def test_the_file_is_named_as_apple_names_it_and_is_0600(tmp_path: Path, key: ProviderKey) -> None:
    before = os.umask(0)
    try:
        path = key.write(tmp_path / "keys")
    finally:
        os.umask(before)
    assert path == tmp_path / "keys" / "AuthKey_KEY1234567.p8"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert path.read_bytes().startswith(b"-----BEGIN PRIVATE KEY-----")
    with pytest.raises(CredentialFileExistsError):
        key.write(tmp_path / "keys")


def test_the_file_name_tells_the_key_id(tmp_path: Path, key: ProviderKey) -> None:
    loaded = ProviderKey.load(key.write(tmp_path), "TEAM123456")
    assert (loaded.key_id, loaded.team_id) == ("KEY1234567", "TEAM123456")
    assert loaded.private_key_pem == key.private_key_pem


def test_a_given_key_id_comes_before_the_file_name(tmp_path: Path, key: ProviderKey) -> None:
    path = key.write(tmp_path)
    assert ProviderKey.load(path, "TEAM123456", "OTHER12345").key_id == "OTHER12345"
    renamed = path.rename(tmp_path / "my.p8")
    assert ProviderKey.load(renamed, "TEAM123456", "OTHER12345").key_id == "OTHER12345"
    with pytest.raises(CredentialFileError, match=r"my\.p8: its key id is not known"):
        ProviderKey.load(renamed, "TEAM123456")


def test_unusable_files_are_named(tmp_path: Path, key: ProviderKey) -> None:
    path = tmp_path / "AuthKey_KEY1234567.p8"
    with pytest.raises(CredentialFileMissingError, match=r"KEY1234567\.p8: no such file"):
        ProviderKey.load(path, "TEAM123456")
    path.write_bytes(key.public_key_pem)
    with pytest.raises(CredentialFileError, match=r"\.p8: not a readable private key"):
        ProviderKey.load(path, "TEAM123456")


def test_keys_come_from_pem(key: ProviderKey) -> None:
    again = ProviderKey.from_pem(key.private_key_pem, "TEAM123456", "KEY1234567")
    assert again.public == key.public
    assert isinstance(load_pem_private_key(key.private_key_pem, None), ec.EllipticCurvePrivateKey)


def test_the_public_half_comes_from_either_pem(key: ProviderKey) -> None:
    for pem in (key.private_key_pem, key.public_key_pem):
        public = ProviderPublicKey.from_pem(pem, "TEAM123456", "KEY1234567")
        assert public == key.public
        assert public.public_key_pem == key.public_key_pem
    with pytest.raises(InvalidKeyError):
        ProviderPublicKey.from_pem(b"garbage", "TEAM123456", "KEY1234567")


def test_public_halves_are_equal_only_if_everything_is(key: ProviderKey) -> None:
    same_point = key.public.public_key
    assert ProviderPublicKey("KEY1234567", "TEAM123456", same_point) == key.public
    assert hash(key.public) == hash(ProviderPublicKey("KEY1234567", "TEAM123456", same_point))
    assert ProviderPublicKey("KEY1234567", "OTHER12345", same_point) != key.public
    stranger = new_private_key().public_key()
    assert ProviderPublicKey("KEY1234567", "TEAM123456", stranger) != key.public


def test_a_signature_is_known_from_a_strangers(key: ProviderKey) -> None:
    signature = key.private_key.sign(b"message", ec.ECDSA(hashes.SHA256()))
    assert key.public.has_signed(b"message", signature)
    assert not key.public.has_signed(b"massage", signature)
    assert not ProviderKey.generate("TEAM123456").public.has_signed(b"message", signature)


def test_a_signed_token_is_what_apple_asks_for(key: ProviderKey) -> None:
    token = key.sign(1_800_000_000)
    header = jwt.get_unverified_header(token)
    claims = jwt.decode(
        token, key.public_key_pem, algorithms=["ES256"], options={"verify_iat": False}
    )
    assert (header["alg"], header["kid"]) == ("ES256", "KEY1234567")
    assert claims == {"iss": "TEAM123456", "iat": 1_800_000_000}


def test_the_key_never_shows(key: ProviderKey) -> None:
    assert repr(key) == "ProviderKey(key_id='KEY1234567', team_id='TEAM123456')"
    assert repr(key.public) == "ProviderPublicKey(key_id='KEY1234567', team_id='TEAM123456')"
