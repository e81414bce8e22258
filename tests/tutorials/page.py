"""A tutorial's page, taken apart: files that its reader is to write, commands that are typed."""

from __future__ import annotations

import re
from pathlib import Path

FOLDER = Path(__file__).parent.parent.parent / "docs" / "tutorials"
_BLOCK = re.compile(r'^```(\w+)(?: title="([^"]+)")?\n(.*?)^```$', re.MULTILINE | re.DOTALL)


class Page:
    """One tutorial, by the name of its page."""

    def __init__(self, name: str) -> None:
        self.text = (FOLDER / f"{name}.md").read_text()
        self.files: dict[str, str] = {}
        self.commands: list[str] = []
        for language, title, text in _BLOCK.findall(self.text):
            if title:
                self.files[title] = text
            elif language == "sh":
                self.commands += text.splitlines()

    def write(self, folder: Path) -> None:
        """Its files, as its reader writes them."""
        for name, text in self.files.items():
            (folder / name).write_text(text)
