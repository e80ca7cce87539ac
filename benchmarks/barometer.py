"""The barometer over a million subjects of one lifecycle: every figure, any period, down to the cases.

Rows are as the engine writes them; all of them are of one lifecycle, which no index can narrow.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from time import perf_counter
from zoneinfo import ZoneInfo

import psycopg
from sqlalchemy import event
from sqlalchemy.engine import Engine

from benchmarks.figures import Figure, quantile
from benchmarks.filling import insert_rows
from benchmarks.goals import at_most
from benchmarks.rounds import Reading
from benchmarks.server import server_words
from benchmarks.session import Session
from workflow.recovery.barometer.answers import ask
from workflow.recovery.barometer.figures import Figure as Asked
from workflow.recovery.barometer.figures import Measure
from workflow.recovery.barometer.question import Question
from workflow.recovery.barometer.subjects import counted
from workflow.store import open_store
from workflow.store.port import Store

_MOST = 1_000.0
_SINCE, _UNTIL = datetime(2025, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC)
_JUNE, _JULY = datetime(2025, 6, 1, tzinfo=UTC), datetime(2025, 7, 1, tzinfo=UTC)
_TIMES = 5
_NODES = (" on ", "Aggregate", "Join", "Loop", "Gather", "Sort", "Limit")
"""Words of the lines of a plan that name what is done."""
_WHOLE = Question(
    Asked("promises", "", "promise", Measure.OUTCOMES, "team"),
    _SINCE,
    _UNTIL,
    "team",
    ZoneInfo("Europe/Berlin"),
)


def measure(session: Session) -> list[Figure]:
    """Milliseconds of the slowest question, and what the database does for it."""
    count = session.size(1_000_000, 5_000)
    url = session.migrated("postgresql")
    name = url.rpartition("/")[2]
    with session.step(f"filling a database: {count:,} subjects"):
        _fill(session.conninfo(name), count)
    with closing(open_store(url, patient=True)) as store:
        questions = _questions(store)
        result = session.contest("barometer_1m", {"makegood": lambda: _reading(questions)})
        medians = {one: result.median("makegood", one) for one in questions}
        slowest = max(medians, key=lambda one: medians[one])
        plan = _plan(questions[slowest], store)
    session.drop(name)
    told = ", ".join(f"{one} {value:.0f} ms" for one, value in medians.items())
    return [
        result.figure(
            "barometer_1m", "ms", measure="slowest", bare=None,
            goal=lambda found: at_most(_MOST, "ms", found.value),
            notes=f"the slowest of these questions, answers included, over {count:,} subjects of one "
            f"lifecycle in a year: {told}; the plan of the slowest ({slowest}): {plan}; {server_words()}",
            detail={"title": f"The barometer over {count:,} subjects", "questions": medians},
        )
    ]  # fmt: skip


def _fill(conninfo: str, count: int) -> None:
    subject = {
        "id": "n", "key": "'promise:P-' || n", "lifecycle": "'promise'", "version": "3", "state": "'kept'",
        "seq": "3", "data": "'{}'", "opened_at": "now()", "changed_at": "now()", "closed_at": "now()",
    }  # fmt: skip
    figures = {
        "subject_id": "n", "lifecycle": "'promise'",
        "at": f"timestamptz '2025-01-01 00:00Z' + n * (interval '365 days' / {count})",
        "outcome": "(array['kept','kept','kept','kept','kept','late','lapsed','open','withdrawn'])"
        "[1 + (n * 7919) % 9]",
        "kind": "(array['first_word','daily_word','callback','form','plan'])[1 + (n * 31) % 5]",
        "team": "'team-' || (n * 17) % 25", "cause": "'cause-' || (n * 7907) % 60",
        "part": "'part-' || (n * 13) % 40",
        "channel": "(array['email','sms','live','chat'])[1 + (n * 11) % 4]",
        "case_key": "'case:C-' || n / 5", "minutes": "(n * 104729) % 6000", "count": "(n * 7) % 6",
    }  # fmt: skip
    with psycopg.connect(conninfo, autocommit=True) as connection:
        insert_rows(connection, "subjects", subject, 1, count)
        insert_rows(connection, "figures", figures, 1, count)
        connection.execute("vacuum (analyze)")


def _questions(store: Store) -> Mapping[str, Callable[[], object]]:
    def of(**changes: object) -> Callable[[], object]:
        question = replace(_WHOLE, **changes)  # type: ignore[arg-type]
        return lambda: ask(store, question)

    minutes = replace(_WHOLE.figure, measure=Measure.MINUTES, kind="first_word")
    rare = replace(_WHOLE, only={"team": "team-3", "cause": "cause-9", "outcome": "lapsed"})
    return {
        "by team": of(),
        "by month": of(by="month"),
        "by week": of(by="week"),
        "by day": of(by="day"),
        "one month by cause": of(by="cause", since=_JUNE, until=_JULY),
        "first word by team": of(figure=minutes),
        "hand-overs by team": of(figure=replace(_WHOLE.figure, measure=Measure.COUNTS)),
        "recurring causes": of(by="cause", figure=replace(_WHOLE.figure, measure=Measure.RECURRING)),
        "the cases behind a thin bar": lambda: counted(store, rare, limit=100),
    }  # fmt: skip


def _reading(questions: Mapping[str, Callable[[], object]]) -> Reading:
    found = {name: _milliseconds(question) for name, question in questions.items()}
    return {**found, "slowest": max(found.values())}


def _milliseconds(question: Callable[[], object]) -> float:
    question()
    took = []
    for _ in range(_TIMES):
        begun = perf_counter()
        question()
        took.append(1000 * (perf_counter() - begun))
    return quantile(took, 0.5)


def _plan(question: Callable[[], object], store: Store) -> str:
    """What the database does for it, node by node."""
    said: list[tuple[str, object]] = []

    def hear(_: object, __: object, statement: str, parameters: object, *___: object) -> None:
        said.append((statement, parameters))

    event.listen(Engine, "before_cursor_execute", hear)
    try:
        question()
    finally:
        event.remove(Engine, "before_cursor_execute", hear)
    statement, parameters = said[0]
    with store.connect() as connection:
        rows = connection.exec_driver_sql(f"explain (costs off) {statement}", parameters)  # type: ignore[arg-type]
        lines = [row[0].strip().removeprefix("->").strip() for row in rows]
    return ", from ".join(line for line in lines if any(word in line for word in _NODES))
