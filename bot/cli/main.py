"""``newsalert``: the commands, in the order of the help page.

A command's module is imported when the command is called: ``score`` need not wait for what ``run`` brings along.
"""

from __future__ import annotations

from importlib import import_module
from typing import Annotated, Any

import typer
from typer.core import TyperGroup
from typer.main import get_command, get_group

from bot import __version__
from bot.logs import configure_logs

BOT, ASK, TRY, KEEP = "The bot", "Ask", "Try rules on items", "What is watched"

COMMANDS = {
    "run": ("bot.cli.run", "run", BOT),
    "demo": ("bot.cli.run", "demo", BOT),
    "status": ("bot.cli.status", "status", BOT),
    "check": ("bot.cli.check", "check", ASK),
    "explain": ("bot.cli.explain", "explain", ASK),
    "why": ("bot.cli.ask", "why", ASK),
    "whynot": ("bot.cli.ask", "whynot", ASK),
    "score": ("bot.cli.stream", "score", TRY),
    "backtest": ("bot.cli.archive", "backtest", TRY),
    "cluster": ("bot.cli.stream", "cluster", TRY),
    "replay": ("bot.cli.archive", "replay", TRY),
    "feeds": ("bot.cli.feeds", "app", KEEP),
    "rules": ("bot.cli.rules", "app", KEEP),
    "story": ("bot.cli.story", "story", ASK),
    "stories": ("bot.cli.stories", "app", KEEP),
    "outbox": ("bot.cli.outbox", "app", BOT),
    "console-user": ("bot.cli.webuser", "console_user", BOT),
}
"""Command → the module and name that has it, and where it stands on the help page."""


class LazyCommands(TyperGroup):
    """The root: knows every command's name, and its module once it is wanted."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002 — the library's signature
        """In the order of the help page."""
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ARG002
        """The command as the library wants it; None for a name that is none."""
        if cmd_name not in COMMANDS:
            return None
        module, name, panel = COMMANDS[cmd_name]
        found = getattr(import_module(module), name)
        if isinstance(found, typer.Typer):
            command: Any = get_group(found)
        else:
            alone = typer.Typer(add_completion=False)
            alone.command(cmd_name)(found)
            command = get_command(alone)
        command.name, command.rich_help_panel = cmd_name, panel
        return command


app = typer.Typer(
    cls=LazyCommands,
    name="newsalert",
    help="Tells people within seconds that the news they wait for has broken, and stays silent otherwise.",
    epilog="Settings: NEWSALERT_… in the environment or .env (see .env.example). Exit codes: 0 done; 1 done in part; "
    "2 bad input; 3 the database refused; 130 interrupted.",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,  # a traceback with local values could show a secret
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"newsalert {__version__}")
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Read feeds, match rules, tell people."""
    del version  # its callback has answered
    configure_logs("warning")  # stdout is for answers; run asks for more
