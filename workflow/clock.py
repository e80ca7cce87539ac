"""The only place that asks what time it is.

Everything that decides takes `now` as an argument; who needs to ask is handed a `Clock`.
"""

import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Engine time."""

    def now(self) -> datetime:
        """The present instant, UTC."""

    def seconds_until(self, instant: datetime) -> float:
        """How many real seconds to wait until `instant`; 0 when it is past."""

    def real(self, seconds: float) -> timedelta:
        """What so many real seconds are in engine time: for leases and back-off of real work."""


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """The present instant, UTC."""
        return datetime.now(UTC)

    def seconds_until(self, instant: datetime) -> float:
        """Real seconds until `instant`, at least 0."""
        return max(0.0, (instant - self.now()).total_seconds())

    def real(self, seconds: float) -> timedelta:
        """Engine time is real time."""
        return timedelta(seconds=seconds)


@dataclass(frozen=True, slots=True)
class CompressedClock:
    """Engine time: `start` when the machine's clock stood at `since`, from then `speed` times as fast.

    Every process that is given the same three agrees about the present.
    """

    start: datetime
    since: datetime
    speed: float

    def now(self) -> datetime:
        """The present instant of the story, UTC."""
        return self.start + (datetime.now(UTC) - self.since) * self.speed

    def seconds_until(self, instant: datetime) -> float:
        """Real seconds until `instant`, at least 0."""
        return max(0.0, (instant - self.now()).total_seconds() / self.speed)

    def real(self, seconds: float) -> timedelta:
        """A lease of 60 real seconds is `60 * speed` seconds long in the story."""
        return timedelta(seconds=seconds * self.speed)

    def spec(self) -> str:
        """The text that `clock_from` reads back, for the environment of other processes."""
        return f"{self.start.isoformat()}@{self.since.isoformat()}x{self.speed:g}"


class VirtualClock:
    """A clock that stands still until it is moved: for replays and tests."""

    def __init__(self, now: datetime) -> None:
        self._now = now.astimezone(UTC)

    def now(self) -> datetime:
        """Where it was moved to, UTC."""
        return self._now

    def seconds_until(self, instant: datetime) -> float:
        """Nothing waits on a virtual clock."""
        return 0.0

    def real(self, seconds: float) -> timedelta:
        """As on the machine's clock."""
        return timedelta(seconds=seconds)

    def move_to(self, instant: datetime) -> None:
        """Move to `instant`. Raises ValueError for a step back: time does not run backwards."""
        if instant < self._now:
            raise ValueError(f"clock: cannot move back from {self._now.isoformat()} to {instant.isoformat()}")
        self._now = instant.astimezone(UTC)

    def advance(self, by: timedelta) -> None:
        """Move on by a duration."""
        self.move_to(self._now + by)


def clock_from(spec: str) -> Clock:
    """The clock of `MAKEGOOD_CLOCK`: ``system``, or ``<start>@<since>x<speed>`` for a compressed one.

    Raises ValueError naming the rule when the text is neither.
    """
    if spec in ("", "system"):
        return SystemClock()
    try:
        start, _, rest = spec.partition("@")
        since, _, speed = rest.rpartition("x")
        return CompressedClock(datetime.fromisoformat(start), datetime.fromisoformat(since), float(speed))
    except ValueError as error:
        raise ValueError(
            f"MAKEGOOD_CLOCK: {spec!r} is neither 'system' nor '<start>@<since>x<speed>'"
        ) from error


def monotonic() -> float:
    """Seconds on a clock that never jumps, for measuring and for waits; not a time of day."""
    return time.monotonic()
