"""What we ourselves open and the new subject refuses is a dead letter: nobody else would notice."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from prometheus_client.core import Metric
from sqlalchemy import select

from tests.workflow.fitters import FITTER
from tests.workflow.world import LAMP, NOW, World, new_world
from workflow.api.http.store_metrics import StoreCollector
from workflow.engine.discard import let_stand
from workflow.errors import NotFound, NotRetryable
from workflow.maintenance.backlog import full_count
from workflow.maintenance.dead_letters import retry_event
from workflow.maintenance.doctor import examine
from workflow.queries.dead_letters import DeadEvent, first_dead_letters
from workflow.queries.refusals import RefusalFilter, refusals
from workflow.settings import Settings
from workflow.store.schema import subjects

ANY_LEVEL = LAMP.replace("version: 1", "version: 2").replace(
    "press: {data: {level: {type: integer, required: true}}}", "press: {data: {level: {}}}"
)
REASON = "refused-opening: event-data: data.level [type]"


@pytest.fixture
def world(database_url: str) -> Iterator[World]:
    """With a lamp, and a fitter of lamps."""
    world = new_world(database_url, LAMP, FITTER)
    yield world
    world.store.close()


def dead(world: World) -> list[DeadEvent]:
    return first_dead_letters(world.store).events


def test_it_is_a_dead_letter_with_its_sender_and_the_reason(world: World) -> None:
    world.post("fitter.order", "fitter:F", {"lamp": "a", "level": "bright"})
    (found,) = dead(world)
    assert (found.subject, found.sender, found.error) == ("lamp:a", "fitter:F", REASON)
    assert (found.source, found.event_id, found.type) == ("/makegood", "fitter:F/1/0", "lamp.press")
    assert (world.state("fitter:F"), world.state("lamp:a"), world.moves("lamp:a")) == (
        "waiting",
        "initial",
        [],
    )


def test_it_is_counted_and_the_doctor_knows_it(world: World, database_url: str) -> None:
    world.post("fitter.order", "fitter:F", {"lamp": "a", "level": "bright"})
    world.post("fitter.order", "fitter:F", {"lamp": "b", "level": "bright"})
    found = full_count(world.store, NOW)
    assert (found.dead_events, found.refused_openings, found.dead) == (2, 2, 2)
    collector = StoreCollector(world.store, world.clock, world.engine.registry.triggers)
    letters: list[Metric] = [one for one in collector.collect() if one.name == "makegood_dead_letters"]
    counted = {sample.labels["kind"]: sample.value for sample in letters[0].samples}
    assert counted == {"event": 0, "opening": 2, "timer": 0, "effect": 0, "message": 0}
    settings = Settings(database_url=database_url, broker_url="redis://127.0.0.1:1/0")  # type: ignore[arg-type]
    (told,) = (one for one in examine(settings) if one.name == "dead letters")
    assert not told.well
    openings = "2 of them openings of ours that were refused"
    assert told.words == f"2 events ({openings}), 0 timers, 0 effects, 0 messages"


def test_tried_again_it_is_refused_again_until_the_definition_is_mended(world: World) -> None:
    world.post("fitter.order", "fitter:F", {"lamp": "a", "level": "bright"})
    retry_event(world.store, dead(world)[0].id)
    world.settle()
    assert [one.error for one in dead(world)] == [REASON]
    world.engine.registry.register([(ANY_LEVEL, None)], NOW)
    retry_event(world.store, dead(world)[0].id)
    world.settle()
    assert (dead(world), world.state("lamp:a"), world.data("lamp:a")) == ([], "on", {"level": "bright"})
    assert world.rebuilt("lamp:a").parent == "fitter:F"


def let(world: World, event_row: int) -> None:
    let_stand(world.store, world.engine.registry, world.clock, event_row)


def test_discarded_it_is_a_refusal_like_any_other(world: World) -> None:
    world.post("fitter.order", "fitter:F", {"lamp": "a", "level": "bright"})
    row = dead(world)[0].id
    let(world, row)
    assert (dead(world), world.moves("lamp:a")) == ([], [("press", "initial", "initial", "refused")])
    (found,) = refusals(world.store, RefusalFilter()).items
    assert (found.subject, found.seq, found.sender, found.rule) == ("lamp:a", 1, "fitter:F", "event-data")
    with pytest.raises(NotRetryable):
        let(world, row)
    world.post("lamp.press", "lamp:a", {"level": 1})
    assert world.state("lamp:a") == "on"
    assert world.rebuilt("lamp:a")._replace(timers={}) == world.stored("lamp:a")._replace(timers={})


def test_only_what_would_still_be_refused_is_discarded(world: World) -> None:
    world.post("fitter.order", "fitter:F", {"lamp": "a", "level": "bright"})
    world.engine.registry.register([(ANY_LEVEL, None)], NOW)
    with world.store.begin() as transaction:
        transaction.connection.exec_driver_sql("update subjects set version = 2 where key = 'lamp:a'")
    with pytest.raises(NotRetryable, match="retry it"):
        let(world, dead(world)[0].id)
    assert len(dead(world)) == 1
    with pytest.raises(NotFound):
        let(world, 4711)


def test_no_other_dead_letter_is_discarded(world: World) -> None:
    world.post("lamp.press", "lamp:a", {"level": 1})
    world.post("lamp.fail", "lamp:a")
    (found,) = dead(world)
    with pytest.raises(NotRetryable, match="no opening of ours"):
        let(world, found.id)
    assert dead(world) == [found]


def test_discarded_in_a_final_state_its_subject_stays_closed(world: World) -> None:
    world.post("fitter.order", "fitter:F", {"lamp": "a", "level": "bright"})
    world.post("lamp.press", "lamp:a", {"level": 1})
    world.advance(timedelta(hours=1))
    assert world.state("lamp:a") == "broken"
    let(world, dead(world)[0].id)
    with world.store.connect() as connection:
        closed = connection.scalar(select(subjects.c.closed_at).where(subjects.c.key == "lamp:a"))
    assert closed == NOW + timedelta(hours=1)


def test_a_subject_that_was_opened_by_hand_stands_in_its_way_until_somebody_says_that_is_right(
    world: World,
) -> None:
    """Whoever takes the key first, by accident or not, must not have the work forgotten."""
    world.post("fitter.order", "fitter:F", {"lamp": "a", "level": "bright"})
    world.post("lamp.press", "lamp:a", {"level": 3})
    retry_event(world.store, dead(world)[0].id)
    world.settle()
    (left,) = dead(world)
    assert left.error is not None and left.error.startswith("refused-opening: taken: 'lamp:a'")
    let_stand(world.store, world.engine.registry, world.clock, left.id)
    assert (dead(world), world.data("lamp:a")) == ([], {"level": 3})
    (found,) = refusals(world.store, RefusalFilter()).items
    assert (found.subject, found.sender, found.rule) == ("lamp:a", "fitter:F", "event-data")


def test_a_second_opening_of_what_is_open_is_refused_and_no_dead_letter(world: World) -> None:
    world.post("fitter.order", "fitter:F", {"lamp": "a", "level": 1})
    world.post("fitter.order", "fitter:F", {"lamp": "a", "level": 1})
    assert dead(world) == []
    (found,) = refusals(world.store, RefusalFilter()).items
    assert (found.subject, found.rule, found.sender) == ("lamp:a", "guard", "fitter:F")


def test_an_opening_from_outside_is_refused_and_its_senders_affair(world: World) -> None:
    world.post("lamp.fail", "lamp:a", parent="fitter:F")
    assert dead(world) == []
    assert [one.sender for one in refusals(world.store, RefusalFilter()).items] == [None]


def test_one_that_is_refused_harms_nobody_else_in_its_batch(world: World) -> None:
    levels = [1, "bright", 2]
    events = [
        world.event("fitter.order", f"fitter:{n}", {"lamp": str(n), "level": level})
        for n, level in enumerate(levels)
    ]
    world.engine.accept(events)
    world.settle()
    assert [world.state(f"lamp:{n}") for n in range(3)] == ["on", "initial", "on"]
    assert [one.subject for one in dead(world)] == ["lamp:1"]
