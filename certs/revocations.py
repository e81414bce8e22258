"""Which certificates of an authority are revoked: an X.509 CRL (RFC 5280 §5), ``crl.pem``.

It lies beside the authority's ``ca.pem``, and each change replaces it in one step, so that a
running gateway can read it at any time.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding

from certs.files import (
    PUBLIC_MODE,
    CredentialError,
    CredentialFileError,
    CredentialFileMissingError,
    read_credential,
    write_credential,
)
from certs.issuance import BACKDATED, X509_FAULTS, Signer

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

CRL_FILE = "crl.pem"


@dataclass(frozen=True, slots=True)
class Revocations:
    """The list of one authority.

    Args:
        directory: where ``crl.pem`` lies.
        signer: the authority.
    """

    directory: Path
    signer: Signer

    @property
    def file(self) -> Path:
        """The list itself; there once :meth:`prepare` was called."""
        return self.directory / CRL_FILE

    def prepare(self) -> None:
        """See that there is a list: TLS refuses every certificate of an authority without one.

        A list of an authority that lay here before says nothing about this one: it is replaced.

        Raises:
            CredentialFileError: the file cannot be read, is no list, or cannot be written.
        """
        if self._read() is None:
            self._write([])

    def revoke(self, certificate: x509.Certificate) -> bool:
        """Put a certificate on the list; False when it was there.

        Raises:
            CredentialError: this authority has not issued it.
            CredentialFileError: as ``prepare()``.
        """
        try:
            certificate.verify_directly_issued_by(self.signer.certificate)
        except (InvalidSignature, *X509_FAULTS):
            raise CredentialError(
                f"the certificate was not issued by the CA in {self.directory};"
                " only that CA can revoke it"
            ) from None
        listed = list(self._read() or ())
        if any(each.serial_number == certificate.serial_number for each in listed):
            return False
        self._write([*listed, _entry(certificate)])
        return True

    def _read(self) -> x509.CertificateRevocationList | None:
        """The list, or None when this authority has none yet."""
        try:
            pem = read_credential(self.file)
        except CredentialFileMissingError:
            return None
        try:
            found = x509.load_pem_x509_crl(pem)
            is_ours = found.is_signature_valid(self.signer.private_key.public_key())
        except X509_FAULTS:
            raise CredentialFileError(
                self.file,
                "is not a certificate revocation list in PEM; put it back from a backup, or move it"
                " away to begin a new one, in which nothing is revoked",
            ) from None
        return found if is_ours else None

    def _write(self, revoked: Iterable[x509.RevokedCertificate]) -> None:
        ca = self.signer.certificate
        ca_identifier = ca.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
        now = _now()
        builder = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(ca.subject)
            .last_update(now - BACKDATED)
            # A list past its next update would have every certificate refused.
            .next_update(ca.not_valid_after_utc)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(ca_identifier),
                critical=False,
            )
            .add_extension(x509.CRLNumber(int(now.timestamp())), critical=False)
        )
        for each in revoked:
            builder = builder.add_revoked_certificate(each)
        pem = builder.sign(self.signer.private_key, hashes.SHA256()).public_bytes(Encoding.PEM)
        write_credential(self.file, pem, mode=PUBLIC_MODE, replace=True)


def _entry(certificate: x509.Certificate) -> x509.RevokedCertificate:
    return (
        x509.RevokedCertificateBuilder()
        .serial_number(certificate.serial_number)
        .revocation_date(_now())
        .build()
    )


def _now() -> datetime:
    return datetime.fromtimestamp(int(time.time()), UTC)
