"""What a stage shows of its store, for every stage that has one in reach."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from workflow.clock import Clock
from workflow.engine.registry import Registry
from workflow.explanation import explain
from workflow.recovery.desk.line import Wishes, line
from workflow.scenarios.seen import calls_in, dead_in, moves_in, subject_in, subjects_in, waiting_in
from workflow.scenarios.stage import DeadThing, SeenMove, SeenSubject, TaskCall, WaitingNotice
from workflow.store.effect_states import GIVEN_UP, RELAYED
from workflow.store.port import Store

_LONGEST_LINE = 500


class StoreView:
    """Looks at one store."""

    def __init__(self, store: Store, registry: Registry, clock: Clock) -> None:
        self.store = store
        self.registry = registry
        self.clock: Clock = clock

    def now(self) -> datetime:
        """The instant, UTC."""
        return self.clock.now()

    def subject(self, key: str) -> SeenSubject | None:
        """One that has been opened."""
        return subject_in(self.store, key)

    def subjects(self, lifecycle: str) -> Sequence[SeenSubject]:
        """All that have been opened of a lifecycle, the oldest first; without their timers."""
        return subjects_in(self.store, lifecycle)

    def moves(self, after: int) -> Sequence[SeenMove]:
        """The decisions behind this number, in order."""
        return moves_in(self.store, after)

    def dead(self) -> Sequence[DeadThing]:
        """What needs a person because it failed, or nobody knows how it ended."""
        return dead_in(self.store)

    def waiting(self) -> Sequence[WaitingNotice]:
        """The notices that wait now."""
        return waiting_in(self.store)

    def calls(self) -> Sequence[TaskCall]:
        """All tasks of other programs that were called so far, the oldest first."""
        return calls_in(self.store)

    def unanswered(self) -> Sequence[TaskCall]:
        """Those of them that have no receipt, and are not given up."""
        return calls_in(self.store, RELAYED)

    def given_up(self) -> Sequence[TaskCall]:
        """Those of them that need a person; a receipt may still come."""
        return calls_in(self.store, GIVEN_UP)

    def line(self) -> Sequence[str]:
        """Keys of who waits for a person at the desk, in order."""
        return [one.key for one in line(self.store, self.now(), Wishes(), _LONGEST_LINE)]

    def explained(self, key: str) -> str:
        """What `makegood explain` says of a subject."""
        return explain(self.store, self.registry, key).text()
