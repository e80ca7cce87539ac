"""Whatever is refused is listed: about whom, by whom, why, and never with a value of anybody's."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import update

from tests.workflow.fitters import FITTER
from tests.workflow.world import LAMP, NOW, World, new_world
from workflow.maintenance.doctor import examine
from workflow.queries.refusals import RefusalFilter, RefusalRow, refusals
from workflow.queries.senders import possible_senders
from workflow.queries.subjects import never_opened
from workflow.settings import Settings
from workflow.store.schema import moves

TICKING = """
lifecycle: clock
version: 1
data: {stopped: {type: boolean, default: false}}
states:
  - {name: running, timeouts: {hour: {every: PT1H, on_timeout: strike}}}
transitions:
  - {trigger: wind, source: initial, dest: running}
  - {trigger: strike, source: running, conditions: data.stopped}
"""


@pytest.fixture
def world(database_url: str) -> Iterator[World]:
    """With a lamp, a fitter of lamps and a clock that may not strike."""
    world = new_world(database_url, LAMP, FITTER, TICKING)
    yield world
    world.store.close()


def listed(world: World, **wanted: object) -> list[RefusalRow]:
    """All pages, of two each."""
    found: list[RefusalRow] = []
    cursor: str | None = None
    while True:
        page = refusals(world.store, RefusalFilter(**wanted), limit=2, cursor=cursor)  # type: ignore[arg-type]
        found += page.items
        cursor = page.next
        if cursor is None:
            return found


def test_an_event_that_is_refused_is_listed_with_subject_sender_and_reason(world: World) -> None:
    world.post("lamp.press", "lamp:a", {"level": 1})
    world.post("lamp.press", "lamp:a", {"level": 7})
    (found,) = listed(world)
    assert found == RefusalRow(
        subject="lamp:a",
        seq=2,
        state="on",
        trigger="press",
        rule="guard",
        reason="guard: transitions[1].conditions[0] does not hold: event.data.level == 0",
        source="/crm",
        event_id="e2",
        sender=None,
        timer=None,
        at=NOW,
    )


def test_a_timer_that_is_refused_is_listed(world: World) -> None:
    world.post("clock.wind", "clock:c")
    world.advance(timedelta(hours=1))
    (found,) = listed(world, source="/makegood/timers")
    assert (found.timer, found.rule, found.trigger) == ("hour", "guard", "strike")
    assert (found.source, found.event_id, found.sender) == ("/makegood/timers", "clock:c/hour/1", None)


@pytest.mark.parametrize("name", ["F", "F/1", "F/2/0"])
def test_what_a_subject_sent_is_listed_with_its_sender(world: World, name: str) -> None:
    key = f"fitter:{name}"
    world.post("fitter.order", key, {"lamp": "a", "level": 1})
    world.post("fitter.dim", key, {"level": 7})
    world.post("fitter.tell", key, {"lamp": "never"})
    to_child, direct = listed(world, source="/makegood")
    assert (to_child.subject, to_child.rule, to_child.sender) == ("lamp:a", "guard", key)
    assert (direct.subject, direct.rule, direct.sender) == ("lamp:never", "impossible-now", key)


def test_an_id_says_who_may_have_sent_it() -> None:
    assert possible_senders("fitter:F/2/0") == ("fitter:F",)
    assert possible_senders("fitter:F/2/0/1") == ("fitter:F/2", "fitter:F")
    assert possible_senders("fitter:F/hour") == ()


def test_filters_and_pages(world: World) -> None:
    for n in range(5):
        world.post("lamp.press", f"lamp:{n}", {"level": 1})
        world.post("lamp.press", f"lamp:{n}", {"level": 1}, source="/crm" if n % 2 else "/shop")
    world.clock.move_to(NOW + timedelta(minutes=5))
    world.post("promise.keep", "promise:P")
    assert [one.subject for one in listed(world)] == [f"lamp:{n}" for n in range(5)] + ["promise:P"]
    assert [one.subject for one in listed(world, lifecycle="promise")] == ["promise:P"]
    assert [one.subject for one in listed(world, trigger="press", source="/crm")] == ["lamp:1", "lamp:3"]
    assert [one.subject for one in listed(world, since=NOW + timedelta(seconds=1))] == ["promise:P"]
    assert listed(world, lifecycle="lamp", trigger="keep") == []


def test_the_doctor_counts_the_subjects_that_nothing_has_opened(world: World, database_url: str) -> None:
    for name in ("P", "Q"):
        world.post("promise.keep", f"promise:{name}")
    world.post("lamp.press", "lamp:a", {"level": 1})
    settings = Settings(database_url=database_url, broker_url="redis://127.0.0.1:1/0")  # type: ignore[arg-type]
    (told,) = (one for one in examine(settings) if one.name == "subjects never opened")
    assert told.well
    assert told.words == "2 whose events were all refused; GET /v1/subjects?opened=false lists them"
    world.engine.accept([world.event("promise.keep", "promise:R")])
    assert never_opened(world.store) == 2, "nothing is decided about it yet"


def test_no_value_of_an_event_is_in_the_reason(world: World) -> None:
    """At the door its sender is told; a version that is stricter finds it only when it is decided."""
    world.post("lamp.press", "lamp:a", {"level": 1})
    event = world.event("lamp.press", "lamp:a", {"level": 1})
    world.engine.accept([event])
    with world.store.begin() as transaction:
        for said in ('{"level": "anna@shop.example"}',):
            transaction.connection.exec_driver_sql(f"update events set data = '{said}' where event_id = 'e2'")
    world.settle()
    (found,) = listed(world)
    assert (found.rule, found.reason) == ("event-data", "event-data: data.level [type]")


@pytest.mark.parametrize(
    "reason",
    [
        'event-data: data.level: "anna@shop.example" is not of type "integer" [type]',
        "event-data: data.level [type]; data.x: anna [type]",
        "event-data: data.of anna [type]",
    ],
)
def test_a_reason_of_an_older_decision_that_quotes_a_value_is_not_listed(world: World, reason: str) -> None:
    world.post("lamp.fail", "lamp:a")
    with world.store.begin() as transaction:
        transaction.connection.execute(update(moves).values(reason=reason))
    (found,) = listed(world)
    assert (found.rule, found.reason) == ("event-data", "event-data")


def test_a_reason_of_fields_and_rules_is_listed_whole(world: World) -> None:
    reason = "event-data: data.a [type]; data.b[3].c [required]; and 7 more"
    world.post("lamp.fail", "lamp:a")
    with world.store.begin() as transaction:
        transaction.connection.execute(update(moves).values(reason=reason))
    assert [one.reason for one in listed(world)] == [reason]
