"""The archive searched: by words, cause, part and time; one alert read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, select

from workflow.errors import NotFound
from workflow.queries.cursor import fetch_page, row_of
from workflow.recovery.archive.full_text import matches
from workflow.recovery.archive.lines import lines
from workflow.recovery.archive.markdown import markdown
from workflow.recovery.archive.place import place_of
from workflow.recovery.archive.snippet import Mark, snippet
from workflow.recovery.archive.words import asked
from workflow.store.keys import key_is
from workflow.store.port import Store
from workflow.store.schema import alerts

_ALERT = alerts.c


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is looked for; None: whatever it is.

    Attributes:
        words: an alert has, for each of these words, one that begins with it, in any order.
        cause, part, case: exactly so.
        since, until: documented in [since, until), UTC.
        every_version: also those that a later version has replaced.
    """

    words: str | None = None
    cause: str | None = None
    part: str | None = None
    case: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    every_version: bool = False


@dataclass(frozen=True, slots=True)
class AlertLine:
    """An alert that was found; `snippet` is where the words stand, `marks` are [from, to) in it."""

    case: str
    version: int
    title: str
    cause: str | None
    part: str | None
    at: datetime
    snippet: str
    marks: list[Mark]
    link: str


@dataclass(frozen=True, slots=True)
class AlertPage:
    """Some of them, the newest first, and the cursor of the next page (None: that was all)."""

    items: list[AlertLine]
    next: str | None


@dataclass(frozen=True, slots=True)
class Alert:
    """One service alert: what it says as data and as Markdown, and the versions that there are of it."""

    case: str
    version: int
    versions: list[int]
    title: str
    cause: str | None
    part: str | None
    at: datetime
    document: Mapping[str, Any]
    markdown: str


def search(store: Store, wanted: Wanted, *, limit: int = 20, cursor: str | None = None) -> AlertPage:
    """A page of alerts, those written last first. Raises InvalidQuery for a cursor that is none."""
    words = asked(wanted.words or "")
    if wanted.words and not words:
        return AlertPage([], None)  # nothing but marks: no alert has such a word
    with store.connect() as connection:
        statement = _statement(store.dialect, wanted, words, row_of(cursor))
        rows, more = fetch_page(connection, statement, limit)
    found = []
    for row in rows:
        said, marks = snippet(lines(row.document), words)
        link = place_of(row.case_key, row.version)
        found.append(
            AlertLine(row.case_key, row.version, row.title, row.cause, row.part, row.at, said, marks, link)
        )
    return AlertPage(found, more)


def _statement(dialect: str, wanted: Wanted, words: list[str], before: int) -> Select[Any]:
    names = ("id", "case_key", "version", "title", "cause", "part", "at", "document")
    statement = select(*(_ALERT[name] for name in names)).order_by(_ALERT.id.desc())
    conditions = [
        _ALERT[name] == value
        for name, value in (("cause", wanted.cause), ("part", wanted.part), ("case_key", wanted.case))
        if value is not None
    ]
    if before:
        conditions.append(_ALERT.id < before)
    if wanted.since is not None:
        conditions.append(_ALERT.at >= wanted.since)
    if wanted.until is not None:
        conditions.append(_ALERT.at < wanted.until)
    if not wanted.every_version:
        conditions.append(_newest())
    if words:
        conditions.append(matches(dialect, words))
    return statement.where(and_(*conditions)) if conditions else statement


def _newest() -> ColumnElement[bool]:
    later = alerts.alias("later")
    return ~exists().where(later.c.case_key == _ALERT.case_key, later.c.version > _ALERT.version)


def alert(store: Store, case: str, version: int | None = None) -> Alert:
    """One version, or the newest. Raises NotFound."""
    statement = select(alerts).where(key_is(_ALERT.case_key, case)).order_by(_ALERT.version)
    with store.connect() as connection:
        rows = connection.execute(statement).all()
    chosen = [row for row in rows if version is None or row.version == version]
    if not chosen:
        which = "" if version is None else f" of version {version}"
        raise NotFound(f"alert: the archive has none{which} of {case!r}")
    row = chosen[-1]
    return Alert(
        case, row.version, [one.version for one in rows], row.title, row.cause, row.part, row.at,
        row.document, markdown(row.document),
    )  # fmt: skip
