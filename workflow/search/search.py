"""Subjects found by what they are known by and chosen by how they stand, page by page."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import Connection, Row, select

from state_machines.definitions.lifecycle import Lifecycle
from state_machines.values.searched import Said, SearchedAs
from workflow.search.choosing import STANDING, Choice, chosen, place_of
from workflow.search.excerpt import Found, found_by
from workflow.search.expression import Expression, Term, all_of, any_of
from workflow.search.filling import Filling, filling
from workflow.search.misspelling import FEWEST_TYPED, resembling, variants
from workflow.search.term_index import TermIndex
from workflow.search.terms import LIFECYCLE
from workflow.search.tiers import Asked, Match, asked, tiers
from workflow.store.port import Store
from workflow.store.schema import standing, subjects, word_variants


class Definitions(Protocol):
    """The definitions that are known."""

    def get(self, name: str, version: int) -> Lifecycle:
        """That of a name and a version."""

    def names(self) -> list[str]:
        """The names of all lifecycles."""


Place = tuple[int, int]
"""Where a page ended: the tier, or what `choosing.Place` has, and the row of the last subject."""
BEGINNING: Place = (0, 0)
_LONGEST_TITLE = 120
_ORDER = tuple(Match)


@dataclass(frozen=True, slots=True)
class Hit:
    """A subject that was found.

    Attributes:
        name: whose it is, by the first name that it has; None if it has none.
        title: the beginning of the first words that it has.
        owner, team, due_at, at_risk: as `Choice` takes them; `due_at` in UTC.
        opened_at, changed_at, closed_at: UTC.
        found: by what; None where nobody looked for words.
    """

    key: str
    lifecycle: str
    state: str
    name: str | None
    title: str | None
    owner: str | None
    team: str | None
    due_at: datetime | None
    at_risk: bool
    opened_at: datetime | None
    changed_at: datetime | None
    closed_at: datetime | None
    found: Found | None


@dataclass(frozen=True, slots=True)
class Hits:
    """Some of what was found, where the next page begins (None: that was all), and how far the index is."""

    items: list[Hit]
    next: Place | None
    filling: Filling


def search(
    store: Store,
    definitions: Definitions,
    words: str | None,
    choice: Choice,
    now: datetime,
    *,
    limit: int = 20,
    place: Place = BEGINNING,
) -> Hits:
    """A page of subjects: found by these words, those that they name best first; else chosen alone."""
    with store.connect() as connection:
        how_far = filling(connection)
        if words is None and choice.looks_at_standing:
            rows = connection.execute(chosen(choice, now, place, limit + 1, definitions.names())).all()
            ends = [place_of(choice, row.subject_id, row.due_at) for row in rows]
            hits = _hits(connection, definitions, [(row.subject_id, None) for row in rows[:limit]])
            return Hits(hits, ends[limit - 1] if len(rows) > limit else None, how_far)
        conditions = choice.conditions(now) if choice.looks_at_standing else []
        index = TermIndex(connection, store.dialect, conditions, is_narrow=choice.is_narrow)
        lifecycles = any_of(Term(LIFECYCLE + name) for name in choice.lifecycles)
        said, spelling = asked(words or ""), _Spelling(connection)
        found: list[tuple[int, Match | None]]
        if words is None:
            assert lifecycles is not None
            found = [(row, None) for row in index.newest(lifecycles, place[1], limit + 1)]
        else:
            found = _found(index, said, spelling, lifecycles, limit + 1, place)
        hits = _hits(connection, definitions, found[:limit], said, spelling.others)
    more = None
    if len(found) > limit:
        row, match = found[limit - 1]
        more = (0 if match is None else _ORDER.index(match), row)
    return Hits(hits, more, how_far)


class _Spelling:
    """Words that there are, for those that may be mistyped."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._found: dict[str, list[str]] = {}

    def similar(self, word: str) -> Sequence[str]:
        """Other words for this one."""
        if len(word) < FEWEST_TYPED or not word.isalpha():
            return ()
        if word not in self._found:
            statement = select(word_variants.c.word).where(word_variants.c.variant.in_(variants(word)))
            known = self._connection.execute(statement.distinct()).scalars()
            self._found[word] = resembling(word, known)
        return self._found[word]

    @property
    def others(self) -> set[str]:
        """All other words that were looked for."""
        return {word for some in self._found.values() for word in some}


def _found(
    index: TermIndex, said: Asked, spelling: _Spelling, among: Expression | None, limit: int, place: Place
) -> list[tuple[int, Match | None]]:
    """Rows of subjects from this place on, with how each was found; tier by tier."""
    found: list[tuple[int, Match | None]] = []
    first, before = place
    for tier in tiers(said, spelling.similar) if said.words else ():
        number = _ORDER.index(tier.match)
        if number < first:
            continue
        wanted = all_of((tier.expression, among))
        assert wanted is not None
        rows = index.newest(wanted, before if number == first else 0, limit - len(found))
        found += [(row, tier.match) for row in rows]
        if len(found) == limit:
            break
    return found


def _hits(
    connection: Connection,
    definitions: Definitions,
    rows: Sequence[tuple[int, Match | None]],
    said: Asked | None = None,
    similar: Collection[str] = (),
) -> list[Hit]:
    """What is shown of the subjects in these rows, in their order."""
    statement = (
        select(subjects, STANDING.owner, STANDING.team, STANDING.due_at, STANDING.at_risk)
        .join(standing, STANDING.subject_id == subjects.c.id)
        .where(subjects.c.id.in_([row for row, _ in rows]))
    )
    known = {row.id: row for row in connection.execute(statement)} if rows else {}
    return [_hit(known[row], definitions, said, match, similar) for row, match in rows if row in known]


def _hit(
    row: Row[Any], definitions: Definitions, said: Asked | None, match: Match | None, similar: Collection[str]
) -> Hit:
    texts = definitions.get(row.lifecycle, row.version).search.read_texts(row.data)
    found = None if said is None or match is None else found_by(row.key, texts, said, match, similar)
    return Hit(
        row.key, row.lifecycle, row.state, _first(texts, SearchedAs.NAME), _first(texts, SearchedAs.WORDS),
        row.owner, row.team, row.due_at, row.at_risk, row.opened_at, row.changed_at, row.closed_at, found,
    )  # fmt: skip


def _first(texts: Sequence[Said], kind: SearchedAs) -> str | None:
    """The beginning of the first text of a kind."""
    for one in texts:
        if one.kind is kind:
            line = " ".join(one.text.split())
            return line if len(line) <= _LONGEST_TITLE else line[:_LONGEST_TITLE].rpartition(" ")[0] + " …"
    return None
