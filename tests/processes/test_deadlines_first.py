"""Deadlines before bulk: thousands of notices on their way make no timer late, however small the pool."""

from __future__ import annotations

from datetime import datetime

import pytest
from sqlalchemy import func, insert, select

from tests.processes.brokers import each_broker_and_store
from tests.processes.installation import Installation
from workflow.store.schema import outbox, subjects

BULK = 20_000
"""So many that some are left when the promise is due, however quick the machine is."""


def bulk(installation: Installation) -> None:
    """So many notices of one subject, due for the relay, as the engine writes them."""
    runtime = installation.runtime
    runtime.engine.accept([installation.promise("bulk", due_in=86_400)])
    runtime.engine.apply()
    with runtime.store.begin() as transaction:
        query = select(subjects.c.id).where(subjects.c.key == "promise:bulk")
        subject, now = transaction.connection.execute(query).scalar_one(), runtime.clock.now()
        said = {"to": "all@example.com", "about": "information", "title": "News", "words": "We have news."}
        rows = [
            {
                "subject_id": subject, "key": f"promise:bulk/1/{number}", "kind": "notice",
                "target": "recording", "priority": 2, "payload": said, "state": "pending", "due_at": now,
                "attempts": 0, "created_at": now,
            }
            for number in range(BULK)
        ]  # fmt: skip
        transaction.connection.execute(insert(outbox), rows)


def settled_by(installation: Installation, at: datetime) -> int:
    """How many of them had gone out by then."""
    query = select(func.count()).where(outbox.c.settled_at <= at, outbox.c.target == "recording")
    with installation.runtime.store.connect() as connection:
        return int(connection.execute(query).scalar_one())


@pytest.mark.sampled
@each_broker_and_store
@pytest.mark.parametrize("concurrency", ["1", "2"])
def test_a_timer_does_not_wait_for_thousands_of_notices(installation: Installation, concurrency: str) -> None:
    installation.workers.start("--concurrency", concurrency).wait_ready()
    bulk(installation)
    installation.wait(lambda: installation.notices(), what="the bulk to be on its way")
    installation.send(installation.promise("P-1", due_in=1))
    installation.wait(lambda: installation.state("promise:P-1") == "lapsed", what="the promise to lapse")
    (lapse,) = installation.moves("lapse")
    assert lapse.at >= lapse.due_at
    before = settled_by(installation, lapse.due_at)  # how far it had come by then is the machine's business
    meanwhile = settled_by(installation, lapse.at) - before
    assert meanwhile <= (BULK - before) / 2, "the timer came first, most of what was left of the bulk later"
