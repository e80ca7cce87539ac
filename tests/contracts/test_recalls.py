"""The contract of recalls: what a subject wants no more does not go out, and nothing else is touched."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from tests.contracts.standing import standing
from tests.contracts.test_claims import LEASE, NOW, effect, opened
from workflow.outbox import effects as outbox
from workflow.store.port import Changes, NewEffect, Recall, Store
from workflow.store.schema import outbox as table

pytestmark = pytest.mark.contract

KEY = "promise:A"


def notice(row: int, key: str, name: str | None = "reminder", kind: str = "notice") -> NewEffect:
    """A notice under this name, asked for under this key."""
    asked = effect(row, 0, kind)
    named = {} if name is None else {"name": name}
    return asked._replace(key=key, payload={**asked.payload, "to": "ada@example.org", **named})


def written(store: Store, row: int, *effects: NewEffect, recalls: list[Recall] | None = None) -> None:
    """A batch of decisions that asks for these, and recalls those."""
    with store.begin() as transaction:
        changes = Changes(subjects=standing(store, [row]), effects=list(effects), recalls=recalls or [])
        transaction.write(changes, NOW)


def states(store: Store) -> dict[str, str]:
    """How each effect stands, by its key."""
    with store.connect() as connection:
        return {key: state for key, state in connection.execute(select(table.c.key, table.c.state))}


def of(store: Store, key: str) -> Any:
    """The row of one effect."""
    with store.connect() as connection:
        return connection.execute(select(table).where(table.c.key == key)).one()


def test_what_waits_under_that_name_is_recalled_and_nothing_else(store: Store) -> None:
    rows = opened(store, KEY, f"{KEY}/9", "promise:B")
    row = rows[KEY]
    written(store, row, notice(row, f"{KEY}/2/0"))
    (published,) = outbox.claim(store, NOW, LEASE, 1)
    written(
        store,
        row,
        notice(row, f"{KEY}/3/0"),
        notice(row, f"{KEY}/10/1"),
        notice(row, f"{KEY}/3/1", "nudge"),
        notice(row, f"{KEY}/3/2", None),
        notice(row, f"{KEY}/3/3", kind="task"),
        notice(row, f"{KEY}/11/0"),
    )
    written(store, rows["promise:B"], notice(rows["promise:B"], "promise:B/3/0"))
    longer = rows[f"{KEY}/9"]
    written(store, longer, notice(longer, f"{KEY}/9/1/0"))
    written(store, row, recalls=[Recall(row, KEY, 11, "reminder", "customer_answers")])
    assert {key for key, state in states(store).items() if state == "recalled"} == {
        f"{KEY}/2/0",
        f"{KEY}/3/0",
        f"{KEY}/10/1",
    }
    assert of(store, f"{KEY}/3/0").error == "recalled by decision 11, customer_answers"
    assert of(store, f"{KEY}/3/0").due_at is None
    with store.begin() as transaction:
        assert outbox.begin(transaction, [published.id], published.token, NOW, LEASE) == []
    assert f"{KEY}/3/0" not in {one.key for one in outbox.claim(store, NOW, LEASE, 100)}


def test_of_one_batch_an_earlier_decision_is_recalled_and_a_later_one_goes(store: Store) -> None:
    row = opened(store, KEY)[KEY]
    asked = [notice(row, f"{KEY}/5/0"), notice(row, f"{KEY}/6/0")]
    written(store, row, *asked, recalls=[Recall(row, KEY, 6, "reminder", "remind")])
    assert states(store) == {f"{KEY}/5/0": "recalled", f"{KEY}/6/0": "pending"}


@pytest.mark.parametrize("end", ["sent", "again", "unknown"])
def test_what_is_being_sent_may_go_and_does_not_come_back(store: Store, end: str) -> None:
    row = opened(store, KEY)[KEY]
    written(store, row, notice(row, f"{KEY}/2/0"))
    (claimed,) = outbox.claim(store, NOW, LEASE, 1)
    with store.begin() as transaction:
        (sending,) = outbox.begin(transaction, [claimed.id], claimed.token, NOW, LEASE)
    written(store, row, recalls=[Recall(row, KEY, 3, "reminder", "customer_answers")])
    assert states(store) == {f"{KEY}/2/0": "sending"}
    held = outbox.Hold.sending(sending)
    if end == "sent":
        outbox.settle(store, [(sending.id, {"answer": "250"})], NOW)
        assert states(store) == {f"{KEY}/2/0": "settled"}
    elif end == "unknown":
        outbox.unknown(store, [(sending.id, "no answer")], held)
        assert states(store) == {f"{KEY}/2/0": "unknown"}, "it may have gone; a person decides"
    else:
        outbox.retry(store, [outbox.Failure(sending.id, "451")], NOW, held=held)
        (again,) = outbox.claim(store, NOW + timedelta(hours=1), LEASE, 1)
        assert again.payload["recalled"] == "recalled by decision 3, customer_answers"
