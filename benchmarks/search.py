"""Subjects found among a million, on either database: by numbers, names, words, and by how they stand."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from random import Random
from time import perf_counter

from benchmarks.figures import Figure, quantile
from benchmarks.goals import at_most
from benchmarks.rounds import Reading
from benchmarks.search_population import NOW, Population, fill
from benchmarks.server import server_words
from benchmarks.session import Session
from workflow.engine.definition_sources import catalog_sources
from workflow.engine.registry import Registry
from workflow.recovery import vocabulary
from workflow.search.choosing import Choice
from workflow.search.search import search
from workflow.store import open_store
from workflow.store.port import Store

_MOST = 50.0
_TIMES = 100
_PAGE = 20
_ANYBODY = Choice()

Search = Callable[[Random], int]
"""Asks once for something that differs from time to time; how many were found."""


@dataclass(frozen=True)
class _Asker:
    """Who asks, and what there is to be found."""

    store: Store
    registry: Registry
    population: Population

    def words(self, typed: Callable[[Random], str], choice: Choice = _ANYBODY) -> Search:
        """A search for words, narrowed by a choice."""
        return lambda random: self._found(typed(random), choice)

    def chosen(self, choice: Callable[[Random], Choice]) -> Search:
        """A search for what is chosen alone."""
        return lambda random: self._found(None, choice(random))

    def _found(self, typed: str | None, choice: Choice) -> int:
        return len(search(self.store, self.registry, typed, choice, NOW, limit=_PAGE).items)

    def searches(self) -> Mapping[str, Search]:
        """What is measured, by what it is called."""
        who, words = self.population.somebody, self.population.words
        promise = ("promise",)
        return {
            "key": self.words(lambda random: f"promise:P-{random.randrange(self.population.promises)}"),
            "account": self.words(lambda random: who(random).account),
            "e-mail": self.words(lambda random: who(random).email),
            "telephone": self.words(lambda random: who(random).phone.replace("+49 ", "0")),
            "telephone's last 6 digits": self.words(lambda random: who(random).phone.replace(" ", "")[-6:]),
            "telephone's last 4 digits": self.words(lambda random: who(random).phone.replace(" ", "")[-4:]),
            "name": self.words(lambda random: who(random).name),
            "common first name": self.words(lambda random: self.population.first_names[random.randrange(5)]),
            "beginning of 3 letters": self.words(lambda random: who(random).name.partition(" ")[2][:3]),
            "name mistyped": self.words(lambda random: _mistyped(who(random).name, random)),
            "rare word": self.words(lambda random: words[random.randrange(10_000, len(words))]),
            "common word": self.words(lambda random: words[random.randrange(5)]),
            "two common words": self.words(lambda random: " ".join(random.sample(words[:10], 2))),
            "four words": self.words(lambda random: " ".join(random.choices(words[:2000], k=4))),
            "word mistyped": self.words(lambda random: _mistyped(words[random.randrange(2000)], random)),
            "name and word": self.words(lambda random: f"{who(random).name} {words[random.randrange(50)]}"),
            "nobody": self.words(lambda random: f"xqzv{random.randrange(10_000)}"),
            "name among open promises": self.words(
                lambda random: who(random).name.partition(" ")[2], Choice(promise, is_open=True)
            ),
            "common word of a team": self.words(
                lambda random: words[random.randrange(5)], Choice(team="team-7")
            ),
            "lifecycle": self.chosen(lambda _: Choice(("customer",))),
            "common state": self.chosen(lambda _: Choice(promise, ("kept",))),
            "rare state": self.chosen(lambda _: Choice(promise, ("withdrawn",))),
            "owner": self.chosen(lambda random: Choice(owner=f"agent{random.randrange(200)}@shop.example")),
            "owner and rare state": self.chosen(
                lambda random: Choice(promise, ("withdrawn",), f"agent{random.randrange(200)}@shop.example")
            ),
            "team": self.chosen(lambda random: Choice(team=f"team-{random.randrange(20)}")),
            "due before": self.chosen(
                lambda random: Choice(due_before=NOW + timedelta(hours=random.randrange(48)))
            ),
            "at risk": self.chosen(lambda _: Choice(at_risk=True)),
            "team at risk": self.chosen(
                lambda random: Choice(team=f"team-{random.randrange(20)}", at_risk=True)
            ),
        }  # fmt: skip


def measure(session: Session) -> list[Figure]:
    """Milliseconds of the slowest kind of search, p99, on PostgreSQL and on SQLite."""
    vocabulary.register()
    return [_measured(session, "postgresql"), _measured(session, "sqlite")]


def _measured(session: Session, kind: str) -> Figure:
    count = session.size(1_000_000, 5_000)
    url, name = session.migrated(kind), f"search_1m_{kind}"
    with closing(open_store(url, patient=True)) as store:
        registry = Registry(store)
        registry.register(catalog_sources(), NOW)
        with session.step(f"{kind}: {count:,} subjects"):
            population = fill(store, registry, count)
        gc.collect()
        gc.freeze()  # a server holds no such population: walking it takes longer than any search
        searches = _Asker(store, registry, population).searches()
        yardsticks = session.yardsticks(kind)
        result = session.contest(name, {"makegood": partial(_reading, searches)}, yardsticks=yardsticks)
        told = ", ".join(
            f"{one} {result.median('makegood', one):.1f}/{result.median('makegood', f'{one} p99'):.1f}"
            for one in searches
        )
    if kind == "postgresql":
        session.drop(url.rpartition("/")[2])
    return result.figure(
        name, "ms", measure="slowest p99", bare=None,
        goal=lambda found: at_most(_MOST, "ms", found.value),
        notes=f"the slowest kind of search (p99 of {_TIMES}), a page of {_PAGE} with what is shown of each, "
        f"among {count:,} subjects; p50/p99 in ms: {told}"
        + (f"; {server_words()}" if kind == "postgresql" else ""),
        detail={"title": f"Found among {count:,} subjects, {kind}"},
    )  # fmt: skip


def _reading(searches: Mapping[str, Search]) -> Reading:
    found: dict[str, float] = {}
    for name, one in searches.items():
        took = sorted(_milliseconds(one))
        found |= {name: quantile(took, 0.5), f"{name} p99": quantile(took, 0.99)}
    return {**found, "slowest p99": max(value for name, value in found.items() if name.endswith("p99"))}


def _milliseconds(one: Search) -> Iterator[float]:
    random = Random(11)
    one(random)
    for _ in range(_TIMES):
        begun = perf_counter()
        one(random)
        yield 1000 * (perf_counter() - begun)


def _mistyped(typed: str, random: Random) -> str:
    """The longest of these words with one letter changed, left out or exchanged with its neighbour."""
    word = max(typed.split(), key=len)
    place = random.randrange(1, len(word) - 1)
    wrong = random.choice(
        (
            word[:place] + "x" + word[place + 1 :],
            word[:place] + word[place + 1 :],
            word[:place] + word[place + 1] + word[place] + word[place + 2 :],
        )
    )
    return typed.replace(word, wrong)
