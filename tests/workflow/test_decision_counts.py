"""Decisions are counted by lifecycle, trigger and outcome, each once, whoever else is writing."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from prometheus_client.core import Metric

from tests.workflow.world import LAMP, World, new_world
from workflow.api.http.store_metrics import StoreCollector
from workflow.queries.decision_counts import DecisionCounts
from workflow.store import open_store


def test_each_decision_is_counted_once_however_often_it_is_asked(world: World) -> None:
    counts = DecisionCounts(world.store)
    assert dict(counts.read()) == {}
    for n in range(3):
        world.post("lamp.press", f"lamp:{n}", {"level": 1})
        world.post("lamp.press", f"lamp:{n}", {"level": 1})
        assert counts.read() == {
            ("lamp", "press", "moved"): n + 1,
            ("lamp", "press", "refused"): n + 1,
        }
    assert counts.read() == DecisionCounts(world.store).read()


@pytest.fixture
def shared(migrated_postgres_url: str) -> Iterator[World]:
    """On PostgreSQL, where several write at once."""
    world = new_world(migrated_postgres_url, LAMP)
    yield world
    world.store.close()


def test_a_decision_that_is_committed_late_is_counted(shared: World, migrated_postgres_url: str) -> None:
    """Its row has an id lower than those that were counted before."""
    counts, other = DecisionCounts(shared.store), open_store(migrated_postgres_url)
    try:
        shared.post("lamp.press", "lamp:a", {"level": 1})
        with other.begin() as late:
            copied = "insert into moves (subject_id, seq, trigger, source, dest, outcome, version, at) "
            copied += "select subject_id, 99, trigger, source, dest, outcome, version, at from moves"
            late.connection.exec_driver_sql(copied)
            shared.post("lamp.press", "lamp:b", {"level": 1})
            for _ in range(3):
                assert counts.read() == {("lamp", "press", "moved"): 2}
        for _ in range(3):
            assert counts.read() == {("lamp", "press", "moved"): 3}
    finally:
        other.close()


def _decisions(world: World) -> dict[tuple[str, ...], float]:
    collector = StoreCollector(world.store, world.clock, world.engine.registry.triggers)
    families: list[Metric] = [one for one in collector.collect() if one.name == "makegood_decisions"]
    (family,) = families
    return {tuple(sample.labels.values()): sample.value for sample in family.samples}


def test_labels_are_those_of_definitions_and_anything_else_is_other(world: World) -> None:
    world.post("lamp.press", "lamp:a", {"level": 1})
    world.post("lamp.fail", "lamp:b")
    with world.store.begin() as transaction:
        transaction.connection.exec_driver_sql(
            "insert into moves (subject_id, seq, trigger, source, dest, outcome, version, at) "
            "select subject_id, seq + 99, 'given_up', source, dest, outcome, version, at from moves"
        )
    world.post("promise.keep", "promise:P")
    with world.store.begin() as transaction:
        transaction.connection.exec_driver_sql(
            "update subjects set lifecycle = 'dropped' where key = 'promise:P'"
        )
    assert _decisions(world) == {
        ("lamp", "press", "moved"): 1,
        ("lamp", "fail", "refused"): 1,
        ("lamp", "other", "moved"): 1,
        ("lamp", "other", "refused"): 1,
        ("other", "other", "refused"): 1,
    }
