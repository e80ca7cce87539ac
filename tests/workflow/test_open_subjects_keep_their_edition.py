"""An installation gets the catalog's second edition while subjects of the first are open: these end well."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from state_machines.catalog import load_catalog
from tests.workflow.world import NOW, World
from workflow.clock import VirtualClock
from workflow.engine.definition_sources import catalog_sources
from workflow.engine.engine import Engine
from workflow.engine.registry import Registry
from workflow.store import migrate, open_store

FIRST = Path(__file__).parents[1] / "state_machines" / "first_edition"
PROMISE = {
    "words": "We call", "owner": "ana@shop.example", "customer": {"name": "Ada", "email": "ada@shop.example"},
    "ladder": [{"people": ["sam@shop.example"], "within": "PT15M"}], "within": "PT2H",
}  # fmt: skip


def test_a_promise_of_the_first_edition_lapses_in_it_and_opens_an_escalation_of_the_second(
    database_url: str,
) -> None:
    migrate(database_url)
    store, clock = open_store(database_url), VirtualClock(NOW)
    first = Registry(store)
    first.register([(file.read_text(encoding="utf-8"), file.name) for file in FIRST.glob("*.yaml")], NOW)
    before = World(store, Engine(store, first, clock), clock)
    before.post("promise.make", "promise:old", PROMISE)
    before.post("escalation.open", "escalation:alone", {"words": "Look", "ladder": PROMISE["ladder"]})

    second = Registry(store)
    second.register(catalog_sources(), NOW)
    world = World(store, Engine(store, second, clock), clock, posted=100)
    world.post("promise.make", "promise:new", PROMISE)
    world.advance(timedelta(hours=3))

    versions = {key: world.rebuilt(key).version for key in ("promise:old", "promise:new", "escalation:alone")}
    newest = {name: one.version for name, one in load_catalog().items()}
    assert versions["promise:new"] == newest["promise"] > versions["promise:old"]
    assert [world.state(f"promise:{name}") for name in ("old", "new")] == ["lapsed", "lapsed"]
    opened = [world.rebuilt(f"escalation:{name}").version for name in ("old", "promise-new")]
    assert opened == [newest["escalation"]] * 2 and newest["escalation"] > versions["escalation:alone"]
    for name in ("old", "new"):
        world.post("promise.keep", f"promise:{name}", {"by": "ana@shop.example"})
        assert world.state(f"promise:{name}") == "kept_late"
    world.post("escalation.acknowledge", "escalation:alone", {"by": "sam@shop.example"})
    world.post("escalation.resolve", "escalation:alone", {"by": "sam@shop.example"})
    assert world.state("escalation:alone") == "resolved"
    assert world.rebuilt("escalation:alone").version == versions["escalation:alone"]
    store.close()
