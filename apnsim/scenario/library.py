"""The scenarios that come with the program, found by name; and those in files."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

from apnsim.errors import CannotStartError

SHIPPED = resources.files("apnsim.scenario") / "shipped"
SUFFIX = ".toml"


def names() -> list[str]:
    """Those that are shipped, in the order of the alphabet."""
    found = (entry.name for entry in SHIPPED.iterdir())
    return sorted(name.removesuffix(SUFFIX) for name in found if name.endswith(SUFFIX))


def read(wanted: str) -> tuple[str, str]:
    """The name and the text of a scenario.

    Args:
        wanted: a file, or the name of one that is shipped.

    Raises:
        CannotStartError: there is neither, or it cannot be read.
    """
    if wanted in names():
        return f"{wanted}{SUFFIX}", (SHIPPED / f"{wanted}{SUFFIX}").read_text(encoding="utf-8")
    file = Path(wanted)
    try:
        return str(file), file.read_text(encoding="utf-8-sig")  # Windows marks it
    except UnicodeDecodeError as error:
        raise CannotStartError(f"{wanted}: not a text in UTF-8 ({error.reason})") from None
    except OSError as error:
        raise CannotStartError(
            f"{wanted}: {error.strerror}; expected a TOML file or one of {', '.join(names())}"
        ) from None
