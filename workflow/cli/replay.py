"""`makegood replay`: a log of real events through a lifecycle, on a virtual clock."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def replay(
    log: Annotated[Path, typer.Argument(help="The log: CSV or JSON Lines.")],
    lifecycle: Annotated[Path, typer.Option(help="The lifecycle to run it through, YAML.")],
    map_file: Annotated[Path, typer.Option("--map", help="What in the log is what, YAML.")],
    report: Annotated[Path, typer.Option(help="File for the report, JSON.")],
    moves: Annotated[Path, typer.Option(help="File for the moves, JSON Lines.")],
    until: Annotated[
        str | None,
        typer.Option(
            help="How long the clock runs on: an RFC 3339 instant, or an ISO 8601 duration after the last "
            "event. Default: that event."
        ),
    ] = None,
    database_url: Annotated[
        str | None,
        typer.Option(help="A database of the replay's own. Default: a temporary SQLite file."),
    ] = None,
) -> None:
    """Play a log of real events through a lifecycle on a virtual clock; write moves and a report."""
    from rich.console import Console

    from workflow.cli.replay_display import Bar, summary
    from workflow.clock import monotonic
    from workflow.recovery import vocabulary
    from workflow.replay.session import Request
    from workflow.replay.session import replay as run_replay

    console = Console(stderr=True)
    vocabulary.register()
    started = monotonic()
    with Bar(console) as bar:
        found = run_replay(Request(log, lifecycle, map_file, report, moves, until, database_url), bar)
    console.print(summary(found, monotonic() - started))
    console.print(f"moves: {moves}\nreport: {report}", highlight=False)
