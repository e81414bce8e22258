"""Our packages have common names; where the project under test has the same, its own are meant.

Installed in editable mode, a project's folder comes on ``sys.path`` after site-packages, where ours
are: its ``import gateway`` would find ours. The process of the tests needs none of them but
``apnsim``, so there the project's go first. (The gateway's process is told the opposite.)
"""

from __future__ import annotations

import sys
from importlib.machinery import PathFinder
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from importlib.machinery import ModuleSpec

# Where this apnsim is: the repository, or the site-packages that it is installed in.
ROOT = Path(__file__).resolve().parent.parent.parent
OURS = ("gateway", "devicesim", "protocol", "certs", "worldtime")


def give_way(root: Path = ROOT) -> None:
    """From now on, who imports a name of ours gets the project's package, if it has one."""
    if str(root) not in sys.path:
        return
    place = sys.path.index(str(root))
    later = [entry for entry in sys.path[place + 1 :] if _has_one_of_ours(entry)]
    theirs = [*later, *_found_otherwise(root)]
    sys.path[:] = [
        *sys.path[:place], *theirs, *(entry for entry in sys.path[place:] if entry not in theirs),
    ]  # fmt: skip


def _has_one_of_ours(entry: str) -> bool:
    return any(_is_package(PathFinder.find_spec(name, [entry])) for name in OURS)


def _found_otherwise(root: Path) -> Iterator[str]:
    """The folders of packages with a name of ours that finders of editable installs know.

    As folders, because pytest itself looks on ``sys.path`` alone.
    """
    after = sys.meta_path.index(PathFinder) + 1 if PathFinder in sys.meta_path else 0
    for finder in sys.meta_path[after:]:
        # Some that were written before Python 3.4 have none.
        find_spec = getattr(finder, "find_spec", lambda *_: None)
        for name in OURS:
            spec = find_spec(name, None)
            if spec is not None and _is_package(spec):
                folder = Path(str(spec.origin)).resolve().parent
                if folder.name == name and folder.parent != root:
                    yield str(folder.parent)


def _is_package(spec: ModuleSpec | None) -> bool:
    """A folder of that name without code in it is none."""
    return spec is not None and spec.origin is not None
