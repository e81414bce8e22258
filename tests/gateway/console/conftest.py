from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.gateway.console.consoles import Console

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def console(tmp_path: Path) -> Console:
    return Console(directory=tmp_path)
