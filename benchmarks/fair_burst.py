"""Whether a burst of one lifecycle makes another's timers late.

A lamp's timers come due 100 a second, steadily. At one instant 100,000 timers of the meter are due, or
100,000 events of one source are committed to the inbox; beside it the same without either.
"""

from __future__ import annotations

from statistics import median
from time import sleep, time

import psycopg

from benchmarks.burst import in_time, settle, start_in_time
from benchmarks.dues import Dues
from benchmarks.figures import Figure
from benchmarks.filling import insert_rows
from benchmarks.goals import at_most
from benchmarks.meter import METER
from benchmarks.result import Result
from benchmarks.rounds import Reading
from benchmarks.session import Session
from benchmarks.stack import installed

LAMP = METER.replace("lifecycle: meter", "lifecycle: lamp")
RATE, MOST_LATE_MS = 100, 250.0
_BEFORE, _CAP = 4.0, 45.0
_SUBJECTS = 20_000


def measure(session: Session) -> list[Figure]:
    """How late 99 of 100 of the lamp's timers are, in milliseconds."""
    count = session.size(100_000, 5_000)

    def beside(timers: int, events: int) -> Reading:
        return in_time(lambda start: _beside(session, timers, events, start))

    result = session.contest(
        "fair_burst",
        {
            "makegood": lambda: _both(beside(count, 0), beside(0, count)),
            "bare": lambda: _both(*[beside(0, 0)] * 2),
        },
    )
    words = f"timers of one lifecycle, {RATE}/s for {_seconds(session):g} s from the instant of a burst"
    return [
        _figure(result, "", f"{words} of {count:,} timers of another, all due at that instant"),
        _figure(result, "events_", f"{words} of {count:,} events of one source and another lifecycle"),
    ]


def _both(timers: Reading, events: Reading) -> Reading:
    return {**timers, **{f"events_{name}": value for name, value in events.items()}}


def _figure(result: Result, of: str, words: str) -> Figure:
    ours = {name: result.rounds.values("makegood", of + name) for name in ("decided", "p50", "early")}
    return result.figure(
        f"fair_burst_{of}".strip("_"), "ms", measure=f"{of}p99",
        goal=lambda found: at_most(MOST_LATE_MS, "ms", found.value),
        notes=f"p99 lateness of {words}; p50 {median(ours['p50']):.0f} ms, {sum(ours['early']):.0f} early; "
        f"{median(ours['decided']):,.0f} of the burst were decided meanwhile; 2 worker processes; bare: the "
        "same timers with nothing beside them",
    )  # fmt: skip


def _seconds(session: Session) -> float:
    return session.size(15.0, 3.0)


def _beside(session: Session, timers: int, events: int, start: float) -> Reading:
    """The lamp's lateness beside a burst of so many timers or events of the meter."""
    url = session.migrated("postgresql")
    name = url.rpartition("/")[2]
    with (
        installed(session, url, (METER, LAMP)) as stack,
        psycopg.connect(session.conninfo(name), autocommit=True) as connection,
    ):
        seconds, at = _seconds(session), time() + start + 2.0
        lamp = Dues("lamp", int(RATE * seconds), at, seconds)
        lamp.load(connection)
        Dues("lamp", int(RATE * _BEFORE), at - _BEFORE, _BEFORE).load(connection, "warm")
        if timers:
            Dues("meter", timers, at, 0.0).load(connection)
        if events:
            _subjects(connection)
        settle(connection)
        start_in_time(stack, at - _BEFORE)
        sleep(max(0.0, at - time()))
        if events:
            _accept(connection, events)
        lamp.wait(connection, _CAP)
        reading = lamp.reading(connection)
        if not reading["fired"]:
            raise RuntimeError(f"makegood fired nothing: {stack.said()}")
        decided = connection.execute(
            "select count(*) from moves m join subjects s on s.id = m.subject_id where s.lifecycle = 'meter'"
            " and pg_xact_commit_timestamp(m.xmin) <= to_timestamp(%s)",
            (lamp.end,),
        ).fetchone()
    session.drop(name)
    assert decided is not None
    return {**reading, "decided": decided[0]}


def _subjects(connection: psycopg.Connection) -> None:
    subject = {
        "key": "'meter:' || n", "lifecycle": "'meter'", "version": "1", "state": "'initial'", "seq": "0",
        "data": "'{}'",
    }  # fmt: skip
    insert_rows(connection, "subjects", subject, 1, _SUBJECTS)


def _accept(connection: psycopg.Connection, count: int) -> None:
    """Events as the door writes them, all in one commit."""
    connection.execute(
        "with about as (select array_agg(id) as ids from subjects where lifecycle = 'meter'), added as ("
        " insert into events (source, event_id, subject_id, type, time, data, received_at)"
        " select '/burst', n::text, ids[1 + n %% %s], 'meter.read', now(), '{\"posted\": 0}', now()"
        " from about, generate_series(1, %s) n returning id, subject_id)"
        " insert into inbox (event_id, subject_id) select id, subject_id from added",
        (_SUBJECTS, count),
    )
