"""The log's own verdict held against the lifecycle's: who says that it happened, and when."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from statistics import median
from typing import Any

from state_machines.values.instants import format_instant
from workflow.replay.map_parts import Comparison
from workflow.replay.plan import PlannedEvent


@dataclass(slots=True)
class Agreement:
    """Subjects by who says that it happened; `leads` are seconds from our instant to the log's row."""

    both: int = 0
    only_ours: int = 0
    only_log: int = 0
    neither: int = 0
    leads: list[float] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """Counts, the share of subjects on which both agree, and how far ahead of the log's row we are."""
        total = self.both + self.only_ours + self.only_log + self.neither
        return {
            "subjects": total,
            "both": self.both,
            "neither": self.neither,
            "only_ours": self.only_ours,
            "only_log": self.only_log,
            "agree": round((self.both + self.neither) / total, 6) if total else None,
            "ours_ahead_seconds": {
                "least": min(self.leads),
                "median": median(self.leads),
                "most": max(self.leads),
            }
            if self.leads
            else None,
        }


def compare(
    asked: Comparison, events: Iterable[PlannedEvent], ours: Mapping[str, datetime]
) -> dict[str, Any]:
    """The table of agreement, whole and by group, and every subject on which the two differ.

    Args:
        asked: what the map wants compared.
        events: all events of the log, in order of time.
        ours: by subject, when it first took the trigger that is compared, UTC.
    """
    groups, theirs = _said_by_the_log(asked, events)
    whole = Agreement()
    tables: dict[str, Agreement] = {}
    differences: list[dict[str, Any]] = []
    for subject, group in sorted(groups.items()):
        our_time, their_time = ours.get(subject), theirs.get(subject)
        for table in (whole, tables.setdefault(group, Agreement())):
            _count(table, our_time, their_time)
        if (our_time is None) != (their_time is None):
            differences.append(
                {
                    "subject": subject,
                    "group": group,
                    "ours_at": None if our_time is None else format_instant(our_time),
                    "log_at": None if their_time is None else format_instant(their_time),
                }
            )
    return {
        "trigger": asked.trigger,
        "column": asked.column,
        "value": list(asked.value),
        "all": whole.to_json(),
        "by": asked.by,
        "groups": {}
        if asked.by is None
        else {group: table.to_json() for group, table in sorted(tables.items())},
        "differences": differences,
    }


def _said_by_the_log(
    asked: Comparison, events: Iterable[PlannedEvent]
) -> tuple[dict[str, str], dict[str, datetime]]:
    """The last group of every subject, and when the log first says of a subject that it has happened."""
    groups: dict[str, str] = {}
    theirs: dict[str, datetime] = {}
    for one in events:
        row = one.row
        groups[row.subject] = "" if asked.by is None else str(row.data.get(asked.by, ""))
        if row.verdict:
            theirs.setdefault(row.subject, row.at)
    return groups, theirs


def _count(table: Agreement, ours: datetime | None, theirs: datetime | None) -> None:
    if ours is not None and theirs is not None:
        table.both += 1
        table.leads.append((theirs - ours).total_seconds())
    elif ours is not None:
        table.only_ours += 1
    elif theirs is not None:
        table.only_log += 1
    else:
        table.neither += 1
