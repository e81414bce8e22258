"""The examples do what their READMEs say, run as they say."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_bug_and_the_cure_of_organisations_are_seen_on_phones(tmp_path: Path) -> None:
    readme = (ROOT / "examples" / "organisations" / "README.md").read_text()
    assert "apnsim exec -- pytest examples/organisations\n" in readme
    command = [sys.executable, "-m", "apnsim", "exec", "--data-dir", str(tmp_path), "--"]
    pytest = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    finished = subprocess.run(
        [*command, *pytest, "examples/organisations"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.returncode == 0, finished.stdout + finished.stderr
    assert re.search(r"^8 passed", finished.stdout, re.MULTILINE), finished.stdout
