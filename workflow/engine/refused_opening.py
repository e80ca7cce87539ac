"""Openings of our own: what makegood opens, and the new subject refuses, is a fault for an operator."""

from __future__ import annotations

from state_machines.decision import Decision, Event, Outcome
from state_machines.subject import Subject
from workflow.store.own_sources import OWN_SOURCES
from workflow.store.port import REFUSED_OPENING


def refused_opening(subject: Subject, event: Event, decision: Decision) -> str | None:
    """Why an opening of ours failed, for its dead letter; None when this decision is no such failure.

    Nobody else would notice: the work that was asked for is nobody's, and whoever asked goes on. A subject
    that whoever asks has opened before refuses a second opening like any other event: nothing is lost by
    that. But one that somebody else has opened under that key stands in its way.
    """
    if decision.outcome is not Outcome.REFUSED or event.parent is None or event.source not in OWN_SOURCES:
        return None
    if subject.opened_at is not None:
        if subject.parent == event.parent:
            return None
        return f"{REFUSED_OPENING}: taken: {subject.key!r} has been opened by somebody else"
    return f"{REFUSED_OPENING}: {decision.reason}"
