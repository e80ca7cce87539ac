"""The command `makegood`: one file a command, registered here."""

from __future__ import annotations

import sys

import typer
from sqlalchemy.exc import InterfaceError, OperationalError, ProgrammingError

from state_machines.errors import StateMachineError
from workflow.cli import api, check, demo, doctor, draw, keys, migrate, replay, send, up, worker
from workflow.errors import MakegoodError

app = typer.Typer(
    name="makegood",
    help="Promises kept, and put right when they were not: an event-driven workflow engine.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command()(up.up)
app.command()(demo.demo)
app.command()(api.api)
app.command()(worker.worker)
app.command()(send.send)
app.command()(replay.replay)
app.command()(check.check)
app.command()(draw.draw)
app.command()(migrate.migrate)
app.command()(doctor.doctor)
app.add_typer(keys.app, name="keys")


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
