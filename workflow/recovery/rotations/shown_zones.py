"""Zones by what calendars show to people, where a name was to stand: an offset and some of the places in it.

Outlook writes ``(UTC+01:00) Amsterdam, Berlin, Bern, Rome, Stockholm, Vienna`` in what it publishes,
other programs ``GMT+01:00``. The offset is that of winter; the places say by which rules the clocks change.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

_SHOWN = re.compile(
    r"\((?:UTC|GMT)(?:(?P<sign>[+-])(?P<hours>\d\d):(?P<minutes>[0-5]\d))?\)\s+(?P<places>.{1,200})"
)
_OFFSET = re.compile(r"(?:UTC|GMT)(?P<sign>[+-])(?P<hours>\d\d):?(?P<minutes>[0-5]\d)")
"""With its minutes: in ``GMT+1`` some read the sign the other way round."""
_UTC = ("tzone://Microsoft/Utc", "Coordinated Universal Time")
_REGIONS = {
    "Atlantic Time (Canada)": "America/Halifax",
    "Eastern Time (US & Canada)": "America/New_York",
    "Central Time (US & Canada)": "America/Chicago",
    "Mountain Time (US & Canada)": "America/Denver",
    "Pacific Time (US & Canada)": "America/Los_Angeles",
    "Alaska": "America/Anchorage",
    "Hawaii": "Pacific/Honolulu",
    "Arizona": "America/Phoenix",
}
"""What names no place of the IANA database."""


def shown_zone(name: str) -> tzinfo | None:
    """The zone that is shown so; None where its places are unknown, or have another offset than it says."""
    if name in _UTC:
        return UTC
    if alone := _OFFSET.fullmatch(name):
        return _fixed(alone)
    shown = _SHOWN.fullmatch(name.strip())
    if shown is None:
        return None
    offset = _offset(shown) if shown["sign"] else timedelta(0)
    said = shown["places"].strip()
    if said in _UTC:
        return UTC
    places = [_REGIONS[said]] if said in _REGIONS else _named(said)
    return next((zone for place in places if _winter(zone := ZoneInfo(place)) == offset), None)


def _fixed(found: re.Match[str]) -> tzinfo | None:
    offset = _offset(found)
    return timezone(offset) if abs(offset) < timedelta(days=1) else None


def _offset(found: re.Match[str]) -> timedelta:
    length = timedelta(hours=int(found["hours"]), minutes=int(found["minutes"]))
    return -length if found["sign"] == "-" else length


def _named(said: str) -> list[str]:
    """The IANA names of the places in a list, in its order."""
    known = _places()
    return [known[place] for one in said.split(",") if (place := one.strip().casefold()) in known]


@cache
def _places() -> dict[str, str]:
    """IANA names by their place alone: ``new york``."""
    names = sorted(
        one for one in available_timezones() if "/" in one and not one.startswith(("Etc/", "posix/"))
    )
    return {name.rpartition("/")[2].replace("_", " ").casefold(): name for name in reversed(names)}


def _winter(zone: ZoneInfo) -> timedelta | None:
    """Its offset while its clocks are not put forward."""
    halves = (datetime(2026, month, 1, 12, tzinfo=zone).utcoffset() for month in (1, 7))
    return min(one for one in halves if one is not None)
