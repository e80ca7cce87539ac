"""What a scenario may name: lifecycles and what is in them, topics, channels, tasks."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from state_machines.check.document import Document
from state_machines.check.effects import effects_of
from state_machines.definitions.lifecycle import Lifecycle, load
from state_machines.notices import channels
from state_machines.notices.topics import TOPICS
from workflow.engine.definition_sources import catalog_sources

__all__ = ["Knowledge", "data_fields", "hint", "knowledge_of"]

_SECOND = 2
_OURS = "makegood."
"""With what the names of our own tasks begin."""
_VERBS = ("set", "copied", "append", "add", "remove", "increment", "unset")


@dataclass(frozen=True)
class Knowledge:
    """What there is in the house of a scenario.

    Attributes:
        lifecycles: by name; the scenario's own in place of the catalog's.
        topics: what notices may be about.
        channels: by name.
        tasks: of other programs, by the names that definitions call them by. Some compute the name.
    """

    lifecycles: Mapping[str, Lifecycle]
    topics: frozenset[str]
    channels: frozenset[str]
    tasks: frozenset[str]


def knowledge_of(sources: Sequence[tuple[str, str]]) -> Knowledge:
    """What there is with these definitions beside the catalog's; kept by content.

    Args:
        sources: texts of bundles, each with its file.
    """
    return _knowledge(tuple(sources))


@lru_cache(maxsize=64)
def _knowledge(sources: tuple[tuple[str, str], ...]) -> Knowledge:
    own: dict[str, Lifecycle] = {}
    for text, file in sources:
        lifecycle = load(text, file)
        if lifecycle.name not in own or own[lifecycle.name].version < lifecycle.version:
            own[lifecycle.name] = lifecycle
    lifecycles = {**_catalog(), **own}
    declared = {topic for one in lifecycles.values() for topic in one.definition.topics}
    return Knowledge(
        lifecycles,
        frozenset(declared | {one.name for one in TOPICS.all()}),
        frozenset(channels.names()),
        frozenset(name for one in lifecycles.values() for name in _tasks_of(one)),
    )


@lru_cache(maxsize=1)
def _catalog() -> Mapping[str, Lifecycle]:
    return {one.name: one for one in (load(text, file) for text, file in catalog_sources())}


def _tasks_of(lifecycle: Lifecycle) -> Collection[str]:
    called = (effect.task for _, effect in effects_of(Document(lifecycle.definition)))
    names = {task.name for task in called if task is not None}
    return {name for name in names if not name.startswith(("=", _OURS))}


@lru_cache(maxsize=256)
def data_fields(lifecycle: Lifecycle) -> frozenset[str] | None:
    """The fields that a subject's data can have; None where an expression of the first edition makes them."""
    definition = lifecycle.definition
    found = set(definition.data)
    if definition.edition >= _SECOND:
        return frozenset(found)
    for transition in definition.transitions:
        if isinstance(transition.set, str):
            return None
        found |= set(transition.set or ())
        for change in transition.change:
            found |= {name for verb in _VERBS for name in getattr(change, verb) or ()}
    return frozenset(found)


def hint(name: str, known: Collection[str]) -> str:
    """The end of a sentence about a name that is not known: which is meant, or which there are."""
    near = difflib.get_close_matches(name, known, n=1)
    if near:
        return f"; is {near[0]!r} meant?"
    return f"; there is {', '.join(sorted(known)[:30])}" if known else "; there is none"
