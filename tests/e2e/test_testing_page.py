"""The files of README.md and docs/testing.md, as users run them; the project has names of ours."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
PAGES = (ROOT / "README.md", ROOT / "docs" / "testing.md")

# Names of ours; whatever of the gateway imported them would end at once.
THEIRS = "raise ImportError('this is the package of the project under test')\n"


def files_of(*pages: Path) -> dict[str, str]:
    """The blocks that begin with a file name."""
    block = r"(?ms)^```python\n# (\w+\.py)\n(.*?)^```$"
    return dict(file for page in pages for file in re.findall(block, page.read_text()))


@pytest.mark.takes_seconds(120)
def test_the_pages_are_true_in_parallel_and_with_every_warning_an_error(tmp_path: Path) -> None:
    for name, text in files_of(*PAGES).items():
        (tmp_path / name).write_text(text)
    for name in ("gateway", "protocol", "devicesim", "certs"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text(THEIRS)
    # An editable install, a src layout, a path: all of them end in sys.path.
    environ = {**os.environ, "PYTHONPATH": str(tmp_path)}
    command = [sys.executable, "-m", "pytest", "-v", "-n", "2", "-W", "error"]
    ran = subprocess.run(
        command, cwd=tmp_path, env=environ, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    outcomes = re.findall(r"PASSED test_(\w+)\.py", ran.stdout)
    assert set(outcomes) == {"goals", "scores", "scores_async", "web", "unittest_style"}
    assert "[trio]" in ran.stdout
    assert "[asyncio]" in ran.stdout
