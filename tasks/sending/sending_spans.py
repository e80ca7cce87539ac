"""Spans of messages: one for each attempt to hand notices over, in the trace of the decision that asked."""

from __future__ import annotations

from typing import Any

from tasks.channels.port import ChannelError
from tasks.sending.bundle import Bundle
from workflow.telemetry import tracing
from workflow.telemetry.trace_context import HEADER
from workflow.telemetry.tracing import Side, Span


def sending_span(bundle: Bundle) -> Span:
    """Of several notices in one message the first says whose trace it is; the others' are linked."""
    first, *others = (row.payload.get(HEADER) for row in bundle.rows)
    span = tracing.begin("send notice", first, Side.CLIENT, [one for one in others if one is not None])
    row = bundle.rows[0]
    span.note(subject=row.subject, effect=row.key, attempt=row.attempts, notices=len(bundle.rows))
    return span


def end_sending(span: Span, outcome: dict[str, Any] | ChannelError) -> None:
    """Say what came of it: by which channel it went, or which kind of failure it was."""
    if isinstance(outcome, ChannelError):
        span.note(outcome=type(outcome).__name__)
        span.fail(str(outcome))  # names rules and codes, never a person
    else:
        span.note(outcome=outcome.get("outcome"), channel=outcome.get("channel"))
    span.end()
