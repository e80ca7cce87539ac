"""The contract of the search index: written with the decision, found alike on each database."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, delete, func, insert, select

from tests.workflow.world import NOW, World
from workflow.clock import VirtualClock
from workflow.engine.definition_sources import catalog_sources
from workflow.engine.engine import Engine
from workflow.engine.registry import Registry
from workflow.search import term_index
from workflow.search.choosing import Choice
from workflow.search.filling import fill, filling
from workflow.search.search import BEGINNING, Hit, search
from workflow.search.terms import FORM
from workflow.search.tiers import Match
from workflow.search.ways import Way
from workflow.store import migrate, open_store
from workflow.store.schema import search_filling, search_terms, standing, word_variants

pytestmark = pytest.mark.contract

TICKET = """
edition: 2
lifecycle: ticket
version: 1
data:
  reporter: person
  serial: {type: text, search: account}
  agent: {type: person, search: owner}
  until: {type: instant, search: due}
  shaky: {type: boolean, search: risk}
  note: text
  internal: {type: text, search: never}
  kind: {type: text, enum: [bug, wish]}
triggers:
  open: {data: [reporter, serial, agent, until, shaky, note, internal, kind]}
  change: {data: [note, agent, shaky]}
states: [opened, {name: done, final: true}]
transitions:
  - {trigger: open, source: initial, dest: opened,
     change: {copy: [reporter, serial, agent, until, shaky, note, internal, kind]}}
  - {trigger: change, source: opened, change: {copy: [note, agent, shaky]}}
  - {trigger: close, source: opened, dest: done}
"""


@pytest.fixture
def world(database_url: str) -> Iterator[World]:
    """With the catalog and one lifecycle of somebody's own, on SQLite and on PostgreSQL."""
    migrate(database_url)
    store, clock = open_store(database_url), VirtualClock(NOW)
    registry = Registry(store)
    registry.register([*catalog_sources(), (TICKET, None)], NOW)
    yield World(store, Engine(store, registry, clock), clock)
    store.close()


def hits(world: World, words: str | None, limit: int = 20, **choice: Any) -> list[Hit]:
    """All pages."""
    found: list[Hit] = []
    place = BEGINNING
    wanted = Choice(**choice)
    while True:
        page = search(
            world.store, world.engine.registry, words, wanted, world.clock.now(), limit=limit, place=place
        )
        found += page.items
        if page.next is None:
            return found
        assert len(page.items) == limit
        place = page.next


def keys(world: World, words: str | None = None, **choice: Any) -> list[str]:
    """The same, their keys."""
    return [one.key for one in hits(world, words, **choice)]


def ticket(world: World, number: int, **data: Any) -> str:
    """Open one."""
    key = f"ticket:T-{number}"
    world.post("ticket.open", key, data)
    return key


def promised(world: World, key: str, customer: Mapping[str, Any] | str, **data: Any) -> None:
    """Make a promise."""
    said = {"words": "We call back", "owner": "olga@shop.example", "due_at": "2026-03-05T10:00:00Z"}
    world.post("promise.make", key, {**said, "customer": customer, **data})


ADA = {
    "name": "Ada Lovelace", "account": "AB-47/11", "email": "ada@example.org", "phone": "+49 30 1234567",
    "zone": "Europe/Berlin",
}  # fmt: skip


def test_a_subject_is_found_by_all_that_it_is_known_by(world: World) -> None:
    promised(world, "promise:P-17", ADA, words="Her money comes back by Friday")
    promised(world, "promise:P-18", {"name": "Bob Stone", "phone": "040 7654321"}, words="Ada pays less")
    for typed, field, match in (
        ("promise:P-17", "key", Match.EXACT),
        ("p-17", "key", Match.EXACT),
        ("ab 4711", "account", Match.EXACT),
        ("030/123 45 67", "phone", Match.EXACT),
        ("ADA@example.org", "email", Match.EXACT),
        ("lovelace", "name", Match.NAME),
        ("lovel", "name", Match.BEGINNING),
        ("4567", "phone", Match.PART),
        ("friday", "words", Match.WORDS),
        ("Lovelave", "name", Match.SIMILAR_NAME),
        ("fryday", "words", Match.SIMILAR),
    ):
        (found,) = hits(world, typed)
        assert found.found is not None
        assert (found.key, found.found.field, found.found.match) == ("promise:P-17", field, match)
        marked = [found.found.text[start:stop] for start, stop in found.found.marks]
        assert marked, typed
    assert (found.name, found.title) == ("Ada Lovelace", "Her money comes back by Friday")
    assert keys(world, "ada") == ["promise:P-17", "promise:P-18"]  # a name comes before words
    assert keys(world, "zeppelin") == keys(world, "...") == []
    assert keys(world, "'; drop table subjects; --") == []
    assert keys(world, 'a" OR "b') == []


