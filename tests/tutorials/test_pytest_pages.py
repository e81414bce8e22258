"""The tutorials that are tests of a backend: written into an empty folder, they pass."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.tutorials.page import Page

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.takes_seconds(120)  # a gateway each, and a month that passes


def run(folder: Path) -> subprocess.CompletedProcess[str]:
    """What ``pytest`` says there, of nothing but what is there."""
    argv = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", "."]
    return subprocess.run(argv, cwd=folder, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(("name", "tests"), [("first-test", 2), ("expiry", 5), ("goaway", 3)])
def test_a_tutorial_passes_as_it_is(name: str, tests: int, tmp_path: Path) -> None:
    Page(name).write(tmp_path)
    done = run(tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{tests} passed" in done.stdout


def test_the_first_tutorials_mistake_is_explained(tmp_path: Path) -> None:
    page = Page("first-test")
    page.write(tmp_path)
    scores = page.files["scores.py"]
    assert '"apns-push-type": "alert"' in scores
    (tmp_path / "scores.py").write_text(scores.replace('type": "alert"', 'type": "background"'))
    done = run(tmp_path)
    assert done.returncode == 1
    assert "presented nothing: background push" in done.stdout
