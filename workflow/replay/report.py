"""The report of a replay: every row accounted for, and what came of them."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from state_machines.values.instants import format_instant
from workflow.replay.event_reader import PlannedRow
from workflow.replay.moves import Move
from workflow.replay.outcomes import Remainder
from workflow.replay.plan import Plan
from workflow.replay.refusal import Refusal
from workflow.replay.timeline import Order
from workflow.store.port import EventOutcome

ORDER = "by instant, then by row number; an event at the very instant of a deadline comes before it"


@dataclass(slots=True)
class MoveCount:
    """Moves counted while they are written, and when each subject first took the trigger that is compared."""

    compared: str | None = None
    total: int = 0
    causes: Counter[str] = field(default_factory=Counter)
    triggers: Counter[tuple[str, str]] = field(default_factory=Counter)
    first: dict[str, datetime] = field(default_factory=dict)

    def add(self, move: Move) -> None:
        """Count one more."""
        self.total += 1
        self.causes[move.cause] += 1
        self.triggers[move.trigger, move.cause] += 1
        if move.trigger == self.compared:
            self.first.setdefault(move.subject, move.at)

    def to_json(self) -> dict[str, Any]:
        """Counts by cause, and by trigger within it."""
        return {
            "total": self.total,
            "by_cause": {cause: self.causes[cause] for cause in ("event", "timer")},
            "by_trigger": [
                {"trigger": trigger, "cause": cause, "moves": count}
                for (trigger, cause), count in sorted(self.triggers.items())
            ],
        }


@dataclass(frozen=True, slots=True)
class Result:
    """Everything a replay found out.

    Attributes:
        plan: what the rows became before anything ran.
        known: ids of events that the store had from an earlier replay of the same log.
        outcomes: what the ledger says about each event, by id.
        refused: rows that became events and could not apply.
        moves, remainder: what came of it all.
        until: where the clock stopped, UTC; None when nothing ran.
        comparison: the table of agreement with the log's own verdict, if the map asks for one.
    """

    plan: Plan
    known: set[str]
    outcomes: Mapping[str, EventOutcome]
    refused: list[Refusal]
    moves: MoveCount
    remainder: Remainder
    until: datetime | None
    comparison: dict[str, Any] | None


def make_report(result: Result, files: dict[str, Any]) -> dict[str, Any]:
    """The report as JSON values; `files` says what was replayed (log, lifecycle, map)."""
    plan = result.plan
    refusals = sorted(_all_refusals(result), key=lambda one: one.row)
    duplicates = _duplicates(result)
    applied = [one.event.id for one in plan.events if one.event.id not in result.known]
    outcomes = Counter(result.outcomes[identity].outcome for identity in applied)
    return {
        **files,
        "rows": {
            "total": plan.rows,
            "events": plan.asked,
            "applied": outcomes["moved"] + outcomes["stayed"],
            "duplicate": len(duplicates),
            "refused": len(refusals),
            "set_aside": plan.left_out + len(plan.after_until) + len(plan.outliers),
        },
        "applied": {"moved": outcomes["moved"], "stayed": outcomes["stayed"]},
        "refusals": {
            "by_rule": dict(sorted(Counter(one.rule for one in refusals).items())),
            "reasons": top_reasons(refusals),
            "items": [asdict(one) for one in refusals],
        },
        "set_aside": {
            "left_out": plan.left_out,
            "after_until": len(plan.after_until),
            "outliers": [_aside(one) for one in plan.outliers],
        },
        "never_seen": [{"field": field, "column": column} for column, field in plan.never_seen.items()],
        "duplicates": duplicates,
        "order": _order(plan.order),
        "time": {
            "first_event": _instant(plan.events[0].row.at if plan.events else None),
            "last_event": _instant(plan.events[-1].row.at if plan.events else None),
            "until": _instant(result.until),
        },
        "moves": result.moves.to_json(),
        "at_the_end": _remainder(result.remainder),
        "comparison": result.comparison,
    }


def top_reasons(refusals: Sequence[Refusal]) -> list[dict[str, Any]]:
    """Refusals by field and rule, the most frequent first, each with the first row that has it."""
    counts = Counter((one.field, one.rule) for one in refusals)
    examples: dict[tuple[str, str], Refusal] = {}
    for one in refusals:
        examples.setdefault((one.field, one.rule), one)
    return [
        {
            "field": field,
            "rule": rule,
            "rows": count,
            "row": examples[field, rule].row,
            "line": examples[field, rule].line,
            "message": examples[field, rule].message,
        }
        for (field, rule), count in counts.most_common()
    ]


def _aside(row: PlannedRow) -> dict[str, Any]:
    return {"row": row.row, "line": row.line, "subject": row.subject, "at": format_instant(row.at)}


def _all_refusals(result: Result) -> Iterable[Refusal]:
    yield from result.plan.refusals
    rows_known = {one.row.row for one in result.plan.events if one.event.id in result.known}
    yield from (one for one in result.refused if one.row not in rows_known)


def _duplicates(result: Result) -> list[dict[str, Any]]:
    """Rows that repeat a row of this log, and rows that an earlier replay has brought already."""
    items = [asdict(one) for one in result.plan.duplicates]
    for one in result.plan.events:
        if one.event.id in result.known:
            first = result.outcomes[one.event.id]
            items.append(
                {
                    "row": one.row.row,
                    "line": one.row.line,
                    "id": one.row.id,
                    "first_row": None,
                    "identical": None,
                    "first_outcome": first.outcome,
                }
            )
    return sorted(items, key=lambda item: item["row"])


def _order(order: Order) -> dict[str, Any]:
    return {
        "rule": ORDER,
        "jumps_back_in_the_file": order.jumps,
        "backwards": [
            {
                "subject": one.subject,
                "row": one.row,
                "at": format_instant(one.at),
                "previous_row": one.previous_row,
                "previous_at": format_instant(one.previous_at),
            }
            for one in order.backwards
        ],
        "subjects_that_share_an_instant": order.shared_subjects,
        "rows_that_share_an_instant": order.shared_rows,
    }


def _remainder(remainder: Remainder) -> dict[str, Any]:
    return {
        "subjects": remainder.subjects,
        "timers_pending": remainder.timers_pending,
        "next_timer_due": _instant(remainder.next_due),
        "timers_dead": remainder.timers_dead,
        "effects_not_carried_out": remainder.effects,
    }


def _instant(instant: datetime | None) -> str | None:
    return None if instant is None else format_instant(instant)
