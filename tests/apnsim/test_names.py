"""Where the project under test has a package called as one of ours, its own is found."""

from __future__ import annotations

import os
import sys
from importlib.machinery import ModuleSpec, PathFinder
from typing import TYPE_CHECKING

import pytest

from apnsim.testing.names import ROOT, give_way

if TYPE_CHECKING:
    from pathlib import Path

pytest_plugins = ["pytester"]


class Finder:
    """As an editable install leaves one behind, after that of ``sys.path``."""

    def __init__(self, name: str, origin: Path) -> None:
        self._spec = ModuleSpec(name, None, origin=str(origin))

    def find_spec(self, name: str, _path: object, _target: object = None) -> ModuleSpec | None:
        return self._spec if name == self._spec.name else None


@pytest.fixture
def ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Our packages, installed; what follows on sys.path came later."""
    site = tmp_path / "site-packages"
    package(site, "gateway")
    monkeypatch.setattr(sys, "path", ["/first", str(site)])
    monkeypatch.setattr(sys, "meta_path", [PathFinder])
    return site


def package(folder: Path, name: str) -> str:
    (folder / name).mkdir(parents=True)
    (folder / name / "__init__.py").touch()
    return str(folder)


def test_a_folder_that_an_editable_install_has_added_goes_before_ours(
    ours: Path, tmp_path: Path
) -> None:
    theirs, other = package(tmp_path / "src", "gateway"), package(tmp_path / "lib", "something")
    sys.path += [other, theirs]
    give_way(ours)
    assert sys.path == ["/first", theirs, str(ours), other]
    spec = PathFinder.find_spec("gateway")
    assert spec is not None
    assert str(spec.origin).startswith(theirs)
    give_way(ours)
    assert sys.path == ["/first", theirs, str(ours), other]


def test_a_folder_without_code_is_no_package(ours: Path, tmp_path: Path) -> None:
    (tmp_path / "repository" / "certs").mkdir(parents=True)
    sys.path.append(str(tmp_path / "repository"))
    give_way(ours)
    assert sys.path == ["/first", str(ours), str(tmp_path / "repository")]


def test_what_a_finder_of_an_editable_install_knows_goes_before_ours(
    ours: Path, tmp_path: Path
) -> None:
    theirs = package(tmp_path / "project", "protocol")
    sys.meta_path += [
        object(),  # type: ignore[list-item]
        Finder("gateway", ours / "gateway" / "__init__.py"),  # we ourselves
        Finder("something", tmp_path / "something.py"),
        Finder("certs", tmp_path / "lib" / "renamed" / "__init__.py"),  # no path leads there
        Finder("protocol", tmp_path / "project" / "protocol" / "__init__.py"),
    ]
    give_way(ours)
    assert sys.path == ["/first", theirs, str(ours)]


def test_where_we_are_not_on_the_path_nothing_changes(ours: Path, tmp_path: Path) -> None:
    sys.meta_path.clear()
    give_way(ours)
    give_way(tmp_path / "elsewhere")
    assert sys.path == ["/first", str(ours)]


def test_the_plugin_sees_to_it_before_anything_of_the_project_is_imported(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    theirs = package(pytester.path / "src", "gateway")
    # Ours first, as those of site-packages are before what an editable install has added.
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT), theirs]))
    pytester.makeconftest("import gateway")
    pytester.makepyfile(
        f"import gateway\n\ndef test_it(): assert gateway.__file__.startswith({theirs!r})"
    )
    pytester.runpytest_subprocess("-p", "no:trio", "-p", "no:cacheprovider").assert_outcomes(
        passed=1
    )
