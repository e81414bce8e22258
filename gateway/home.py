"""What lies in the data directory, made when it is first asked for.

``ca.pem``, ``ca-key.pem``: the authority. ``AuthKey_<KEYID>.p8``: keys that this gateway made.
``keys.json``: the keys it believes. ``gateway.db``: what waits. ``devices/``: virtual devices.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from certs.authority import DEFAULT_SERVER_NAMES, Authority
from certs.provider_key import ProviderKey
from gateway.provider.keys import KeyRing, RegisteredKey

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from certs.leaf import Leaf


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

    def authority(self) -> Authority:
        """The certificate authority of this directory."""
        return Authority.load_or_create(self.directory)

    def server_leaf(self, more_names: Sequence[str]) -> Leaf:
        """A fresh server certificate: nobody pins it, so its key never touches the disk."""
        return self.authority().issue_server([*DEFAULT_SERVER_NAMES, *more_names])

    def key_ring(self) -> KeyRing:
        """The keys that are believed, possibly none yet."""
        return KeyRing(self.directory / "keys.json")

    def make_key(self, ring: KeyRing, team_id: str, key_id: str | None = None) -> RegisteredKey:
        """Make a ``.p8`` key, write it, and believe it."""
        key = ProviderKey.generate(team_id, key_id)
        registered = RegisteredKey(key.public, key_file=key.write(self.directory).resolve())
        ring.add(registered)
        return registered
