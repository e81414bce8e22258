from __future__ import annotations

import json
import stat
from typing import TYPE_CHECKING

import pytest

from certs.files import CredentialFileError
from certs.provider_key import ProviderKey
from gateway.provider.keys import KeyRing, RegisteredKey
from protocol.notification import Environment

if TYPE_CHECKING:
    from pathlib import Path

KEY = ProviderKey.generate("TEAM123456", "KEY1234567")
OTHER = ProviderKey.generate("TEAM123456", "KEY2222222")
DEVELOPMENT = frozenset({Environment.DEVELOPMENT})
TOPICS = frozenset({"com.example.app", "com.example.app.voip"})


def scope_in(ring: KeyRing) -> tuple[object, object]:
    registered = ring.registered(KEY.key_id)
    assert registered is not None
    return registered.environments, registered.topics


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "keys.json"


def test_a_ring_without_file_starts_empty() -> None:
    ring = KeyRing()
    assert len(ring) == 0
    assert list(ring) == []
    assert ring.get(KEY.key_id) is None
    assert ring.registered(KEY.key_id) is None


def test_a_key_is_found_by_its_id() -> None:
    ring, registered = KeyRing(), RegisteredKey(KEY.public, DEVELOPMENT, TOPICS)
    ring.add(registered)
    assert ring.get(KEY.key_id) is registered.key
    assert ring.registered(KEY.key_id) is registered
    assert list(ring) == [registered]


def test_a_key_of_the_same_id_is_replaced() -> None:
    ring = KeyRing()
    ring.add(RegisteredKey(KEY.public))
    ring.add(RegisteredKey(KEY.public, DEVELOPMENT))
    assert len(ring) == 1
    assert scope_in(ring) == (DEVELOPMENT, None)


def test_a_removed_key_is_gone_and_removing_it_again_says_so() -> None:
    ring = KeyRing()
    ring.add(RegisteredKey(KEY.public))
    assert ring.remove(KEY.key_id)
    assert not ring.remove(KEY.key_id)
    assert ring.get(KEY.key_id) is None


def test_keys_may_be_removed_while_all_are_visited() -> None:
    ring = KeyRing()
    ring.add(RegisteredKey(KEY.public))
    ring.add(RegisteredKey(OTHER.public))
    for registered in ring:
        ring.remove(registered.key.key_id)
    assert len(ring) == 0


def test_a_file_keeps_keys_and_scopes_for_the_next_gateway(file: Path, tmp_path: Path) -> None:
    ring = KeyRing(file)
    assert not file.exists()
    ring.add(RegisteredKey(KEY.public, DEVELOPMENT, TOPICS, tmp_path / "AuthKey_KEY1234567.p8"))
    ring.add(RegisteredKey(OTHER.public))
    again = KeyRing(file)
    assert [registered.key.public_key_pem for registered in again] == [
        KEY.public_key_pem,
        OTHER.public_key_pem,
    ]
    first, second = again
    assert (first.key.key_id, first.key.team_id) == ("KEY1234567", "TEAM123456")
    assert (first.environments, first.topics) == (DEVELOPMENT, TOPICS)
    assert first.key_file == tmp_path / "AuthKey_KEY1234567.p8"
    assert (second.environments, second.topics, second.key_file) == (None, None, None)


def test_a_data_directory_that_moves_takes_its_key_files_along(tmp_path: Path) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    old.mkdir()
    ring = KeyRing(old / "keys.json")
    ring.add(RegisteredKey(KEY.public, key_file=old / "AuthKey_KEY1234567.p8"))
    ring.add(RegisteredKey(OTHER.public, key_file=tmp_path / "elsewhere.p8"))
    old.rename(new)
    inside, outside = KeyRing(new / "keys.json")
    assert inside.key_file == new / "AuthKey_KEY1234567.p8"
    assert outside.key_file == tmp_path / "elsewhere.p8"


def test_a_removal_is_kept_too(file: Path) -> None:
    ring = KeyRing(file)
    ring.add(RegisteredKey(KEY.public))
    ring.remove(KEY.key_id)
    assert len(KeyRing(file)) == 0


# -- two processes, one file: ``apnsim keys make`` beside a running gateway ------------------------


def test_a_key_that_somebody_else_registered_is_found(file: Path) -> None:
    ring = KeyRing(file)
    KeyRing(file).add(RegisteredKey(KEY.public, DEVELOPMENT))
    assert ring.get(KEY.key_id) is not None
    assert scope_in(ring) == (DEVELOPMENT, None)


def test_a_key_that_somebody_else_registered_survives_our_own_change(file: Path) -> None:
    ring = KeyRing(file)
    KeyRing(file).add(RegisteredKey(KEY.public))
    ring.add(RegisteredKey(OTHER.public))
    assert len(KeyRing(file)) == len(ring) == 2
    KeyRing(file).remove(KEY.key_id)
    assert not ring.remove(KEY.key_id)
    assert len(ring) == 1


