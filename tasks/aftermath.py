"""What follows a run of decisions: its effects are relayed, the clocks hear of its timers."""

from __future__ import annotations

from typing import TypedDict

import structlog

from tasks.process import Process
from workflow.errors import BrokerUnreachable
from workflow.rounds import Rounds

log = structlog.get_logger(__name__)


class Done(TypedDict):
    """What our tasks return. Monitoring shows it: counts, and keys of some subjects."""

    decided: int
    published: int
    subjects: list[str]


def finish(process: Process, rounds: Rounds, again: str) -> Done:
    """Relay the effects, wake the clocks for timers due before they would look, go on if time ran out.

    Whatever the broker does not take now, a sweep finds.
    """
    published = process.relay.run().published if rounds.effects else 0
    try:
        if rounds.more:
            process.broker.go(again, rounds.subjects)
        if rounds.earliest is not None and _before_next_sweep(process, rounds):
            process.broker.wake_clocks(rounds.earliest)
    except BrokerUnreachable as error:
        log.warning("wake-up lost, the next sweep finds the work", task=again, error=str(error))
    return {"decided": rounds.decided, "published": published, "subjects": list(rounds.subjects)}


def _before_next_sweep(process: Process, rounds: Rounds) -> bool:
    runtime = process.runtime
    return (
        rounds.earliest is not None
        and runtime.clock.seconds_until(rounds.earliest) < runtime.settings.sweep_seconds
    )
