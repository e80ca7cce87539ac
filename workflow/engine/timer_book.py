"""The timer book of a batch: the last change of each timer, and which timers and events are dead letters."""

from __future__ import annotations

from state_machines.decision import Decision
from state_machines.definitions.lifecycle import Lifecycle
from workflow.store.port import Changes, Claim, Pending


def keep_timers(
    subject_row: int, lifecycle: Lifecycle, decision: Decision, claim: Claim, changes: Changes
) -> None:
    """Add a decision's changes of timers to `changes`; of several of one timer the last one is written.

    A dead timer is cancelled, too, when its subject leaves the states it belongs to: else it could be retried
    in a state in which it must not fire.
    """
    for name in decision.timers_cancelled:
        changes.timers_set.pop((subject_row, name), None)
        changes.timers_cancelled.add((subject_row, name))
    for timer in decision.timers_set:
        changes.timers_set[subject_row, timer.name] = timer
        changes.timers_cancelled.discard((subject_row, timer.name))
    dead = claim.dead.get(subject_row)
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


def bury(claim: Claim, work: Pending, changes: Changes, error: str) -> None:
    """Make the event or timer of a failed decision a dead letter; the decision changes nothing else."""
    row, timer = work.subject_row, work.event.timer
    if work.event_row is not None:
        changes.dead_events.append((work.event_row, row, error))
    elif timer is not None:
        changes.dead_timers.append((row, timer, error))
        subject = claim.subjects[row]
        living = {name: one for name, one in subject.timers.items() if name != timer}
        claim.subjects[row] = subject._replace(timers=living)
        claim.dead.setdefault(row, set()).add(timer)
