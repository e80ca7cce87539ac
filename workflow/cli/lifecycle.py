"""`makegood lifecycle`: what is done with the subjects of a lifecycle. Needs the database, not the API."""

from __future__ import annotations

import getpass
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from workflow.engine.runtime import Runtime
    from workflow.maintenance.migration import Migration, StateMove

app = typer.Typer(help="Move the subjects of a lifecycle to another version.", no_args_is_help=True)


@app.callback()
def lifecycle() -> None:
    """Move the subjects of a lifecycle to another version."""


@app.command()
def migrate(
    name: Annotated[str, typer.Argument(help="The lifecycle.")],
    old: Annotated[int, typer.Option("--from", min=1, help="The version by which they live.")],
    new: Annotated[int, typer.Option("--to", min=1, help="The version by which they are to live.")],
    state: Annotated[
        list[str] | None,
        typer.Option(help="OLD=NEW, for a state that the new version does not have; several: repeat it."),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what would become of how many.")
    ] = False,
) -> None:
    """Move the open subjects of a version to another one, each by a step of its own in the ledger.

    Workers may run meanwhile. A run that was ended is gone on with by the same command. Exit code 1 if
    somebody was left behind.
    """
    from workflow.maintenance.migration import planned, preview
    from workflow.recovery.runtime import open_runtime
    from workflow.settings import read_settings

    runtime = open_runtime(read_settings())
    try:
        migration = planned(runtime.registry, name, old, new, _states(state or []))
        for line in preview(runtime.store, migration):
            _tell(line)
        if not dry_run:
            _carry_out(runtime, migration)
    finally:
        runtime.close()


def _carry_out(runtime: Runtime, migration: Migration) -> None:
    from rich.progress import Progress as Bar

    from workflow.access.audit import DONE, AuditEntry, write
    from workflow.maintenance.migration import ask_batch, progress

    by, after = f"cli:{getpass.getuser()}", 0
    begun = progress(runtime.store, migration)
    with Bar(transient=True) as bar:
        shown = bar.add_task(migration.old.name, total=begun.left)
        while True:
            batch = ask_batch(runtime.engine, migration, by, after)
            if batch.last is None:
                break
            after = batch.last
            while runtime.engine.apply().decided:
                pass
            bar.advance(shown, batch.asked)
    write(
        runtime.store,
        [AuditEntry(runtime.clock.now(), by, None, "lifecycle migrate", migration.prefix, DONE)],
    )
    done = progress(runtime.store, migration)
    moved = done.moved - begun.moved
    typer.echo(f"before {begun.left}: moved {moved}, refused {done.refused}, waiting {done.waiting}")
    for one in done.refusals:
        typer.echo(f"{one.subject}  {one.reason}")
    if done.left:
        raise typer.Exit(1)


def _tell(line: StateMove) -> None:
    if line.refusal is not None or line.timers is None:
        typer.echo(f"{line.state}  {line.number}  refused: {line.refusal}")
        return
    named = {
        "go on": line.timers.kept,
        "anew": line.timers.anew,
        "cancelled": line.timers.cancelled,
        "set": line.timers.first,
    }
    timers = "; ".join(f"{word} {', '.join(names)}" for word, names in named.items() if names)
    typer.echo(f"{line.state}  {line.number}  to {line.dest}{f'  timers: {timers}' if timers else ''}")


def _states(said: list[str]) -> dict[str, str]:
    from state_machines.errors import Problem
    from workflow.errors import InvalidQuery

    wrong = [one for one in said if one.count("=") != 1]
    if wrong:
        raise InvalidQuery([Problem("state", "form", f"{one!r} is not OLD=NEW") for one in wrong])
    return {old: new for old, _, new in (one.partition("=") for one in said)}
