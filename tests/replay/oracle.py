"""What the moves of the incident lifecycle must be, reckoned in another way: no engine, no lifecycle, no CEL.

It knows the rules of examples/incidents/lifecycle.yaml by heart and plays each incident on its own.
"""

import csv
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("America/Sao_Paulo")
HOURS = {"1": 72, "2": 96, "3": 210, "4": 210}
TRIGGERS = {
    "New": "queue", "Active": "work", "Resolved": "resolve", "Closed": "close",
    "Awaiting User Info": "await_user_info", "Awaiting Problem": "await_problem",
    "Awaiting Vendor": "await_vendor", "Awaiting Evidence": "await_evidence",
}  # fmt: skip


class Expected(NamedTuple):
    """One line of the moves; sorting gives the order of the file."""

    at: datetime
    subject: str
    number: int
    trigger: str
    cause: str
    source: str
    dest: str


def expected_moves(log: Path) -> list[dict[str, str]]:
    """The objects that MOVES.jsonl must hold, in order."""
    rows: dict[str, list[dict[str, str]]] = defaultdict(list)
    with log.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            rows[row["number"]].append(row)
    moves = [move for number, of_it in rows.items() for move in _moves(number, of_it)]
    return [
        {
            "subject": f"incident:{move.subject}", "trigger": move.trigger, "cause": move.cause,
            "from": move.source, "to": move.dest, "at": move.at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        }
        for move in sorted(moves)
    ]  # fmt: skip


def _moves(number: str, rows: list[dict[str, str]]) -> Iterator[Expected]:
    rows = sorted(
        rows, key=lambda row: _moment(row["sys_updated_at"])
    )  # stable: the file decides among equals
    state, count, lapsed = "initial", 0, False
    due: datetime | None = None
    for row in rows:
        at = _moment(row["sys_updated_at"])
        if due is not None and due < at:
            count, lapsed = count + 1, True
            yield Expected(due, number, count, "lapse", "timer", state, state)
        count += 1
        dest = row["incident_state"].lower().replace(" ", "_")
        trigger = "open" if state == "initial" else TRIGGERS[row["incident_state"]]
        yield Expected(at, number, count, trigger, "event", state, dest)
        state = dest
        promised = _moment(row["opened_at"]) + timedelta(hours=HOURS[row["priority"][0]])
        due = None if lapsed or state == "closed" else max(promised, at)
        if due == at:  # past already: it fires at once
            count, lapsed, due = count + 1, True, None
            yield Expected(at, number, count, "lapse", "timer", state, state)


def _moment(local: str) -> datetime:
    return datetime.strptime(local, "%d-%m-%Y %H:%M").replace(tzinfo=ZONE).astimezone(UTC)
