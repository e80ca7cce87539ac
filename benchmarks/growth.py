"""Growth: the same work beside a thousand pending timers, and beside ten million; does anything bend?

All is done by one process through the engine, batch after batch, so that what a batch costs is seen and not
how well processes share a machine. Every round goes through all sizes.
"""

from __future__ import annotations

from collections.abc import Callable
from statistics import median

from benchmarks.figures import Figure, shown, spread
from benchmarks.filling import Filling
from benchmarks.meter import engine_on
from benchmarks.result import Result
from benchmarks.rounds import Contestant, Reading
from benchmarks.server import server_words
from benchmarks.session import Session
from benchmarks.timed import BATCH, WARM_UP, accepting, milliseconds, rate, seconds_of
from benchmarks.working import add_due, working
from workflow.store import open_store

_LIVING = 20_000
"""Subjects that go on living beside the closed ones."""


def timers(session: Session) -> list[Figure]:
    """`growth_timers`: due timers fired a second."""
    return [_figure(session, "growth_timers", "timers/s", "timers")]


def claim(session: Session) -> list[Figure]:
    """`growth_claim`: milliseconds of a batch of 500 due timers, from the claim to the commit."""
    return [_figure(session, "growth_claim", "ms", "claim")]


def accept(session: Session) -> list[Figure]:
    """`growth_accept`: events accepted a second, in batches of 500."""
    return [_figure(session, "growth_accept", "events/s", "accept")]


def events(session: Session) -> list[Figure]:
    """`growth_events`: accepted events applied a second, each about any of the subjects."""
    return [_figure(session, "growth_events", "events/s", "events")]


def closed(session: Session) -> list[Figure]:
    """`growth_closed`: events applied a second to the living, beside subjects that have ended."""
    sizes = _sizes(session)

    def run(size: int) -> Contestant:
        return lambda: _closed(session, Filling(pending=session.size(_LIVING, 600), closed=size))

    result = session.contest("growth_closed", {_at(size): run(size) for size in sizes})
    return [
        _told(
            result, sizes, "growth_closed", "events/s", "events", "closed subjects",
            f"events about {_LIVING:,} living subjects, accepted before; each closed one has a move in the "
            "ledger",
        )
    ]  # fmt: skip


def _sizes(session: Session) -> tuple[int, ...]:
    return session.size((1_000, 10_000, 100_000, 1_000_000, 10_000_000), (1_000, 10_000))


def _at(size: int) -> str:
    return f"at {size:,}"


def _figure(session: Session, name: str, unit: str, measure: str) -> Figure:
    """One measure of the contest that all these figures share."""
    sizes = _sizes(session)
    if "growth" not in session.kept:

        def run(size: int) -> Contestant:
            return lambda: _pending(session, Filling(pending=size))

        session.kept["growth"] = session.contest("growth", {_at(size): run(size) for size in sizes})
    words = (
        "one process, batches of 500 through the engine; the due timers are of subjects of their own, events "
        "are about any of the pending ones; a database of more than a million is used again in each round"
    )
    return _told(session.kept["growth"], sizes, name, unit, measure, "pending timers", words)


def _told(
    result: Result, sizes: tuple[int, ...], name: str, unit: str, measure: str, axis: str, words: str
) -> Figure:
    first, last = _at(sizes[0]), _at(sizes[-1])
    ratios = result.rounds.ratios(last, first, measure)
    points = [[size, median(result.rounds.values(_at(size), measure))] for size in sizes]
    return result.figure(
        name,
        unit,
        measure=measure,
        ours=last,
        bare=None,
        notes=f"{last} {axis}, {shown(median(ratios))} ({spread(ratios)}) times what it is {first}; {words}; "
        f"{server_words()}",
        detail={"plot": {"x": axis, "y": unit, "log_x": True, "lines": {"makegood": points}}},
    )


def _pending(session: Session, filling: Filling) -> Reading:
    times = session.size(50, 4)
    with working(session, filling) as name:
        add_due(session, name, BATCH * (WARM_UP + times))
        store = open_store(session.server.url(name), patient=True)
        engine = engine_on(store)
        fired = _timed(lambda: engine.fire(BATCH).decided, times)
        accepted = _timed(accepting(engine, filling.pending, WARM_UP + times), times)
        applied = _timed(lambda: engine.apply(BATCH).decided, times)
        store.close()
    return {
        "timers": rate(fired), "claim": milliseconds(fired), "accept": rate(accepted),
        "events": rate(applied),
    }  # fmt: skip


def _closed(session: Session, filling: Filling) -> Reading:
    times = session.size(50, 4)
    with working(session, filling) as name:
        store = open_store(session.server.url(name), patient=True)
        engine = engine_on(store)
        _timed(accepting(engine, filling.pending, WARM_UP + times), times)
        applied = _timed(lambda: engine.apply(BATCH).decided, times)
        store.close()
    return {"events": rate(applied)}


def _timed(batch: Callable[[], int], times: int) -> list[float]:
    return seconds_of(batch, WARM_UP + times)[WARM_UP:]
