"""Whoever is refused by a guard of the catalog is told why in a sentence, and never in an expression."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

import pytest

from state_machines.catalog import NAMES, load_catalog
from state_machines.definitions.transition_rules import Guard
from state_machines.definitions.ways import Way
from workflow.recovery.vocabulary import register

register()


def deciding(name: str) -> Iterator[tuple[str, Guard]]:
    """(trigger and source, guard) of the last way of each: one of these refuses, or nothing is refused."""
    ways = defaultdict[tuple[str, str], list[Way]](list)
    for way in load_catalog()[name].ways:
        ways[way.trigger, way.source].append(way)
    for (trigger, source), some in ways.items():
        if all(way.rule.guards for way in some):
            yield from ((f"{trigger} from {source}", one) for one in some[-1].rule.guards)


@pytest.mark.parametrize("name", NAMES)
def test_every_guard_that_can_refuse_has_a_sentence(name: str) -> None:
    silent = [f"{where}: {guard.expression.text}" for where, guard in deciding(name) if guard.says is None]
    assert silent == []
