"""`python -m benchmarks [NAME…] [--json OUT] [--runs N] [--quick]`: measure, show progress, print a table."""

from __future__ import annotations

import argparse
import json
import sys
import traceback
from pathlib import Path
from time import monotonic

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Column, Table

from benchmarks.figures import Figure, shown
from benchmarks.peers.environments import DEFAULT_DIRECTORY
from benchmarks.registry import Benchmark, chosen
from benchmarks.session import Session, open_session


def main(arguments: list[str] | None = None) -> int:
    """Run what was asked for; the exit code is 1 when a benchmark broke. What the others found is kept."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="which benchmarks; all by default")
    parser.add_argument("--json", type=Path, metavar="OUT", help="write the figures to this file too")
    parser.add_argument("--runs", type=int, default=3, help="rounds of each figure; the median counts")
    parser.add_argument("--quick", action="store_true", help="a trial: small sizes, one round; means nothing")
    parser.add_argument("--minutes", type=float, default=60, help="how long the soak goes on")
    parser.add_argument(
        "--peers-dir", type=Path, default=DEFAULT_DIRECTORY, metavar="DIR", help="where peers are installed"
    )
    parser.add_argument("--no-peers", action="store_true", help="measure none of the peers")
    parser.add_argument(
        "--broker", choices=("valkey", "rabbitmq"), default="valkey", help="makegood's broker"
    )
    given = parser.parse_args(arguments)
    if given.runs < 3 and not given.quick:
        parser.error(f"--runs: at least 3 rounds make a median, not {given.runs}")
    try:
        benchmarks = chosen(given.names)
    except ValueError as error:
        parser.error(str(error))
    console = Console(stderr=True)
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    figures: list[Figure] = []
    broken: list[str] = []
    with (
        Progress(*columns, console=console, transient=True) as progress,
        open_session(given.runs, quick=given.quick, progress=progress) as session,
    ):
        session.kept["broker"] = given.broker
        session.kept["minutes"] = given.minutes
        session.kept["peers_dir"] = None if given.no_peers else given.peers_dir
        for benchmark in benchmarks:
            found = _measured(benchmark, session)
            if found is None:
                broken.append(benchmark.name)
            else:
                figures += found
            if given.json is not None:  # at once: whoever stops the rest keeps this
                given.json.write_text(json.dumps([one.to_json() for one in figures], indent=1) + "\n")
    Console().print(_table(figures))
    for name in broken:
        console.print(f"[red]{name} broke; see above")
    return 1 if broken else 0


def _measured(benchmark: Benchmark, session: Session) -> list[Figure] | None:
    """Its figures; None when it broke, which must not lose what others found."""
    begun = monotonic()
    try:
        found = benchmark.load()(session)
    except Exception:
        session.say(f"{benchmark.name} broke after {monotonic() - begun:.0f} s")
        session.say(traceback.format_exc())
        return None
    for one in found:
        session.say(f"{one.figure}: {shown(one.value)} {one.unit}; {one.notes}")
    session.say(f"  ({benchmark.name} took {monotonic() - begun:.0f} s)")
    return found


def _table(figures: list[Figure]) -> Table:
    name = Column("figure", no_wrap=True)
    table = Table(name, "median", "range", "unit", "bare", "ratio", "goal", "met")
    for one in figures:
        bare = "" if one.bare is None else shown(one.bare)
        ratio = "" if one.ratio is None else f"{one.ratio:.2f}"
        met = {True: "yes", False: "no"}.get(one.detail.get("met"), "")  # type: ignore[arg-type]
        table.add_row(
            one.figure, shown(one.value), one.spread(), one.unit, bare, ratio, one.detail.get("goal", ""), met
        )
    return table


if __name__ == "__main__":
    sys.exit(main())
