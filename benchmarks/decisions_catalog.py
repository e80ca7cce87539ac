"""Decisions of the catalog's own lifecycles, in one process and without a store: what most of the work is.

Beside them transitions' own trigger, on a machine that is bound to no model (see `decisions`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from benchmarks.decisions import rate, triggering
from benchmarks.figures import Figure
from benchmarks.session import Session
from state_machines import catalog
from state_machines.decide import apply_decision, decide
from state_machines.decision import Event, Outcome
from state_machines.subject import Subject
from workflow.recovery import vocabulary

_NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
_CHUNK = 100
_ADA = {"key": "customer:1", "name": "Ada", "email": "ada@shop.example", "zone": "Europe/Berlin"}
_LADDER = [
    {"people": ["sam@shop.example"], "within": "PT15M"},
    {"people": ["ina@shop.example"], "within": "PT15M"},
    {"team": "desk"},
]
_PROMISE = {
    "words": "We call", "owner": "ana@shop.example", "due_at": "2026-03-02T12:00:00Z", "customer": _ADA,
    "ladder": _LADDER, "warn_before": "PT30M",
}  # fmt: skip
_ESCALATION = {
    "words": "We call", "about": "broken_promise", "ladder": _LADDER, "customer": _ADA,
    "promise": "promise:1", "promise_due_at": "2026-03-02T12:00:00Z",
}  # fmt: skip
_CASE = {"customer": _ADA, "words": "No line", "channel": "email", "owner": "ana@shop.example"}


def measure(session: Session) -> list[Figure]:
    """Decisions a second of four paths, beside bare triggers a second."""
    vocabulary.register()
    seconds = session.size(1.0, 0.05)
    found = []
    for name, (subject, event, now) in _paths().items():
        contestants = {
            "makegood": lambda subject=subject, event=event, now=now: rate(
                _deciding(subject, event, now), seconds
            ),
            "bare": lambda: rate(triggering(), seconds),
        }
        result = session.contest(f"decisions_{name}", contestants, yardsticks={})
        notes = f"one process; {name} as the catalog decides it; bare: a trigger of transitions"
        found.append(result.figure(f"decisions_{name}", "decisions/s", notes=notes))
    return found


def _paths() -> Mapping[str, tuple[Subject, Event, datetime]]:
    promise = _opened("promise", "make", _PROMISE)
    escalation = _opened("escalation", "open", _ESCALATION)
    case = _opened("case", "open", _CASE)
    return {
        "promise_make": (_new("promise"), _event("make", _PROMISE), _NOW),
        "promise_lapse": _timed(promise, "deadline"),
        "escalation_climb": _timed(escalation, "acknowledge_in_time"),
        "case_word": (case, _event("word", {"words": "We are on it", "by": "ana@shop.example"}), _NOW),
    }


def _new(name: str) -> Subject:
    return Subject(f"{name}:1", name, catalog.load_catalog()[name].version)


def _event(trigger: str, data: Mapping[str, Any]) -> Event:
    return Event(trigger, "e-1", "/crm", _NOW, data)


def _opened(name: str, trigger: str, data: Mapping[str, Any]) -> Subject:
    subject, event = _new(name), _event(trigger, data)
    return apply_decision(subject, event, decide(catalog.load_catalog()[name], subject, event, _NOW), _NOW)


def _timed(subject: Subject, name: str) -> tuple[Subject, Event, datetime]:
    timer = subject.timers[name]
    assert timer.due_at is not None
    trigger = catalog.load_catalog()[subject.lifecycle].timeouts[name].on_timeout
    event = Event(trigger, "t-1", "/makegood/timers", timer.due_at, timer=timer.name, setting=timer.setting)
    return subject, event, timer.due_at


def _deciding(subject: Subject, event: Event, now: datetime) -> Callable[[], int]:
    lifecycle = catalog.load_catalog()[subject.lifecycle]
    assert decide(lifecycle, subject, event, now).outcome is not Outcome.REFUSED

    def chunk() -> int:
        for _ in range(_CHUNK):
            decide(lifecycle, subject, event, now)
        return _CHUNK

    return chunk
