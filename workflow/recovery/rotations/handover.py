"""Hand-overs: the instants at which the clocks of a zone show the time at which duty goes on to the next."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from state_machines.calendars.offsets import offset_changes
from state_machines.values.instants import as_utc


@dataclass(frozen=True, slots=True)
class Handover:
    """Duty goes on at `begin` and every `every` after it, by the clocks on the wall of a zone.

    A week is a week on the wall: across a change of the clocks it has an hour more or less, and the hand-over
    stays at nine o'clock. Where the clocks skip the time, duty goes on at the change; where they show it
    twice, at the first of the two.

    Attributes:
        begin: local time of hand-over 0, without a zone.
        every: from one to the next on the wall; more than zero.
        zone: whose clocks count.
    """

    begin: datetime
    every: timedelta
    zone: ZoneInfo

    def instant(self, number: int) -> datetime:
        """When hand-over `number` is, UTC; a later one is never earlier. OverflowError beyond the years."""
        wall = self.begin + number * self.every
        before = wall.replace(tzinfo=self.zone, fold=0)
        after = wall.replace(tzinfo=self.zone, fold=1)
        first, second = as_utc(before), as_utc(after)
        if second < first:  # a gap: read by the offset after the change it lies before the change (PEP 495)
            return next(offset_changes(self.zone, second, first)).at
        return first

    def number_at(self, instant: datetime) -> int:
        """The number of the last hand-over at or before an instant; negative before hand-over 0."""
        wall = instant.astimezone(self.zone).replace(tzinfo=None)
        number = (wall - self.begin) // self.every
        # On the wall and in time are not quite the same around a change of the clocks.
        while self.instant(number) > instant:
            number -= 1
        while self.instant(number + 1) <= instant:
            number += 1
        return number