def test_what_a_decision_changes_is_found_after_it_and_what_it_does_not_is_not_written(world: World) -> None:
    key = ticket(world, 1, reporter="Eva Weiß", note="The lamp flickers", agent="tom@shop.example")
    assert keys(world, "flickers") == [key]
    world.post("ticket.change", key, {"note": "The fan rattles", "agent": "olga@shop.example", "shaky": True})
    assert keys(world, "flickers") == []
    assert keys(world, "rattles") == keys(world, None, owner="OLGA@shop.example") == [key]
    assert keys(world, None, owner="tom@shop.example") == []
    assert keys(world, None, at_risk=True) == [key]
    with world.store.begin() as transaction:  # what is not written stays as somebody has spoilt it
        transaction.connection.execute(delete(search_terms))
    world.post("ticket.close", key)
    assert keys(world, "rattles") == []
    assert keys(world, None, states=("done",)) == keys(world, None, is_open=False) == [key]
    assert keys(world, None, at_risk=True) == []


def test_closed_subjects_are_found(world: World) -> None:
    key = ticket(world, 1, reporter="Eva Weiß")
    world.post("ticket.close", key)
    (found,) = hits(world, "weiss")
    assert (found.key, found.state, found.closed_at) == (key, "done", NOW)


def test_a_lifecycle_says_as_what_its_fields_are_searched(world: World) -> None:
    until = NOW + timedelta(days=1)
    key = ticket(
        world, 1, reporter="eva@example.org", serial="SN 00-81", agent={"email": "Tom@shop.example"},
        until=until.isoformat(), shaky=False, note="loud", internal="secret", kind="wish",
    )  # fmt: skip
    assert keys(world, "sn0081") == keys(world, "eva@example.org") == keys(world, "loud") == [key]
    assert keys(world, "secret") == keys(world, "wish") == keys(world, "tom") == []
    assert keys(world, None, owner="tom@shop.example") == [key]
    assert keys(world, None, due_before=until + timedelta(seconds=1)) == [key]
    assert keys(world, None, due_before=until) == []


def test_nothing_is_found_of_what_was_rolled_back(world: World) -> None:
    class Stop(Exception):
        pass

    write = type(world.store.begin().__enter__()).write

    def failing(*arguments: Any, **named: Any) -> Any:
        write(*arguments, **{**named, "last": False})
        raise Stop

    world.engine.accept([world.event("ticket.open", "ticket:T-1", {"note": "hurricane"})])
    with pytest.MonkeyPatch.context() as patch, pytest.raises(Stop):
        with world.store.begin() as transaction:
            kind = type(transaction)
        patch.setattr(kind, "write", failing)
        world.engine.apply()
    assert keys(world, "hurricane") == keys(world, "hurrycane") == []
    world.engine.apply()
    assert keys(world, "hurricane") == keys(world, "hurrycane") == ["ticket:T-1"]


@pytest.mark.parametrize("limit", [1, 2, 3, 50])
def test_pages_tell_everything_once_in_the_same_order(world: World, limit: int) -> None:
    for number in range(4):
        promised(world, f"promise:N-{number}", {"name": "Adal Byron"})
        promised(world, f"promise:W-{number}", "Bob", words="Adal was here")
        promised(world, f"promise:S-{number}", "Bob", words="Adalbert, Byrom")
    everything = keys(world, "adal", limit=50)
    assert everything == [f"promise:{kind}-{n}" for kind in "NWS" for n in (3, 2, 1, 0)]
    assert keys(world, "adal", limit=limit) == everything
    assert keys(world, "byron", limit=limit) == keys(world, "byron", limit=50)
    assert len(keys(world, "byron", limit=limit)) == 8
    assert keys(world, None, states=("made",), limit=limit) == [
        f"promise:{kind}-{n}" for n in (3, 2, 1, 0) for kind in "SWN"
    ]


