"""The zones of one calendar: what its times are in, by whatever name its writer calls them.

A name is looked up in this order: the IANA database, if it is a place of it such as ``Europe/Berlin``; the
calendar's own VTIMEZONE of that name, if it has rules (many call a zone with summer time ``EST``, which the
database has without); the IANA database, whatever it is; what the VTIMEZONE says as ``X-LIC-LOCATION``; the
names of Windows, and what Outlook shows in their place; the end of a name such as
``/citadel.org/20210210_1/Europe/Berlin``. What none of them knows is refused: to read it as some other zone
would be hours off, in silence.
"""

from __future__ import annotations

import re
from datetime import tzinfo
from typing import Any, TypeAlias
from zoneinfo import ZoneInfo

from state_machines.errors import Problem
from state_machines.values.instants import zone
from state_machines.values.time_errors import TimeError
from workflow.recovery.rotations.calendar_text import CalendarText
from workflow.recovery.rotations.shown_zones import shown_zone

_CALENDARS_OWN = "X-WR-TIMEZONE"
_SET_ASIDE = "X-VTIMEZONE"
_VTIMEZONE = re.compile(rb"^(BEGIN|END):VTIMEZONE\b", re.IGNORECASE | re.MULTILINE)
_FOLD = re.compile(rb"\r?\n[ \t]")
_Component: TypeAlias = Any
"""Of the library: a mapping of its properties by name."""


def without_zones(text: bytes) -> bytes:
    """A file whose VTIMEZONEs the library does not take for such, and whose long lines are one again.

    It would keep them for the files that come after, which may call other zones alike; and one without rules
    would spoil the whole file.
    """
    unfolded = _FOLD.sub(
        b"", text
    )  # before it is decoded: a line may be folded within a letter (RFC 5545, 3.1)
    return _VTIMEZONE.sub(rb"\1:" + _SET_ASIDE.encode(), unfolded)


class CalendarZones:
    """Finds zones by name, and keeps what is wrong with them.

    Attributes:
        problems: names that nobody knows, each once, with the line on which it is first used.
    """

    def __init__(self, calendar: _Component, text: CalendarText, fallback: ZoneInfo | None) -> None:
        """Of a VCALENDAR; `fallback` is that of floating times and whole days where it says none itself."""
        self.problems: list[Problem] = []
        self._text = text
        self._rules = {str(one.get("TZID", "")): one for one in calendar.walk(_SET_ASIDE)}
        self._found: dict[str, tzinfo | None] = {}
        self._own = str(calendar.get(_CALENDARS_OWN, "")).strip()
        self._fallback = fallback
        self._asked = False

    def named(self, name: str) -> tzinfo | None:
        """The zone of this name; None, and a problem is noted, where nobody knows it."""
        if name not in self._found:
            self._found[name] = found = self._look_up(name)
            if found is None:
                message = f"{name!r} is no zone that is known, and no VTIMEZONE of the file says what it is"
                line = self._text.line_of_zone(name)
                self.problems.append(Problem("TZID", "unknown-zone", message, line))
        return self._found[name]

    def floating(self) -> tzinfo | None:
        """The zone of times that say none, and of whole days: the calendar's own, else the fallback.

        None, and a problem is noted once, where there is neither, or nobody knows the calendar's.
        """
        found = self._look_up(self._own) if self._own else self._fallback
        if found is None and not self._asked:
            self._asked = True
            self.problems.append(self._missing())
        return found

    def _missing(self) -> Problem:
        if self._own:
            line = self._text.line_of(_CALENDARS_OWN)
            return Problem(_CALENDARS_OWN, "unknown-zone", f"{self._own!r} is no zone that is known", line)
        message = (
            "it has whole days or times without a zone, and no X-WR-TIMEZONE says where; name theirs (--zone)"
        )
        return Problem("zone", "required", message)

    def _look_up(self, name: str) -> tzinfo | None:
        own = self._rules.get(name)
        location = None if own is None else str(own.get("X-LIC-LOCATION", ""))
        return (
            (_iana(name) if own is None or "/" in name else None)
            or (None if own is None else _by_rules(own))
            or _iana(name)
            or (_iana(location) if location else None)
            or _of_windows(name)
            or shown_zone(name)
            or _by_the_end(name)
        )


def _iana(name: str) -> ZoneInfo | None:
    try:
        return zone(name)
    except TimeError:
        return None


def _of_windows(name: str) -> ZoneInfo | None:
    from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

    return _iana(WINDOWS_TO_OLSON[name]) if name in WINDOWS_TO_OLSON else None


def _by_rules(component: _Component) -> tzinfo | None:
    """The zone that a VTIMEZONE describes; None where it has no rules, or none that can be read."""
    from icalendar import Timezone
    from icalendar.timezone.zoneinfo import ZONEINFO

    if not any(one.name in ("STANDARD", "DAYLIGHT") for one in component.subcomponents):
        return None
    try:
        own = Timezone({"TZID": str(component["TZID"])})
        own.subcomponents = [one for one in component.subcomponents if one.name in ("STANDARD", "DAYLIGHT")]
        made: tzinfo = ZONEINFO().create_timezone(own)
    except (ValueError, KeyError, TypeError, AttributeError, IndexError):  # the libraries raise all of these
        return None
    return made


def _by_the_end(name: str) -> ZoneInfo | None:
    """Of a name that is unique in the world (RFC 5545, 3.2.19), the IANA name with which it ends."""
    if not name.startswith("/"):
        return None
    parts = name.strip("/").split("/")
    return next((found for first in range(1, len(parts)) if (found := _iana("/".join(parts[first:])))), None)
