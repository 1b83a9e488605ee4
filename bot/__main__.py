"""``python -m bot`` and the command ``newsalert``."""

from bot.cli.main import app


def main() -> None:
    """The entry point."""
    app(prog_name="newsalert")


if __name__ == "__main__":
    main()
