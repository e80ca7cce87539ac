"""Rounds of decisions: batch after batch until nothing is pending, or the time for it is over."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from workflow.clock import monotonic
from workflow.engine import Engine, Progress
from workflow.settings import Settings

SECONDS = 2.0
"""How long one run may go on; what is left is for the next, so that no task comes near its time limit."""
_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Rounds:
    """What a run of rounds did.

    Attributes:
        decided: events and timers decided.
        effects: effects that now wait in the outbox because of it.
        subjects: keys of subjects, five at most.
        earliest: the earliest due instant of the timers it set, UTC.
        more: whether it stopped for lack of time.
    """

    decided: int = 0
    effects: int = 0
    subjects: tuple[str, ...] = ()
    earliest: datetime | None = None
    more: bool = False

    def plus(self, progress: Progress) -> Rounds:
        """With one more batch."""
        dues = [due for due in (self.earliest, progress.earliest) if due is not None]
        return replace(
            self,
            decided=self.decided + progress.decided,
            effects=self.effects + progress.effects,
            subjects=tuple(dict.fromkeys(self.subjects + progress.subjects))[:_SHOWN],
            earliest=min(dues, default=None),
        )


def apply_events(engine: Engine, settings: Settings, seconds: float = SECONDS) -> Rounds:
    """Decide accepted events until the inbox is empty."""
    return _until_quiet([lambda: engine.apply(settings.event_batch)], seconds)


def fire_timers(engine: Engine, settings: Settings, seconds: float = SECONDS) -> Rounds:
    """Fire due timers until none is left, and decide the events that their decisions sent.

    Twice, since a timer waits for events of its subject that came in before it was due.
    """
    fire, apply = lambda: engine.fire(settings.timer_batch), lambda: engine.apply(settings.event_batch)
    return _until_quiet([fire, apply, fire, apply], seconds)


def _until_quiet(steps: Iterable[Callable[[], Progress]], seconds: float) -> Rounds:
    deadline = monotonic() + seconds
    done = Rounds()
    for step in steps:
        while (progress := step()).decided:
            done = done.plus(progress)
            if monotonic() > deadline:
                return replace(done, more=True)
    return done
