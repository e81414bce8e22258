"""Fetch the libraries of the page into ``page/vendor/``: ``make vendor``.

Unmodified files out of npm packages, as ``vendor/manifest.json`` names them: package, version,
npm's hash of the package, and the hash of each file, which tests/gateway/console/test_static.py
checks.
To take a new version: change ``version``, empty ``integrity``, run, look at the diff.
"""

from __future__ import annotations

import base64
import hashlib
import json
import subprocess
import tarfile
import tempfile
from pathlib import Path
from typing import Any

VENDOR = Path(__file__).parents[2] / "gateway/console/page/vendor"
MANIFEST = VENDOR / "manifest.json"


def main() -> None:
    libraries = json.loads(MANIFEST.read_text())
    for library in libraries:
        _fetch(library)
    MANIFEST.write_text(json.dumps(libraries, indent=2) + "\n")


def _fetch(library: dict[str, Any]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        wanted = f"{library['package']}@{library['version']}"
        subprocess.run(["npm", "pack", "--silent", wanted], cwd=folder, check=True)
        [archive] = Path(folder).iterdir()
        integrity = hash_of(archive.read_bytes(), "sha512")
        library["integrity"] = library["integrity"] or integrity
        if library["integrity"] != integrity:
            raise SystemExit(f"{wanted} is {integrity}, the manifest says {library['integrity']}")
        with tarfile.open(archive) as contents:
            for name, file in library["files"].items():
                member = contents.extractfile(f"package/{file['from']}")
                assert member is not None, file["from"]
                content = member.read()
                file["integrity"] = hash_of(content, "sha256")
                (VENDOR / name).write_bytes(content)


def hash_of(content: bytes, algorithm: str) -> str:
    """As npm and browsers write it."""
    digest = base64.b64encode(hashlib.new(algorithm, content).digest()).decode()
    return f"{algorithm}-{digest}"


if __name__ == "__main__":
    main()