def test_those_due_first_come_first(world: World) -> None:
    days = {"promise:A": 4, "promise:B": 2, "promise:C": 3, "promise:D": 2}
    for key, day in days.items():
        promised(world, key, "Bob", due_at=f"2026-03-0{day + 2}T10:00:00Z")
    for limit in (1, 3, 9):
        due = keys(world, None, limit=limit, due_before=NOW + timedelta(days=9))
        assert due == ["promise:B", "promise:D", "promise:C", "promise:A"]
    assert keys(world, "bob", due_before=NOW + timedelta(days=2, hours=1)) == ["promise:D", "promise:B"]


def test_choices_narrow_what_words_find(world: World) -> None:
    promised(world, "promise:P-1", ADA, team="north")
    promised(world, "promise:P-2", ADA, team="south", owner="tom@shop.example")
    world.post("case.open", "case:C-1", {"customer": ADA, "words": "Slow", "owner": "tom@shop.example"})
    assert keys(world, "lovelace", lifecycles=("case",)) == ["case:C-1"]
    assert keys(world, "lovelace", team="south") == ["promise:P-2"]
    of_tom = keys(world, "lovelace", lifecycles=("promise",), owner="tom@shop.example")
    assert of_tom == ["promise:C-1-first_word", "promise:P-2"]
    assert keys(world, "lovelace", states=("made",), team="north") == ["promise:P-1"]
    assert keys(world, None, lifecycles=("case",)) == ["case:C-1"]
    assert keys(world, None, owner="tom@shop.example", states=("made",)) == of_tom
    assert keys(world, "lovelave", lifecycles=("case",)) == ["case:C-1"]
    assert keys(world, "stone") == []


def test_overdue_is_at_risk_and_so_is_what_says_it(world: World) -> None:
    late = ticket(world, 1, until=(NOW - timedelta(minutes=1)).isoformat())
    shaky = ticket(world, 2, shaky=True)
    calm = ticket(world, 3, until=(NOW + timedelta(hours=1)).isoformat())
    assert keys(world, None, at_risk=True) == [shaky, late]
    assert keys(world, None, at_risk=False) == [calm]


def test_who_has_ended_is_due_no_more_however_much_changed_in_the_same_batch(world: World) -> None:
    until = (NOW + timedelta(hours=1)).isoformat()
    alone, changed = ticket(world, 1, until=until, shaky=True), ticket(world, 2, until=until, shaky=True)
    world.engine.accept(
        [
            world.event("ticket.change", changed, {"agent": "eve@shop.example"}),
            world.event("ticket.close", changed),
            world.event("ticket.close", alone),
        ]
    )
    world.settle()
    assert keys(world, None, states=("done",)) == [changed, alone]
    assert keys(world, None, owner="eve@shop.example") == [changed]
    assert keys(world, None, due_before=NOW + timedelta(days=1)) == keys(world, None, at_risk=True) == []


def test_a_subject_that_is_never_opened_is_not_found(world: World) -> None:
    world.post("ticket.close", "ticket:T-9")
    assert keys(world, "T-9") == []
    with world.store.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(standing)) == 0


def test_what_was_there_before_the_index_is_put_into_it(world: World) -> None:
    some = [ticket(world, number, reporter=f"Guest {number}", note="thunder") for number in range(7)]
    world.post("ticket.close", some[0])
    before = {name: hits(world, name) for name in ("Guest 3", "thunder", "thundre", some[2])}
    with world.store.begin() as transaction:
        for table in (search_terms, standing, word_variants):
            transaction.connection.execute(delete(table))
        _begin_filling(transaction.connection, until=7)
    assert keys(world, "thunder") == []
    shares = []
    while True:
        far = fill(world.store, world.engine.registry.get, 3)  # as if each was another process
        shares.append(far.share)
        if far.is_done:
            break
    assert shares == [0.429, 0.857, 1.0]
    assert {name: hits(world, name) for name in before} == before
    assert keys(world, None, is_open=False) == [some[0]]
    assert fill(world.store, world.engine.registry.get).is_done


