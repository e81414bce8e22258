"""The rules of the house, as programs: who imports whom, what is pure, how long is too long."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from protocol.provider.rejection import Reason

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

ROOT = Path(__file__).parent.parent
PACKAGES = ("apnsim", "gateway", "devicesim", "protocol", "certs", "worldtime")

MAX_FILE_LINES = 300
MAX_FUNCTION_LINES = 50
MAX_CONSTRUCTOR_ARGUMENTS = 6

# Imports point from the socket to the language.
ALLOWED = {
    "apnsim": {"gateway", "devicesim", "protocol", "certs", "worldtime"},
    "gateway": {"protocol", "certs", "worldtime"},
    "devicesim": {"protocol", "certs", "worldtime"},
    "protocol": set[str](),
    "certs": set[str](),
    "worldtime": set[str](),
}


def _layers() -> list[list[str]]:
    """The parts of gateway/, as docs/architecture.md draws them; what they are is in brackets."""
    told = (ROOT / "docs" / "architecture.md").read_text().partition("never sideways:\n\n```\n")[2]
    drawn = re.sub(r" \([^)]*\)", "", told.partition("```")[0])
    return [re.split(r" │ |, ", line) for line in drawn.splitlines()]


# Inside gateway/: a part may import those on lines below its own, never its neighbours.
LAYERS = _layers()

# No IO, no tasks, no clock, no dice.
IMPURE = {
    "asyncio", "datetime", "logging", "multiprocessing", "os", "pathlib", "random", "secrets",
    "select", "selectors", "signal", "socket", "ssl", "subprocess", "sys", "tempfile", "threading",
    "time", "trio", "anyio", "sniffio",
}  # fmt: skip


@dataclass(frozen=True)
class Module:
    """One source file; ``name`` is dotted, a package's is that of its folder."""

    path: Path

    @property
    def name(self) -> str:
        parts = self.path.relative_to(ROOT).with_suffix("").parts
        return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)

    @property
    def package(self) -> str:
        return self.name.partition(".")[0]

    @cached_property
    def text(self) -> str:
        return self.path.read_text()

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text)

    @cached_property
    def imports(self) -> dict[str, int]:
        """Every name that is imported, anywhere, also for types only; and its line."""
        found: dict[str, int] = {}
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                found |= {alias.name: node.lineno for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                base = self._absolute(node)
                # Of a package, what is taken may be a module: ``from gateway import journal``.
                found |= {f"{base}.{alias.name}": node.lineno for alias in node.names}
        return found

    def _absolute(self, node: ast.ImportFrom) -> str:
        if not node.level:
            return node.module or ""
        above = self.path.relative_to(ROOT).parts[: -node.level]
        return ".".join([*above, *([node.module] if node.module else [])])

    def place(self, line: int) -> str:
        return f"{self.path.relative_to(ROOT)}:{line}"


SOURCES = [Module(path) for each in PACKAGES for path in sorted((ROOT / each).rglob("*.py"))]


def modules(*packages: str) -> list[Module]:
    return [module for module in SOURCES if module.package in packages]


def part_of(name: str) -> str:
    """The part of gateway/ that a dotted name belongs to: ``gateway.store.wire`` → ``store``."""
    return name.split(".")[1] if name.startswith("gateway.") else ""


def none(faults: Iterable[str]) -> None:
    """Fail with all of them, one per line."""
    listed = list(faults)
    assert not listed, "\n" + "\n".join(listed)


# -- imports ---------------------------------------------------------------------------------------


def test_the_sources_are_found() -> None:
    assert {module.package for module in SOURCES} == set(PACKAGES)


def test_packages_import_from_the_socket_to_the_language() -> None:
    none(
        f"{module.place(line)} imports {name}: {module.package} may import"
        f" {', '.join(sorted(ALLOWED[module.package])) or 'none of ours'}"
        for module in SOURCES
        for name, line in module.imports.items()
        if (target := name.partition(".")[0]) in PACKAGES
        and target not in ALLOWED[module.package] | {module.package}
    )


def test_the_parts_of_the_gateway_import_downwards_only() -> None:
    line_of = {part: line for line, parts in enumerate(LAYERS) for part in parts}

    def upward() -> Iterator[str]:
        for module in modules("gateway"):
            part = part_of(module.name)
            for name, line in module.imports.items():
                target = part_of(name)
                if target in ("", part) or not part:
                    continue
                if part not in line_of or target not in line_of:
                    stranger = part if part not in line_of else target
                    yield f"{module.place(line)}: {stranger} is not on docs/architecture.md"
                elif line_of[target] <= line_of[part]:
                    yield f"{module.place(line)}: {part} imports {target}, which is not below it"

    none(dict.fromkeys(upward()))


def test_only_the_composition_root_and_the_command_line_know_the_settings() -> None:
    none(
        f"{module.place(line)} imports {name}: everyone else receives plain values"
        for module in modules("gateway", "devicesim", "protocol", "certs", "worldtime")
        for name, line in module.imports.items()
        if name.startswith(("gateway.settings", "gateway.configuration"))
        and part_of(module.name) not in ("serve", "tuning", "settings", "configuration")
    )


def test_the_language_is_pure() -> None:
    none(
        f"{module.place(line)} imports {name}: no IO, no tasks, no clock, no dice"
        for module in modules("protocol")
        for name, line in module.imports.items()
        if name.partition(".")[0] in IMPURE
    )


@pytest.mark.parametrize(
    ("libraries", "packages", "only"),
    [
        ({"msgpack"}, ("protocol",), {"protocol.courier.compact"}),
        ({"h2", "jh2", "hpack", "hyperframe"}, PACKAGES, {"gateway.provider.library"}),
        ({"jwt"}, PACKAGES, {"certs.provider_key", "certs.provider_token", "certs.token_text"}),
        ({"sqlite3"}, PACKAGES, {"gateway.store"}),
        # Both ends of every link share one TLS stream; nothing else in certs/ opens or awaits.
        ({"trio"}, ("certs",), {"certs.tls_stream"}),
        ({"h11"}, PACKAGES, {"gateway.proxy"}),
        ({"rich"}, PACKAGES, {"apnsim.watch"}),
        ({"opentelemetry"}, PACKAGES, {"gateway.tracing"}),
        ({"prometheus_client"}, PACKAGES, {"gateway.console.metrics"}),
        ({"fastapi", "starlette", "hypercorn"}, PACKAGES, {"gateway.console"}),
    ],
    ids=lambda value: min(value) if isinstance(value, set) else None,
)
def test_a_library_is_known_in_one_place(
    libraries: set[str], packages: tuple[str, ...], only: set[str]
) -> None:
    none(
        f"{module.place(line)} imports {name}, which is for {', '.join(sorted(only))}"
        for module in modules(*packages)
        for name, line in module.imports.items()
        if name.partition(".")[0] in libraries
        and not any(f"{module.name}.".startswith(f"{place}.") for place in only)
    )


def test_nothing_of_the_tests_is_needed_to_run() -> None:
    none(
        f"{module.place(line)} imports {name}"
        for module in SOURCES
        for name, line in module.imports.items()
        if name.partition(".")[0] in ("tests", "pytest", "hypothesis", "bench", "interop")
        # pytest alone loads it.
        and (module.name, name) != ("apnsim.pytest_plugin", "pytest")
    )


# -- words -----------------------------------------------------------------------------------------


def test_every_reason_is_spelled_in_one_place() -> None:
    words = {reason.text for reason in Reason}
    none(
        f"{module.place(node.lineno)} spells {node.value!r}: use Reason"
        for module in SOURCES
        if module.name != "protocol.provider.rejection"
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str | bytes)
        and _as_text(node.value) in words
    )


