"""Instants: points in time, UTC inside, RFC 3339 outside, and the way from a local time to one.

Source: RFC 3339, 5.6, for texts; the IANA time zone database for zones. An instant without a zone
is never guessed at, and a local time that does not exist, or exists twice, is never bent silently.
"""

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Literal
from zoneinfo import ZoneInfo

from state_machines.values.time_errors import (
    AmbiguousLocalTime,
    InstantError,
    NonexistentLocalTime,
    UnknownZone,
)

__all__ = [
    "AmbiguousLocalTime",
    "InstantError",
    "NonexistentLocalTime",
    "UnknownZone",
    "as_utc",
    "format_instant",
    "localize",
    "parse_instant",
    "shifted",
    "zone",
]

_FORM = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?"
    r"(?:[Zz]|[+-][0-9]{2}:[0-9]{2})"
)
_WITHOUT_ZONE = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[Tt ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)?)?"
)
_ZONE_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_+-]*(?:/[A-Za-z0-9_+-]+){0,2}")
_NOT_ZONES = ("right/", "posix/", "localtime", "posixrules", "Factory")
"""In the database's folder, and yet no zones: leap-second twins, and what a machine happens to be set to."""


def parse_instant(text: str) -> datetime:
    """The instant that an RFC 3339 text says, in UTC.

    Digits beyond the microsecond (nine are taken at most) are cut off. A leap second (``:60``) is
    refused, since Python's time has none.

    Raises:
        InstantError: not of this form, no zone, a date or a time that does not exist.
    """
    if not isinstance(text, str):
        raise InstantError("instant-form", f"{text!r} is not a text such as '2026-07-01T12:00:00Z'")
    if _FORM.fullmatch(text) is None:
        raise _refusal(text)
    try:
        instant = datetime.fromisoformat(text.upper())
        return instant if instant.tzinfo is UTC else instant.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise InstantError("instant-exists", f"{text!r} does not exist: {error}") from None


def _refusal(text: str) -> InstantError:
    shown = repr(text if len(text) <= 64 else text[:61] + "...")
    if _WITHOUT_ZONE.fullmatch(text):
        return InstantError(
            "no-zone",
            f"{shown} has no time zone; RFC 3339 wants a time with 'Z' or an offset, "
            "as in '2026-07-01T12:00:00+02:00'",
        )
    return InstantError("instant-form", f"{shown} is not an RFC 3339 instant such as '2026-07-01T12:00:00Z'")


def as_utc(instant: datetime) -> datetime:
    """The same instant in UTC.

    Raises:
        InstantError: it has no time zone, or leaves the years 1 to 9999 in UTC.
    """
    if instant.tzinfo is UTC:
        return instant
    if instant.tzinfo is None or instant.utcoffset() is None:
        raise InstantError("no-zone", f"{instant.isoformat()} has no time zone; instants are aware")
    try:
        return instant.astimezone(UTC)
    except OverflowError:
        raise InstantError(
            "instant-range", f"{instant.isoformat()} is outside the years 1 to 9999 in UTC"
        ) from None


def format_instant(instant: datetime) -> str:
    """RFC 3339 in UTC with ``Z``; microseconds only where there are any.

    Raises:
        InstantError: it has no time zone.
    """
    return as_utc(instant).isoformat().removesuffix("+00:00") + "Z"


def shifted(instant: datetime, by: timedelta) -> datetime:
    """`instant` + `by`, where `by` may be negative.

    Raises:
        InstantError: the sum is outside the years 1 to 9999.
    """
    try:
        return instant + by
    except OverflowError:
        raise InstantError(
            "instant-range", f"{instant.isoformat()} plus {by} is outside the years 1 to 9999"
        ) from None


def zone(name: str) -> ZoneInfo:
    """The time zone of this IANA name, such as ``Europe/Berlin`` or ``UTC``.

    Raises:
        UnknownZone: the database has no such zone.
    """
    if not isinstance(name, str):
        raise UnknownZone("unknown-zone", f"{name!r} is not the name of a time zone, such as 'Europe/Berlin'")
    return _known_zone(name)


@lru_cache(maxsize=1024)
def _known_zone(name: str) -> ZoneInfo:
    if _ZONE_NAME.fullmatch(name) and not name.startswith(_NOT_ZONES):
        try:
            return ZoneInfo(name)
        except (KeyError, ValueError, OSError):  # absent; not zone data; a folder such as "Europe"
            pass
    raise UnknownZone(
        "unknown-zone", f"{name!r} is no time zone of the IANA database, such as 'Europe/Berlin'"
    )


def localize(
    naive: datetime, zone_or_name: ZoneInfo | str, ambiguous: Literal["earlier", "later", "refuse"] = "refuse"
) -> datetime:
    """The instant, in UTC, at which the clocks of a zone show this local time.

    Args:
        naive: the local time, without a zone.
        zone_or_name: the zone, or its IANA name.
        ambiguous: what to take where the clocks show it twice.

    Raises:
        NonexistentLocalTime: the clocks skip it.
        AmbiguousLocalTime: they show it twice and `ambiguous` is ``refuse``.
        UnknownZone: no zone of this name.
        InstantError: `naive` has a zone already, or leaves the years 1 to 9999 in UTC.
    """
    where = zone(zone_or_name) if isinstance(zone_or_name, str) else zone_or_name
    if naive.tzinfo is not None:
        raise InstantError("not-local", f"{naive.isoformat()} has a zone already; a local time has none")
    first = naive.replace(tzinfo=where, fold=0)
    second = naive.replace(tzinfo=where, fold=1)
    before, after = first.utcoffset(), second.utcoffset()
    if before == after or before is None or after is None:
        return as_utc(first)
    # PEP 495: fold tells the two offsets around a change apart; the clocks went forward if it grew.
    if before < after:
        raise NonexistentLocalTime(
            "nonexistent-local-time", f"{naive.isoformat()} does not exist in {where}: the clocks skip it"
        )
    if ambiguous == "refuse":
        raise AmbiguousLocalTime(
            "ambiguous-local-time",
            f"{naive.isoformat()} exists twice in {where}: say whether the earlier or the later is meant",
        )
    return as_utc(first if ambiguous == "earlier" else second)


def earlier(one: datetime | None, other: datetime | None) -> datetime | None:
    """The earlier of two instants; None is no instant at all."""
    return min(one, other) if one is not None and other is not None else one or other
