"""The desk's line: who stands in it, and in which order."""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random
from typing import Any

import pytest
from alembic import command
from sqlalchemy import select

from tests.workflow.world import NOW, World
from workflow.queries.subjects import SubjectRow, subjects
from workflow.recovery.desk.item import FREE, Kind, item_of
from workflow.recovery.desk.line import Wishes, line
from workflow.store import schema
from workflow.store.migrating import _config, migrate_connection


def call(world: World, name: str, **more: Any) -> None:
    """Somebody is to be called."""
    customer = {"name": "Chris", "phone": "+49 30 1234"}
    world.post("callback.request", f"callback:{name}", {"customer": customer, "words": "Say sorry", **more})


def test_instants_are_put_in_order_as_instants_and_not_as_texts(world: World) -> None:
    """As texts, half a second after ten comes before ten: a point sorts before a `Z`."""
    call(world, "later", due_at="2026-03-02T10:30:00.500Z")
    call(world, "sooner", due_at="2026-03-02T10:30:00Z")
    found = line(world.store, NOW, Wishes(), 10)
    assert [one.key for one in found] == ["callback:sooner", "callback:later"]
    assert [one.place for one in found] == [
        NOW + timedelta(minutes=30),
        NOW + timedelta(minutes=30, milliseconds=500),
    ]


@pytest.mark.parametrize(
    ("lifecycle", "customer", "taken"),
    [
        ("callback", {"phone": "+49 30 1234"}, True),
        ("callback", {"phone": "+49 30 1234", "opted_out": ["sms"]}, True),
        ("callback", {"phone": "+49 30 1234", "opted_out": ["sms", "live"]}, False),
        ("callback", {"zone": "UTC", "quiet_hours": "09:00-12:00"}, False),
        ("callback", "+49 30 1234", True),
        ("escalation", {"opted_out": ["live"], "zone": "UTC", "quiet_hours": "09:00-12:00"}, True),
    ],
)
def test_a_call_may_be_taken_when_its_customer_takes_calls(
    lifecycle: str, customer: object, taken: bool
) -> None:
    """Whatever the lifecycle of an installation's own has made of it."""
    row = SubjectRow(f"{lifecycle}:1", lifecycle, 1, "waiting", 1, {"customer": customer}, None, NOW, NOW)
    assert item_of(row).may_be_taken(NOW) is taken


def told(world: World, name: str, **more: Any) -> None:
    """A ladder is begun."""
    ladder = [{"people": ["ina@shop.example"], "within": "PT15M"}]
    world.post("escalation.open", f"escalation:{name}", {"words": "No line", "ladder": ladder, **more})


def in_line(world: World, *kinds: Kind) -> list[str]:
    """Keys of all who wait, in order."""
    return [one.key for one in line(world.store, world.clock.now(), Wishes(kinds or tuple(Kind)), 10_000)]


def seen_waiting(world: World) -> set[str]:
    """The same, by the state of every subject there is."""
    found = subjects(world.store, limit=1000).items
    return {one.key for one in found if one.lifecycle in set(Kind) and one.state in FREE[Kind(one.lifecycle)]}


def test_whoever_is_taken_on_leaves_the_line_and_comes_back_to_their_old_place(world: World) -> None:
    told(world, "1", promise_due_at="2026-03-02T12:00:00Z")
    call(world, "2", due_at="2026-03-02T11:00:00Z")
    call(world, "3", due_at="2026-03-02T13:00:00Z")
    everybody = ["callback:2", "escalation:1", "callback:3"]
    assert in_line(world) == everybody
    world.post("callback.claim", "callback:2", {"by": "sam@shop.example"})
    world.post("escalation.acknowledge", "escalation:1", {"by": "ina@shop.example"})
    assert in_line(world) == ["callback:3"]
    world.advance(timedelta(hours=1))  # neither is done with in time, and others hear of it
    assert [key for key in in_line(world) if key in everybody] == everybody
    assert set(in_line(world)) == seen_waiting(world)
    world.post("escalation.resolve", "escalation:1", {"by": "ina@shop.example", "outcome": "mended"})
    world.post("callback.withdraw", "callback:2", {"reason": "they came by"})
    assert [key for key in in_line(world) if key in everybody] == ["callback:3"]
    assert set(in_line(world)) == seen_waiting(world)


def test_a_long_line_is_read_page_by_page_and_nobody_is_passed_over_or_told_twice(world: World) -> None:
    random, places = Random(7), list[tuple[datetime, int, str]]()
    for number in range(520):
        minutes = random.randrange(60)  # many have the same place
        due = {"due_at" if number % 3 else "promise_due_at": f"2026-03-02T11:{minutes:02}:00Z"}
        (call if number % 3 else told)(world, str(number), **due)
        kind = "callback" if number % 3 else "escalation"
        places.append((NOW.replace(hour=11, minute=minutes), number, f"{kind}:{number}"))
    assert in_line(world) == [key for *_, key in sorted(places)]
    calls = [key for *_, key in sorted(places) if key.startswith("callback")]
    assert in_line(world, Kind.CALLBACK) == calls


def test_the_line_of_before_there_was_a_table_is_kept(world: World) -> None:
    """Who has it, and who has ended, do not stand in it."""
    told(world, "1", promise_due_at="2026-03-02T12:00:00+01:00")
    told(world, "2")
    call(world, "3", due_at="2026-03-02T13:00:00Z")
    call(world, "4", due_at="2026-03-02T09:30:00Z")
    world.post("callback.claim", "callback:4", {"by": "sam@shop.example"})
    told(world, "5")
    world.post("escalation.withdraw", "escalation:5", {"reason": "it was a mistake"})
    before = in_line(world)
    with world.store.begin() as transaction:
        config = _config()
        config.attributes["connection"] = transaction.connection
        rows = transaction.connection.execute(select(schema.line)).all()
        command.downgrade(config, "0011")
        migrate_connection(transaction.connection)
    with world.store.connect() as connection:
        assert sorted(connection.execute(select(schema.line)).all()) == sorted(rows)
    assert in_line(world) == before and len(before) == 3
