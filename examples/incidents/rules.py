"""Which rule could lie behind the log's `made_sla`? Every rule of a family, judged by its best thresholds.

    python examples/incidents/rules.py incident_event_log.csv

A rule says when the time of an incident ends (resolved or closed), which hours count, and in which states
the clock stands still. Each gets, for every priority, the threshold that agrees best with the log. The
output is the tables of docs/real-data.md, in Markdown.
"""

import csv
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

Row = dict[str, str]
Minutes = Callable[[datetime, datetime], float]

FORM = "%d-%m-%Y %H:%M"
MONDAY = datetime(2016, 2, 22)  # noqa: DTZ001 - the log's own local times, which have no zone
AWAITING = ("Awaiting User Info", "Awaiting Problem", "Awaiting Vendor", "Awaiting Evidence")


@dataclass(frozen=True)
class Incident:
    """An incident, its rows in order of time; `breached` is the log's own last word."""

    opened_at: datetime
    priority: str
    breached: bool
    states: Sequence[tuple[datetime, str]]


def read(path: Path) -> list[Incident]:
    """All incidents of the log."""
    by_number: dict[str, list[Row]] = defaultdict(list)
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            by_number[row["number"]].append(row)
    return [incident(rows) for rows in by_number.values()]


def incident(rows: list[Row]) -> Incident:
    """One incident out of its rows."""
    rows = sorted(rows, key=lambda row: moment(row["sys_updated_at"]))
    states = [(moment(row["sys_updated_at"]), row["incident_state"]) for row in rows]
    last = rows[-1]
    return Incident(moment(last["opened_at"]), last["priority"], last["made_sla"] == "FALSE", states)


def moment(text: str) -> datetime:
    """A local time of the log."""
    return datetime.strptime(text, FORM)  # noqa: DTZ007


def always(begin: datetime, end: datetime) -> float:
    """Hours, round the clock."""
    return (end - begin) / timedelta(hours=1)


def weekdays(opens: int, closes: int) -> Minutes:
    """A function that counts hours from Monday to Friday between these hours of the day."""

    def since_monday(at: datetime) -> float:
        days, weekday = divmod((at - MONDAY).days, 7)
        today = min(max(at.hour + at.minute / 60 - opens, 0), closes - opens) if weekday < 5 else 0
        return (days * 5 + min(weekday, 5)) * (closes - opens) + today

    return lambda begin, end: since_monday(end) - since_monday(begin)


def spent(one: Incident, final: Sequence[str], pauses: Sequence[str], hours: Minutes) -> float:
    """Hours from the opening to the first row in one of the `final` states, less those in a pause."""
    end = next((at for at, state in one.states if state in final), one.states[-1][0])
    total = hours(one.opened_at, end)
    for (begin, state), (until, _) in pairwise(one.states):
        if state in pauses and until <= end:
            total -= hours(max(begin, one.opened_at), until)
    return total


def best(judged: Iterable[tuple[float, bool]]) -> tuple[int, float]:
    """The fewest incidents misjudged by a threshold, and that threshold (the longest time still kept)."""
    ordered = sorted(judged)
    wrong = sum(not breached for _, breached in ordered)  # a threshold below all: everything is breached
    found = (wrong, -1.0)
    for index, (time, breached) in enumerate(ordered):
        wrong += 1 if breached else -1
        last_of_its_time = index + 1 == len(ordered) or ordered[index + 1][0] > time
        if last_of_its_time and wrong < found[0]:
            found = (wrong, time)
    return found


RULES = [
    (f"{end}, {clock}, {pause}", final, stands, hours)
    for end, final in (("until resolved", ("Resolved", "Closed")), ("until closed", ("Closed",)))
    for clock, hours in (
        ("24x7", always),
        ("Mon-Fri 0-24", weekdays(0, 24)),
        ("Mon-Fri 8-18", weekdays(8, 18)),
    )
    for pause, stands in (
        ("no pause", ()),
        ("pause in Awaiting User Info", AWAITING[:1]),
        ("pause in every Awaiting state", AWAITING),
    )
]


def main(path: Path) -> None:
    """Print the tables."""
    incidents = read(path)
    priorities = sorted({one.priority for one in incidents})
    say("| rule | misjudged | " + " | ".join(priorities) + " |")
    say("|---|---|" + "---|" * len(priorities))
    for name, final, stands, hours in RULES:
        wrong = [
            best(
                (spent(one, final, stands, hours), one.breached)
                for one in incidents
                if one.priority == priority
            )[0]
            for priority in priorities
        ]
        say(f"| {name} | {sum(wrong)} | " + " | ".join(map(str, wrong)) + " |")
    brackets(incidents, priorities)
    halves(incidents, priorities)


def brackets(incidents: list[Incident], priorities: list[str]) -> None:
    """Between which times, by the rule that agrees best, the log leaves the threshold open."""
    say("\n| priority | incidents | breached | longest kept, hours | shortest breached, hours |")
    say("|---|---|---|---|---|")
    for priority in priorities:
        times = times_until_closed(incidents, priority)
        kept = [time for time, breached in times if not breached]
        late = [time for time, breached in times if breached]
        shown = f"{max(kept):.2f}" if kept else "none"
        say(f"| {priority} | {len(times)} | {len(late)} | {shown} | {min(late):.2f} |")


def halves(incidents: list[Incident], priorities: list[str]) -> None:
    """Thresholds from every second incident, judged on the others: how much is fitted, how much is found."""
    wrong = 0
    for learn, judge in ((incidents[::2], incidents[1::2]), (incidents[1::2], incidents[::2])):
        for priority in priorities:
            _, threshold = best(times_until_closed(learn, priority))
            wrong += sum(
                (time > threshold) != breached for time, breached in times_until_closed(judge, priority)
            )
    say(f"\nThresholds learnt from one half and judged on the other, both ways: {wrong} misjudged.")


def times_until_closed(incidents: list[Incident], priority: str) -> list[tuple[float, bool]]:
    """Hours from the opening to the first closing, and whether the log says breached."""
    return [
        (spent(one, ("Closed",), (), always), one.breached) for one in incidents if one.priority == priority
    ]


def say(line: str) -> None:
    """One line of the output."""
    sys.stdout.write(line + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
