"""A provider's authentication key: the ``.p8`` that signs provider tokens, and its public half.

Apple, "Establishing a token-based connection to APNs": an ES256 JSON Web Token with ``kid`` (the
key's ten-character id), ``iss`` (the team's ten-character id) and ``iat`` (seconds since 1970).
"""

from __future__ import annotations

import re
import secrets
import string
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

import jwt
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from certs.files import (
    PRIVATE_MODE,
    CredentialError,
    CredentialFileError,
    read_credential,
    write_credential,
)
from certs.keys import (
    InvalidKeyError,
    new_private_key,
    private_key_pem,
    public_key_pem,
    read_private_key,
    read_public_key,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

ALGORITHM = "ES256"
IDENTIFIER = re.compile(r"[A-Z0-9]{10}", re.ASCII)
_ALPHABET = string.ascii_uppercase + string.digits
_FILE_NAME = re.compile(r"AuthKey_([A-Z0-9]{10})\.p8", re.ASCII)
_ES256 = ec.ECDSA(hashes.SHA256())


@dataclass(frozen=True, slots=True)
class ProviderPublicKey:
    """What the gateway keeps of a key: enough to verify, not to sign.

    Args:
        key_id: ten upper-case letters and digits.
        team_id: the team that the key belongs to, of the same form.
        public_key: P-256.

    Raises:
        InvalidKeyError: a malformed key id or team id.
    """

    key_id: str
    team_id: str
    public_key: ec.EllipticCurvePublicKey = field(repr=False, hash=False)

    def __post_init__(self) -> None:
        _require_identifiers(self.key_id, self.team_id)

    @classmethod
    def from_pem(cls, pem: bytes, team_id: str, key_id: str) -> Self:
        """Read the public key, or take it from the private key.

        Raises:
            InvalidKeyError: not a P-256 key in PEM, or a malformed id.
        """
        return cls(key_id, team_id, read_public_key(pem))

    @property
    def public_key_pem(self) -> bytes:
        """The key as SubjectPublicKeyInfo PEM."""
        return public_key_pem(self.public_key)

    def has_signed(self, message: bytes, signature: bytes) -> bool:
        """Whether the ASN.1 DER ``signature`` over ``message`` was made with the private half."""
        try:
            self.public_key.verify(signature, message, _ES256)
        except InvalidSignature:
            return False
        return True


@dataclass(frozen=True, slots=True, eq=False)
class ProviderKey:
    """A key as its owner has it: signs provider tokens.

    Args:
        key_id: ten upper-case letters and digits.
        team_id: the team that the key belongs to, of the same form.
        private_key: P-256.

    Raises:
        InvalidKeyError: a malformed key id or team id.
    """

    key_id: str
    team_id: str
    private_key: ec.EllipticCurvePrivateKey = field(repr=False)

    def __post_init__(self) -> None:
        _require_identifiers(self.key_id, self.team_id)

    @classmethod
    def generate(
        cls,
        team_id: str,
        key_id: str | None = None,
        choose: Callable[[str], str] = secrets.choice,
    ) -> Self:
        """Make a new key.

        Args:
            team_id: whose key it is.
            key_id: its name; drawn when absent.
            choose: picks one character of a string; given by tests that want a known name.

        Raises:
            InvalidKeyError: a malformed key id or team id.
        """
        drawn = key_id or "".join(choose(_ALPHABET) for _ in range(10))
        return cls(drawn, team_id, new_private_key())

    @classmethod
    def from_pem(cls, pem: bytes, team_id: str, key_id: str) -> Self:
        """Read the private key from PEM.

        Raises:
            InvalidKeyError: not a P-256 private key in PEM, or a malformed id.
        """
        return cls(key_id, team_id, read_private_key(pem))

    @classmethod
    def load(cls, path: Path, team_id: str, key_id: str | None = None) -> Self:
        """Read a ``.p8`` file; without ``key_id``, the name ``AuthKey_<KEYID>.p8`` tells it.

        Raises:
            CredentialFileMissingError: there is no such file.
            CredentialFileError: it is unreadable, not a P-256 key, or its id is not known.
        """
        named = _FILE_NAME.fullmatch(path.name)
        pem = read_credential(path)
        if key_id is None and named is None:
            raise CredentialFileError(
                path, "its key id is not known: give it, or name the file AuthKey_<KEYID>.p8"
            )
        try:
            return cls.from_pem(pem, team_id, key_id or named[1])  # type: ignore[index]
        except CredentialError as error:
            raise CredentialFileError(path, str(error)) from None

    @property
    def file_name(self) -> str:
        """The name under which Apple hands the key out."""
        return f"AuthKey_{self.key_id}.p8"

    @property
    def private_key_pem(self) -> bytes:
        """The key as PKCS#8 PEM, the content of the ``.p8``. Secret: never log it."""
        return private_key_pem(self.private_key)

    @property
    def public_key_pem(self) -> bytes:
        """The public half as SubjectPublicKeyInfo PEM."""
        return public_key_pem(self.private_key.public_key())

    @property
    def public(self) -> ProviderPublicKey:
        """The public half, for whoever verifies."""
        return ProviderPublicKey(self.key_id, self.team_id, self.private_key.public_key())

    def write(self, directory: Path) -> Path:
        """Write ``AuthKey_<KEYID>.p8`` with mode 0600 and return its path.

        Raises:
            CredentialFileExistsError: it is there already.
            CredentialFileError: the folder cannot be written.
        """
        path = directory / self.file_name
        write_credential(path, self.private_key_pem, mode=PRIVATE_MODE)
        return path

    def sign(self, issued_at: int) -> str:
        """Make a provider token: what follows ``bearer`` in the ``authorization`` header.

        Args:
            issued_at: seconds since 1970; the token serves for one hour from then.
        """
        claims = {"iss": self.team_id, "iat": issued_at}
        return jwt.encode(claims, self.private_key, ALGORITHM, headers={"kid": self.key_id})


def _require_identifiers(key_id: str, team_id: str) -> None:
    for what, text in (("key", key_id), ("team", team_id)):
        if IDENTIFIER.fullmatch(text) is None:
            raise InvalidKeyError(
                f"a {what} id is ten upper-case letters and digits, not {text[:80]!r}"
            )
