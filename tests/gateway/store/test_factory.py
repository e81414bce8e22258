"""What ``--store`` may say."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.store.factory import open_store, sqlite_path

DATA = Path("data")


@pytest.mark.parametrize(
    ("spec", "path"),
    [
        ("memory", None),
        ("sqlite", DATA / "store.sqlite3"),
        ("sqlite:///here.db", Path("here.db")),
        ("sqlite:////var/lib/there.db", Path("/var/lib/there.db")),
    ],
)
def test_the_kinds_of_store(spec: str, path: Path | None) -> None:
    assert sqlite_path(spec, DATA) == path


@pytest.mark.parametrize("spec", ["redis://:secret@host", "sqlite:///", "sqlite:x", "Memory"])
def test_anything_else_is_refused_and_says_what_there_is(spec: str) -> None:
    with pytest.raises(ValueError, match="expected memory, sqlite") as caught:
        sqlite_path(spec, DATA)
    assert "secret" not in str(caught.value)


async def test_each_kind_opens(tmp_path: Path) -> None:
    for spec in ("memory", "sqlite", f"sqlite:///{tmp_path}/other.db"):
        async with open_store(spec, tmp_path / "data", max_bytes=10**6) as store:
            assert await store.pending() == 0
            assert store.statistics().kind == spec.partition(":")[0]
    assert (tmp_path / "data" / "store.sqlite3").exists()
    assert (tmp_path / "other.db").exists()
