"""`makegood restored`: after the database was restored from a backup, before anything is started."""

from __future__ import annotations

import getpass
from typing import Annotated

import typer


def restored(
    stopped_at: Annotated[
        str | None,
        typer.Option(help="When the lost installation stopped, RFC 3339. Left out: now, if nobody knows."),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask whether everything is stopped.")] = False,
) -> None:
    """After a restore: what may have been told since is asked of people, not told twice.

    What was due until the installation stopped is decided. Workers and API must be stopped. What is
    decided sends nothing: a notice that may have gone out goes to a person, as every send of unknown
    outcome does.
    """
    from state_machines.errors import Problem
    from state_machines.values.instants import parse_instant
    from state_machines.values.time_errors import TimeError
    from workflow.access.audit import DONE, AuditEntry, write
    from workflow.engine.runtime import marks_file
    from workflow.errors import InvalidQuery
    from workflow.maintenance.restored import settle_past
    from workflow.recovery.contact.channels import registered
    from workflow.recovery.runtime import open_runtime
    from workflow.settings import read_settings

    settings = read_settings()
    try:
        until = None if stopped_at is None else parse_instant(stopped_at)
    except TimeError as error:
        raise InvalidQuery([Problem("stopped-at", error.rule, error.message)]) from None
    if not yes:
        typer.confirm("Are all workers and the API of this installation stopped?", abort=True)
    marks_file(settings).unlink(missing_ok=True)  # what processes were at, in a time that is no more
    runtime = open_runtime(settings)
    try:
        certain = [one.name for one in registered().values() if one.repeatable or not one.outside]
        now = runtime.clock.now()
        done = settle_past(runtime, until or now, certain)
        write(runtime.store, [AuditEntry(now, f"cli:{getpass.getuser()}", None, "restored", None, DONE)])
    finally:
        runtime.close()
    typer.echo(f"decided as of then: {done.decided}")
    typer.echo(f"may have gone out, people are asked: {done.asked}")
    typer.echo(f"go again by themselves: {done.again}")
