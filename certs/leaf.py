"""A private key with the certificate that speaks for it, ready for TLS.

``STEM.pem`` holds the certificate chain and ``STEM-key.pem`` the key, mode 0600.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.hazmat.primitives.serialization.pkcs12 import PBES, serialize_key_and_certificates

from certs.files import (
    PRIVATE_MODE,
    PUBLIC_MODE,
    CredentialError,
    CredentialFileError,
    CredentialFileExistsError,
    read_credential,
    remove_credential,
    write_credential,
)
from certs.issuance import X509_FAULTS
from certs.keys import private_key_pem, read_private_key

if TYPE_CHECKING:
    import ssl
    from pathlib import Path

    from certs.issuance import PrivateKey


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Leaf:
    """A private key and its certificate chain, the certificate itself first."""

    private_key: PrivateKey
    chain: tuple[x509.Certificate, ...]

    @classmethod
    def from_pem(cls, certificate_pem: bytes, key_pem: bytes) -> Self:
        """Read a leaf with a P-256 key from its two PEM texts.

        Raises:
            CredentialError: one of them is unreadable, or they do not belong together.
        """
        chain = read_certificates(certificate_pem)
        key = read_private_key(key_pem)
        if chain[0].public_key() != key.public_key():
            raise CredentialError("the certificate and the private key do not belong together")
        return cls(key, chain)

    @classmethod
    def load(cls, directory: Path, stem: str) -> Self:
        """Read what ``write()`` wrote.

        Raises:
            CredentialFileMissingError: a file is absent: issue anew, write with ``replace``.
            CredentialFileError: a file is unreadable or the two do not belong together.
        """
        certificate_path, key_path = _paths(directory, stem)
        certificate_pem, key_pem = read_credential(certificate_path), read_credential(key_path)
        try:
            return cls.from_pem(certificate_pem, key_pem)
        except CredentialError as error:
            message = f"with {key_path.name}: {error}; delete both to have them reissued"
            raise CredentialFileError(certificate_path, message) from None

    @property
    def certificate_pem(self) -> bytes:
        """The chain in PEM, the certificate itself first."""
        return b"".join(each.public_bytes(Encoding.PEM) for each in self.chain)

    @property
    def private_key_pem(self) -> bytes:
        """The key as PKCS#8 PEM. Secret: never log it."""
        return private_key_pem(self.private_key)

    @property
    def not_valid_after(self) -> float:
        """When the certificate ends, in seconds since 1970: renew it before."""
        return self.chain[0].not_valid_after_utc.timestamp()

    def is_issued_by(self, ca_pem: bytes) -> bool:
        """Whether this CA signed the certificate; false after the CA was made anew.

        Raises:
            CredentialError: ``ca_pem`` is not a certificate.
        """
        ca = read_certificates(ca_pem)[0]
        try:
            self.chain[0].verify_directly_issued_by(ca)
        except (InvalidSignature, *X509_FAULTS):
            return False
        return True

    def write(self, directory: Path, stem: str, *, replace: bool = False) -> None:
        """Write ``STEM-key.pem`` (0600), then ``STEM.pem``, each in one step.

        The certificate goes away first and comes back last, so that a crash in between leaves a
        missing file and never a key beside another key's certificate.

        Raises:
            CredentialFileExistsError: one is there already and ``replace`` is false.
            CredentialFileError: the folder cannot be written.
        """
        certificate_path, key_path = _paths(directory, stem)
        if replace:
            remove_credential(certificate_path)
        elif certificate_path.exists():
            raise CredentialFileExistsError(certificate_path, "already exists; not overwritten")
        write_credential(key_path, self.private_key_pem, mode=PRIVATE_MODE, replace=replace)
        write_credential(certificate_path, self.certificate_pem, mode=PUBLIC_MODE, replace=replace)

    def write_p12(self, directory: Path, stem: str, password: str) -> None:
        """Write key and chain as ``STEM.p12`` (0600), the form in which Keychain exports them.

        Encrypted as of old (PKCS #12 v1, 3DES): Go's x/crypto/pkcs12 reads nothing newer.

        Raises:
            CredentialFileExistsError: it is there already.
            CredentialFileError: the folder cannot be written.
        """
        encryption = (
            PrivateFormat.PKCS12.encryption_builder()
            .key_cert_algorithm(PBES.PBESv1SHA1And3KeyTripleDESCBC)
            .hmac_hash(hashes.SHA1())
            .build(password.encode())
        )
        first, *rest = self.chain
        data = serialize_key_and_certificates(
            stem.encode(), self.private_key, first, rest, encryption
        )
        write_credential(directory / f"{stem}.p12", data, mode=PRIVATE_MODE)

    def configure(self, context: ssl.SSLContext) -> None:
        """Make the context present this certificate.

        ``load_cert_chain()`` reads files only: the key passes through a temporary file, mode 0600
        as ``tempfile`` makes them, deleted before this returns. OpenSSL takes 2 to 3 ms for the
        parsing (3.0.19), so keep the context for reconnects.
        """
        # Measured: certificate first and the key in SEC 1 form parse a third faster.
        key = self.private_key.private_bytes(
            Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()
        )
        with tempfile.NamedTemporaryFile(prefix="apnsim-", suffix=".pem") as file:
            file.write(self.certificate_pem + key)
            file.flush()
            context.load_cert_chain(file.name)

    def __repr__(self) -> str:
        subject = self.chain[0].subject.rfc4514_string()
        return f"Leaf({subject!r}, until {self.chain[0].not_valid_after_utc:%Y-%m-%d})"


def read_certificates(pem: bytes) -> tuple[x509.Certificate, ...]:
    """Read one or more PEM certificates; at least one.

    Raises:
        CredentialError: there is none, or one is malformed.
    """
    try:
        return tuple(x509.load_pem_x509_certificates(pem))
    except X509_FAULTS:
        raise CredentialError("not a readable certificate; expected PEM") from None


def _paths(directory: Path, stem: str) -> tuple[Path, Path]:
    return directory / f"{stem}.pem", directory / f"{stem}-key.pem"
