"""The house keeps its shape: layers, purity of the core, no cycles, files and functions of a readable size."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
BOT = ROOT / "bot"

# Each row may import from the rows below it, never from its own row's siblings or from above.
LAYERS: tuple[tuple[str, ...], ...] = (
    ("__main__",),
    ("cli",),
    ("app", "demo", "replay", "backtest"),  # app_desk is the part of app without edges
    ("chat", "slackapp", "web"),
    ("service",),
    ("poller", "pages", "delivery", "digest", "heartbeat", "supervise", "systemclock"),
    ("ingest",),
    ("sources", "store", "notify"),
    ("ports", "config"),
    ("core",),
    ("errors",),
)
LEAVES = {
    "failpoint",
    "waiting",
    "metrics",
    "logs",
}  # may be imported by every layer but core and errors; import only core

IMPURE = {
    "aiohttp", "asyncio", "datetime.now", "http", "httpx", "io", "logging", "multiprocessing", "os", "pathlib",
    "random", "requests", "secrets", "shutil", "socket", "sqlalchemy", "sqlite3", "structlog", "subprocess", "sys",
    "tempfile", "threading", "time", "urllib.request", "uuid", "yaml",
}  # fmt: skip
LONGEST_FILE = 450
LONGEST_FUNCTION = 60


def modules() -> list[Path]:
    return sorted(path for path in BOT.rglob("*.py") if "_rules" not in path.parts)


def layer_of(module: str) -> str:
    parts = module.split(".")
    name = parts[1] if len(parts) > 1 else ""
    # split by noun: app_desk.py, chat_topics.py, service_feeds.py
    for prefix in ("app", "chat", "poller", "ports", "service", "slackapp"):
        if name.startswith(prefix + "_"):
            return prefix
    return name


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(path: Path) -> Iterator[str]:
    """Absolute names this file imports, those inside functions and under TYPE_CHECKING too."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            assert node.level == 0, f"{path}: relative import"
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def rank(layer: str) -> int:
    for number, row in enumerate(LAYERS):
        if layer in row:
            return number
    raise AssertionError(f"{layer!r} is in no layer: give it a place in LAYERS")


@pytest.mark.parametrize("path", modules(), ids=module_name)
def test_a_module_imports_only_to_its_right(path: Path) -> None:
    own = layer_of(module_name(path))
    if own in {"", *LEAVES}:
        return
    for name in imports(path):
        other = layer_of(name) if name.startswith("bot.") else ""
        if not other or other == own or other not in {layer for row in LAYERS for layer in row} | LEAVES:
            continue
        if other in LEAVES:
            assert own not in {"core", "errors"}, f"{path} may not import {name}"
            continue
        assert rank(other) > rank(own), f"{path}: {own} may not import {name}"


@pytest.mark.parametrize("path", [path for path in modules() if path.stem in LEAVES], ids=module_name)
def test_a_leaf_imports_only_the_core(path: Path) -> None:
    for name in imports(path):
        if name.startswith("bot."):
            assert layer_of(name) in {"core", "errors"}, f"{path} may not import {name}"


@pytest.mark.parametrize("path", sorted((BOT / "core").rglob("*.py")), ids=module_name)
def test_the_core_is_pure(path: Path) -> None:
    for name in imports(path):
        assert IMPURE.isdisjoint((name, name.split(".")[0])), f"{path} imports {name}"
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Attribute) and node.attr in {"now", "utcnow", "today"}:
            assert not (isinstance(node.value, ast.Name) and node.value.id in {"datetime", "date"}), (
                f"{path}:{node.lineno} reads the clock"
            )
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            assert node.func.id not in {"open", "print", "input"}, f"{path}:{node.lineno} does I/O"


@pytest.mark.parametrize("path", modules(), ids=module_name)
def test_files_and_functions_stay_readable(path: Path) -> None:
    text = path.read_text("utf-8")
    assert len(text.splitlines()) <= LONGEST_FILE, f"{path} is long: split it by noun"
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            assert length <= LONGEST_FUNCTION, f"{path}:{node.lineno} {node.name} has {length} lines"


@pytest.mark.parametrize("path", modules(), ids=module_name)
def test_every_module_says_what_it_is_for(path: Path) -> None:
    assert ast.get_docstring(ast.parse(path.read_text("utf-8"))), f"{path} has no docstring"


def test_no_import_cycles() -> None:
    files = {module_name(path): path for path in modules()}
    edges = {
        name: {other for other in imports(path) if other in files and other != name}
        for name, path in files.items()
    }
    done: set[str] = set()

    def visit(name: str, trail: tuple[str, ...]) -> None:
        assert name not in trail, " → ".join((*trail, name))
        if name not in done:
            for other in sorted(edges[name]):
                visit(other, (*trail, name))
            done.add(name)

    for name in sorted(edges):
        visit(name, ())


def test_only_the_guarded_client_opens_sessions() -> None:
    """Every URL goes through the one guarded client: no other module makes an HTTP session of its own."""
    allowed = {"bot.sources.http"}
    for path in modules():
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Attribute) and node.attr == "ClientSession":
                assert module_name(path) in allowed, f"{path}:{node.lineno} opens a session of its own"
