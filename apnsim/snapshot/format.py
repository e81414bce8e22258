"""What a snapshot calls itself, and the error of one that cannot be loaded."""

from __future__ import annotations

FORMAT = "apnsim-snapshot"
FORMAT_VERSION = 1


class SnapshotError(ValueError):
    """The snapshot cannot be loaded; says where in it, and what was expected."""
