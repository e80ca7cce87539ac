"""The only place that asks what time it is.

Everything that decides takes `now` as an argument; who needs to ask is handed a `Clock`.
"""

import fcntl
import math
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

SANDBOX = "sandbox:"
"""How the text of a sandbox's clock begins; the path of its file follows."""
DATABASE_TIME = "select clock_timestamp()"
"""How PostgreSQL is asked for its time: to hold a machine back that is ahead of it, and for nothing else."""
_LONGEST = 64
"""Bytes of an instant in a file, at most."""


class Clock(Protocol):
    """Engine time."""

    def now(self) -> datetime:
        """The present instant, UTC."""

    def seconds_until(self, instant: datetime) -> float:
        """How many real seconds to wait until `instant`; 0 when it is past."""


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """The present instant, UTC."""
        return datetime.now(UTC)

    def seconds_until(self, instant: datetime) -> float:
        """Real seconds until `instant`, at least 0."""
        return max(0.0, (instant - self.now()).total_seconds())


class HeldClock(SystemClock):
    """The machine's clock, except where it is ahead of one that all machines share: then it is that one.

    What is said to a customer too early cannot be taken back, and a clock may be stepped at any moment.
    """

    TOLERANCE = 1.0
    """Seconds: clocks that are looked after differ by less."""

    def __init__(self, shared: Callable[[], datetime | None]) -> None:
        """`shared` returns how late it is at most, UTC; None while nobody knows."""
        self._shared = shared

    def now(self) -> datetime:
        """The present instant, UTC."""
        own, shared = super().now(), self._shared()
        ahead = shared is not None and (own - shared).total_seconds() > self.TOLERANCE
        return shared if shared is not None and ahead else own


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

    def move_to(self, instant: datetime) -> None:
        """Move to `instant`. Raises ValueError for a step back: time does not run backwards."""
        if instant < self._now:
            raise ValueError(f"clock: cannot move back from {self._now.isoformat()} to {instant.isoformat()}")
        self._now = instant.astimezone(UTC)

    def advance(self, by: timedelta) -> None:
        """Move on by a duration."""
        self.move_to(self._now + by)


class SandboxClock:
    """A clock that stands still until it is moved, for all processes of an installation on one machine.

    Its instant stands in a file, which is replaced as a whole and read anew each time it is asked: that takes
    some microseconds. What the file system says about a file is no sign that it is still the same: two
    replacements within one of its ticks look alike.
    """

    def __init__(self, path: Path) -> None:
        """The clock of the file `path`, which `begin` makes."""
        self.path = path

    def now(self) -> datetime:
        """Where it was moved to, UTC. Raises FileNotFoundError while it has no file."""
        descriptor = os.open(self.path, os.O_RDONLY)
        try:
            return datetime.fromisoformat(os.read(descriptor, _LONGEST).decode())
        finally:
            os.close(descriptor)

    def seconds_until(self, instant: datetime) -> float:
        """0 when `instant` is past, else infinitely many: nothing falls due by waiting."""
        return 0.0 if instant <= self.now() else math.inf

    def begin(self, at: datetime) -> datetime:
        """Set it to `at` if it has no file or is behind; where it stands then, UTC."""
        with self._locked():
            stands = self.now() if self.path.exists() else None
            if stands is None or stands < at:
                stands = self._put(at)
            return stands

    def move_to(self, instant: datetime) -> None:
        """Move to `instant`. Raises ValueError for a step back: time does not run backwards."""
        with self._locked():
            stands = self.now()
            if instant < stands:
                raise ValueError(
                    f"clock: cannot move back from {stands.isoformat()} to {instant.isoformat()}"
                )
            self._put(instant)

    def spec(self) -> str:
        """The text that `clock_from` reads back, for the environment of other processes."""
        return f"{SANDBOX}{self.path}"

    def _put(self, instant: datetime) -> datetime:
        """Replace the file; whoever reads finds the old instant or the new one. Under the lock."""
        instant = instant.astimezone(UTC)
        new = self.path.with_name(f"{self.path.name}.new")
        new.write_text(instant.isoformat(), encoding="ascii")
        new.replace(self.path)
        return instant

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Nobody else moves it meanwhile; who asks it need not wait."""
        descriptor = os.open(self.path.with_name(f"{self.path.name}.lock"), os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)


def clock_from(spec: str) -> Clock:
    """The clock of `MAKEGOOD_CLOCK`: ``system``, or ``sandbox:<path>`` for one that is moved.

    Raises ValueError naming the rule when the text is neither.
    """
    if spec in ("", "system"):
        return SystemClock()
    if not spec.startswith(SANDBOX):
        raise ValueError(f"MAKEGOOD_CLOCK: {spec!r} is neither 'system' nor 'sandbox:<path>'")
    if not (path := spec.removeprefix(SANDBOX)).startswith("/"):
        raise ValueError(f"MAKEGOOD_CLOCK: after {SANDBOX!r} the absolute path of a file is wanted")
    return SandboxClock(Path(path))


def real_time(clock: Clock) -> Clock:
    """The clock of what people wait for themselves, such as the end of a session: where that of the engine is
    a sandbox's, the machine's; else the same.
    """
    return SystemClock() if isinstance(clock, SandboxClock) else clock


def monotonic() -> float:
    """Seconds on a clock that never jumps, for measuring and for waits; not a time of day."""
    return time.monotonic()
