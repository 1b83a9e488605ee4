"""``newsalert rules …``: what editors watch for."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.text import Text

from bot.app_desk import load_orders
from bot.cli import output, rulewriting
from bot.cli.output import JsonOption, RulesOption
from bot.config.schema import schema_json
from bot.errors import InputError

app = typer.Typer(help="What editors watch for: list, show, write.", no_args_is_help=True)


@app.command("list")
def list_rules(rules: RulesOption = None, as_json: JsonOption = False) -> None:
    """List the rules with their category, direction, number of terms and examples, and file."""
    with output.told_plainly():
        loaded = load_orders(output.settings_with(rules).rules_dir).rulebook.rules.values()
        if as_json:
            for rule in loaded:
                output.print_json(
                    {
                        "id": rule.id,
                        "title": rule.title,
                        "category": rule.category,
                        "direction": rule.direction.value,
                        "severity": rule.severity.word,
                        "terms": len(rule.terms),
                        "examples": len(rule.examples),
                        "enabled": rule.enabled,
                        "file": rule.file,
                        "line": rule.line,
                    }
                )
            return
        shown = output.table("id", "title", "category", "direction", "severity", "terms", "examples", "file")
        for rule in loaded:
            numbers = (str(len(rule.terms)), str(len(rule.examples)))
            place = f"{rule.file}:{rule.line}"
            shown.add_row(
                rule.id, rule.title, rule.category, rule.direction.value, rule.severity.word, *numbers, place
            )
        output.out.print(shown)


@app.command("show")
def show(
    rule_id: Annotated[str, typer.Argument(metavar="RULE", help="The rule's id.")], rules: RulesOption = None
) -> None:
    """Show one rule as it was understood: every term with its points and languages."""
    with output.told_plainly():
        loaded = load_orders(output.settings_with(rules).rules_dir).rulebook.rules
        if rule_id not in loaded:
            raise InputError(f"there is no rule {rule_id!r}; newsalert rules list shows them")
        rule = loaded[rule_id]
        output.out.print(Text.assemble((rule.title, "bold"), f"  {rule.id}  {rule.file}:{rule.line}"))
        shown = output.table("line", "list", "points", "languages", "term")
        for term in rule.terms:
            points = "" if term.points is None else str(term.points)
            shown.add_row(str(term.line), term.strength, points, " ".join(term.languages), Text(term.text))
        output.out.print(shown)


@app.command("schema")
def schema() -> None:
    """Print the JSON Schema of the editors' files, for editors that complete and check as you type."""
    typer.echo(schema_json(), nl=False)


app.command("new")(rulewriting.new)
app.command("suggest")(rulewriting.suggest)
app.command("feedback")(rulewriting.feedback)
