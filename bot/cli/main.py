"""``newsalert``: the commands, in the order of the help page."""

from __future__ import annotations

from typing import Annotated

import typer

from bot import __version__
from bot.cli import ask, feeds, rules, run, stream

app = typer.Typer(
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


THE_BOT, ASK, TRY = "The bot", "Ask", "Try rules on items"

app.command("run", rich_help_panel=THE_BOT)(run.run)
app.command("demo", rich_help_panel=THE_BOT)(run.demo)
app.command("status", rich_help_panel=THE_BOT)(ask.status)
app.command("check", rich_help_panel=ASK)(ask.check)
app.command("explain", rich_help_panel=ASK)(ask.explain)
app.command("why", rich_help_panel=ASK)(ask.why)
app.command("whynot", rich_help_panel=ASK)(ask.whynot)
app.command("score", rich_help_panel=TRY)(stream.score)
app.command("backtest", rich_help_panel=TRY)(stream.backtest)
app.command("cluster", rich_help_panel=TRY)(stream.cluster)
app.command("replay", rich_help_panel=TRY)(stream.replay)
app.add_typer(feeds.app, name="feeds")
app.add_typer(rules.app, name="rules")
