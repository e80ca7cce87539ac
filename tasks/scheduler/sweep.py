"""The sweep of a scheduler: lost sends and dead letters go to people, cases to the incident they match.

Subjects that were there before the search index go into it, too.
"""

from __future__ import annotations

from workflow.clock import Clock
from workflow.engine.engine import Engine
from workflow.maintenance.search_index import fill_for_a_while
from workflow.maintenance.sweep import abandon
from workflow.recovery.bells import look_after_bells
from workflow.recovery.dead_letter_news import tell_of_dead_letters
from workflow.recovery.incidents import join_matching
from workflow.recovery.lost_sends import hand_over
from workflow.recovery.subscription_news import tell_of_disabled_subscriptions


def sweep(engine: Engine, clock: Clock) -> int:
    """Mark abandoned sends, join cases to incidents whose condition they meet; open an escalation for each
    send that was lost, one about dead letters, and one for each subscription that was disabled; tell bells
    who waits; go on with the search index where it is not complete.

    Returns:
        How many sends of unknown outcome went to a person, at least those that became unknown just now.
    """
    now = clock.now()
    abandoned = abandon(engine.store, now)
    lost = max(abandoned, hand_over(engine, now))
    tell_of_dead_letters(engine, now)
    tell_of_disabled_subscriptions(engine, now)
    join_matching(engine, now)
    look_after_bells(engine, clock)
    fill_for_a_while(engine.store, engine.registry)
    return lost
