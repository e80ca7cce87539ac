"""The timer book of a batch: the last change of each timer, and which timers and events are dead letters."""

from __future__ import annotations

from datetime import datetime, timedelta

from state_machines.decision import Decision
from state_machines.definitions.lifecycle import Lifecycle
from workflow.store.port import Changes, Claim, Pending

AT_ONCE = timedelta(seconds=1)
"""A timer due sooner than this after it was set is no rest: whoever lives by such timers never rests."""


class TimerBook:
    """Adds what decisions say of timers to the `changes` of a batch, and keeps its `claim` up to date."""

    def __init__(self, claim: Claim, changes: Changes, now: datetime) -> None:
        """For a batch that is decided at `now`."""
        self._soon = now + AT_ONCE
        self._claim = claim
        self._changes = changes

    def add(self, subject_row: int, lifecycle: Lifecycle, decision: Decision, hops: int) -> None:
        """Add a decision's changes of timers; of several of one timer the last one is written.

        A timer that is due at once goes on with the chain that set it, of `hops`; any other begins anew.

        A dead timer is cancelled, too, when its subject leaves the states it belongs to: else it could be
        retried in a state in which it must not fire.
        """
        changes = self._changes
        for name in decision.timers_cancelled:
            changes.timers_set.pop((subject_row, name), None)
            changes.timers_cancelled.add((subject_row, name))
        for timer in decision.timers_set:
            place = (subject_row, timer.name)
            changes.timers_set[place] = timer
            if timer.due_at is not None and timer.due_at < self._soon:
                changes.timer_hops[place] = hops
            elif changes.timer_hops:
                changes.timer_hops.pop(place, None)
            changes.timers_cancelled.discard(place)
        dead = self._claim.dead.get(subject_row)
        if not dead:
            return
        for name in list(dead):
            rule = lifecycle.timeouts.get(name)
            if rule is None or decision.dest not in rule.scope:
                changes.timers_cancelled.add((subject_row, name))
                dead.discard(name)
        for timer in decision.timers_set:
            dead.discard(timer.name)
        changes.dead_timers = [one for one in changes.dead_timers if one[0] != subject_row or one[1] in dead]

    def bury(self, work: Pending, error: str) -> None:
        """Make the event or timer of a failed decision a dead letter; the decision changes nothing else."""
        row, timer, claim = work.subject_row, work.event.timer, self._claim
        if work.event_row is not None:
            self._changes.dead_events.append((work.event_row, row, error))
        elif timer is not None:
            self._changes.dead_timers.append((row, timer, error))
            subject = claim.subjects[row]
            living = {name: one for name, one in subject.timers.items() if name != timer}
            claim.subjects[row] = subject._replace(timers=living)
            claim.dead.setdefault(row, set()).add(timer)
