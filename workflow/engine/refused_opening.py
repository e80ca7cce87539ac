"""Openings of our own: what makegood opens, and the new subject refuses, is a fault for an operator."""

from __future__ import annotations

from state_machines.decision import Decision, Event, Outcome
from state_machines.subject import Subject
from workflow.engine.cloudevent import RESERVED_SOURCES
from workflow.store.port import REFUSED_OPENING


def refused_opening(subject: Subject, event: Event, decision: Decision) -> str | None:
    """Why an opening of ours failed, for its dead letter; None when this decision is no such failure.

    Nobody else would notice: the work that was asked for is nobody's, and whoever asked goes on. A subject
    that is open already refuses a second opening like any other event: nothing is lost by that.
    """
    if decision.outcome is not Outcome.REFUSED or subject.opened_at is not None:
        return None
    if event.parent is None or event.source not in RESERVED_SOURCES:
        return None
    return f"{REFUSED_OPENING}: {decision.reason}"
