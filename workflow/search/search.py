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
from workflow.search.expression import Expression, Term, all_of, any_of, without
from workflow.search.filling import Filling, filling
from workflow.search.spelling import KnownSpelling
from workflow.search.term_index import TermIndex
from workflow.search.terms import LIFECYCLE
from workflow.search.tiers import Asked, Match, Tier, asked, naming_tiers, similar_tiers, word_tiers
from workflow.store.port import Store
from workflow.store.schema import standing, subjects


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
_OFTEN_MANY = (Match.NAME, Match.WORDS, Match.SIMILAR)
"""Of each stage that by which most are found, if many are."""


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
        names = [Term(LIFECYCLE + name) for name in choice.lifecycles]
        lifecycles = any_of(names) if names else None
        said, spelling = asked(words or ""), KnownSpelling(connection)
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


def _found(
    index: TermIndex, said: Asked, spelling: KnownSpelling, among: Expression | None, limit: int, place: Place
) -> list[tuple[int, Match | None]]:
    """Rows of subjects from this place on, with how each was found; tier by tier."""
    found: list[tuple[int, Match | None]] = []
    if not said.words:
        return found
    first, before = place
    known: list[Expression] = []
    for stage in (naming_tiers, word_tiers, similar_tiers):  # each only if those before are not enough
        some = [one._replace(expression=_among(one.expression, among)) for one in stage(said, spelling)]
        found += _of_stage(index, some, known, limit - len(found), (first, before))
        if len(found) == limit:
            break
        known += _widest(some)
    return found


def _among(expression: Expression, among: Expression | None) -> Expression:
    return expression if among is None else all_of((expression, among))


def _widest(some: Sequence[Tier]) -> list[Expression]:
    """Which together find all that these tiers do."""
    return [one.expression for one in some if not one.is_covered]


def _of_stage(
    index: TermIndex, some: Sequence[Tier], known: Sequence[Expression], limit: int, place: Place
) -> list[tuple[int, Match | None]]:
    """Those of these tiers, without those that are found by what is known."""
    if not some:
        return []
    first, before = place
    ranked = None
    if not any(one.match in _OFTEN_MANY and index.are_many(one.expression) for one in some):
        ranked = index.ranked([one.expression for one in some], any_of(_widest(some)), known)
    if ranked is not None:
        numbered = sorted((_ORDER.index(some[number].match), -row) for row, number in ranked)
        behind = [one for one in numbered if one > (first, -before) or (before == 0 and one[0] >= first)]
        return [(-row, _ORDER[number]) for number, row in behind[:limit]]
    found: list[tuple[int, Match | None]] = []
    earlier = list(known)
    for tier in some:
        number = _ORDER.index(tier.match)
        if number >= first:
            wanted = without(tier.expression, *earlier) if earlier else tier.expression
            start, seldom = before if number == first else 0, tier.match is Match.EXACT
            rows = index.newest(wanted, start, limit - len(found), seldom=seldom)
            found += [(row, tier.match) for row in rows]
            if len(found) == limit:
                break
        earlier.append(tier.expression)
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
