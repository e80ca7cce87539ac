"""Decisions alone, in one process and without a store: a fired timer is decided and its subject moved on.

Beside it transitions' own trigger of the same move, on a machine that is bound to no model.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from time import perf_counter

from transitions import Machine

from benchmarks.figures import Figure
from benchmarks.meter import METER
from benchmarks.rounds import Reading
from benchmarks.session import Session
from state_machines.decide import apply_decision, decide
from state_machines.decision import Event
from state_machines.definitions.lifecycle import Lifecycle, load
from state_machines.subject import Subject, Timer

_NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
_CHUNK = 500


def measure(session: Session) -> list[Figure]:
    """Decisions a second, beside bare triggers a second."""
    seconds = session.size(2.0, 0.1)
    contestants = {
        "makegood": lambda: rate(_deciding(), seconds),
        "bare": lambda: rate(triggering(), seconds),
    }
    result = session.contest("decisions", contestants, yardsticks={})
    return [
        result.figure(
            "decisions",
            "decisions/s",
            notes="one process; a timer's move with an expression, the next timer and an effect, decided "
            "and applied to the subject; bare: the same two states' trigger of transitions, on no model",
        )
    ]


def _deciding() -> Callable[[], int]:
    lifecycle = load(METER, "meter.yaml")
    subjects = [_reminded(lifecycle, number) for number in range(_CHUNK)]

    def chunk() -> int:
        for place, subject in enumerate(subjects):
            timer = next(iter(subject.timers.values()))
            event = Event(
                "remind", f"{subject.key}/{timer.setting}", "/makegood/timers", _NOW,
                timer=timer.name, setting=timer.setting,
            )  # fmt: skip
            subjects[place] = apply_decision(subject, event, decide(lifecycle, subject, event, _NOW), _NOW)
        return _CHUNK

    return chunk


def _reminded(lifecycle: Lifecycle, number: int) -> Subject:
    timer = Timer("read_lately", 1, _NOW - timedelta(days=3), _NOW)
    return Subject(
        f"meter:{number}", lifecycle.name, lifecycle.version, "read_lately", 1,
        opened_at=_NOW, changed_at=_NOW, timers={timer.name: timer},
    )  # fmt: skip


class _Meter:
    state = "read_lately"


def triggering() -> Callable[[], int]:
    """A chunk of bare triggers; how many."""
    machine = Machine(
        model=None, states=["read_lately", "reminded"], initial="read_lately",
        auto_transitions=False, send_event=True,
    )  # fmt: skip
    machine.add_transition("remind", "read_lately", "reminded")
    machine.add_transition("remind", "reminded", "read_lately")
    meters = [_Meter() for _ in range(_CHUNK)]

    def chunk() -> int:
        for meter in meters:
            machine.events["remind"].trigger(meter)
        return _CHUNK

    return chunk


def rate(chunk: Callable[[], int], seconds: float) -> Reading:
    """How many a second, for about so long, after one chunk to warm up."""
    chunk()
    begun, done = perf_counter(), 0
    while (spent := perf_counter() - begun) < seconds:
        done += chunk()
    return {"rate": done / spent}
