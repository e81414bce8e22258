from __future__ import annotations

import stat
from pathlib import Path
from typing import TYPE_CHECKING

import jwt
import pytest

from certs.provider_key import ProviderKey

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.apnsim.conftest import Outcome

TEAM = "ABCDE12345"


def made(outcome: Outcome) -> tuple[str, str, Path]:
    """Key id, team and file of a line that ``keys`` has printed."""
    key_id, _, team_id, file = outcome.out.split()
    return key_id, team_id, Path(file)


def test_a_new_key_is_private_registered_and_signs(apnsim: Callable[..., Outcome]) -> None:
    empty = apnsim("keys", "list")
    assert (empty.code, empty.out) == (0, "")
    assert "no keys in .apnsim yet" in empty.err
    key_id, team_id, file = made(apnsim("keys", "make", "--team-id", TEAM))
    assert team_id == TEAM
    assert file.name == f"AuthKey_{key_id}.p8"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert made(apnsim("keys", "list")) == (key_id, team_id, file)
    token = apnsim("keys", "token")
    assert not token.err
    public = ProviderKey.load(file, TEAM).public_key_pem
    assert jwt.decode(token.out.strip(), public, ["ES256"])["iss"] == TEAM
    assert jwt.get_unverified_header(token.out.strip())["kid"] == key_id


def test_a_key_can_be_named_and_chosen(apnsim: Callable[..., Outcome]) -> None:
    assert apnsim("keys", "make").code == 0
    assert made(apnsim("keys", "make", "--key-id", "SECOND0001"))[0] == "SECOND0001"
    token = apnsim("keys", "token", "--key-id", "SECOND0001")
    assert jwt.get_unverified_header(token.out.strip())["kid"] == "SECOND0001"
    again = apnsim("keys", "make", "--key-id", "SECOND0001")
    assert (again.code, "already exists and is not overwritten" in again.error) == (1, True)


@pytest.mark.parametrize("half", ["private", "public"])
def test_of_a_key_that_is_added_only_the_public_half_is_kept(
    tmp_path: Path, apnsim: Callable[..., Outcome], half: str
) -> None:
    key = ProviderKey.generate(TEAM, "ABC123DEFG")
    file = tmp_path / "AuthKey_ABC123DEFG.p8"
    file.write_bytes(key.private_key_pem if half == "private" else key.public_key_pem)
    added = apnsim("keys", "add", file, "--team-id", TEAM)
    assert added.out == f"ABC123DEFG  team {TEAM}  registered\n"
    listed = apnsim("keys", "list")
    assert listed.out == f"ABC123DEFG  team {TEAM}  (public half only)\n"
    assert [each.name for each in Path(".apnsim").iterdir()] == ["keys.json"]
    assert "PRIVATE" not in Path(".apnsim/keys.json").read_text()
    assert apnsim("keys", "token").error.startswith("apnsim keys: no key in .apnsim: start the")


def test_every_kind_of_key_is_made_and_listed(apnsim: Callable[..., Outcome]) -> None:
    scopes = {
        "LEGACY0001": [],
        "TEAMSCOPE1": ["--environment", "production"],
        "TOPICS0001": ["--environment", "development", "--topic", "b", "--topic", "a"],
        "RELATED001": ["--environment", "development", "--topic", "c", "--related", "TOPICS0001"],
    }
    for key_id, scope in scopes.items():
        assert made(apnsim("keys", "make", "--key-id", key_id, *scope))[0] == key_id
    listed = apnsim("keys", "list").out.splitlines()
    assert [line.split()[0] for line in listed if not line.startswith(" ")] == list(scopes)
    assert [line.strip() for line in listed if line.startswith(" ")] == [
        "team-scoped, production",
        "topic-specific, development, a, b, related to RELATED001",
        "topic-specific, development, c, related to TOPICS0001",
    ]


def test_a_key_that_is_added_may_be_limited_too(
    tmp_path: Path, apnsim: Callable[..., Outcome]
) -> None:
    file = ProviderKey.generate(TEAM, "ABC123DEFG").write(tmp_path)
    assert apnsim("keys", "add", file, "--team-id", TEAM, "--environment", "production").code == 0
    assert apnsim("keys", "list").out.endswith("\n    team-scoped, production\n")


@pytest.mark.parametrize(
    ("scope", "complaint"),
    [
        (["--environment", "moon"], "invalid choice: 'moon'"),
        (["--topic", "no topic"], "a topic is letters"),
        (["--related", "NOBODY0001"], "only a topic-specific key has a related key"),
        (["--topic", "a", "--related", "NOBODY0001"], "has no other key NOBODY0001; register"),
    ],
)
def test_a_key_that_apple_would_not_hand_out_is_refused_and_not_written(
    apnsim: Callable[..., Outcome], scope: list[str], complaint: str
) -> None:
    refused = apnsim("keys", "make", *scope)
    assert refused.code
    assert complaint in refused.error
    assert not list(Path().glob(".apnsim/*.p8"))


def test_a_third_team_scoped_key_is_refused(apnsim: Callable[..., Outcome]) -> None:
    for _ in range(2):
        assert apnsim("keys", "make", "--environment", "production").code == 0
    refused = apnsim("keys", "make", "--environment", "production")
    assert (refused.code, "has 2 team-scoped keys for production" in refused.error) == (1, True)
    assert len(list(Path().glob(".apnsim/*.p8"))) == 2


def test_a_removed_key_is_believed_no_longer(apnsim: Callable[..., Outcome]) -> None:
    key_id, _, file = made(apnsim("keys", "make"))
    assert apnsim("keys", "remove", key_id).out == f"{key_id}  removed\n"
    assert apnsim("keys", "list").out == ""
    assert file.exists()  # it may be the only copy
    assert apnsim("keys", "remove", key_id).code == 1


def test_a_key_file_from_anywhere_signs_with_its_name_and_the_given_team(
    tmp_path: Path, apnsim: Callable[..., Outcome], monkeypatch: pytest.MonkeyPatch
) -> None:
    file = ProviderKey.generate(TEAM).write(tmp_path)
    given = apnsim("keys", "token", "--key-file", file, "--team-id", TEAM)
    assert jwt.decode(given.out.strip(), options={"verify_signature": False})["iss"] == TEAM
    monkeypatch.setenv("APNSIM_KEY_FILE", str(file))
    monkeypatch.setenv("APNSIM_TEAM_ID", "OTHERTEAM1")
    told = apnsim("keys", "token")
    assert jwt.decode(told.out.strip(), options={"verify_signature": False})["iss"] == "OTHERTEAM1"


def test_a_key_whose_file_is_gone_is_passed_over(
    tmp_path: Path, apnsim: Callable[..., Outcome]
) -> None:
    for key_id in ("AAAAAAAAAA", "BBBBBBBBBB"):
        assert apnsim("keys", "make", "--key-id", key_id).code == 0
    (tmp_path / ".apnsim" / "AuthKey_AAAAAAAAAA.p8").unlink()
    bearer = apnsim("keys", "token").out.strip()
    assert jwt.get_unverified_header(bearer)["kid"] == "BBBBBBBBBB"
