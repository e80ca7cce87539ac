"""How many notices are claimed together: as many as are sent in a moment, by how long the last ones took."""

from __future__ import annotations

from collections.abc import Sequence

from workflow.outbox.even_parts import even_part
from workflow.outbox.held_notices import HeldNotice

A_MOMENT = 0.05
"""Seconds that the notices of one claim may take together. Where a channel takes longer, each has its own."""
MOST = 150
_TOO_LONG = 0.5
"""Seconds after a claim until which its notices are begun."""


class Pace:
    """What one process has seen of its channels."""

    def __init__(self) -> None:
        self._seconds: dict[str, float] = {}
        self._at_once: dict[str, int] = {}

    def together(self, waiting: Sequence[HeldNotice]) -> int:
        """How many of these, in their order, are to be claimed at once; one at least.

        Of those that go over one channel that takes several at once, so many.
        """
        number, seconds, least, most = 0, 0.0, 1, even_part(len(waiting), MOST)
        for one in waiting:
            seconds += self._seconds.get(one.channel, A_MOMENT)
            least = min(least if number else MOST, self._at_once.get(one.channel, 1))
            if number and number >= least and (seconds > A_MOMENT or number == most):
                break
            number += 1
        return number

    def note(self, channel: str, seconds: float, at_once: int = 1) -> None:
        """Notices that asked for this channel took so long, of which it takes so many at once.

        A quick one counts by half.
        """
        before = self._seconds.get(channel, A_MOMENT)
        self._seconds[channel] = max(seconds, (before + seconds) / 2)
        self._at_once[channel] = at_once

    def too_long(self, seconds: float) -> bool:
        """Whether what was claimed so long ago and is not begun is to be given back."""
        return seconds > _TOO_LONG


class SteadyPace(Pace):
    """As many together as may be, however long they take: what is told follows from virtual time alone."""

    def together(self, waiting: Sequence[HeldNotice]) -> int:
        """All of them, up to `MOST`."""
        return min(len(waiting), MOST)

    def too_long(self, seconds: float) -> bool:
        """Never."""
        return False
