"""Very many subjects of the catalog, with people and words as unevenly spread as they are anywhere.

Rows of subjects are written as the engine leaves them; what is searched of them is made by the rules of their
definitions, and written by the store's own statements.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import accumulate, islice
from random import Random
from typing import Any, NamedTuple

from sqlalchemy import insert, text

from state_machines.catalog import load_catalog
from state_machines.subject import Subject
from state_machines.values.instants import format_instant
from workflow.engine.registry import Registry
from workflow.search.noting import note_texts
from workflow.search.spelling import KnownWords
from workflow.store.port import Changes, Store
from workflow.store.schema import subjects

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
_AT_ONCE = 2_000
_SYLLABLES = tuple(
    a + b for a in "bdfgklmnprstvwz" for b in ("a", "e", "i", "o", "u", "an", "er", "in", "el", "or")
)
_STATES = {
    "promise": (("made", 8), ("kept", 80), ("kept_late", 8), ("withdrawn", 0.05), ("lapsed", 4)),
    "case": (("acting", 8), ("closed", 90), ("waiting", 2)),
    "callback": (("waiting", 3), ("ended", 97)),
    "customer": (("known", 100),),
}
_OPEN = frozenset(("made", "lapsed", "acting", "waiting", "known"))


class Somebody(NamedTuple):
    """A customer, by what they are known."""

    name: str
    email: str
    phone: str
    account: str

    def profile(self) -> dict[str, str]:
        """As their subjects have it."""
        return {**self._asdict(), "language": "de", "zone": "Europe/Berlin"}


@dataclass(frozen=True)
class Population:
    """What there is to be found.

    Attributes:
        people: all customers.
        first_names, words: those that are common first.
        promises: how many promises there are, ``promise:P-0`` and on.
    """

    people: Sequence[Somebody]
    first_names: Sequence[str]
    words: Sequence[str]
    promises: int

    def somebody(self, random: Random) -> Somebody:
        """Any of them."""
        return random.choice(self.people)


def fill(store: Store, registry: Registry, count: int) -> Population:
    """Put so many subjects into a store that has none: a tenth customers, a quarter cases, most of the rest
    promises."""
    random = Random(5)
    population = people_and_words(random, count)
    with store.begin() as transaction:
        if store.dialect == "postgresql":
            transaction.connection.execute(text("drop index ix_search_terms"))
    rows = enumerate(_subjects(population, picking(random, population.words), count, random), 1)
    known = KnownWords()
    while some := list(islice(rows, _AT_ONCE)):
        _write(store, registry, some, known)
    _tidy(store)
    return population


def people_and_words(random: Random, count: int) -> Population:
    """Whom and what so many subjects are about."""
    first_names, surnames = _names(random, 3_000, 2), _names(random, 60_000, 3)
    words = _names(random, 40_000, 3)
    pick_first, pick_last = picking(random, first_names), picking(random, surnames)
    people = [_person(number, pick_first(), pick_last(), random) for number in range(count // 10)]
    return Population(people, first_names, words, count * 6 // 10)


def _write(store: Store, registry: Registry, some: Sequence[tuple[int, Subject]], known: KnownWords) -> None:
    changes = Changes()
    for row, subject in some:
        rule = registry.get(subject.lifecycle, subject.version).search
        note_texts(changes, row, rule, subject, known)
        changes.subjects[row] = subject
        changes.standings[row] = rule.read_standing(subject.data)
        if subject.state not in _OPEN:
            changes.closed.add(row)
    written = [
        {
            "id": row, "key": one.key, "lifecycle": one.lifecycle, "version": one.version, "state": one.state,
            "seq": one.seq, "data": one.data, "opened_at": NOW, "changed_at": NOW,
            "closed_at": NOW if row in changes.closed else None,
        }
        for row, one in some
    ]  # fmt: skip
    with store.begin() as transaction:
        transaction.connection.execute(insert(subjects), written)
        transaction.write_search(changes)
    known.committed(changes.words.keys())


def _tidy(store: Store) -> None:
    """Leave the store as it is once it has been at work for a while."""
    if store.dialect == "postgresql":
        with store.begin() as transaction:
            transaction.connection.execute(
                text("create index ix_search_terms on search_terms using gin (terms) with (fastupdate = off)")
            )
        with store.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("vacuum (analyze)"))
    else:
        with store.begin() as transaction:
            transaction.connection.execute(text("analyze"))


def _names(random: Random, count: int, syllables: int) -> list[str]:
    found: dict[str, None] = {}
    while len(found) < count:
        found["".join(random.choices(_SYLLABLES, k=syllables + random.randrange(2)))] = None
    return list(found)


def picking(random: Random, some: Sequence[str]) -> Callable[[], str]:
    """Picks the first of them most often, as people and words are spread: the n-th 1/n times as often."""
    weights = list(accumulate(1 / (place + 10) for place in range(len(some))))
    return lambda: random.choices(some, cum_weights=weights)[0]


def _person(number: int, first: str, last: str, random: Random) -> Somebody:
    name = f"{first.capitalize()} {last.capitalize()}"
    phone = f"+49 {random.choice((30, 40, 89, 151, 176))} {random.randrange(10**6, 10**8)}"
    return Somebody(name, f"{first}.{last}{number}@example.org", phone, f"A-{number:07}")


def _subjects(
    population: Population, word: Callable[[], str], count: int, random: Random
) -> Iterator[Subject]:
    picks = {
        name: (tuple(state for state, _ in some), list(accumulate(share for _, share in some)))
        for name, some in _STATES.items()
    }

    def subject(lifecycle: str, identity: str, data: dict[str, Any]) -> Subject:
        states, weights = picks[lifecycle]
        state = random.choices(states, cum_weights=weights)[0]
        version = load_catalog()[lifecycle].version
        return Subject(f"{lifecycle}:{identity}", lifecycle, version, state, 3, data)

    promise = 0
    for number in range(count):
        customer = population.people[number % len(population.people)]
        data: dict[str, Any] = {
            "customer": customer.profile(),
            "owner": f"agent{random.randrange(200)}@shop.example",
        }
        data["team"] = f"team-{random.randrange(20)}"
        kind = number % 20
        if kind < 2:
            yield subject(
                "customer", f"c{number}", {"customer": customer.profile(), "since": format_instant(NOW)}
            )
        elif kind < 7:
            contacts = [
                {"words": " ".join(word() for _ in range(8)), "channel": "phone", "by": data["owner"]}
            ]
            words = " ".join(word() for _ in range(25))
            yield subject("case", f"C-{number}", {**data, "words": words, "contacts": contacts})
        elif kind < 19:
            due_at = NOW + timedelta(minutes=random.randrange(-3 * 24 * 60, 30 * 24 * 60))
            words = " ".join(word() for _ in range(12))
            more = {"words": words, "due_at": format_instant(due_at), "warned": random.random() < 0.02}
            yield subject("promise", f"P-{promise}", {**data, **more})
            promise += 1
        else:
            more = {"title": "We call you back", "words": " ".join(word() for _ in range(10))}
            yield subject("callback", f"K-{number}", {**data, **more})
