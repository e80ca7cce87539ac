"""Whoever is refused by a guard of the catalog is told why in a sentence, and never in an expression."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from state_machines.catalog import catalog_names, load_catalog
from state_machines.definitions.transition_rules import Guard


def deciding(name: str) -> Iterator[tuple[str, Guard]]:
    """(trigger and source, guard) of the guards of the last way of each: nothing is refused but by one of them."""
    lifecycle = load_catalog(name)
    for trigger, event in lifecycle.machine.events.items():
        for source, ways in event.transitions.items():
            if all(way._way.rule.guards for way in ways):
                yield from ((f"{trigger} from {source}", one) for one in ways[-1]._way.rule.guards)
