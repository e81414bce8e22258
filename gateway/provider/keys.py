"""The authentication keys that this gateway believes, and what each is limited to."""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from certs.files import PUBLIC_MODE, write_credential
from certs.provider_key import ProviderPublicKey
from gateway.provider.key_kinds import KeyKind, refuse_beyond_limits
from protocol.identifiers import KeyId, Topic
from protocol.notification import Environment

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class RegisteredKey:
    """A key, and its scope; ``None`` means every environment, every topic of its team.

    ``key_file`` is where the private half lies, when this gateway made it itself;
    ``related_key_id`` names the topic-specific key that serves on the same connections.
    """

    key: ProviderPublicKey
    environments: frozenset[Environment] | None = None
    topics: frozenset[str] | None = None
    key_file: Path | None = None
    related_key_id: str | None = None

    @property
    def kind(self) -> KeyKind:
        """What Apple calls a key that is limited so."""
        if self.topics is not None:
            return KeyKind.TOPIC_SPECIFIC
        is_limited = not all(map(self.is_for, Environment))
        return KeyKind.TEAM_SCOPED if is_limited else KeyKind.TEAM

    @property
    def scope(self) -> str:
        """Its kind and what it is limited to, for people."""
        where = ["both environments"] if self.environments is None else sorted(self.environments)
        what = [] if self.topics is None else [f"{len(self.topics)} topics"]
        return ", ".join([self.kind, *where, *what])

    def is_for(self, environment: Environment) -> bool:
        """Whether it serves there."""
        return self.environments is None or environment in self.environments


class KeyRing:
    """Registered keys by key id, kept in a file when one is given.

    Args:
        file: JSON, public halves only; read at once, rewritten at every change, and read again
            when a key is asked for that is not here and somebody else has written the file
            (``apnsim keys make`` beside a running gateway).

    Raises:
        ValueError: the file is not a key ring; the message names it.
    """

    def __init__(self, file: Path | None = None) -> None:
        self._file = file
        self._keys: dict[str, RegisteredKey] = {}
        self._written_ns = 0
        self._complaint = ""
        self._refresh()

    def get(self, key_id: str, /) -> ProviderPublicKey | None:
        """The public key of that id, for the verifier."""
        if key_id not in self._keys:
            self._look_again()
        registered = self._keys.get(key_id)
        return None if registered is None else registered.key

    def registered(self, key_id: str) -> RegisteredKey | None:
        """One registered key."""
        return self._keys.get(key_id)

    def at_hand(self) -> Iterator[RegisteredKey]:
        """The keys with which one can sign here: their ``.p8`` is where it was made."""
        return (each for each in self if each.key_file is not None and each.key_file.exists())

    def told(self) -> list[dict[str, str | None]]:
        """Each key, and the ``.p8`` to sign with if it is here."""
        here = {each.key.key_id: str(each.key_file) for each in self.at_hand()}
        return [
            {
                "key_id": each.key.key_id,
                "team_id": each.key.team_id,
                "key_file": here.get(each.key.key_id),
            }
            for each in self
        ]

    def require_room(self, registered: RegisteredKey) -> None:
        """See that this key could be added.

        Raises:
            KeyLimitError: Apple would not hand it out beside the others.
            ValueError: somebody has made something else of the file.
        """
        self._refresh()
        refuse_beyond_limits(registered, _without(self._keys, registered.key.key_id).values())

    def add(self, registered: RegisteredKey) -> None:
        """Believe a key from now on; one of the same id is replaced. Relations become mutual.

        Raises:
            CredentialFileError: the file cannot be written; nothing has changed.
            ValueError: as ``require_room()``; nothing has changed.
        """
        self.require_room(registered)
        key_id, related_id = registered.key.key_id, registered.related_key_id
        changed = self._keys | _without(self._keys, key_id) | {key_id: registered}
        if related_id is not None:
            changed[related_id] = replace(changed[related_id], related_key_id=key_id)
        self._replace(changed)

    def remove(self, key_id: str) -> bool:
        """Believe it no longer; False when it was not registered.

        Raises:
            CredentialFileError: the file cannot be written; nothing has changed.
            ValueError: somebody has made something else of the file; nothing has changed.
        """
        self._refresh()
        is_found = key_id in self._keys
        if is_found:
            self._replace(_without(self._keys, key_id))
        return is_found

    def restore(self, keys: Iterable[RegisteredKey]) -> None:
        """Believe these and no others.

        Raises:
            CredentialFileError: the file cannot be written; nothing has changed.
        """
        self._replace({each.key.key_id: each for each in keys})

    def __iter__(self) -> Iterator[RegisteredKey]:
        return iter(tuple(self._keys.values()))

    def __len__(self) -> int:
        return len(self._keys)

    def _look_again(self) -> None:
        """A push must not fail because somebody is just editing the file."""
        try:
            self._refresh()
            self._complaint = ""
        except ValueError as error:
            if str(error) != self._complaint:  # once, not at every push
                self._complaint = str(error)
                log.warning("%s; the keys known so far stay", error)

    def _refresh(self) -> None:
        """Know what the file says, if somebody else has written it."""
        if self._file is None:
            return
        try:
            written_ns = self._file.stat().st_mtime_ns
        except (FileNotFoundError, NotADirectoryError):
            return
        except OSError as error:
            raise ValueError(f"{self._file} cannot be read ({error.strerror})") from error
        if written_ns != self._written_ns:
            self._keys = _read(self._file)
            self._written_ns = written_ns

    def _replace(self, keys: dict[str, RegisteredKey]) -> None:
        """On the disk first, so that a full one leaves both as they were."""
        if self._file is not None:
            entries = [_to_json(registered, self._file.parent) for registered in keys.values()]
            data = json.dumps(entries, indent=1).encode()
            write_credential(self._file, data, mode=PUBLIC_MODE, replace=True)
            self._written_ns = self._file.stat().st_mtime_ns
        self._keys = keys


