"""The timers of the four logs, reckoned from the log alone: no engine, no lifecycle, no map.

`python oracle.py helpdesk LOG MOVES` says whether every move of a timer in MOVES (of `makegood replay`) is
one that must be, at its very instant, and whether none is missing; and how many rows cannot apply.
"""

import csv
import gzip
import json
import sys
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from zoneinfo import ZoneInfo

Row = tuple[str, datetime, str]
"""Subject, instant, what happened."""

Due = set[tuple[str, datetime]]
"""Subject and instant of each move of a timer."""


def xes(path: Path) -> list[Row]:
    """The events of a log in XES, packed with gzip or not. (Of a file that one trusts.)"""
    with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
        root = ET.parse(file).getroot()
    space = root.tag.removesuffix("log")
    rows = []
    for trace in root.iter(f"{space}trace"):
        name = next(one.get("value") for one in trace if one.get("key") == "concept:name")
        for event in trace.iter(f"{space}event"):
            values = {one.get("key"): one.get("value") for one in event}
            at = datetime.fromisoformat(values["time:timestamp"]).astimezone(UTC)
            rows.append((name.removeprefix("Case "), at, values["concept:name"]))
    return rows


def table(path: Path, delimiter: str) -> list[dict[str, str]]:
    """The rows of a CSV file."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file, delimiter=delimiter))


def by_subject(rows: list[Row]) -> Iterator[tuple[str, list[Row]]]:
    """The rows of each subject, in order of time, then of the file."""
    rows = sorted(rows, key=itemgetter(0, 1))
    return ((subject, list(group)) for subject, group in groupby(rows, key=itemgetter(0)))


def helpdesk(path: Path) -> tuple[Due, int]:
    """30 days from the first row that is no solution, and from one after a solution; closed is closed."""
    rows, due, refused = xes(path), set(), 0
    last = max(at for _, at, _ in rows)
    for subject, group in by_subject(rows):
        deadline, closed = None, False
        for _, at, what in group:
            if closed:
                refused += 1
                continue
            if deadline is not None and deadline < at:
                due.add((subject, deadline))
                deadline = datetime.max.replace(tzinfo=UTC)  # once, until it is solved
            closed = what == "Closed"
            if closed or what in ("Resolve ticket", "RESOLVED", "INVALID", "DUPLICATE"):
                deadline = None
            elif deadline is None:
                deadline = at + timedelta(days=30)
        if deadline is not None and deadline <= last:
            due.add((subject, deadline))
    return due, refused


def fines(path: Path) -> tuple[Due, int]:
    """59 days from the notification, unless a penalty comes first."""
    rows, due = xes(path), set()
    last = max(at for _, at, _ in rows)
    for subject, group in by_subject(rows):
        told = [at + timedelta(days=59) for _, at, what in group if what == "Insert Fine Notification"]
        ends = [at for _, at, what in group if what == "Add penalty"]
        due |= {(subject, at) for at in told if at <= last and all(at < end for end in ends)}
    return due, 0


def expenses(path: Path) -> tuple[Due, int]:
    """30 days from the first step's start, unless it is paid by then."""
    zone = ZoneInfo("Europe/Berlin")

    def instant(text: str) -> datetime:
        return datetime.strptime(text, "%d.%m.%Y %H:%M").replace(tzinfo=zone).astimezone(UTC)

    rows, due = table(path, ";"), set()
    last = max(instant(row["end"]) for row in rows)
    for subject in {row["case"] for row in rows}:
        own = [row for row in rows if row["case"] == subject]
        deadline = min(instant(row["start"]) for row in own) + timedelta(days=30)
        paid = [instant(row["end"]) for row in own if row["activity"] == "pay expenses"]
        if deadline <= last and all(deadline < at for at in paid):
            due.add((subject, deadline))
    return due, 0


def permits(path: Path) -> tuple[Due, int]:
    """The planned end, or the first row where that is later, unless the application is decided by then."""
    rows, due = table(path, ","), set()
    last = max(datetime.fromisoformat(row["time:timestamp"]) for row in rows)
    for subject in {row["case:concept:name"] for row in rows}:
        own = [row for row in rows if row["case:concept:name"] == subject]
        times = sorted((datetime.fromisoformat(row["time:timestamp"]), row["concept:name"]) for row in own)
        planned = max(datetime.fromisoformat(own[0]["case:enddate_planned"]), times[0][0]).astimezone(UTC)
        decided = [at for at, what in times[1:] if what == "T10 Determine necessity to stop indication"]
        if planned <= last and all(planned < at for at in decided):
            due.add((subject, planned))
    return due, 0


def main(name: str, log: str, moves: str) -> int:
    """Compare; the exit code is 1 where the two differ."""
    expected, refused = {"helpdesk": helpdesk, "fines": fines, "expenses": expenses, "permits": permits}[
        name
    ](Path(log))
    lines = [json.loads(line) for line in Path(moves).read_text(encoding="utf-8").splitlines()]
    found = {
        (line["subject"].partition(":")[2], datetime.fromisoformat(line["at"]))
        for line in lines
        if line["cause"] == "timer"
    }
    sys.stdout.write(f"{len(expected)} by timer, {refused} rows cannot apply\n")
    for what, differ in (("missing", expected - found), ("too many", found - expected)):
        for subject, at in sorted(differ):
            sys.stdout.write(f"{what}: {subject} at {at}\n")
    return int(expected != found)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
