"""The sweep of a scheduler: find what was left behind, and hand lost sends over to people."""

from __future__ import annotations

from workflow.clock import Clock
from workflow.engine.engine import Engine
from workflow.maintenance.sweep import SweepReport, abandon, left_behind
from workflow.recovery.lost_sends import hand_over


def sweep(engine: Engine, clock: Clock) -> SweepReport:
    """Mark abandoned sends, open an escalation for each send that was lost, and count what waits.

    `SweepReport.unknown` counts the sends of unknown outcome that went to a person, at least those that
    became unknown just now.
    """
    now = clock.now()
    abandoned = abandon(engine.store, now)
    return left_behind(engine.store, now, max(abandoned, hand_over(engine, now)))