def _without(keys: dict[str, RegisteredKey], key_id: str) -> dict[str, RegisteredKey]:
    """The others, of which none is related to this one any more."""
    return {
        other: replace(key, related_key_id=None) if key.related_key_id == key_id else key
        for other, key in keys.items()
        if other != key_id
    }


def _read(file: Path) -> dict[str, RegisteredKey]:
    try:
        entries = json.loads(file.read_bytes())
        registered = [_from_json(entry, file.parent) for entry in entries]
    except OSError as error:
        raise ValueError(f"{file} cannot be read ({error.strerror})") from error
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(f"{file} is not a list of keys ({error}); move it away") from error
    return {each.key.key_id: each for each in registered}


def _to_json(registered: RegisteredKey, folder: Path) -> dict[str, Any]:
    key, key_file = registered.key, registered.key_file
    if key_file is not None and key_file.is_relative_to(folder.resolve()):
        key_file = key_file.relative_to(folder.resolve())  # the folder may move
    return {
        "key_id": key.key_id,
        "team_id": key.team_id,
        "public_key": key.public_key_pem.decode(),
        "environments": _sorted(registered.environments),
        "topics": _sorted(registered.topics),
        "key_file": str(key_file) if key_file else None,
        "related_key_id": registered.related_key_id,
    }


def _from_json(entry: dict[str, Any], folder: Path) -> RegisteredKey:
    pem = entry["public_key"].encode()
    environments, topics = entry.get("environments"), entry.get("topics")
    return RegisteredKey(
        ProviderPublicKey.from_pem(pem, entry["team_id"], entry["key_id"]),
        None if environments is None else frozenset(map(Environment, environments)),
        None if topics is None else frozenset(map(Topic.parse, _listed(topics))),
        folder.resolve() / entry["key_file"] if entry.get("key_file") else None,
        None if entry.get("related_key_id") is None else KeyId.parse(entry["related_key_id"]),
    )


def _listed(names: object) -> list[str]:
    """A list, and not a lone text, which would be taken for a list of its letters."""
    if not isinstance(names, list):
        raise TypeError(f"expected a list, not {names!r}")
    return names


def _sorted(names: frozenset[Any] | None) -> list[str] | None:
    return None if names is None else sorted(names)
