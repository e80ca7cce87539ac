"""Turns: due timers, then a batch of events, and again, until nothing is pending.

They take turns so that a burst of events delays no timer by more than one batch, and a flood of timers lets
events through: what came from outside between any two batches of timers, since somebody may wait for it, and
what decisions led to after `IN_A_ROW` of them. Notices, of which hundreds are one message, and few tasks are
put on the broker right after the commit that asked for them; many tasks are left to the relay, since hundreds
of messages in the middle of the deadlines would make these late.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import uuid4

from state_machines.values.instants import earlier
from workflow.clock import monotonic
from workflow.engine.engine import Engine
from workflow.engine.progress import Progress
from workflow.settings import Settings
from workflow.store.port import Dispatch, EffectRow

EVENTS, TIMERS = "events", "timers"
"""Kinds of work that may wait: what a wake-up names."""
SECONDS = 2.0
"""How long one run may go on; what is left is for the next, so that no task comes near its time limit."""
AT_ONCE = 20
"""Up to so many tasks of a batch are published right after it; if it asks for more, the relay does so."""
IN_A_ROW = 8
"""Full batches of timers after which events of our own have their turn."""
_SHOWN = 5

Publish = Callable[[Sequence[EffectRow]], bool]


@dataclass(frozen=True, slots=True)
class RunSummary:
    """What a run of turns did.

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
        """The sum of this and one more batch."""
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
    """Takes turns between due timers and events, and remembers what it knows to be waiting.

    A process that listens is notified of every event, and knows from the engine when the next timer is due;
    asking SQL only then saves a transaction or two for each event.
    """

    def __init__(self, engine: Engine, settings: Settings, publish: Publish | None = None) -> None:
        """`publish` puts effects on the broker at once; without it all are left to the relay."""
        self._engine = engine
        self._settings = settings
        self._publish = publish
        self._lease = timedelta(seconds=settings.lease_seconds)
        self.summary = RunSummary()
        self.events = self.timers = True
        """Whether some may be waiting now, as far as is known."""
        self.next_due: datetime | None = None
        self._in_a_row = 0
        self._dispatch: Dispatch | None = None
        self._gathered_since = 0.0
        self._claimed: list[EffectRow] = []
        self.events_piled = self.timers_piled = False
        """Whether more of them waited than one batch has."""

    def expect(self, kinds: Collection[str]) -> None:
        """Note that work of these kinds may be waiting, as a notification says."""
        self.events |= EVENTS in kinds
        self.timers |= TIMERS in kinds

    @property
    def piled(self) -> bool:
        """Whether more waited than one batch has."""
        return self.events_piled or self.timers_piled

    @property
    def due(self) -> bool:
        """Whether a known timer is due."""
        return self.next_due is not None and self.next_due <= self._engine.clock.now()

    def seconds_until_due(self) -> float | None:
        """Seconds of real time until the next known timer; None when none is known."""
        return None if self.next_due is None else self._engine.clock.seconds_until(self.next_due)

    def turn(self, gather: float = 0.0) -> int:
        """Decide a batch of timers if some may be due, then one of events; how many were decided.

        What is to be put on the broker at once is put there together, since a message costs milliseconds: of
        this turn, and where it had much to decide, of all in so many seconds to `gather`. The caller has to
        `publish` what is gathered before it waits or ends.
        """
        if self._dispatch is None and self._publish is not None:
            self._dispatch = Dispatch(uuid4().hex, self._lease, AT_ONCE)
            self._gathered_since = monotonic()
        decided = 0
        try:
            decided = self._take()
        finally:  # what is committed goes out, whatever became of the next batch
            if decided <= AT_ONCE or monotonic() - self._gathered_since >= gather:
                self.publish()
        return decided

    def publish(self) -> None:
        """Put on the broker what is to be put there at once, and was not yet."""
        claimed, self._claimed, self._dispatch = self._claimed, [], None
        if claimed and self._publish is not None:
            self._publish(claimed)

    def _take(self) -> int:
        before = self.summary.decided
        flooded = False
        if self.timers or self.due:
            self.timers, self.next_due = False, None
            fired = self._add(self._engine.fire(self._settings.timer_batch, self._dispatch))
            self.timers |= fired.full
            self.next_due = earlier(self.next_due, fired.next_due)
            flooded = self.timers_piled = fired.full
        if self.events:
            self._decide_events(flooded=flooded)
        return self.summary.decided - before

    def _decide_events(self, *, flooded: bool) -> None:
        """A batch of those from outside where others are piled up before them, and one of all at its turn."""
        self._in_a_row = self._in_a_row + 1 if flooded else 0
        of_all = self._in_a_row % IN_A_ROW == 0
        if self.events_piled or not of_all:
            self._add(self._engine.apply(self._settings.event_batch, self._dispatch, from_outside=True))
        if of_all:
            self.events = False
            applied = self._add(self._engine.apply(self._settings.event_batch, self._dispatch))
            self.events_piled = applied.full
            self.events |= applied.full

    def until_quiet(self, seconds: float) -> RunSummary:
        """Take turns until one finds nothing, for about so many seconds; what all turns did.

        It takes no turn for granted: without notifications SQL has to be asked.
        """
        deadline = monotonic() + seconds
        while self.full_turn():
            if monotonic() > deadline:
                self.summary = replace(self.summary, more=True)
                break
        return self.summary

    def full_turn(self) -> int:
        """Ask SQL for timers and events, whatever is known of them; how many were decided."""
        self.events = self.timers = True
        return self.turn()

    def _add(self, progress: Progress) -> Progress:
        self.summary = self.summary.plus(progress)
        self.events |= progress.events > 0
        self.next_due = earlier(self.next_due, progress.earliest)
        self._claimed += progress.claimed
        return progress


def decide_all(engine: Engine, settings: Settings, seconds: float = SECONDS) -> RunSummary:
    """Decide whatever waits, for about so many seconds, and leave the effects to the relay; what was done."""
    return Turns(engine, settings).until_quiet(seconds)
