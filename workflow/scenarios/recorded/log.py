"""A log of real events, replayed for some of its subjects: their ledger can be recorded."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from state_machines.errors import Problem
from workflow.clock import VirtualClock
from workflow.engine.definition_sources import with_catalog
from workflow.engine.engine import Engine
from workflow.engine.registry import Registry
from workflow.errors import InvalidQuery
from workflow.replay.lifecycles import Lifecycles, read_lifecycles
from workflow.replay.log import read_log
from workflow.replay.map_file import read_map
from workflow.replay.plan import Plan, PlannedEvent, make_plan
from workflow.replay.replay_store import replay_store
from workflow.replay.runner import Runner
from workflow.replay.watcher import Nobody
from workflow.store.port import Store

MOST_SUBJECTS = 20
"""Of a log with more, those to be recorded must be named."""
_SHOWN = 5


@dataclass(frozen=True, slots=True)
class ReplayedLog:
    """What a log came to: a store that ends with it, and whom it is about.

    Attributes:
        keys: of the subjects that were chosen.
        own: lifecycles that were given for it, by name.
        zone: in which its times are; None where it says that with each.
        notes: rows of theirs that are not in it, and why.
    """

    store: Store
    registry: Registry
    keys: Sequence[str]
    own: Collection[str]
    zone: str | None
    notes: Sequence[str]


@contextmanager
def replayed_log(
    log: Path, map_file: Path, lifecycle: Path, subjects: Sequence[str]
) -> Iterator[ReplayedLog]:
    """A log through a map and a lifecycle, up to its last event about these subjects.

    Args:
        subjects: their keys, or ids alone; none: all that there are.

    Raises:
        ReplayRefused: a file cannot be used.
        InvalidQuery: the log has no such subject, or too many and none is named.
    """
    lifecycles = read_lifecycles([lifecycle])
    wanted = read_map(map_file, lifecycles)
    plan = make_plan(read_log(log, wanted), wanted, lifecycles, Nobody())
    keys = _chosen(plan, lifecycles.name_of(None), subjects)
    events = [one for one in plan.events if one.event.subject in keys]
    notes = [
        f"row {one.row} of the log is not in it: {one.field}: {one.message} [{one.rule}]"
        for one in plan.refusals
        if one.subject in keys
    ]
    with replay_store(None, wanted.source) as store:
        registry = _run(store, events, lifecycles)
        zone = None if wanted.time.zone is None else wanted.time.zone.name
        yield ReplayedLog(store, registry, list(keys), lifecycles.sources.keys(), zone, notes)


def _run(store: Store, events: Sequence[PlannedEvent], lifecycles: Lifecycles) -> Registry:
    clock = VirtualClock(events[0].row.at)
    registry = Registry(store)
    registry.register(with_catalog(list(lifecycles.sources.values())), clock.now())
    engine = Engine(store, registry, clock, longest=None, searched=False)
    Runner(engine, store, clock, Nobody()).run(events, events[-1].row.at)
    return registry


def _chosen(plan: Plan, lifecycle: str, subjects: Sequence[str]) -> dict[str, None]:
    """Keys, in the order in which the log names them first."""
    there = dict.fromkeys(one.event.subject for one in plan.events)
    if not subjects:
        if 0 < len(there) <= MOST_SUBJECTS:
            return there
        found = f"{len(there)} subjects, such as {', '.join([*there][:_SHOWN])}" if there else "none"
        message = f"the log has {found}; a recording takes 1 to {MOST_SUBJECTS}: name them"
        raise InvalidQuery([Problem("--subject", "too-many-subjects" if there else "no-subject", message)])
    wanted = [one if one.startswith(f"{lifecycle}:") else f"{lifecycle}:{one}" for one in subjects]
    unknown = [one for one in wanted if one not in there]
    if unknown:
        message = f"the log has no {', '.join(unknown)}; it has {', '.join([*there][:_SHOWN]) or 'nobody'}"
        raise InvalidQuery([Problem("--subject", "unknown-subject", message)])
    return {one: None for one in there if one in wanted}
