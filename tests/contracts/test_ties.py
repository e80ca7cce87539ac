"""What falls on the same instant is taken in the same order by every store: a replay depends on it."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from state_machines.subject import Timer
from tests.contracts.standing import standing
from workflow.store.port import Changes, NewEvent, Store
from workflow.store.schema import subjects

pytestmark = pytest.mark.contract

NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)


def rows_of(store: Store, *keys: str) -> dict[str, int]:
    events = [NewEvent("/crm", key, key, "promise", 1, "promise.make", NOW, {}, None) for key in keys]
    with store.begin() as transaction:
        transaction.accept(events, NOW)
        transaction.claim_events(len(events))  # else their timers would wait for them
    with store.connect() as connection:
        return {key: row for key, row in connection.execute(select(subjects.c.key, subjects.c.id))}


def test_subjects_of_a_batch_are_numbered_by_key(store: Store) -> None:
    rows = rows_of(store, "promise:b", "promise:Z", "promise:a", "promise:10", "promise:ä", "promise:9")
    assert sorted(rows, key=rows.__getitem__) == sorted(rows)


def test_timers_of_one_instant_are_claimed_by_subject_and_name(store: Store) -> None:
    rows = rows_of(store, "promise:a", "promise:b")
    names = ("warn", "deadline", "nudge")
    places = [(rows[key], name) for key in ("promise:b", "promise:a") for name in names]
    subjects = standing(store, rows.values())
    with store.begin() as transaction:
        for place in places:  # one by one, so that neither store has sorted them before
            changes = Changes(subjects=subjects, timers_set={place: Timer(place[1], 1, NOW, NOW)})
            transaction.write(changes, NOW)
    with store.begin() as transaction:
        claim = transaction.claim_timers(NOW, 100)
    assert [(work.subject_row, work.event.timer) for work in claim.work] == sorted(places)
