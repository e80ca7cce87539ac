"""What a batch of decisions did, as its worker hears of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from state_machines.values.instants import earlier
from workflow.store.port import EffectRow
from workflow.telemetry.tracing import Span


@dataclass(frozen=True, slots=True)
class Progress:
    """What a batch did.

    Attributes:
        decided: how many events or timers were decided (dead ones included).
        effects: how many effects now wait in the outbox because of it.
        events: how many events it sent to other subjects; they wait in the inbox.
        subjects: keys of some subjects, five at most, for people who watch.
        earliest: the earliest instant at which a timer that it set is due, UTC.
        full: whether more is likely to wait (see `Claim`).
        claimed: effects written as published (see `Dispatch`), to be put on the broker now.
        next_due: of `fire`: when the next timer is due that was not due yet, UTC; None when there is none.
        words: words that it has added to those that may be mistyped.
        spans: of its decisions, to be ended once they are committed.
    """

    decided: int = 0
    effects: int = 0
    events: int = 0
    subjects: tuple[str, ...] = ()
    earliest: datetime | None = None
    full: bool = False
    claimed: tuple[EffectRow, ...] = ()
    next_due: datetime | None = None
    words: frozenset[str] = frozenset()
    spans: tuple[Span, ...] = ()

    def plus(self, more: Progress) -> Progress:
        """The sum of this and what another part of the same batch did."""
        return Progress(
            self.decided + more.decided,
            self.effects + more.effects,
            self.events + more.events,
            tuple(dict.fromkeys(self.subjects + more.subjects))[:5],
            earlier(self.earliest, more.earliest),
            self.full,
            self.claimed + more.claimed,
            earlier(self.next_due, more.earliest),
            self.words | more.words,
            self.spans + more.spans,
        )
