"""Spans of the decisions of a batch: each belongs to the trace that its event came with.

They are begun before anything is written, since what a decision asks for names its span, and ended once it is
committed: what is rolled back is told by nobody. A timer's decision begins a trace of its own, linked to the
decision that set the timer: days may lie between the two.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, select, tuple_

from state_machines.decision import Decision
from state_machines.subject import Subject
from workflow.store.port import Pending
from workflow.store.schema import moves
from workflow.telemetry import tracing
from workflow.telemetry.tracing import Span


class DecisionSpans:
    """The spans of one batch, in one transaction."""

    def __init__(self, connection: Connection, work: Sequence[Pending]) -> None:
        """For what was claimed; who set its timers is asked only where that will be told."""
        self.begun: list[Span] = []
        self._on = tracing.is_on()
        self._setters = _setters(connection, work) if self._on else {}

    def begin(self, work: Pending, subject: Subject, trigger: str) -> Span:
        """The span of a decision that is about to be taken; of nobody's trace where none is recorded."""
        event = work.event
        if not self._on:
            return tracing.begin("", work.traceparent)
        setter = self._setters.get((work.subject_row, event.setting or 0))
        span = tracing.begin("decide", work.traceparent, links=() if setter is None else [setter])
        kind = f"{subject.lifecycle}.{trigger}"
        span.rename(f"decide {kind}")
        span.note(subject=subject.key, type=kind, timer=event.timer)
        self.begun.append(span)
        return span

    @staticmethod
    def decided(span: Span, decision: Decision, seq: int) -> None:
        """Say what was decided."""
        span.note(outcome=decision.outcome.value, state=decision.dest, seq=seq)

    def failed(self, before: int, error: Exception) -> None:
        """The decision failed of which the span was begun after so many others, if it was."""
        for span in self.begun[before:]:
            span.fail(type(error).__name__)  # its words may name somebody


def _setters(connection: Connection, work: Sequence[Pending]) -> dict[tuple[int, int], str]:
    """The spans of the decisions that set these timers, by subject row and setting."""
    wanted = {(one.subject_row, one.event.setting) for one in work if one.event.timer is not None}
    if not wanted:
        return {}
    place = (moves.c.subject_id, moves.c.seq)
    query = select(*place, moves.c.traceparent).where(
        tuple_(*place).in_(sorted(wanted)), moves.c.traceparent.is_not(None)
    )
    return {(row, seq): traceparent for row, seq, traceparent in connection.execute(query)}
