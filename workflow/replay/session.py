"""A replay from end to end: read and check everything, run, write the moves and the report."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

import orjson

from state_machines.errors import Problem
from workflow.clock import VirtualClock
from workflow.engine.definition_sources import with_catalog
from workflow.engine.engine import Engine
from workflow.engine.registry import Registry
from workflow.engine.registry import digest as digest_of
from workflow.errors import DefinitionChanged
from workflow.queries.event_outcomes import outcomes_of_source
from workflow.replay.comparison import compare
from workflow.replay.lifecycles import Lifecycles, Source, read_lifecycles
from workflow.replay.limits import Limits
from workflow.replay.log import digest, log_format, read_log
from workflow.replay.map import ReplayMap
from workflow.replay.map_file import read_map
from workflow.replay.moves import read_moves
from workflow.replay.outcomes import read_remainder, refused_by_decision
from workflow.replay.outputs import writing
from workflow.replay.plan import Plan, make_plan
from workflow.replay.refusal import ReplayRefused
from workflow.replay.replay_store import replay_store
from workflow.replay.report import MoveCount, Result, make_report
from workflow.replay.runner import Runner
from workflow.replay.watcher import Nobody, Watcher
from workflow.store.port import Store

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Request:
    """What to replay and where to put what comes of it.

    Attributes:
        log, lifecycles, map: the files to read; the first lifecycle is the one that a map speaks of unless it
            says. A map may also name one of the catalog, and one of `own`.
        report, moves: the files to write.
        until: RFC 3339 or an ISO 8601 duration after the last event; None stops at that event.
        database_url: a database of the replay's own; None is a temporary SQLite file.
        own: the installation's own definitions, each with its file.
        keep_outliers: whether rows far from all others are applied all the same.
    """

    log: Path
    lifecycles: Sequence[Path]
    map: Path
    report: Path
    moves: Path
    until: str | None = None
    database_url: str | None = None
    own: Sequence[Source] = ()
    keep_outliers: bool = False


def replay(request: Request, watcher: Watcher | None = None) -> dict[str, Any]:
    """Replay a log; returns the report that it also writes.

    Raises:
        ReplayRefused: something given cannot be used. Neither the store nor a file was changed, but for
            a definition that never comes to rest: that shows only in the running.
    """
    watcher = Nobody() if watcher is None else watcher
    lifecycles = read_lifecycles(request.lifecycles, request.own)
    wanted = read_map(request.map, lifecycles)
    log_file = {
        "file": request.log.name,
        "format": log_format(request.log, wanted.log),
        "encoding": wanted.log.encoding,
    }
    limits = Limits(request.until, request.keep_outliers)
    plan = make_plan(read_log(request.log, wanted), wanted, lifecycles, watcher, limits)
    until = limits.end(plan.events[-1].row.at) if plan.events else None
    definitions = _files_of(lifecycles)
    files = {
        "log": {**log_file, "sha256": digest(request.log)},
        "lifecycle": definitions[0] if definitions else None,
        "other_lifecycles": definitions[1:],
        "map": {"file": request.map.name, "source": wanted.source, "sha256": digest(request.map)},
    }
    with (
        writing(request.moves, "--moves") as moves_file,
        writing(request.report, "--report") as report_file,
        replay_store(request.database_url, wanted.source) as store,
    ):
        result = _run(store, plan, until, wanted, lifecycles, watcher, moves_file)
        report = make_report(result, files)
        report_file.write(orjson.dumps(report, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))
    return report


def _files_of(lifecycles: Lifecycles) -> list[dict[str, Any]]:
    """The definitions that were given, the first one first."""
    return [
        {
            "file": None if file is None else Path(file).name,
            "name": name,
            "version": lifecycles.named(name).version,
            "sha256": digest_of(text),
        }
        for name, (text, file) in lifecycles.sources.items()
    ]


def _run(
    store: Store,
    plan: Plan,
    until: datetime | None,
    wanted: ReplayMap,
    lifecycles: Lifecycles,
    watcher: Watcher,
    moves_file: BinaryIO,
) -> Result:
    clock = VirtualClock(plan.events[0].row.at if plan.events else _EPOCH)
    registry = Registry(store)
    try:
        registry.register(with_catalog(list(lifecycles.sources.values())), clock.now())
    except DefinitionChanged as error:
        raise ReplayRefused([Problem("lifecycle.version", "version-changed", str(error))]) from None
    known: set[str] = set()
    if until is not None:
        engine = Engine(store, registry, clock, longest=None, searched=False)
        known = Runner(engine, store, clock, watcher).run(plan.events, until)
    moves = MoveCount(None if wanted.compare is None else wanted.compare.trigger)
    for move in read_moves(store):
        moves_file.write(move.line())
        moves.add(move)
    outcomes = outcomes_of_source(store, wanted.source)
    return Result(
        plan,
        known,
        outcomes,
        refused_by_decision(plan, outcomes),
        moves,
        read_remainder(store),
        until,
        None if wanted.compare is None else compare(wanted.compare, plan.events, moves.first),
    )