def test_a_file_that_somebody_spoils_takes_no_key_away_and_is_told_of_once(
    file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    ring = KeyRing(file)
    ring.add(RegisteredKey(KEY.public))
    file.write_text("half a fi")
    assert ring.get(OTHER.key_id) is None
    assert ring.get(OTHER.key_id) is None
    assert ring.get(KEY.key_id) is not None
    assert len(caplog.records) == 1
    assert "keys.json is not a list of keys" in caplog.text


def test_a_file_that_leads_nowhere_takes_no_key_away(
    file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    ring = KeyRing(file)
    ring.add(RegisteredKey(KEY.public))
    file.unlink()
    file.symlink_to(file)
    assert ring.get(OTHER.key_id) is None
    assert ring.get(KEY.key_id) is not None
    assert "keys.json cannot be read" in caplog.text


def test_a_file_that_somebody_spoiled_is_not_overwritten(file: Path) -> None:
    ring = KeyRing(file)
    ring.add(RegisteredKey(KEY.public))
    file.write_text("half a fi")
    for _ in range(2):
        with pytest.raises(ValueError, match=r"keys\.json is not a list of keys"):
            ring.add(RegisteredKey(OTHER.public))
    assert file.read_text() == "half a fi"
    assert len(ring) == 1


def test_a_file_that_is_gone_leaves_the_keys_that_are_known(file: Path) -> None:
    ring = KeyRing(file)
    ring.add(RegisteredKey(KEY.public))
    file.unlink()
    assert ring.get(OTHER.key_id) is None
    assert len(ring) == 1


def test_the_file_holds_public_halves_only(file: Path) -> None:
    KeyRing(file).add(RegisteredKey(KEY.public))
    assert "PRIVATE" not in file.read_text()
    assert stat.S_IMODE(file.stat().st_mode) & 0o022 == 0


def entry(**changes: object) -> dict[str, object]:
    valid: dict[str, object] = {
        "key_id": KEY.key_id,
        "team_id": KEY.team_id,
        "public_key": KEY.public_key_pem.decode(),
        "environments": None,
        "topics": None,
        "key_file": None,
    }
    valid.update(changes)
    return valid


def test_the_scope_may_be_left_out(file: Path) -> None:
    bare = {name: entry()[name] for name in ("key_id", "team_id", "public_key")}
    file.write_text(json.dumps([bare]))
    assert scope_in(KeyRing(file)) == (None, None)


@pytest.mark.parametrize(
    "content",
    [
        "",
        "nonsense",
        "7",
        "{}x",
        "[" * 100_000,
        '{"keys":[]}',
        '["key"]',
        "[null]",
        json.dumps([{}]),
        json.dumps([entry(public_key=7)]),
        json.dumps([entry(public_key="-----BEGIN PUBLIC KEY-----")]),
        json.dumps([entry(key_id="short")]),
        json.dumps([entry(team_id=7)]),
        json.dumps([entry(environments=["moon"])]),
        json.dumps([entry(environments="development")]),
        json.dumps([entry(environments=7)]),
        json.dumps([entry(topics="com.example.app")]),
        json.dumps([entry(topics=[7])]),
        json.dumps([entry(key_file=7)]),
        json.dumps([entry(related_key_id=7)]),
        json.dumps([entry(related_key_id="short")]),
    ],
)
def test_another_file_is_refused_by_name(file: Path, content: str) -> None:
    file.write_text(content)
    with pytest.raises(ValueError, match=r"keys\.json is not a list of keys"):
        KeyRing(file)


def test_bytes_that_are_no_text_are_refused_by_name(file: Path) -> None:
    file.write_bytes(b"\xff\xfe\xfd")
    with pytest.raises(ValueError, match=r"keys\.json is not a list of keys"):
        KeyRing(file)


def test_a_file_that_cannot_be_read_is_refused_by_name(file: Path) -> None:
    file.mkdir()
    with pytest.raises(ValueError, match=r"keys\.json cannot be read"):
        KeyRing(file)


def test_a_change_that_cannot_be_written_did_not_happen(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    ring = KeyRing(folder / "keys.json")
    ring.add(RegisteredKey(KEY.public))
    (folder / "keys.json").unlink()
    folder.rmdir()
    folder.write_text("a file where the folder was")
    with pytest.raises(CredentialFileError):
        ring.add(RegisteredKey(OTHER.public))
    with pytest.raises(CredentialFileError):
        ring.remove(KEY.key_id)
    assert [registered.key.key_id for registered in ring] == [KEY.key_id]
