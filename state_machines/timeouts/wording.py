"""Days, instants, spans and lengths in words that a person at a desk reads without a table beside them."""

from datetime import date, datetime, time, timedelta, tzinfo

from state_machines.calendars import Calendar
from state_machines.calendars.source import WEEKDAYS
from state_machines.values.durations import CalendarLength
from state_machines.values.instants import format_instant


def day_words(day: date) -> str:
    """``Mon 2026-03-02``."""
    # Not strftime: its names of weekdays depend on the machine's locale.
    return f"{WEEKDAYS[day.weekday()].capitalize()} {day.isoformat()}"


def time_words(wall: time) -> str:
    """``09:00``, with seconds only where there are any."""
    return wall.isoformat(timespec="auto" if wall.second or wall.microsecond else "minutes")


def at_words(instant: datetime, clock: tzinfo) -> str:
    """An instant as the clocks of a zone show it: ``Mon 2026-03-02 09:00 CET``."""
    local = instant.astimezone(clock)
    return f"{day_words(local.date())} {time_words(local.time())} {zone_words(local)}"


def zone_words(local: datetime) -> str:
    """What the zone calls its time then: ``CET``; a zone that only has numbers for it gets ``UTC+05:45``."""
    name = local.tzname() or ""
    if not name.startswith(("+", "-")):
        return name
    sign, digits = name[0], name[1:]
    return f"UTC{sign}{digits[:2]}:{digits[2:4] or '00'}"


def due_words(due_at: datetime, clock: tzinfo) -> str:
    """The last line of every explanation, with the instant for machines: ``Due Mon … CET (…Z).``"""
    return f"Due {at_words(due_at, clock)} ({format_instant(due_at)})."


def span_words(begin: datetime, end: datetime, clock: tzinfo) -> str:
    """``Mon 2026-03-02 09:00-10:00 CET``, or both ends in full where they differ in more than the time."""
    first, last = begin.astimezone(clock), end.astimezone(clock)
    if first.date() != last.date() or first.tzname() != last.tzname():
        return f"{at_words(begin, clock)} to {at_words(end, clock)}"
    return (
        f"{day_words(first.date())} {time_words(first.time())}-{time_words(last.time())} {zone_words(last)}"
    )


def length_words(length: timedelta) -> str:
    """In hours, minutes and seconds; days would be ambiguous beside business hours."""
    minutes, rest = divmod(length, timedelta(minutes=1))
    hours, minutes = divmod(minutes, 60)
    seconds = rest / timedelta(seconds=1)
    parts = (
        f"{hours} h" if hours else "",
        f"{minutes} min" if minutes else "",
        f"{seconds:g} s" if rest else "",
    )
    return " ".join(part for part in parts if part) or "0 min"


def counted_words(length: CalendarLength, hours: Calendar | None) -> str:
    """A length as a calendar counts it: ``5 working days and 4 h of business time (Europe/Berlin)``."""
    if not length.has_days:
        return f"{length_words(length.time)} {time_kind_words(hours)}"
    parts = [
        *([_number(length.weeks, "week")] if length.weeks else ()),
        *([_number(length.days, "working day")] if length.days else ()),
        *([f"{length_words(length.time)} of business time"] if length.time else ()),
    ]
    where = f" ({hours.zone})" if hours else ""
    return f"{', '.join(parts[:-1])}{' and ' if parts[:-1] else ''}{parts[-1]}{where}"


def _number(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def time_kind_words(hours: Calendar | None) -> str:
    """Which time is counted: business time in a zone, or time around the clock."""
    return f"of business time ({hours.zone})" if hours else "around the clock"
