"""`makegood replay`: a log of real events through a lifecycle, on a virtual clock."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def replay(
    log: Annotated[
        Path, typer.Argument(help="The log: CSV, JSON Lines or XES; packed (gzip, bzip2, xz, zip) or not.")
    ],
    lifecycle: Annotated[
        list[Path],
        typer.Option(
            help="The lifecycle to run it through, YAML; several where one opens another, or the map names "
            "several. Those of MAKEGOOD_LIFECYCLES and of the catalog are there, too."
        ),
    ],
    map_file: Annotated[Path, typer.Option("--map", help="What in the log is what, YAML.")],
    report: Annotated[Path, typer.Option(help="File for the report, JSON.")],
    moves: Annotated[Path, typer.Option(help="File for the moves, JSON Lines.")],
    until: Annotated[
        str | None,
        typer.Option(
            help="Where the clock stops: an RFC 3339 instant (rows after it are counted, not applied), or an "
            "ISO 8601 duration after the last event. Default: that event."
        ),
    ] = None,
    database_url: Annotated[
        str | None,
        typer.Option(help="A database of the replay's own. Default: a temporary SQLite file."),
    ] = None,
    allow_refused: Annotated[
        str,
        typer.Option(help="The share of refused rows from which on the exit code is 3, such as 10% or 0.1."),
    ] = "10%",
    keep_outliers: Annotated[
        bool, typer.Option("--keep-outliers", help="Apply rows that lie far from all others in time, too.")
    ] = False,
) -> None:
    """Play a log of real events through lifecycles on a virtual clock; write moves and a report.

    Exit code 0: played. 1: a file or an option cannot be used, and nothing was written. 2: an option is
    missing or unknown. 3: played and written, but more rows were refused than allowed, or none was applied.
    """
    from rich.console import Console

    from workflow.cli.replay_display import ReplayBar, complaints, summary
    from workflow.clock import monotonic
    from workflow.engine.definition_sources import file_sources
    from workflow.recovery import vocabulary
    from workflow.replay.session import Request
    from workflow.replay.session import replay as run_replay
    from workflow.settings import read_settings

    allowed = _share(allow_refused)
    console = Console(stderr=True)
    settings = read_settings()
    vocabulary.register(settings)
    own = file_sources(settings.lifecycles)
    started = monotonic()
    request = Request(
        log, lifecycle, map_file, report, moves, until, database_url, own=own, keep_outliers=keep_outliers
    )
    with ReplayBar(console) as bar:
        found = run_replay(request, bar)
    console.print(summary(found, monotonic() - started))
    for line in complaints(found):
        console.print(line, highlight=False, soft_wrap=True)
    console.print(f"moves: {moves}\nreport: {report}", markup=False, highlight=False, soft_wrap=True)
    verdict = _verdict(found["rows"], allowed)
    if verdict is not None:
        console.print(verdict, markup=False, highlight=False, soft_wrap=True)
        raise typer.Exit(3)


def _share(text: str) -> float:
    """A share between 0 and 1, from ``10%`` or ``0.1``."""
    number, percent, rest = text.strip().partition("%")
    try:
        found = float(number) / (100 if percent else 1)
    except ValueError:
        found = -1.0
    if rest or not 0 <= found <= 1:
        raise typer.BadParameter(f"{text!r} is no share such as 10% or 0.1", param_hint="--allow-refused")
    return found


def _verdict(rows: dict[str, int], allowed: float) -> str | None:
    """Why the replay did not go well, or None."""
    if rows["applied"] == 0 and rows["duplicate"] == 0:
        return "not a single row was applied"
    if rows["refused"] > allowed * rows["events"]:
        share = rows["refused"] / rows["events"]
        return f"{share:.1%} of the rows were refused; --allow-refused is {allowed:.1%}"
    return None
