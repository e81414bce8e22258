from __future__ import annotations

import pytest

from tests.gateway.console.consoles import Console


@pytest.fixture
def console() -> Console:
    return Console()
