"""What somebody did at the desk, out of the event that the desk made of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from state_machines.decision import Outcome

_CALLS = frozenset({"reached", "no_answer", "busy", "wrong_number", "asked_later", "customer_calls"})
_ESCALATIONS: Mapping[str, str] = {"resolve": "resolved", "refuse": "refused", "reassign": "reassigned"}
_DECISIONS: Mapping[str, str] = {"grant": "granted", "refuse": "refused"}
_CLAIM = "claim/"
_CONFLICT = 409
"""What a door answers where somebody was quicker, or it could not be had."""
_OURS = frozenset({"standing", "dial"})
"""Fields that a door adds, or that only a telephone service understands."""


def desk_act(
    event_id: str, kind: str, subject: str, data: Mapping[str, Any], outcome: str | None
) -> dict[str, Any] | None:
    """The fields of a step; None for what people of a desk cannot have done.

    Args:
        event_id: as `workflow.recovery.desk` makes it.
        kind: type of the event.
        subject: key of whom it was sent to.
        outcome: of its decision, if there was one.
    """
    lifecycle, _, trigger = kind.partition(".")
    said = {name: value for name, value in data.items() if name != "by" and name not in _OURS}
    act = "claim" if event_id.startswith(_CLAIM) else _act(lifecycle, trigger)
    if act is None:
        return None
    fields: dict[str, Any] = {"desk": act, "of": subject}
    if "by" in data:
        fields["by"] = data["by"]
    if act == "outcome":
        said = _outcome(lifecycle, trigger, said)
    elif act == "decision":
        said = {"decision": _DECISIONS[trigger], **said}
    if said:
        fields["data"] = said
    if outcome == Outcome.REFUSED:
        fields["answer"] = _CONFLICT
    return fields


def _act(lifecycle: str, trigger: str) -> str | None:
    if lifecycle == "case":
        return f"case.{trigger}"
    if lifecycle == "approval" and trigger in _DECISIONS:
        return "decision"
    outcomes = {"callback": _CALLS, "escalation": _ESCALATIONS.keys()}.get(lifecycle, ())
    return "outcome" if trigger in outcomes else None


def _outcome(lifecycle: str, trigger: str, said: Mapping[str, Any]) -> dict[str, Any]:
    """As people say it; what came of a call is its `result` there, and its `outcome` in the event."""
    rest = {("result" if name == "outcome" else name): value for name, value in said.items()}
    return {"outcome": trigger if lifecycle == "callback" else _ESCALATIONS[trigger], **rest}
