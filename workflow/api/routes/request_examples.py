"""An example of each operation that no definition makes, for OpenAPI; a test sends them all to a running API.

Those of the operations on subjects are made from the definitions (`workflow.api.resources.examples`), and
name the same subjects: what is read here is begun there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple


class RequestExample(NamedTuple):
    """Parameters by name, wherever they stand, and the body."""

    parameters: Mapping[str, Any] = {}
    body: Mapping[str, Any] | None = None


_BY = "ana@shop.example"
_SUBJECT = RequestExample({"key": "promise:P-17"})
_DROPPED = {"reason": "Sent twice by mistake, see ticket 4711"}
_EFFECT, _DEAD_EVENT, _MESSAGE = {"effect_id": 1}, {"event_row": 1}, {"message_row": 1}
_TIMER = {"name": "deadline", "subject": "promise:P-17"}
_TWILIO = RequestExample({"effect": "callback:C-17/2/0"})

EXAMPLES: Mapping[str, RequestExample] = {
    "discard_pending_event": RequestExample(
        {"source": "https://shop.example/orders", "id": "5f0c1d"}, _DROPPED
    ),
    "get_event_decision": RequestExample({"source": "https://shop.example/orders", "id": "5f0c1d"}),
    "get_explanation": _SUBJECT,
    "list_subjects": RequestExample({"lifecycle": "promise"}),
    "get_timeline": _SUBJECT,
    "get_subject": _SUBJECT,
    "get_lifecycle": RequestExample({"name": "promise"}),
    "list_triggers": RequestExample({"name": "promise", "state": "made"}),
    "post_migration": RequestExample({"name": "promise"}, {"from": 1, "to": 2, "dry_run": True}),
    "get_packet": RequestExample({"number": "C-17"}),
    "list_fitting_policies": RequestExample({"case": "case:C-17"}),
    "search_policies": RequestExample(body={"facts": {"amount": 30}, "role": "agent", "what": "voucher"}),
    "get_line": RequestExample({"language": ["de"]}),
    "post_claim": RequestExample(body={"by": _BY, "subject": "callback:C-17"}),
    "post_call_outcome": RequestExample({"key": "callback:C-17"}, {"by": _BY, "outcome": "no_answer"}),
    "post_escalation_outcome": RequestExample(
        {"key": "escalation:E-17"},
        {"by": _BY, "outcome": "resolved", "result": "The refund was paid by hand"},
    ),
    "get_item": RequestExample({"key": "callback:C-17"}),
    "post_approval_decision": RequestExample(
        {"number": "A-17"},
        {"by": "lea@shop.example", "decision": "refused", "reason": "It was repaired already"},
    ),
    "act_on_case": RequestExample(
        {"number": "C-17", "trigger": "word"}, {"by": _BY, "words": "The part arrives tomorrow"}
    ),
    "post_verdict": RequestExample({"number": "L-17", "verdict": "not_the_same"}, {"by": _BY}),
    "merge_customers": RequestExample({"number": "C-17"}, {"by": _BY, "into": "customer:C-18"}),
    "separate_customers": RequestExample(
        {"number": "C-17"}, {"by": _BY, "reason": "Father and son, of one name"}
    ),
    "list_incidents": RequestExample({"state": ["open"]}),
    "list_cases_of_incident": RequestExample({"number": "I-17"}),
    "get_incident": RequestExample({"number": "I-17"}),
    "act_on_incident": RequestExample(
        {"number": "I-17", "trigger": "join"}, {"by": _BY, "case": "case:C-17"}
    ),
    "get_figure": RequestExample({"name": "promises", "by": "month", "zone": "Europe/Berlin"}),
    "list_counted": RequestExample({"name": "promises"}),
    "search_alerts": RequestExample({"words": "refund", "limit": 20}),
    "get_alert": RequestExample({"case": "case:C-17", "version": "latest"}),
    "list_effects": RequestExample({"state": ["dead", "unknown"]}),
    "get_effect": RequestExample(_EFFECT),
    "retry_effect": RequestExample(_EFFECT),
    "settle_effect": RequestExample(_EFFECT, {"note": "The customer has read it to me"}),
    "list_notices": RequestExample({"subject": "promise:P-17"}),
    "get_notice": RequestExample({"notice_id": 1}),
    "retry_event": RequestExample(_DEAD_EVENT),
    "discard_dead_event": RequestExample(_DEAD_EVENT, _DROPPED),
    "retry_timer": RequestExample(_TIMER),
    "discard_dead_timer": RequestExample(_TIMER, _DROPPED),
    "discard_message": RequestExample(_MESSAGE, _DROPPED),
    "list_refusals": RequestExample({"since": "2026-07-01"}),
    "list_audit": RequestExample({"actor": "system:crm"}),
    "search_subjects": RequestExample({"q": "ada lovelace", "limit": 20}),
    "list_changes": RequestExample({"lifecycle": ["promise"], "limit": 100}),
    "stream_changes": RequestExample({"lifecycle": ["promise"]}),
    "list_unmapped": RequestExample({"limit": 20}),
    "get_unmapped": RequestExample({"message": 1}),
    "retry_unmapped": RequestExample({"message": 1}),
    "discard_unmapped": RequestExample({"message": 1}, _DROPPED),
    "post_hook": RequestExample({"route": "shop"}, {"order": "4711", "status": "returned"}),
    **dict.fromkeys(
        (
            *("get_subscription", "change_subscription", "remove_subscription"),
            *("list_attempts", "redeliver", "rotate_secret"),
        ),
        RequestExample({"id": "s-17"}),
    ),
    "advance_clock": RequestExample(body={"by": "PT2H"}),
    "report": _TWILIO,
    "connect": _TWILIO,
    "post_report": RequestExample({"channel": "sms"}, {"effect": "promise:P-17/2/0", "status": "delivered"}),
}
"""By the name of the operation."""


def add_examples(operations: Iterator[dict[str, Any]]) -> None:
    """Put each example where OpenAPI has it: a value at its parameter, a body at its media type."""
    for operation in operations:
        example = EXAMPLES.get(operation["operationId"])
        if example is None:
            continue
        for parameter in operation.get("parameters", ()):
            if parameter.get("name") in example.parameters:
                parameter["example"] = example.parameters[parameter["name"]]
        if example.body is not None:
            content = operation["requestBody"]["content"]["application/json"]
            content.setdefault("examples", {})["example"] = {"value": example.body}
