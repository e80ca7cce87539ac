"""The commands by name, each loaded when it is run: none waits for the imports of the others."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

LINES = {
    "up": "Run broker, migrations, API, workers and Flower here, restart what dies, end it all at ctrl-C.",
    "demo": "Play a story of a broken promise and its recovery against the real system.",
    "api": "Serve the HTTP API until it is told to stop; requests that have begun are finished.",
    "worker": "Carry out what is due, until it is told to stop; tasks that have begun are finished.",
    "flower": "Show workers and tasks in Flower's pages, behind a password, until it is told to stop.",
    "health": "Say whether a running service does its work. Exit code 1 if it does not.",
    "migrate": "Bring the database to the newest schema. Safe to run twice, and by several at once.",
    "restored": "After a restore: what may have been told since is asked of people, not told twice.",
    "send": "Send one event; print what the API answered about it, as JSON.",
    "tail": "Follow what the ledger records, whatever interrupts the connection.",
    "search": "Find subjects of any lifecycle, by what they are known by and how they stand.",
    "discard": "Drop an event that waits or whose decision failed; print what became of it, as JSON.",
    "client": "A typed client for the lifecycles that there are.",
    "customers": "Customers: who may be one person.",
    "incidents": "Incidents, and the cases that are theirs.",
    "rotation": "Rotations: who is on duty when.",
    "replay": "Play a log of real events through lifecycles on a virtual clock; write moves and a report.",
    "test": "Play scenarios: given this, when that happens, then this must be so and nothing else.",
    "explain": "Say how each deadline of a subject came about. Reads the database, needs no API.",
    "check": "Say what is wrong with lifecycles and routes: file, line, field, rule. Exit 1 if so.",
    "lifecycle": "Move the subjects of a lifecycle to another version.",
    "convert": "Write a lifecycle of the first edition in the second; say what is left to do. Exit 1 if so.",
    "draw": "Draw a lifecycle. Without --format: an SVG if that is how OUT ends, else text for Mermaid.",
    "route": "Routes in: webhooks and mails of other systems as events.",
    "mail": "Post the mail on standard input to its route: for the pipe of a mail server.",
    "keys": "Make, list, rotate and revoke API keys.",
    "people": "Add and list people who sign in, say what they are, make them links.",
    "doctor": "Say what is configured, what answers and what waits too long. Exit code 1 if one is wrong.",
}
"""Every command's first line, in the order in which people meet them: the list of commands loads none."""


def loaded(name: str) -> Any:
    """The command of that name, a Click command: from its module `workflow.cli.<name>`.

    The module has a function of that name, or a typer `app` of several.
    """
    module = import_module(f"workflow.cli.{name}")
    if hasattr(module, "app"):
        group = typer.main.get_command(module.app)
        group.name = name
        return group
    single = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    single.command(name)(getattr(module, name))
    return typer.main.get_command(single)


class Commands(TyperGroup):
    """All commands: listed by their lines, loaded one at a time."""

    def list_commands(self, ctx: Any) -> list[str]:
        """In the order in which people meet them."""
        return list(LINES)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """A stand-in that knows its line only; None for a name that is none."""
        line = LINES.get(cmd_name)
        return None if line is None else TyperCommand(cmd_name, callback=None, help=line)

    def resolve_command(self, ctx: Any, args: Any) -> Any:
        """The command that `args` begin with, loaded, and the rest of them."""
        name, command, rest = super().resolve_command(ctx, args)
        return name, command if name is None else loaded(name), rest


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
