"""What the project promises about catastrophes: workers killed, the broker emptied, and nobody notices."""

from __future__ import annotations

import threading
from collections import Counter
from datetime import timedelta

import pytest

from state_machines.values.instants import format_instant
from tasks.sending.pace import MOST
from tests.processes.brokers import each_broker_of_its_own_and_store
from tests.processes.installation import Installation
from workflow.clock import monotonic

PROMISES = 1_000
WITHIN = 20.0
AWAY = 5.0
"""Seconds without a worker, in which deadlines pass."""


def pass_until(moment: float) -> None:
    """The scenario's own timetable is real time."""
    threading.Event().wait(max(0.0, moment - monotonic()))


@pytest.mark.timeout(180)
@each_broker_of_its_own_and_store
def test_all_workers_killed_and_the_broker_emptied_lose_nothing_and_double_nothing(
    installation: Installation,
) -> None:
    """1,000 due within 20 s; some lapse, all is killed; the broker comes back empty, workers after 5 s."""
    for worker in [installation.workers.start("--concurrency", "1") for _ in range(2)]:
        worker.wait_ready()
    start = installation.runtime.clock.now()
    promises = [
        installation.event(
            "promise.make",
            f"promise:P-{number}",
            {
                "words": "We call you back",
                "owner": "sam@example.com",
                "due_at": format_instant(start + timedelta(seconds=1 + (WITHIN - 1) * number / PROMISES)),
                "customer": {"email": "customer@example.com"},
            },
        )
        for number in range(PROMISES)
    ]
    for first in range(0, PROMISES, 250):
        installation.send(*promises[first : first + 250])

    installation.wait(lambda: installation.moves("lapse"), what="some promises to lapse")
    installation.workers.kill_all()
    killed = monotonic()
    installation.server.stop()
    installation.server.forget()
    lapsed_before = len(installation.moves("lapse"))
    installation.server.start()
    pass_until(killed + AWAY)
    for _ in range(2):
        installation.workers.start("--concurrency", "1")
    installation.wait(lambda: len(installation.moves("lapse")) >= PROMISES, what="all promises to lapse")
    installation.wait(lambda: len(installation.moves("open")) >= PROMISES, what="all escalations")

    assert installation.dead_letters() == [], "nothing is wrong with any of it"
    lapses = installation.moves("lapse")
    assert 0 < lapsed_before < PROMISES
    assert Counter(lapse.key for lapse in lapses) == Counter(promise.subject for promise in promises)
    assert {(lapse.outcome, lapse.dest) for lapse in lapses} == {("moved", "lapsed")}
    assert all(
        move.at >= move.due_at for trigger in ("warn", "lapse") for move in installation.moves(trigger)
    )
    opened = [move for move in installation.moves("open") if "effect" not in move.key]
    assert Counter(move.key for move in opened) == Counter(
        f"escalation:promise-P-{n}" for n in range(PROMISES)
    )
    assert {move.outcome for move in opened} == {"moved"}

    settled = lambda: {effect.state for effect in installation.effects()} <= {"settled", "unknown"}  # noqa: E731
    installation.wait(settled, what="all notices to be settled")
    states = Counter(effect.state for effect in installation.effects())
    assert states["unknown"] <= 2 * MOST, "at most what each killed process had claimed to send at once"
    keys = Counter(notice["key"] for notice in installation.notices())
    assert set(keys.values()) == {1}, "no notice twice"
    assert len(keys) >= states["settled"]
