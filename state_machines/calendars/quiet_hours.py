"""When a customer may be contacted: not in their quiet hours, and only in their contact window, if any.

Where the customer's zone is unknown, an instant is allowed only if it is so in every zone in which
they could be. Without a list of those that is the whole world, from UTC-12 to UTC+14 in quarters of
an hour, and then any quiet hours of 15 minutes or more leave nothing: somewhere it is always quiet.
That is no error but an answer, `NeverAllowed`, and a type of its own, so that nobody can take it for
an instant and contact the customer by mistake: what waits for a zone has to be shown to a person.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from itertools import chain
from typing import Self

from state_machines.calendars.blocks import DAY_MINUTES, Block, minutes_of_day, parse_windows
from state_machines.calendars.calendar import Calendar
from state_machines.values.instants import as_utc, zone
from state_machines.values.time_errors import CalendarError, QuietHoursError

__all__ = ["NeverAllowed", "QuietHours", "QuietHoursError", "next_allowed"]

_WORLD = tuple(timezone(timedelta(minutes=minutes)) for minutes in range(-12 * 60, 14 * 60 + 1, 15))
"""Every offset that is in use on land, and those between, in case a country moves."""

_LOOK_AHEAD = timedelta(days=366)
"""Hours of the day come back every day, and offsets between zones within a year."""

_WORLD_LOOK_AHEAD = timedelta(days=2)
"""Fixed offsets never change, so one day shows everything; two, to see one from start to end."""


@dataclass(frozen=True, slots=True)
class NeverAllowed:
    """There is no instant at which the customer may surely be contacted; `reason` says why."""

    reason: str


@dataclass(frozen=True, slots=True)
class QuietHours:
    """What a customer wishes, in local wall time, every day alike.

    Attributes:
        quiet: blocks in which nobody may contact them; they win over `contact`.
        contact: the only blocks in which one may; empty: at any time that is not quiet.
    """

    quiet: tuple[Block, ...] = ()
    contact: tuple[Block, ...] = ()

    @classmethod
    def parse(cls, quiet: object = None, contact: object = None) -> Self:
        """From quiet hours such as ``"21:00-08:00"`` and a window such as ``"09:00-12:00,14:00-18:00"``.

        Each may be a list of blocks too. None, "" and [] say nothing about the matter.

        Raises:
            QuietHoursError: a bad block, or no minute of the day is left. `field` is ``quiet_hours``
                or ``window``, with the number of the block.
        """
        try:
            wishes = cls(
                parse_windows(quiet if quiet is not None else (), "quiet_hours"),
                parse_windows(contact if contact is not None else (), "window"),
            )
        except CalendarError as error:
            raise QuietHoursError(error.rule, error.message, error.field) from None
        if not wishes.allowed_minutes():
            raise QuietHoursError(
                "never-allowed", "they leave no minute of the day for contact", "quiet_hours"
            )
        return wishes

    def allowed_minutes(self) -> tuple[tuple[int, int], ...]:
        """The minutes of a local day that are allowed, as ranges [from, to) within 0 to 1440."""
        quiet = minutes_of_day(self.quiet, self.quiet)
        allowed: list[tuple[int, int]] = []
        for first, last in (
            minutes_of_day(self.contact, self.contact) if self.contact else ((0, DAY_MINUTES),)
        ):
            for quiet_from, quiet_to in quiet:
                if first < min(quiet_from, last):
                    allowed.append((first, min(quiet_from, last)))
                first = max(first, quiet_to)
            if first < last:
                allowed.append((first, last))
        return tuple(allowed)


def next_allowed(
    at: datetime,
    wishes: QuietHours,
    where: str | tzinfo | None,
    possible_zones: Sequence[str | tzinfo] = (),
) -> datetime | NeverAllowed:
    """The first instant at or after `at`, in UTC, at which the customer may be contacted.

    Args:
        at: an aware instant.
        wishes: their quiet hours and contact window.
        where: their zone, or None where it is unknown.
        possible_zones: used only where the zone is unknown: all the zones they could be in. None
            given means anywhere in the world, and never "nowhere".

    Raises:
        UnknownZone: no zone of this name.
        InstantError: `at` has no zone.
    """
    begin = as_utc(at)
    if not wishes.quiet and not wishes.contact:
        return begin
    day = _every_day(wishes)
    if where is not None:
        return day.in_zone(where).next_open(begin)
    places = [zone(place) if isinstance(place, str) else place for place in possible_zones]
    found = _open_everywhere(
        [day.in_zone(place) for place in places or _WORLD],
        begin,
        begin + (_LOOK_AHEAD if places else _WORLD_LOOK_AHEAD),
    )
    if found is not None:
        return found
    names = ", ".join(map(str, places)) or "anywhere from UTC-12 to UTC+14"
    wished = ", ".join(map(str, chain(wishes.quiet, wishes.contact)))
    return NeverAllowed(
        f"the customer's zone is unknown ({names}); it is always quiet somewhere there ({wished})"
    )


def _open_everywhere(places: Sequence[Calendar], begin: datetime, limit: datetime) -> datetime | None:
    """The first instant in [begin, limit] that is open in all of `places`.

    No instant before the latest of their next openings can be open in all, so that is the next to try.
    """
    instant = begin
    while instant <= limit:
        latest = max(place.next_open(instant) for place in places)
        if latest == instant:
            return instant
        instant = latest
    return None


@lru_cache(maxsize=256)
def _every_day(wishes: QuietHours) -> Calendar:
    """The allowed minutes as a calendar that is the same every day; kept, since calendars remember days."""
    blocks = tuple(Block(first, last) for first, last in wishes.allowed_minutes())
    return Calendar(weekly=(blocks,) * 7)
