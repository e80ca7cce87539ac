"""Every benchmark there is, in the order in which they run and are shown.

A benchmark is a function `measure(session: Session) -> list[Figure]`, found by the name of its module (and of
the function, where that is another). It is imported when its turn comes: none needs what another does.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module

from benchmarks.figures import Figure
from benchmarks.session import Session

Measure = Callable[[Session], list[Figure]]


@dataclass(frozen=True)
class Benchmark:
    """One name that can be asked for.

    Attributes:
        name: of its figure, or of the first of them.
        place: `module` below `benchmarks`, or `module:function`.
        title: above its plot.
        asked: whether it runs only when it is asked for by name.
    """

    name: str
    place: str
    title: str
    asked: bool = False

    def load(self) -> Measure:
        """Its function. Raises ImportError naming what is missing."""
        module, _, function = self.place.partition(":")
        found: Measure = getattr(import_module(f"benchmarks.{module}"), function or "measure")
        return found


BENCHMARKS = (
    Benchmark("timers_2p", "timers:two_processes", "Timers fired, 2 processes"),
    Benchmark("timers_4p", "timers:four_processes", "Timers fired, 4 processes"),
    Benchmark("events_2p", "events", "Events applied, 2 processes"),
    Benchmark("http_single", "http_single", "Events accepted one by one over HTTP"),
    Benchmark("http_batch", "http_batch", "Events accepted in batches of 500 over HTTP"),
    Benchmark("event_to_task", "event_to_task", "From an event posted to somebody's task started"),
    Benchmark("lateness_10k", "lateness_10k", "How late 10,000 timers over 10 s are"),
    Benchmark("burst_100k", "burst_100k", "100,000 timers over 10 s"),
    Benchmark("burst_same_second", "burst_100k:same_second", "100,000 timers due in the same second"),
    Benchmark("fair_burst", "fair_burst", "One lifecycle's timers beside a burst of another"),
    Benchmark("fair_promises", "fair_promises", "All else beside many broken promises"),
    Benchmark("pending_10m", "pending_10m", "What pending timers cost a claim"),
    Benchmark("sqlite_timers", "sqlite:timers", "Timers fired on SQLite"),
    Benchmark("sqlite_events", "sqlite:events", "Events applied on SQLite"),
    Benchmark("growth_timers", "growth:timers", "Timers fired while others are pending"),
    Benchmark("growth_events", "growth:events", "Events applied while timers are pending"),
    Benchmark("growth_claim", "growth:claim", "A batch of 500 due timers, by how many are pending"),
    Benchmark("growth_accept", "growth:accept", "Events accepted while timers are pending"),
    Benchmark("growth_closed", "growth:closed", "Events applied beside closed subjects"),
    Benchmark("promises_2p", "promises", "Promises broken at one instant, everybody told"),
    Benchmark("promises_steady", "promises_steady", "Promises that fall due 1,000 a second"),
    Benchmark("case_path", "case_path", "Cases from the first word to what was learned"),
    Benchmark("mails", "mails", "Mails handed to a server that takes everything, one process"),
    Benchmark("changes_forwarded", "forwarding", "Changes sent to one that has subscribed, one process"),
    Benchmark("decisions", "decisions", "Decisions without any store"),
    Benchmark("decisions_catalog", "decisions_catalog", "Decisions of the catalog without any store"),
    Benchmark("single_commit", "single_commit", "One event accepted alone"),
    Benchmark("barometer_1m", "barometer", "The barometer over a million subjects"),
    Benchmark("line_postgresql", "line", "The first fifty of a desk's line of 100,000 calls"),
    Benchmark("archive_postgresql", "archive", "A service alert found among those of 10,000 cases"),
    Benchmark("search_1m_postgresql", "search", "A subject found among a million"),
    Benchmark("operate_1m_postgresql", "operate", "What has gone wrong among a million subjects"),
    Benchmark("start_api", "starts", "CPU until the API is ready"),
    Benchmark("soak", "soak", "A steady load for an hour", asked=True),
)


def chosen(names: list[str], benchmarks: tuple[Benchmark, ...] = BENCHMARKS) -> list[Benchmark]:
    """Those with these names, all that need not be asked for when there are none, in their order.

    Raises ValueError for a name that is none, telling all there are.
    """
    known = [one.name for one in benchmarks]
    for name in names:
        if name not in known:
            raise ValueError(f"NAME: there is no benchmark {name!r}; there are {', '.join(known)}")
    return [one for one in benchmarks if (one.name in names if names else not one.asked)]
