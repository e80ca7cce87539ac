"""A word between colleagues about a subject: it stands in its ledger, and changes nothing.

It is decided without the definition, so that none has to know of it, and none can send it on.
"""

from __future__ import annotations

from state_machines.decision import Decision, Event, Outcome
from state_machines.subject import INITIAL, Subject

TRIGGER = "aside"
"""What the ledger calls such a step."""


def aside(subject: Subject, event: Event) -> Decision:
    """What is answered to it: nothing changes, or it is refused where there is no such subject yet."""
    refused = "impossible-now: nothing has opened it yet" if subject.state == INITIAL else None
    outcome = Outcome.STAYED if refused is None else Outcome.REFUSED
    return Decision(outcome, event.trigger, subject.state, subject.state, subject.data, (), (), (), refused)
