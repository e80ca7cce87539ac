"""Requests that come together share a commit, and nothing else: not their faults, not their answers."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import Connection, insert, select
from sqlalchemy.exc import OperationalError

from state_machines.definitions.lifecycle import Lifecycle, load
from tests.api.conftest import NOON, House, open_house, order
from tests.api.holding import together
from tests.waiting import wait_until
from workflow.store import Store, schema

POISON = "poison"


@pytest.fixture
def own_house(database_url: str) -> Iterator[House]:
    """A house for one test, whose database it may spoil."""
    with open_house(database_url) as opened:
        yield opened


def _commits(house: House) -> float:
    families = text_string_to_metric_families(house.http.get("/metrics").text)
    return next(
        sample.value
        for family in families
        for sample in family.samples
        if sample.name == "makegood_event_commits_total"
    )


def _stored(house: House) -> list[str]:
    with house.runtime.store.connect() as connection:
        return sorted(connection.execute(select(schema.events.c.event_id)).scalars())


def _refuse(store: Store, identity: str) -> None:
    """From now on the database cannot take an event of this id."""
    statement = (
        f"alter table events add constraint no_poison check (event_id <> '{identity}')"
        if store.dialect == "postgresql"
        else f"create trigger no_poison before insert on events when new.event_id = '{identity}' "
        "begin select raise(abort, 'no poison'); end"
    )
    with store.begin() as transaction:
        transaction.connection.exec_driver_sql(statement)


def test_who_comes_together_shares_a_commit(own_house: House) -> None:
    with together(own_house) as posts:
        posts.post(*(order("place", f"many-{n}", f"many-{n:02}", amount=5) for n in range(40)))
        posts.wait_inside(40)
    assert posts.statuses() == [202] * 40
    assert posts.items() == [("accepted", "pending")] * 40
    assert len(_stored(own_house)) == 40
    # One for each committer that had gone ahead with what was there, and one for all who came after.
    assert _commits(own_house) <= 4


def test_who_comes_alone_does_not_wait_for_company(own_house: House) -> None:
    for n in range(3):
        assert own_house.post(order("place", "alone", f"alone-{n}", amount=5)).status_code == 202
        assert _commits(own_house) == n + 1


def test_the_same_event_from_several_senders_at_once_is_accepted_once(own_house: House) -> None:
    event = order("place", "same", "same-1", amount=5)
    with together(own_house) as posts:
        posts.post(*[event] * 12)
        posts.wait_inside(12)
    assert sorted(posts.items()) == [("accepted", "pending")] + [("duplicate", "pending")] * 11
    assert _stored(own_house) == ["same-1"]
    own_house.apply()
    assert own_house.get("/v1/subjects/order:same").json()["state"] == "placed"


def test_what_the_database_cannot_take_harms_no_neighbour(own_house: House) -> None:
    _refuse(own_house.runtime.store, POISON)
    good = [order("place", f"good-{n}", f"good-{n}", amount=5) for n in range(6)]
    with together(own_house) as posts:
        posts.post(*good[:3], order("place", "bad", POISON, amount=5), *good[3:])
        posts.wait_inside(7)
    assert posts.statuses() == [202, 202, 202, 500, 202, 202, 202]
    assert _stored(own_house) == [f"good-{n}" for n in range(6)]


def test_a_batch_is_stored_whole_or_not_at_all_whoever_is_beside_it(own_house: House) -> None:
    _refuse(own_house.runtime.store, POISON)
    spoilt = [order("place", "b", identity, amount=5) for identity in ("first", POISON, "last")]
    with together(own_house) as posts:
        posts.post(order("place", "a", "beside", amount=5), spoilt)
        posts.wait_inside(4)
    assert posts.statuses() == [202, 500]
    assert _stored(own_house) == ["beside"]


def test_a_bad_event_is_refused_without_waiting_for_anybody(own_house: House) -> None:
    with together(own_house) as posts:
        posts.post(order("place", "held", "held-1", amount=5))
        posts.wait_inside(1)
        assert own_house.post(order("place", "held", "held-2", amount=0)).status_code == 422
    assert posts.statuses() == [202]


def test_a_deadlock_is_nobodys_fault_and_tried_again(postgres_url: str) -> None:
    """The database chooses whom to send back, us or the door: entangled anew until it was the door."""
    with open_house(postgres_url) as house, ThreadPoolExecutor(1) as pool:
        for number in range(10):
            first, last = f"knot-{number}-a", f"knot-{number}-z"
            batch = [order("place", "knot", identity, amount=5) for identity in (first, last)]
            with house.runtime.store.connect() as connection:
                _enter(connection, last)
                post = pool.submit(house.post, batch)  # enters the first, and waits for us
                wait_until(lambda: _blocked(house), seconds=60, what="the door to wait for us")
                door_was_sent_back = _entered(connection, first)  # and we for the door
                connection.rollback()
            assert post.result(60).json()["accepted"] == 2
            assert _stored(house)[-2:] == [first, last]
            if door_was_sent_back:
                return
        raise AssertionError("the database sent us back each time")


def _entered(connection: Connection, identity: str) -> bool:
    """Whether it went in; else the database has ended the deadlock at our expense."""
    try:
        _enter(connection, identity)
    except OperationalError as error:
        assert getattr(error.orig, "sqlstate", None) == "40P01"
        return False
    return True


def _enter(connection: Connection, identity: str) -> None:
    connection.execute(
        insert(schema.events).values(
            source="/tests",
            event_id=identity,
            subject_id=1,
            type="order.place",
            time=NOON,
            data={},
            received_at=NOON,
        )
    )


def _blocked(house: House) -> bool:
    query = "select count(*) from pg_locks where not granted"
    with house.runtime.store.connect() as connection:
        return bool(connection.exec_driver_sql(query).scalar())


def test_large_batches_and_single_events_do_not_mix(own_house: House) -> None:
    large = [order("place", f"large-{n}", f"large-{n:03}", amount=5, more="x" * 200) for n in range(200)]
    twice = large[:3]
    with together(own_house) as posts:
        posts.post(large, *twice)
        posts.wait_inside(4)
    answers = [answer.result(30).json() for answer in posts.answers]
    assert sum(answer["accepted"] for answer in answers) == 200
    assert sum(answer["duplicates"] for answer in answers) == 3
    assert len(_stored(own_house)) == 200


def test_the_event_loop_does_not_wait_for_a_lifecycle_to_be_compiled(
    own_house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A lifecycle takes up to half a second, during which nobody else would be answered."""
    compiling: list[str] = []

    def noted(text: str, file: str | None = None) -> Lifecycle:
        with pytest.raises(RuntimeError, match="no running event loop"):
            asyncio.get_running_loop()
        lifecycle = load(text, file)
        compiling.append(lifecycle.name)
        return lifecycle

    monkeypatch.setattr("workflow.engine.registry.load", noted)
    promise = order("make", "made", "made", words="We call you", owner="sam@example.com")
    promise |= {"type": "promise.make", "subject": "promise:made"}
    promise["data"] |= {"due_at": "2026-07-02T12:00:00Z"}  # type: ignore[operator]
    assert own_house.post(promise).status_code == 202
    assert own_house.get("/v1/callbacks/none").status_code == 404
    assert {"promise", "callback"} <= set(compiling)