def _begin_filling(connection: Connection, *, form: int = FORM, until: int = 0) -> None:
    connection.execute(delete(search_filling))
    connection.execute(insert(search_filling).values(id=1, form=form, last=0, until=until))


def test_terms_of_an_older_form_are_made_anew(world: World) -> None:
    key = ticket(world, 1, note="thunder")
    with world.store.begin() as transaction:
        transaction.connection.execute(delete(search_terms))
        _begin_filling(transaction.connection, form=FORM - 1)
    with world.store.connect() as connection:
        assert not filling(connection).is_done
    assert fill(world.store, world.engine.registry.get).is_done
    assert keys(world, "thunder") == [key]


def test_two_customers_who_are_one_are_found_as_one_and_parted_again(world: World) -> None:
    for number, name in ((1, "Maria Kowalski"), (2, "Mia Nowak")):
        profile = {"key": f"customer:{number}", "name": name, "account": f"K-000{number}"}
        world.post("customer.known", f"customer:{number}", profile)
        world.clock.move_to(world.clock.now() + timedelta(minutes=1))
    assert keys(world, "nowak", lifecycles=("customer",)) == ["customer:2"]
    world.post("customer.merge", "customer:2", {"into": "customer:1", "by": "olga@shop.example"})
    assert set(keys(world, "nowak", lifecycles=("customer",))) == {"customer:1", "customer:2"}
    assert set(keys(world, "K-0002", lifecycles=("customer",))) == {"customer:1", "customer:2"}
    world.post(
        "customer.separate",
        "customer:1",
        {"customer": "customer:2", "by": "olga@shop.example", "reason": "Two people"},
    )
    assert keys(world, "nowak", lifecycles=("customer",)) == ["customer:2"]
    assert keys(world, "K-0002", lifecycles=("customer",)) == ["customer:2"]
    assert keys(world, "kowalski", lifecycles=("customer",)) == ["customer:1"]


@pytest.mark.parametrize("way", [None, *Way])
@pytest.mark.parametrize("limit", [1, 3, 50])
def test_whichever_way_is_gone_the_same_is_found(
    world: World, monkeypatch: pytest.MonkeyPatch, way: Way | None, limit: int
) -> None:
    """What is in the newest rows decides about the way, and never about what is found.

    Nor does how the database goes, which is another way once it has looked through its tables.
    """
    for number in range(24):
        name = "Ada Byron" if number % 4 else "Bob Byrom"
        promised(world, f"promise:P-{number}", name, team="north" if number % 3 else "south")
        if number % 5 == 0:
            world.post("promise.keep", f"promise:P-{number}", {"by": "olga@shop.example"})
    asked: list[tuple[str, dict[str, Any]]] = [
        ("byron", {}),
        ("byron", {"team": "south"}),
        ("byron", {"lifecycles": ("promise",), "is_open": True}),
        ("byron call", {"states": ("kept",), "lifecycles": ("promise",)}),
        ("call", {"owner": "olga@shop.example", "is_open": False}),
    ]
    expected = [keys(world, words, **choice) for words, choice in asked]
    assert [len(one) for one in expected] == [24, 8, 19, 5, 5]
    if world.store.dialect == "postgresql":
        with world.store.begin() as transaction:
            transaction.connection.exec_driver_sql("analyze search_terms, standing, subjects")
    monkeypatch.setattr(term_index, "rows_to_look_at", lambda terms: 2)
    for bound in ("FEW", "MANY"):  # as if there were very many more
        monkeypatch.setattr(term_index, bound, 1)
    if way is not None:
        monkeypatch.setattr(term_index, "cheapest", lambda sample, narrow: way)
    assert [keys(world, words, limit=limit, **choice) for words, choice in asked] == expected
