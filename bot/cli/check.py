"""``newsalert check``: are the editors' files in order?"""

from __future__ import annotations

import typer
from rich.text import Text

from bot.cli import output
from bot.cli.output import JsonOption, RulesOption
from bot.config.load import check_desk


def check(rules: RulesOption = None, as_json: JsonOption = False) -> None:
    """Check the editors' files: schema, terms, every rule's own examples, and lint.

    All mistakes are told at once with file:line:key and a remedy. Exit code 2 if there is any; warnings alone pass.
    """
    with output.told_plainly():
        settings = output.settings_with(rules)
        report = check_desk(settings.rules_dir)
        if as_json:
            keys = ("file", "line", "key", "message", "remedy", "severity")
            found = [{key: getattr(problem, key) for key in keys} for problem in report.problems]
            output.print_json({"ok": report.ok, "problems": found, "checked": report.counts})
        else:
            output.show_problems(report.problems)
            counts = ", ".join(f"{number} {word}" for word, number in report.counts.items())
            verdict = Text("in order", style="green") if report.ok else Text("not in order", style="bold red")
            output.out.print(Text.assemble(verdict, f": {counts}"))
        if not report.ok:
            raise typer.Exit(output.BAD_INPUT)
