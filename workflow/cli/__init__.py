"""The command `makegood`: one file a command, registered here."""

from __future__ import annotations

import sys

import typer
from sqlalchemy.exc import InterfaceError, OperationalError, ProgrammingError

from state_machines.errors import StateMachineError
from workflow.cli.commands import Commands
from workflow.errors import MakegoodError

app = typer.Typer(
    name="makegood",
    cls=Commands,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback()
def makegood() -> None:
    """Promises kept, and put right when they were not: an event-driven workflow engine."""


def main() -> None:
    """Run a command. What goes wrong on purpose is said in words on standard error, with exit code 1."""
    try:
        app()
    except (MakegoodError, StateMachineError) as error:
        _end(str(error))
    except (OperationalError, ProgrammingError, InterfaceError) as error:
        _end(f"database: {error.orig}. Is it there, and did `makegood migrate` run?")


def _end(message: str) -> None:
    print(f"makegood: {message}", file=sys.stderr)
    sys.exit(1)
