"""The sweep of a scheduler: hand sends that were lost over to people, and tell them of dead letters."""

from __future__ import annotations

from workflow.clock import Clock
from workflow.engine.engine import Engine
from workflow.maintenance.sweep import abandon
from workflow.recovery.dead_letter_news import tell_of_dead_letters
from workflow.recovery.lost_sends import hand_over


def sweep(engine: Engine, clock: Clock) -> int:
    """Mark abandoned sends, open an escalation for each send that was lost, and one about dead letters.

    Returns:
        How many sends of unknown outcome went to a person, at least those that became unknown just now.
    """
    now = clock.now()
    abandoned = abandon(engine.store, now)
    lost = max(abandoned, hand_over(engine, now))
    tell_of_dead_letters(engine, now)
    return lost
