"""``newsalert console-user``: a line for NEWSALERT_WEB_USERS."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from bot.cli import output
from bot.config.values import Slips
from bot.config.webusers import line_for, token_line
from bot.errors import InputError

SHORTEST = 10  # characters of a password


def console_user(
    name: Annotated[str, typer.Argument(help="What they log in with.")],
    role: Annotated[str, typer.Option(help="viewer, editor or admin.")] = "viewer",
    token: Annotated[bool, typer.Option("--token", help="Make a token, for a screen or a script.")] = False,
) -> None:
    """Make a login for the console: asks for a password (or reads a line), prints a line for NEWSALERT_WEB_USERS.

    Several lines stand one below the other in a file named by NEWSALERT_WEB_USERS_FILE, or in NEWSALERT_WEB_USERS
    with ; between them. Neither password nor token can be read back from such a line.
    """
    with output.told_plainly():
        try:
            if token:
                made, line = token_line(name, role)
                output.err.print(f"The token, shown this once: {made}", soft_wrap=True)
            else:
                line = line_for(name, role, _password())
        except Slips as error:
            raise InputError(str(error)) from None
        typer.echo(line)


def _password() -> str:
    if sys.stdin.isatty():
        password = str(typer.prompt("Password", hide_input=True, confirmation_prompt=True, err=True))
    else:
        password = sys.stdin.readline().rstrip("\r\n")
    if len(password) < SHORTEST:
        raise InputError(f"a password has at least {SHORTEST} characters")
    return password
