"""`makegood keys`: who may come in by the HTTP door. Needs the database, not the API."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from workflow.access.role import Role

if TYPE_CHECKING:
    from workflow.store import Store

app = typer.Typer(help="Make, list and revoke API keys.", no_args_is_help=True)


@app.command()
def create(
    role: Annotated[Role, typer.Option(help="What its bearer may do.")] = Role.SYSTEM,
    name: Annotated[str, typer.Option(help="What you will know it by.")] = "",
) -> None:
    """Make a key and print it, alone. It cannot be shown again: only a digest of it is kept."""
    from workflow.access import keys
    from workflow.clock import clock_from
    from workflow.settings import read_settings

    settings = read_settings()
    with _store() as store:
        typer.echo(keys.create(store, role, name or role.value, clock_from(settings.clock).now()))


@app.command("list")
def list_keys() -> None:
    """List the keys: public part, role, made, revoked, name."""
    from state_machines.values.instants import format_instant
    from workflow.access import keys

    with _store() as store:
        for key in keys.listed(store):
            revoked = format_instant(key.revoked_at) if key.revoked_at else "-"
            typer.echo(f"{key.id}  {key.role:<8}  {format_instant(key.created_at)}  {revoked}  {key.name}")


@app.command()
def revoke(key: Annotated[str, typer.Argument(help="The key's public part, as `list` shows it.")]) -> None:
    """Take a key back, for good. A running API forgets it within ten seconds."""
    from workflow.access import keys
    from workflow.clock import clock_from
    from workflow.settings import read_settings

    settings = read_settings()
    with _store() as store:
        keys.revoke(store, key, clock_from(settings.clock).now())


@contextmanager
def _store() -> Iterator[Store]:
    from workflow.settings import read_settings
    from workflow.store import open_store

    store = open_store(read_settings().database)
    try:
        yield store
    finally:
        store.close()
