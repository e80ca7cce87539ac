"""The registry: which version is the newest, and whose text a version is."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import insert, update

from state_machines import catalog
from state_machines.definitions.lifecycle import Lifecycle, load
from state_machines.errors import DefinitionError
from state_machines.timeouts.kinds.after import After
from state_machines.values.durations import CalendarLength
from tests.workflow.interrupted import Interrupted
from tests.workflow.world import LAMP, NOW, World
from workflow.engine.definition_sources import catalog_sources
from workflow.engine.registry import Registry, digest
from workflow.errors import DefinitionChanged, UnknownDefinition
from workflow.store.schema import definitions


def lamp(version: int, hours: int = 1) -> tuple[str, None]:
    """A version of the lamp that burns for so many hours."""
    return LAMP.replace("version: 1", f"version: {version}").replace("PT1H", f"PT{hours}H"), None


def hours(world: World, version: int) -> object:
    """For how long a lamp of this version burns, as a process that has just started knows it."""
    kind = Registry(world.store).get("lamp", version).timeouts["on"].kind
    assert isinstance(kind, After)
    assert isinstance(kind.length, CalendarLength)
    return kind.length.time


@pytest.mark.parametrize("order", [[2, 3], [3, 2]])
def test_the_newest_version_is_that_of_the_highest_number(world: World, order: list[int]) -> None:
    registry = world.engine.registry
    for version in order:
        registry.register([lamp(version)], NOW)
    assert registry.latest("lamp").version == 3
    assert Registry(world.store).latest("lamp").version == 3
    world.post("lamp.press", "lamp:new", {"level": 1})
    assert world.stored("lamp:new").version == 3


def test_of_two_processes_that_register_a_version_at_once_the_first_has_it(world: World) -> None:
    """What the second has read of the store before is out of date by the time it writes."""
    first = Registry(world.store)
    for second, known in ((lamp(2, hours=9), False), (lamp(2, hours=5), True)):
        store = Interrupted(world.store, lambda: first.register([lamp(2, hours=5)], NOW))
        registry = Registry(store)
        if known:
            registry.register([second], NOW)
        else:
            with pytest.raises(DefinitionChanged):
                registry.register([second], NOW)
        assert hours(world, 2) == timedelta(hours=5)


def test_of_several_that_are_registered_together_all_are_or_none(world: World) -> None:
    """Another process is first with one of them, at that very moment."""
    first = Registry(world.store)
    store = Interrupted(world.store, lambda: first.register([lamp(3, hours=5)], NOW))
    with pytest.raises(DefinitionChanged):
        Registry(store).register([lamp(2), lamp(3, hours=9)], NOW)
    with pytest.raises(UnknownDefinition):
        Registry(world.store).get("lamp", 2)


def test_a_word_that_is_registered_later_keeps_its_meaning_in_what_declared_it_before(world: World) -> None:
    """An upgrade of the product must not make a lifecycle unusable by which subjects live already."""
    text = LAMP.replace("lifecycle: lamp\n", "lifecycle: torch\ntopics: {news: {urgent: true}}\n")
    text = text.replace(
        "effects:", "effects:\n      - notice: {to: a@b.example, about: news, title: t, words: w}"
    )
    with pytest.raises(DefinitionError, match="registered-topic"):
        world.engine.registry.register([(text, None)], NOW)
    with world.store.begin() as transaction:  # as a version of the product did that did not know the word
        row = {
            "lifecycle": "torch",
            "version": 1,
            "digest": digest(text),
            "source": text,
            "registered_at": NOW,
        }
        transaction.connection.execute(insert(definitions), row)
    registry = Registry(world.store)
    registry.register([(text, None)], NOW)
    assert registry.latest("torch").definition.topics["news"].urgent
    with pytest.raises(DefinitionError, match="registered-topic"):
        registry.register([(text.replace("version: 1", "version: 2"), None)], NOW)


def test_what_ships_is_compiled_when_somebody_asks_for_it(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A start that compiles the whole catalog takes a second more."""
    compiled: list[str] = []

    def noted(text: str, file: str | None = None) -> Lifecycle:
        lifecycle = load(text, file)
        compiled.append(lifecycle.name)
        return lifecycle

    monkeypatch.setattr("workflow.engine.registry.load", noted)
    registry = Registry(world.store)
    registry.register(catalog_sources(), NOW)
    assert registry.names() == sorted(catalog.NAMES)
    assert compiled == []
    assert registry.latest("promise").name == "promise"
    assert compiled == ["promise"]
    assert registry.is_compiled("promise") and not registry.is_compiled("case")
    assert not registry.is_compiled("unheard-of")
    registry.compile_before_fork(2)
    assert compiled == ["promise"]
    registry.compile_ahead(iter([True, False]).__next__)
    assert compiled == ["promise", sorted(catalog.NAMES)[0]], "no further than it may go on"
    registry.compile_before_fork(3)
    assert sorted(compiled) == sorted(catalog.NAMES)
    again = Registry(world.store)
    again.register(catalog_sources(), NOW)
    again.compile_ahead(lambda: True)
    assert all(map(again.is_compiled, catalog.NAMES))


def test_a_changed_text_of_the_catalog_is_refused_before_it_is_compiled(world: World) -> None:
    with world.store.begin() as transaction:
        changed = update(definitions).where(definitions.c.lifecycle == "promise").values(digest="another")
        transaction.connection.execute(changed)
    with pytest.raises(DefinitionChanged, match="promise"):
        Registry(world.store).register(catalog_sources(), NOW)


def test_the_newest_that_the_store_keeps_of_some_lifecycles_is_taken_up(world: World) -> None:
    world.engine.registry.register([lamp(3)], NOW)
    registry = Registry(world.store)
    registry.take_up(["lamp"])
    assert registry.names() == ["lamp"]
    known = registry.known("lamp")
    assert known is not None
    assert known.version == 3
