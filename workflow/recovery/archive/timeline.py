"""The course of a case, told by its ledger: what came in, what fell due, and what each led to.

Messages that subjects send each other and that move nothing are left out: they say again what another entry
says. What was refused did nothing, and is left out too.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any

from state_machines.decision import Outcome
from state_machines.subject import INITIAL
from workflow.engine.fan_out import SOURCE
from workflow.recovery.archive.people import person
from workflow.recovery.archive.record import Record, Step
from workflow.store.own_sources import ASIDE_SOURCE

_PEOPLE = ("by", "who", "to", "owner")
_LEFT_OUT = frozenset(
    {
        "source_id", "customer", "regarding", "ladder", "pace", "desk", "effect", "case", "subject", "kind",
        "calendar", "pauses", "event", "trigger",
    }
)  # fmt: skip
"""By what the system finds, reckons and tells apart; and the customer, who stands at its head."""
_IN_FULL = frozenset({"what", "why", "different"})
"""Answers of a document, which has them in full above its course."""
_LONGEST = 600
"""Characters of one detail."""

Local = Callable[[datetime | str | None], str | None]
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)")


def timeline(found: Record, local: Local) -> list[dict[str, Any]]:
    """Entries, the oldest first.

    Each has `at` (local text), `subject`, `event` (the trigger in words), `state` where it moved to another,
    `by`, and `details`: what was said with it.
    """
    told = [(step.row, one.key, step) for one in (found.case, *found.others) for step in one.steps]
    told.sort()
    return [_entry(key, step, local) for _, key, step in told if _matters(step)]


def _matters(step: Step) -> bool:
    if step.source == INITIAL:
        return True
    if step.event_source == ASIDE_SOURCE:  # words between colleagues are for nobody else
        return False
    return step.event_source != SOURCE or (step.outcome is Outcome.MOVED and step.source != step.dest)


def _entry(key: str, step: Step, local: Local) -> dict[str, Any]:
    moved = step.source != step.dest
    return {
        "at": local(step.at),
        "subject": key,
        "event": step.trigger.replace("_", " "),
        "state": step.dest.replace("_", " ") if moved else None,
        "by": next((name for field in _PEOPLE if (name := person(step.said.get(field)))), None),
        "details": dict(_details(step.said, local)),
    }


def _details(data: Mapping[str, Any], local: Local) -> Iterator[tuple[str, str]]:
    """What was said: texts, numbers and yes or no, also one level down."""
    for name, value in data.items():
        if name in _LEFT_OUT or name in _PEOPLE:
            continue
        if isinstance(value, Mapping) and name in _IN_FULL:
            continue
        if isinstance(value, Mapping):
            yield from (
                (f"{name}, {inner}", text) for inner, text in _details(value, local) if ", " not in inner
            )
        elif (text := _text(value, local)) is not None:
            yield name.replace("_", " "), text


def _text(value: Any, local: Local) -> str | None:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if not isinstance(value, str | int | float) or value == "":
        return None
    if isinstance(value, str) and _INSTANT.fullmatch(value):
        return local(value)
    text = str(value)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
