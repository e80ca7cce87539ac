"""What one story took of the definitions: states, transitions, timeouts, and what conditions answered.

The ledger says what was decided, not which of several transitions of one trigger was taken, nor what
conditions answered. Decisions are deterministic: they are made again here, by lifecycles that are watched.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import groupby
from typing import Any, NamedTuple

from sqlalchemy import Row, select

from state_machines.decision import Outcome
from state_machines.definitions.lifecycle import Lifecycle
from state_machines.definitions.watching import watched
from state_machines.definitions.ways import Way
from workflow.engine.deciding import Definitions
from workflow.engine.ledger import MOVE_COLUMNS, Retold, retell
from workflow.store.port import Store
from workflow.store.schema import events, moves, subjects

_AT_ONCE = 500
"""Moves that are read from the store at a time."""


class LifecycleText(NamedTuple):
    """One text of a definition: scenarios may bring different ones under one name and version."""

    lifecycle: str
    version: int
    digest: str


class WayTaken(NamedTuple):
    """A transition from one of its sources: where it stands (``transitions[3]``), its trigger, the source."""

    field: str
    trigger: str
    source: str


@dataclass(frozen=True, slots=True)
class LifecycleTaken:
    """What was taken of one lifecycle.

    Attributes:
        states: that were entered, by whatever way.
        ways: that were gone.
        timeouts: names of those that fired, whether or not something came of it.
        answers: what conditions answered, by where they stand.
    """

    states: frozenset[str] = frozenset()
    ways: frozenset[WayTaken] = frozenset()
    timeouts: frozenset[str] = frozenset()
    answers: frozenset[tuple[str, bool]] = frozenset()

    def merged(self, other: LifecycleTaken) -> LifecycleTaken:
        """What was taken in either."""
        return LifecycleTaken(
            self.states | other.states,
            self.ways | other.ways,
            self.timeouts | other.timeouts,
            self.answers | other.answers,
        )


NOTHING_TAKEN = LifecycleTaken()


@dataclass(frozen=True, slots=True)
class Taken:
    """What was taken of the lifecycles of which a subject was opened. A plain value that pickles."""

    lifecycles: Mapping[LifecycleText, LifecycleTaken] = field(default_factory=dict)

    def merged(self, other: Taken) -> Taken:
        """What was taken in either; the order of merging makes no difference."""
        both = dict(self.lifecycles)
        for text, one in other.lifecycles.items():
            both[text] = both.get(text, NOTHING_TAKEN).merged(one)
        return Taken({text: both[text] for text in sorted(both)})

    __or__ = merged

    def of(self, lifecycle: Lifecycle) -> LifecycleTaken:
        """What was taken of this text of a lifecycle."""
        return self.lifecycles.get(text_of(lifecycle), NOTHING_TAKEN)


def text_of(lifecycle: Lifecycle) -> LifecycleText:
    """What a lifecycle is known by here."""
    return LifecycleText(lifecycle.name, lifecycle.version, lifecycle.digest)


@dataclass(slots=True)
class _Notes:
    states: set[str] = field(default_factory=set)
    ways: set[WayTaken] = field(default_factory=set)
    timeouts: set[str] = field(default_factory=set)
    answers: set[tuple[str, bool]] = field(default_factory=set)

    def note(self, told: Retold) -> None:
        """What stands in a decision itself."""
        if told.decision.outcome is Outcome.MOVED:
            self.states.add(told.decision.dest)
        stale = (told.decision.reason or "").startswith("stale-timer")
        if told.event.timer is not None and not stale:
            self.timeouts.add(told.event.timer)

    def close(self) -> LifecycleTaken:
        return LifecycleTaken(
            frozenset(self.states), frozenset(self.ways), frozenset(self.timeouts), frozenset(self.answers)
        )


_NOTES: ContextVar[dict[LifecycleText, _Notes]] = ContextVar("what is being noted")
"""A watched lifecycle serves all stores of a process: it does not hold the notes itself."""


@lru_cache(maxsize=256)
def _watched(lifecycle: Lifecycle) -> Lifecycle:
    """Compiled once a process, as the lifecycle itself is."""
    text = text_of(lifecycle)

    def notes() -> _Notes:
        return _NOTES.get().setdefault(text, _Notes())

    def went(way: Way) -> None:
        notes().ways.add(WayTaken(way.rule.field, way.trigger, way.source))

    def answered(place: str, answer: bool) -> None:
        notes().answers.add((place, answer))

    return watched(lifecycle, went, answered)


class _Watched:
    """The same definitions, watched."""

    def __init__(self, definitions: Definitions) -> None:
        self._definitions = definitions

    def get(self, name: str, version: int) -> Lifecycle:
        return _watched(self._definitions.get(name, version))


def taken_in(store: Store, registry: Definitions) -> Taken:
    """What was decided on a store took of its definitions. Reads all its moves, and writes nothing.

    Args:
        store: on which a story was played, or is being played.
        registry: that of the store.

    Raises:
        UnknownDefinition: a version that decided is not known any more.
    """
    notes: dict[LifecycleText, _Notes] = {}
    before = _NOTES.set(notes)
    try:
        definitions = _Watched(registry)
        for key, rows in groupby(_moves(store), key=lambda row: str(row.key)):
            for told in retell(definitions, key, rows):
                notes.setdefault(text_of(told.lifecycle), _Notes()).note(told)
    finally:
        _NOTES.reset(before)
    # Whoever was only refused was never opened.
    return Taken({text: notes[text].close() for text in sorted(notes) if notes[text].states})


def _moves(store: Store) -> Iterator[Row[Any]]:
    query = (
        select(subjects.c.key, *MOVE_COLUMNS)
        .join(subjects, subjects.c.id == moves.c.subject_id)
        .outerjoin(events, events.c.id == moves.c.event_id)
        .order_by(moves.c.subject_id, moves.c.seq)
    )
    with store.connect() as connection:
        yield from connection.execution_options(yield_per=_AT_ONCE).execute(query)
