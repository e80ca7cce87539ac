"""The registry: which version is the newest, and whose text a version is."""

from __future__ import annotations

from datetime import timedelta

import pytest

from state_machines.timeouts.kinds.after import After
from tests.workflow.interrupted import Interrupted
from tests.workflow.world import LAMP, NOW, World
from workflow.engine.registry import Registry
from workflow.errors import DefinitionChanged


def lamp(version: int, hours: int = 1) -> tuple[str, None]:
    """A version of the lamp that burns for so many hours."""
    return LAMP.replace("version: 1", f"version: {version}").replace("PT1H", f"PT{hours}H"), None


def hours(world: World, version: int) -> object:
    """For how long a lamp of this version burns, as a process that has just started knows it."""
    kind = Registry(world.store).get("lamp", version).timeouts["on"].kind
    assert isinstance(kind, After)
    return kind.length


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
