"""Times as people write them into a URL: an instant, or a day of a zone."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

from state_machines.errors import Problem
from state_machines.values.instants import parse_instant, zone
from state_machines.values.time_errors import TimeError
from workflow.errors import InvalidQuery
from workflow.recovery.barometer.periods import first_moment


def zone_of(name: str) -> ZoneInfo:
    """The zone of this IANA name. Raises InvalidQuery."""
    try:
        return zone(name)
    except TimeError as error:
        raise InvalidQuery([Problem("query.zone", error.rule, error.message)]) from None


def instant_of(parameter: str, text: str | None, where: ZoneInfo) -> datetime | None:
    """The instant, in UTC: RFC 3339, or the first moment of a day. None for none, or for an empty field.

    Raises InvalidQuery that names the parameter.
    """
    if not text:  # a form sends a field that was left empty, too
        return None
    try:
        return first_moment(date.fromisoformat(text), where) if len(text) == 10 else parse_instant(text)
    except TimeError as error:
        raise InvalidQuery([Problem(f"query.{parameter}", error.rule, error.message)]) from None
    except (ValueError, OverflowError):
        raise InvalidQuery([Problem(f"query.{parameter}", "date", f"{text!r} is no day")]) from None
