"""A calendar that is to be taken over: what it would change of a rotation, before it does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from state_machines.errors import Problem
from state_machines.values.instants import zone
from state_machines.values.json_values import to_json
from state_machines.values.time_errors import TimeError
from workflow.console.duty import AHEAD, known, overrides_ahead, read_rotation
from workflow.console.form_values import text_in
from workflow.console.reworded import reworded
from workflow.console.translations import translations
from workflow.errors import InvalidQuery
from workflow.recovery.rotations.icalendar_file import CalendarRefused, CalendarShifts, shifts_of
from workflow.recovery.rotations.rotation import parse_rotation
from workflow.recovery.rotations.spans import ChangedSpan, changed_spans
from workflow.store.port import Store

_IMPORTED = timedelta(days=366)


@dataclass(frozen=True, slots=True)
class Preview:
    """What a calendar would change: its shifts, until when they go, and where others would be on duty."""

    shifts: list[Any]
    until: str
    left_out: list[str]
    changed: list[ChangedSpan]

    @property
    def data(self) -> dict[str, Any]:
        """What `rotation.set` says of it."""
        return {"shifts": self.shifts, "until": self.until}


def preview_of(store: Store, now: datetime, id: str, said: Mapping[str, str]) -> Preview:
    """What the calendar in a form would change of a rotation.

    Raises:
        InvalidQuery: a field of the form cannot be read, or there is no duty in the calendar.
        CalendarRefused: the calendar cannot be read.
    """
    text = text_in(said, "calendar")
    if text is None:
        raise InvalidQuery([Problem("calendar", "required", "Put the text of the calendar's file here.")])
    taken: CalendarShifts = shifts_of(
        text.encode(),
        now,
        now + _IMPORTED,
        _zone(text_in(said, "zone")),
        _named(said.get("people_named", "")),
    )
    if not taken.shifts:
        raise InvalidQuery([Problem("calendar", "empty", "There is no duty in it in the year ahead.")])
    subject = known(store, id)
    schedule = subject.data.get("schedule") if subject else None
    old = read_rotation(schedule)
    overrides = overrides_ahead(schedule, now)
    new = parse_rotation({"shifts": taken.shifts, "overrides": to_json(overrides)})
    return Preview(
        taken.shifts,
        max(one["to"] for one in taken.shifts),
        taken.left_out,
        changed_spans(old, new, now, now + AHEAD),
    )


def _zone(name: str | None) -> Any:
    try:
        return None if name is None else zone(name)
    except TimeError as error:
        raise InvalidQuery([Problem("zone", error.rule, error.message)]) from None


def _named(text: str) -> dict[str, str]:
    """Addresses by name, as ``Ada=ada@shop.example``, one a line."""
    found = {}
    for line in filter(None, (one.strip() for one in text.splitlines())):
        name, separator, address = line.partition("=")
        if not separator or not name.strip() or "@" not in address:
            message = "must be a name and an address on each line, such as Ada=ada@shop.example"
            raise InvalidQuery([Problem("people_named", "form", message)])
        found[name.strip()] = address.strip()
    return found


def problems_of(error: InvalidQuery | CalendarRefused, language: str) -> list[Problem]:
    """What is wrong, by field of the form, in this language."""
    if isinstance(error, InvalidQuery):
        return error.problems
    line, say = translations(language).gettext("Line %(n)s: %(what)s"), reworded(language)
    return [
        Problem(
            "calendar", one.rule, line % {"n": one.line, "what": say(one.message)} if one.line else str(one)
        )
        for one in error.problems[:10]
    ]