def _as_text(value: str | bytes) -> str:
    """The word itself, or as JSON: ``{"reason":"…"}``."""
    text = value.decode("latin-1") if isinstance(value, bytes) else value
    return text.removeprefix('{"reason":"').removesuffix('"}')


def test_every_module_says_what_it_is() -> None:
    none(
        f"{module.place(1)} has no docstring"
        for module in SOURCES
        if module.text.strip() and not ast.get_docstring(module.tree)
    )


# -- budgets ---------------------------------------------------------------------------------------


def test_no_file_is_longer_than_its_budget() -> None:
    none(
        f"{module.place(1)} has {length} lines, {MAX_FILE_LINES} at most"
        for module in SOURCES
        if (length := module.text.count("\n")) > MAX_FILE_LINES
    )


def test_no_function_is_longer_than_its_budget() -> None:
    none(
        f"{module.place(node.lineno)} {node.name}(): {length} lines, {MAX_FUNCTION_LINES} at most"
        for module in SOURCES
        for node in ast.walk(module.tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (length := (node.end_lineno or 0) - node.lineno + 1) > MAX_FUNCTION_LINES
    )


def test_no_constructor_takes_more_than_a_hand_can_hold() -> None:
    none(
        f"{module.place(node.lineno)} {owner.name}() takes {count} arguments,"
        f" {MAX_CONSTRUCTOR_ARGUMENTS} at most"
        for module in SOURCES
        for owner in ast.walk(module.tree)
        if isinstance(owner, ast.ClassDef)
        for node in owner.body
        if isinstance(node, ast.FunctionDef)
        and node.name == "__init__"
        and (count := _arguments(node.args)) > MAX_CONSTRUCTOR_ARGUMENTS
    )


def _arguments(arguments: ast.arguments) -> int:
    """All but ``self``."""
    return len(arguments.posonlyargs) + len(arguments.args) + len(arguments.kwonlyargs) - 1
