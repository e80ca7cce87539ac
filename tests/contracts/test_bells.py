"""The contract of bells: one for each browser, written by who knows its last version, gone with who asked."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from workflow.access import bells, people, sessions
from workflow.access.bells import Bell
from workflow.access.people import Person
from workflow.access.role import Role
from workflow.access.sessions import Limits
from workflow.store import schema
from workflow.store.port import Store

pytestmark = pytest.mark.contract

NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)
LIMITS = Limits(timedelta(hours=2), timedelta(hours=12))


def somebody(store: Store, name: str) -> tuple[Person, str, str]:
    """A person, and the id and the token of a session of theirs."""
    person = people.add(store, people.checked(f"{name}@shop.example", name, [Role.AGENT], NOW))
    return person, *signed_in(store, person)


def signed_in(store: Store, person: Person) -> tuple[str, str]:
    """One more session of somebody."""
    with store.begin() as transaction:
        session, token = sessions.begin(transaction, person, NOW, LIMITS, None, "a browser")
    return session.id, token


def bell(store: Store, id: str, person: Person, session: str, endpoint: str = "") -> Bell:
    """A bell that is on."""
    made = Bell(
        id, person.id, session, endpoint or f"https://push.example/{id}", "key", "secret", "ours",
        "a browser\x00" + "x" * 300, "20:00", "08:00", NOW, NOW, None, ["callback:1"], told=False, version=1,
    )  # fmt: skip
    with store.begin() as transaction:
        bells.add(transaction, made)
    return made


def left(store: Store) -> dict[str, tuple[str | None, str | None]]:
    """Of all rows the reason why it is over, and what is left of its address and keys."""
    row = schema.bells.c
    query = select(row.id, row.reason, row.endpoint, row.endpoint_digest, row.public_key, row.auth)
    with store.connect() as connection:
        return {
            one.id: (one.reason, one.endpoint or one.endpoint_digest or one.public_key or one.auth)
            for one in connection.execute(query)
        }


def test_what_is_stored_is_found_by_person_by_id_and_by_address(store: Store) -> None:
    olga, session, _ = somebody(store, "olga")
    made = bell(store, "b1", olga, session)
    (found,) = bells.listed(store, olga.id)
    assert found == replace(made, browser="a browser" + "x" * 190)
    assert bells.find(store, "b1") == bells.at_address(store, made.address) == found
    assert bells.find(store, "b2") is None and bells.listed(store, "another") == []


def test_one_browser_has_one_and_another_one_when_that_is_over(store: Store) -> None:
    olga, session, _ = somebody(store, "olga")
    first = bell(store, "b1", olga, session, "https://push.example/one")
    with pytest.raises(IntegrityError):
        bell(store, "b2", olga, session, "https://push.example/one")
    assert bells.end_one(store, "b1", NOW, bells.GONE) and not bells.end_one(store, "b1", NOW, bells.REMOVED)
    bell(store, "b2", olga, session, "https://push.example/one")
    found = bells.at_address(store, first.address)
    assert found is not None and found.id == "b2"
    assert left(store)["b1"] == (bells.GONE, None)


def test_who_does_not_know_the_last_version_writes_nothing(store: Store) -> None:
    olga, session, _ = somebody(store, "olga")
    known = bell(store, "b1", olga, session)
    with store.begin() as transaction:
        assert bells.write(transaction, known, told=True, heard=["callback:2"])
        assert not bells.write(transaction, known, told=False)
    found = bells.find(store, "b1")
    assert found is not None and (found.told, found.heard, found.version) == (True, ["callback:2"], 2)
    bells.end_one(store, "b1", NOW, bells.REMOVED)
    bells.note_taken(store, "b1", NOW)
    with store.begin() as transaction:
        assert not bells.write(transaction, found, told=False), "what is over is not written"


def test_it_is_over_with_its_session_however_that_is_ended_by_hand(store: Store) -> None:
    olga, first, token = somebody(store, "olga")
    second, third = signed_in(store, olga)[0], signed_in(store, olga)[0]
    for id, session in (("b1", first), ("b2", second), ("b3", third)):
        bell(store, id, olga, session)
    max_, other, _ = somebody(store, "max")
    bell(store, "b4", max_, other)
    with store.begin() as transaction:
        sessions.end_token(transaction, token, NOW)
    assert [one.id for one in bells.listed(store, olga.id)] == ["b2", "b3"]
    sessions.end(store, olga, second, NOW)
    assert [one.id for one in bells.listed(store, olga.id)] == ["b3"]
    with store.begin() as transaction:
        sessions.end_all(transaction, olga.id, NOW, but=third)
    assert [one.id for one in bells.listed(store, olga.id)] == ["b3"]
    with store.begin() as transaction:
        sessions.end_all(transaction, olga.id, NOW)
    assert bells.listed(store, olga.id) == [] and len(bells.listed(store, max_.id)) == 1
    assert {id: said for id, said in left(store).items() if said[0]} == dict.fromkeys(
        ("b1", "b2", "b3"), (bells.SIGNED_OUT, None)
    )


def test_it_is_over_with_its_person_and_outlives_a_session_that_ends_by_itself(store: Store) -> None:
    olga, session, token = somebody(store, "olga")
    bell(store, "b1", olga, session)
    assert sessions.find(store, token, NOW + timedelta(hours=3), LIMITS) is None
    assert len(bells.listed(store, olga.id)) == 1
    people.disable(store, olga.address, NOW)
    assert bells.listed(store, olga.id) == [] and left(store) == {"b1": (bells.DISABLED, None)}
