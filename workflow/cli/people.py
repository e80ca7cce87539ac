"""`makegood people`: who may sign in to the console. Needs the database, not the API."""

from __future__ import annotations

import getpass
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from workflow.access.role import Role

if TYPE_CHECKING:
    from workflow.access.people import Person
    from workflow.store import Store

app = typer.Typer(
    help="Add and list people who sign in, say what they are, make them links.", no_args_is_help=True
)
_Address = Annotated[str, typer.Argument(help="The address of mail by which they are known.")]
_Roles = Annotated[
    list[Role], typer.Option("--role", help="agent, supervisor, operator or admin; several: repeat it.")
]
_Teams = Annotated[
    list[str] | None, typer.Option("--team", help="A team whose line they see; several: repeat it.")
]


@app.command()
def add(
    address: _Address,
    name: Annotated[str, typer.Option(help="What they are called.")],
    role: _Roles,
    team: _Teams = None,
    language: Annotated[str | None, typer.Option(help="In which pages speak to them: en or de.")] = None,
    zone: Annotated[str | None, typer.Option(help="By whose clock they read times.")] = None,
) -> None:
    """Add somebody, and print the link by which they choose their password; it works once."""
    from workflow.access import invitations, people

    now = _now()
    made = people.checked(address, name, role, now, teams=team or (), language=language, zone_name=zone)
    with _store() as store:
        people.add(store, made)
        token = invitations.invite(store, made, now)
        _record(store, "people add", made.address)
    typer.echo(_link(token))


@app.command("list")
def list_people() -> None:
    """List everybody: address, name, roles, teams, and whether they may sign in."""
    from workflow.access import people

    with _store() as store:
        for person in people.listed(store):
            typer.echo(_line(person))


@app.command()
def roles(address: _Address, role: _Roles, team: _Teams = None) -> None:
    """Say anew which roles and teams somebody has. It holds with their next request."""
    from workflow.access import people

    with _store() as store:
        changed = people.change(store, address, roles=tuple(role), teams=tuple(team or ()))
        _record(store, "people roles", changed.address)
    typer.echo(_line(changed))


@app.command()
def disable(
    address: _Address, again: Annotated[bool, typer.Option("--undo", help="Let them in again.")] = False
) -> None:
    """Let somebody in no more; their sessions are over at once. What they did stays theirs."""
    from workflow.access import people

    with _store() as store:
        changed = people.disable(store, address, None if again else _now())
        _record(store, "people disable", changed.address)
    typer.echo(_line(changed))


@app.command()
def link(address: _Address) -> None:
    """Print a new link by which somebody chooses a password; links before it do not work any more."""
    from workflow.access import invitations, people

    with _store() as store:
        person = people.find(store, address)
        token = invitations.invite(store, person, _now())
        _record(store, "people link", person.address)
    typer.echo(_link(token))


def _link(token: str) -> str:
    from workflow.access.invitations import PATH
    from workflow.recovery.links.urls import base_url
    from workflow.settings import read_settings

    return f"{base_url(read_settings())}{PATH}{token}"


def _line(person: Person) -> str:
    from state_machines.values.instants import format_instant

    said = "may sign in" if person.disabled_at is None else f"disabled {format_instant(person.disabled_at)}"
    held = ",".join(person.roles)
    teams = f"teams={','.join(person.teams)}" if person.teams else "all teams"
    return f"{person.address}  {person.name}  {held}  {teams}  {said}"


def _record(store: Store, action: str, target: str) -> None:
    """In the audit log: whoever has the machine did this."""
    from workflow.access.audit import DONE, AuditEntry, write

    write(store, [AuditEntry(_now(), f"cli:{getpass.getuser()}", None, action, target, DONE)])


def _now() -> datetime:
    from workflow.clock import clock_from, real_time
    from workflow.settings import read_settings

    return real_time(clock_from(read_settings().clock)).now()


@contextmanager
def _store() -> Iterator[Store]:
    from workflow.settings import read_settings
    from workflow.store import open_store

    store = open_store(read_settings().database)
    try:
        yield store
    finally:
        store.close()
