"""Which departures of the catalog's transitions are taken, which cannot be, and what conditions decide.

A departure is a transition from one of its sources: a `source` that is a list, ``*`` or ``any`` makes
several. It is named by what it decides and not by where it stands: a definition may be written otherwise.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple
from unittest.mock import patch

from state_machines.catalog import load_catalog
from state_machines.definitions.lifecycle import Lifecycle
from state_machines.definitions.machine import Attempt
from state_machines.definitions.ways import Way
from state_machines.expressions import Expression
from state_machines.expressions.view import View


class Departure(NamedTuple):
    """A transition of the catalog from one of its sources.

    Attributes:
        lifecycle, trigger, source, dest: where it leads from and to, and by which word.
        ordinal: which one it is of those that are tried for this trigger in this state, from 0.
    """

    lifecycle: str
    trigger: str
    source: str
    dest: str
    ordinal: int

    def __str__(self) -> str:
        return f"{self.lifecycle}.{self.trigger} {self.source} -> {self.dest} #{self.ordinal}"


def departures_of(lifecycle: Lifecycle) -> dict[Way, Departure]:
    """All of one lifecycle, by the way that `decide` goes."""
    return {
        one._way: Departure(lifecycle.name, trigger, source, one._way.dest, ordinal)
        for trigger, event in lifecycle.machine.events.items()
        for source, tried in event.transitions.items()
        for ordinal, one in enumerate(tried)
    }


def catalog_departures() -> dict[Way, Departure]:
    """All of the catalog."""
    return {
        way: one for lifecycle in load_catalog().values() for way, one in departures_of(lifecycle).items()
    }


@contextmanager
def recorded() -> Iterator[set[Way]]:
    """The ways that any decision takes meanwhile, in this thread or another one."""
    taken: set[Way] = set()
    take = Attempt.take

    def note(attempt: Attempt, way: Way) -> None:
        taken.add(way)
        take(attempt, way)

    with patch.object(Attempt, "take", note):
        yield taken


def conditions_of_effects() -> dict[str, Expression]:
    """Each `when` of an effect of the catalog, by where it stands."""
    return {
        f"{lifecycle.name}: {effect.when.field}: {effect.when.text}": effect.when
        for lifecycle in load_catalog().values()
        for way in departures_of(lifecycle)
        for effect in way.effects
        if effect.when is not None
    }


@contextmanager
def answered() -> Iterator[set[tuple[int, bool]]]:
    """What any condition answers meanwhile, by its identity."""
    answers: set[tuple[int, bool]] = set()
    holds = Expression.holds

    def note(condition: Expression, view: View) -> bool:
        found = holds(condition, view)
        answers.add((id(condition), found))
        return found

    with patch.object(Expression, "holds", note):
        yield answers


def behind_an_unguarded_one() -> set[Departure]:
    """Those that are tried after one that takes every event."""
    return {
        Departure(lifecycle.name, trigger, source, one._way.dest, ordinal)
        for lifecycle in load_catalog().values()
        for trigger, event in lifecycle.machine.events.items()
        for source, tried in event.transitions.items()
        for ordinal, one in enumerate(tried)
        if any(not earlier._way.rule.guards for earlier in tried[:ordinal])
    }
