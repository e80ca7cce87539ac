"""`makegood rotation`: who is on duty, taken over from a calendar."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

app = typer.Typer(help="Rotations: who is on duty when.", no_args_is_help=True)


@app.callback()
def rotation() -> None:
    """Rotations: who is on duty when."""


@app.command("import")
def import_calendar(
    file: Annotated[Path, typer.Argument(help="An iCalendar file (.ics).", exists=True, dir_okay=False)],
    identity: Annotated[str, typer.Option("--id", help="The rotation's name, as ladders name it.")],
    zone_name: Annotated[
        str | None,
        typer.Option(
            "--zone",
            help="Zone of whole days and of times that say none, such as Europe/Berlin, where the calendar "
            "has no X-WR-TIMEZONE.",
        ),
    ] = None,
    days: Annotated[int, typer.Option(min=1, max=1100, help="How many days from now on to take over.")] = 366,
    person: Annotated[
        list[str] | None,
        typer.Option(
            help="NAME=ADDRESS of somebody of whom the calendar has no address: an attendee by name, or who "
            "an event without attendees has as its summary. Repeatable."
        ),
    ] = None,
    owner: Annotated[str | None, typer.Option(help="Address of who hears when the shifts run out.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be taken over.")] = False,
    url: Annotated[str | None, typer.Option(help="The API's address. Default: MAKEGOOD_API_URL.")] = None,
    key: Annotated[str | None, typer.Option(help="An API key. Default: MAKEGOOD_API_KEY.")] = None,
) -> None:
    """Take the shifts of a calendar over into a rotation; what it held before is replaced.

    The same file on the same day is the same event, and changes nothing the second time.
    """
    from makegood import Event
    from state_machines.values.instants import format_instant
    from workflow.cli.send import api_client
    from workflow.clock import clock_from
    from workflow.recovery.rotations.icalendar_file import CalendarRefused, shifts_of
    from workflow.settings import read_settings

    settings = read_settings()
    now = clock_from(settings.clock).now()
    text = file.read_bytes()
    people = _people(person or [])
    try:
        taken = shifts_of(text, now, now + timedelta(days=days), _zone(zone_name), people)
    except CalendarRefused as error:
        raise CalendarRefused([replace(one, file=file.name) for one in error.problems]) from None
    shifts = taken.shifts
    for sentence in taken.left_out:
        typer.echo(f"left out: {sentence}", err=True)
    until = max(shift["to"] for shift in shifts)
    typer.echo(f"rotation:{identity}: {len(shifts)} shifts, the last ends {until}")
    if dry_run:
        return
    data = {"shifts": shifts, "until": until} | ({"owner": owner} if owner else {})
    digest = hashlib.sha256(text + repr((zone_name, days, person, owner)).encode()).hexdigest()[:16]
    event = Event(
        "rotation.set",
        f"rotation:{identity}",
        data,
        source="/makegood/cli",
        id=f"{identity}/{now.date().isoformat()}/{digest}",
        time=now,
    )
    with api_client(settings, url, key) as client:
        answer = client.send(event)
    typer.echo(f"{answer['status']} at {format_instant(now)}")


def _zone(name: str | None) -> ZoneInfo | None:
    from state_machines.errors import Problem
    from state_machines.values.instants import UnknownZone, zone
    from workflow.errors import InvalidEvent

    try:
        return None if name is None else zone(name)
    except UnknownZone as error:
        raise InvalidEvent([Problem("--zone", error.rule, error.message)]) from None


def _people(said: list[str]) -> dict[str, str]:
    from state_machines.errors import Problem
    from workflow.errors import InvalidEvent

    people = {}
    for one in said:
        name, separator, address = one.partition("=")
        if not separator or not name.strip() or "@" not in address:
            raise InvalidEvent([Problem("--person", "form", f"{one!r} is not NAME=ADDRESS")])
        people[name.strip()] = address.strip()
    return people
