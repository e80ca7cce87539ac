"""`python -m benchmarks [NAME…] [--json OUT] [--runs N]`: measure, show progress, print a table."""

import argparse
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console
from rich.table import Table

from benchmarks.figures import Figure, shown
from benchmarks.latency import event_to_task
from benchmarks.stores import Stores, open_stores
from benchmarks.throughput import events_applied, timers_fired

KINDS = ("sqlite", "postgresql")


def _events(stores: Stores, runs: int) -> Iterator[Figure]:
    for kind in KINDS:
        for batch in (1, 50, 500):
            for workers in (1, 2):
                yield events_applied(stores, kind, batch, workers, runs)


def _timers(stores: Stores, runs: int) -> Iterator[Figure]:
    for kind in KINDS:
        for workers in (1, 2):
            yield timers_fired(stores, kind, workers, runs, 1_000_000)


def _latency(stores: Stores, runs: int) -> Iterator[Figure]:
    for kind in KINDS:
        yield from event_to_task(stores, kind, runs)


BENCHMARKS: dict[str, Callable[[Stores, int], Iterator[Figure]]] = {
    "events": _events,
    "timers": _timers,
    "latency": _latency,
}


def main() -> None:
    """Run what was asked for, everything by default."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "names", nargs="*", choices=[*BENCHMARKS, []], help="which benchmarks; all by default"
    )
    parser.add_argument("--json", type=Path, help="write the figures to this file too")
    parser.add_argument("--runs", type=int, default=3, help="runs of each figure; the median counts")
    given = parser.parse_args()
    console = Console()
    figures: list[Figure] = []
    before = os.getloadavg()[0]
    with TemporaryDirectory(prefix="makegood-bench-") as place, open_stores(Path(place)) as stores:
        Path(place).chmod(0o755)  # PostgreSQL may run as another user and must reach its files
        for name in given.names or BENCHMARKS:
            for figure in BENCHMARKS[name](stores, given.runs):
                figures.append(figure)
                console.print(f"{figure.figure}: {shown(figure.value)} {figure.unit} ({figure.spread()})")
    console.print(_table(figures))
    console.print(f"{os.cpu_count()} cores; load average {before:.2f} before, {os.getloadavg()[0]:.2f} after")
    if given.json is not None:
        given.json.write_text(json.dumps([figure.to_json() for figure in figures], indent=1) + "\n")


def _table(figures: list[Figure]) -> Table:
    table = Table("figure", "median", "range", "unit", "bare", "ratio")
    for one in figures:
        bare = "" if one.bare is None else shown(one.bare)
        ratio = "" if one.ratio is None else f"{one.ratio:.2f}"
        table.add_row(one.figure, shown(one.value), one.spread(), one.unit, bare, ratio)
    return table


if __name__ == "__main__":
    main()
