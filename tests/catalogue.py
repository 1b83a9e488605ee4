"""Every text the fronts say, as found in their code: what the message catalogues must hold."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from pathlib import Path

from bot.chat_says import ADMIN_LIST, COMMAND_LIST
from bot.core.buttons import LABELS
from bot.core.model import Direction, Level, Stance

BOT = Path(__file__).resolve().parent.parent / "bot"
SPEAKERS = ("chat", "service", "telegram")
FOREIGN = {"{problem}"}  # holds what the rule engine says, in the editors' English


def texts() -> set[str]:
    """Arguments of ``t(…)``, templates of InputError and NotPermitted, and the texts kept in tables."""
    found = {text for _, text in (*COMMAND_LIST, *ADMIN_LIST)}
    found |= set(LABELS.values())
    found |= {level.word for level in Level} | {
        stance.value for stance in Stance if stance is not Stance.ASSERTED
    }
    found |= {direction.value for direction in Direction if direction.arrow}
    for path in (*BOT.glob("*.py"), *(BOT / "notify").glob("*.py")):
        if path.name.startswith(SPEAKERS):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                found |= _said(node)
    for path in (BOT / "app_past.py", BOT / "config" / "drafts.py", *(BOT / "web").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            found |= _said(node) | _on_pages(node)
    return found - FOREIGN


def _on_pages(node: ast.AST) -> set[str]:
    """The console's navigation, and what its login form says of a try."""
    if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "NAVIGATION":
        rows = node.value.elts if isinstance(node.value, ast.Tuple) else []
        return _constants([row.elts[1] for row in rows if isinstance(row, ast.Tuple)])
    if isinstance(node, ast.Call) and _name(node.func) == "_form":
        return _constants(node.args[1:2])
    return set()


def plurals() -> set[tuple[str, str]]:
    """The pairs given to ``t.many``."""
    found = set()
    for path in BOT.glob("chat*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr == "many"
            ):
                one, more = (
                    argument.value for argument in node.args[:2] if isinstance(argument, ast.Constant)
                )
                found.add((str(one), str(more)))
    return found


def _said(node: ast.AST) -> set[str]:
    if (
        isinstance(node, ast.Assign)
        and isinstance(node.targets[0], ast.Name)
        and node.targets[0].id == "UNKNOWN"
    ):
        return _constants([node.value])
    if not isinstance(node, ast.Call):
        return set()
    if _name(node.func) in {"t", "InputError", "NotPermitted"} or _is_words(node.func):
        return _constants(node.args[:1])
    return _constants(node.args[2:3]) if _name(node.func) == "_told" else set()


def _constants(nodes: Sequence[ast.expr]) -> set[str]:
    return {node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)}


def _name(function: ast.expr) -> str:
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""


def _is_words(function: ast.expr) -> bool:
    """``words(language)("…")``."""
    return isinstance(function, ast.Call) and _name(function.func) == "words"
