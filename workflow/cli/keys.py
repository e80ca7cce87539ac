"""`makegood keys`: who may come in by the HTTP door. Needs the database, not the API."""

from __future__ import annotations

import getpass
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from workflow.access.role import Role

if TYPE_CHECKING:
    from workflow.access.principal import Principal
    from workflow.store import Store

app = typer.Typer(help="Make, list, rotate and revoke API keys.", no_args_is_help=True)
_Public = Annotated[str, typer.Argument(help="The key's public part, as `list` shows it.")]
_Test = Annotated[bool, typer.Option("--test", help="It is a test key: nothing of what it sends goes out.")]
_UNLIMITED = (
    "This key may send anything in anybody's name and read everything. On a server, say what it is for:"
    " --source, --sends, --reads."
)


@app.command()
def create(
    role: Annotated[Role, typer.Option(help="What its bearer is.")] = Role.SYSTEM,
    name: Annotated[str, typer.Option(help="What the system is called, in the ledger too.")] = "",
    person: Annotated[str | None, typer.Option(help="Of a person's key, their address.")] = None,
    source: Annotated[
        list[str] | None, typer.Option(help="A prefix of the sources it may use; several: repeat it.")
    ] = None,
    sends: Annotated[
        list[str] | None, typer.Option(help="A lifecycle or `lifecycle.trigger` that it may send.")
    ] = None,
    reads: Annotated[list[str] | None, typer.Option(help="A lifecycle whose subjects it may read.")] = None,
    team: Annotated[
        list[str] | None,
        typer.Option(help="A team that the person belongs to; of a desk's program, one that it speaks for."),
    ] = None,
    authority: Annotated[
        list[str] | None, typer.Option(help="A role that it may claim where a policy asks for one.")
    ] = None,
    expires: Annotated[
        str | None, typer.Option(help="When it ends: an instant (RFC 3339), or a duration from now (P90D).")
    ] = None,
    test: _Test = False,
) -> None:
    """Make a key and print it, alone. It cannot be shown again: only a digest of it is kept."""
    from workflow.access import keys
    from workflow.access.bounds import checked_bounds

    bounds = checked_bounds(sources=source, sends=sends, reads=reads, teams=team, authorities=authority)
    now = _now()
    ends = None if expires is None else _instant(expires, now)
    with _side(test) as (store, prefix):
        called = name or person or role.value
        text = keys.create(
            store, role, called, now, person=person, bounds=bounds, expires_at=ends, prefix=prefix
        )
        _record(store, "keys create", text.split("_")[1])
    if role is Role.SYSTEM and bounds.are_open and not test:
        typer.echo(_UNLIMITED, err=True)
    typer.echo(text)


@app.command("list")
def list_keys(test: _Test = False) -> None:
    """List the keys: public part, whose it is, since when, until when, and what it is limited to."""
    from workflow.access import keys

    now = _now()
    with _side(test) as (store, _):
        for holder in keys.listed(store):
            typer.echo(_line(holder, now))


@app.command()
def rotate(
    key: _Public,
    overlap: Annotated[str, typer.Option(help="How long the old one still works: a duration.")] = "P1D",
    test: _Test = False,
) -> None:
    """Make a new key for the same holder, with the same bounds, and print it; the old one ends soon."""
    from state_machines.values.durations import parse_duration
    from workflow.access import keys

    now = _now()
    with _side(test) as (store, prefix):
        text = keys.rotate(store, key, now, parse_duration(overlap), prefix)
        _record(store, "keys rotate", key)
    typer.echo(text)


@app.command()
def revoke(key: _Public, test: _Test = False) -> None:
    """Take a key back, for good. A running API forgets it within ten seconds."""
    from workflow.access import keys

    with _side(test) as (store, _):
        keys.revoke(store, key, _now())
        _record(store, "keys revoke", key)


@app.command()
def webhook(
    receiver: Annotated[str, typer.Argument(help="As MAKEGOOD_WEBHOOK_HOSTS writes it.")],
) -> None:
    """Print the secret to be given to a receiver of webhooks, who checks ours and signs reports with it."""
    from state_machines.errors import Problem
    from workflow.errors import InvalidQuery, SettingsError
    from workflow.recovery.contact.receivers import Receivers
    from workflow.recovery.contact.standard_webhooks import receiver_secrets
    from workflow.settings import read_settings

    settings = read_settings()
    if settings.webhook_secret is None:
        raise SettingsError("MAKEGOOD_WEBHOOK_SECRET: unset; receivers' secrets are made from it")
    known = Receivers.of(settings.webhook_hosts).allowed
    if receiver not in known:
        message = f"is not one of MAKEGOOD_WEBHOOK_HOSTS: {', '.join(known) or 'none'}"
        raise InvalidQuery([Problem("receiver", "unknown", message)])
    for secret in receiver_secrets(settings.webhook_secret.get_secret_value(), receiver):
        typer.echo(secret)


def _line(holder: Principal, now: datetime) -> str:
    from state_machines.values.instants import format_instant

    if holder.revoked_at is not None:
        until = f"revoked {format_instant(holder.revoked_at)}"
    elif holder.expires_at is not None:
        until = f"{'expired' if holder.is_expired(now) else 'until'} {format_instant(holder.expires_at)}"
    else:
        until = "-"
    said = holder.bounds.to_json()
    bounds = " ".join(f"{name}={','.join(values)}" for name, values in said.items()) or "no bounds"
    since = format_instant(holder.created_at)
    return f"{holder.id}  {holder.role.value:<10}  {holder.person or holder.name}  {since}  {until}  {bounds}"


def _instant(text: str, now: datetime) -> datetime:
    from state_machines.errors import Problem
    from state_machines.values.durations import parse_duration
    from state_machines.values.instants import parse_instant
    from state_machines.values.time_errors import TimeError
    from workflow.errors import InvalidQuery

    try:
        return now + parse_duration(text) if text.startswith("P") else parse_instant(text)
    except TimeError as error:
        raise InvalidQuery([Problem("expires", error.rule, error.message)]) from None


def _record(store: Store, action: str, target: str) -> None:
    """In the audit log: whoever has the machine did this."""
    from workflow.access.audit import DONE, AuditEntry, write

    write(store, [AuditEntry(_now(), f"cli:{getpass.getuser()}", None, action, target, DONE)])


def _now() -> datetime:
    from workflow.clock import clock_from
    from workflow.settings import read_settings

    return clock_from(read_settings().clock).now()


@contextmanager
def _side(test: bool) -> Iterator[tuple[Store, str]]:
    """Where keys of this kind are, and how they begin; the rehearsal is made where there is none."""
    from workflow.access import keys
    from workflow.settings import read_settings
    from workflow.store import open_store

    settings = read_settings()
    if not test:
        store = open_store(settings.database)
        try:
            yield store, keys.PREFIX
        finally:
            store.close()
        return
    from workflow.recovery.runtime import open_runtime
    from workflow.rehearsal.opening import open_rehearsal

    with closing(open_runtime(settings)) as real, closing(open_rehearsal(real)) as rehearsal:
        yield rehearsal.store, keys.TEST_PREFIX
