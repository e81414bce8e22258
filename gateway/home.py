"""What lies in the data directory, made when it is first asked for.

``ca.pem``, ``ca-key.pem``: the authority. ``crl.pem``: the certificates that it has revoked.
``AuthKey_<KEYID>.p8``: keys that this gateway made. ``keys.json``: the keys it believes.
``store.sqlite3``: what waits. ``devices/``: virtual devices. ``starts``: how often there was one on
what is here, with ``--seed``.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Unpack

from certs.authority import DEFAULT_SERVER_NAMES, Authority
from certs.files import (
    PRIVATE_MODE,
    PUBLIC_MODE,
    CredentialError,
    CredentialFileError,
    write_credential,
)
from certs.provider_key import ProviderKey
from certs.revocations import Revocations
from gateway.provider.keys import KeyRing, RegisteredKey

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from certs.leaf import Leaf
    from gateway.chance import Chance
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

    def begin(self, chance: Chance, *, is_empty: bool) -> None:
        """Have seeded ids be new to what is here: not those of the start before.

        Args:
            chance: where they come from.
            is_empty: whether the store knew nobody.

        Raises:
            CredentialFileError: how often it was begun could not be written down.
        """
        if not chance.is_seeded:
            return
        file, count = self.directory / "starts", 0
        if not is_empty or (self.devices.is_dir() and any(self.devices.glob("*/"))):
            before = file.read_text().strip() if file.exists() else ""
            count = int(before) + 1 if before.isdecimal() else 1
        write_credential(file, f"{count}\n".encode(), mode=PUBLIC_MODE, replace=True)
        chance.begin(f"start {count}")

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

    def with_private_half(
        self,
        registered: RegisteredKey,
        private: ProviderKey | None,
        here: Mapping[str, RegisteredKey],
    ) -> RegisteredKey:
        """A key with the ``.p8`` to sign with: the one that is told, or the one that is here.

        Args:
            registered: the key.
            private: its private half, if it was told; it is written.
            here: the keys of this directory by key id.
        """
        if private is not None:
            self.prepare()
            file = (self.directory / private.file_name).resolve()
            write_credential(file, private.private_key_pem, mode=PRIVATE_MODE, replace=True)
            return replace(registered, key_file=file)
        known = here.get(registered.key.key_id)
        if known is None or known.key.public_key_pem != registered.key.public_key_pem:
            return registered
        return replace(registered, key_file=known.key_file)

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
