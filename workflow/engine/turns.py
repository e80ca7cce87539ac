"""Rounds of decisions: due timers, then a batch of events, and again, until nothing is pending.

In turns, so that a burst of events delays no timer by more than one batch, and a flood of timers lets events
through. Few effects are put on the broker right after the commit that asked for them; many are left to the
relay, since hundreds of messages in the middle of the deadlines would make these late.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import uuid4

from state_machines.values.instants import earlier
from workflow.clock import monotonic
from workflow.engine.engine import Engine, Progress
from workflow.settings import Settings
from workflow.store.port import Dispatch, EffectRow

EVENTS, TIMERS = "events", "timers"
"""Kinds of work that may wait: what a wake-up names."""
SECONDS = 2.0
"""How long one run may go on; what is left is for the next, so that no task comes near its time limit."""
AT_ONCE = 20
"""So many effects of a batch are published by who decided it; of more, none: that is the relay's."""
_SHOWN = 5

Publish = Callable[[Sequence[EffectRow]], bool]


@dataclass(frozen=True, slots=True)
class RunSummary:
    """What a run of rounds did.

    Attributes:
        decided: events and timers decided.
        published: effects that were put on the broker.
        effects: effects that wait in the outbox, for the relay.
        subjects: keys of subjects, five at most.
        earliest: the earliest due instant of the timers it set, UTC.
        full: whether a batch reached its limit, so that much is waiting.
        more: whether it stopped for lack of time.
    """

    decided: int = 0
    published: int = 0
    effects: int = 0
    subjects: tuple[str, ...] = ()
    earliest: datetime | None = None
    full: bool = False
    more: bool = False

    def plus(self, progress: Progress) -> RunSummary:
        """With one more batch."""
        claimed = len(progress.claimed)
        return RunSummary(
            self.decided + progress.decided,
            self.published + claimed,
            self.effects + progress.effects - claimed,
            tuple(dict.fromkeys(self.subjects + progress.subjects))[:_SHOWN],
            earlier(self.earliest, progress.earliest),
            self.full or progress.full,
            self.more,
        )


class Turns:
    """Takes turns between due timers and events, and remembers what it knows to be there.

    Who listens to the bell hears of every event, and knows from the engine when the next timer is due; asking
    SQL only then saves a transaction or two for each event.
    """

    def __init__(self, engine: Engine, settings: Settings, publish: Publish | None = None) -> None:
        """`publish` puts few effects on the broker at once; without it all are left to the relay."""
        self._engine = engine
        self._settings = settings
        self._publish = publish
        self._lease = engine.clock.real(settings.lease_seconds)
        self.summary = RunSummary()
        self.events = self.timers = True
        """Whether some may be waiting now, for all that is known."""
        self.next_due: datetime | None = None

    def hear(self, said: Collection[str]) -> None:
        """The bell rang."""
        self.events |= EVENTS in said
        self.timers |= TIMERS in said

    @property
    def due(self) -> bool:
        """Whether a timer that is known of is due."""
        return self.next_due is not None and self.next_due <= self._engine.clock.now()

    def seconds_until_due(self) -> float | None:
        """Until the next timer that is known of; None when there is none."""
        return None if self.next_due is None else self._engine.clock.seconds_until(self.next_due)

    def turn(self) -> int:
        """Timers that may be due, then events that may wait, a batch of each; how many were decided."""
        before = self.summary.decided
        if self.timers or self.due:
            self.timers, self.next_due = False, None
            fired = self._take(self._engine.fire(self._settings.timer_batch, self._dispatch()))
            self.timers |= fired.full
            self.next_due = earlier(self.next_due, fired.next_due)
        if self.events:
            self.events = False
            self.events |= self._take(self._engine.apply(self._settings.event_batch, self._dispatch())).full
        return self.summary.decided - before

    def until_quiet(self, seconds: float) -> RunSummary:
        """Turn after turn until one finds nothing: who does not listen has to ask."""
        deadline = monotonic() + seconds
        while self.anew():
            if monotonic() > deadline:
                self.summary = replace(self.summary, more=True)
                break
        return self.summary

    def anew(self) -> int:
        """A turn that takes nothing for granted."""
        self.events = self.timers = True
        return self.turn()

    def _dispatch(self) -> Dispatch | None:
        return None if self._publish is None else Dispatch(uuid4().hex, self._lease, AT_ONCE)

    def _take(self, progress: Progress) -> Progress:
        self.summary = self.summary.plus(progress)
        self.events |= progress.events > 0
        self.next_due = earlier(self.next_due, progress.earliest)
        if progress.claimed and self._publish is not None:
            self._publish(progress.claimed)
        return progress


def decide_all(engine: Engine, settings: Settings, seconds: float = SECONDS) -> RunSummary:
    """Decide whatever waits, timers and events in turns, and leave the effects to the relay."""
    return Turns(engine, settings).until_quiet(seconds)
