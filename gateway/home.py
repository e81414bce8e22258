"""What lies in the data directory, made when it is first asked for.

``ca.pem``, ``ca-key.pem``: the authority. ``crl.pem``: the certificates that it has revoked.
``AuthKey_<KEYID>.p8``: keys that this gateway made. ``keys.json``: the keys it believes.
``store.sqlite3``: what waits. ``devices/``: virtual devices.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Unpack

from certs.authority import DEFAULT_SERVER_NAMES, Authority
from certs.files import CredentialError, CredentialFileError
from certs.provider_key import ProviderKey
from certs.revocations import Revocations
from gateway.provider.keys import KeyRing, RegisteredKey

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from certs.leaf import Leaf
    from gateway.provider.key_kinds import KeyLimits


@dataclass(frozen=True, slots=True)
class Home:
    """A data directory.

    Every method may raise :class:`certs.files.CredentialError` for files that cannot be used;
    the message names the file and what to do.
    """

    directory: Path

    @property
    def ca_file(self) -> Path:
        """What clients must trust."""
        return self.directory / "ca.pem"

    @property
    def devices(self) -> Path:
        """Where virtual devices keep their state."""
        return self.directory / "devices"

    def prepare(self) -> None:
        """Make the directory, for its owner's eyes only, if it is not there."""
        try:
            self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise CredentialFileError(
                self.directory, f"cannot be the data directory ({error.strerror})"
            ) from None

    def authority(self) -> Authority:
        """The certificate authority of this directory."""
        self.prepare()
        return Authority.load_or_create(self.directory)

    def revocations(self) -> Revocations:
        """The certificates of that authority that are not to be believed any more."""
        made = Revocations(self.directory, self.authority().signer)
        made.prepare()
        return made

    def server_leaf(self, more_names: Sequence[str]) -> Leaf:
        """A fresh server certificate: nobody pins it, so its key never touches the disk."""
        return self.authority().issue_server(self.names(more_names))

    def names(self, more_names: Sequence[str]) -> list[str]:
        """What the gateway is called in its certificate."""
        return [*DEFAULT_SERVER_NAMES, *more_names]

    def signing_key(self, ring: KeyRing, team_id: str) -> RegisteredKey:
        """A key of the ring whose ``.p8`` is at hand, and can be read; made if there is none."""
        for registered in ring.at_hand():
            assert registered.key_file is not None
            key = registered.key
            ProviderKey.load(registered.key_file, key.team_id, key.key_id)
            return registered
        return self.make_key(ring, team_id)

    def key_ring(self) -> KeyRing:
        """The keys that are believed, possibly none yet."""
        try:
            return KeyRing(self.directory / "keys.json")
        except ValueError as error:
            raise CredentialError(str(error)) from None

    def make_key(
        self,
        ring: KeyRing,
        team_id: str,
        key_id: str | None = None,
        **limits: Unpack[KeyLimits],
    ) -> RegisteredKey:
        """Make a ``.p8`` key, write it, and believe it.

        Raises:
            KeyLimitError: Apple would not hand it out beside the others; nothing was written.
        """
        self.prepare()
        key = ProviderKey.generate(team_id, key_id)
        file = (self.directory / key.file_name).resolve()
        registered = RegisteredKey(key.public, key_file=file, **limits)
        ring.require_room(registered)
        key.write(self.directory)
        ring.add(registered)
        return registered
