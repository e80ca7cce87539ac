"""The operations that send a trigger to a subject, for OpenAPI: each takes what its trigger declares."""

from __future__ import annotations

from typing import Any

from state_machines.definitions.lifecycle import Lifecycle
from state_machines.subject import INITIAL
from workflow.api.resources.components import SENDING, header, in_json, parameter, problems
from workflow.api.resources.examples import example_body
from workflow.api.resources.naming import OperationNames, word_of
from workflow.api.resources.parameters import ID, PARENT, id_parameter, links_of, query_parameter
from workflow.api.resources.senders import IN_WORDS, sources_of


def create_operation(lifecycle: Lifecycle, trigger: str, names: OperationNames) -> dict[str, Any]:
    """A new subject, by the trigger that begins one."""
    operation = _sending(lifecycle, trigger, names)
    chosen = {"type": "string", "pattern": ID}
    own_id = query_parameter(
        "id", "The id of the new one. Left out: one is made, the same for the same `Idempotency-Key`.", chosen
    )
    taken = operation["responses"].pop("200")
    place = {"Location": header("Location")}
    operation["responses"]["201"] = taken | {"headers": taken["headers"] | place}
    operation["responses"]["202"]["headers"] |= place
    return operation | {
        "operationId": names.create,
        "summary": f"A new {word_of(lifecycle)}",
        "description": f"As `{trigger}` of one that is not there yet. {operation['description']}",
        "parameters": [own_id, *operation["parameters"]],
    }


def send_operation(lifecycle: Lifecycle, trigger: str, names: OperationNames) -> dict[str, Any]:
    """One trigger of a subject."""
    operation = _sending(lifecycle, trigger, names)
    return operation | {"parameters": [id_parameter(names), *operation["parameters"]]}


def _sending(lifecycle: Lifecycle, trigger: str, names: OperationNames) -> dict[str, Any]:
    """What is the same of a trigger, whether its subject is named or is to be made."""
    declared, sources = lifecycle.triggers[trigger], sources_of(lifecycle, trigger)
    senders = sorted(lifecycle.senders[trigger])
    begins = INITIAL in sources
    content = in_json(
        names.bodies[trigger],
        examples={"example": {"value": example_body(lifecycle, trigger)}},
    )
    required = any(one.required for one in declared.data.values())
    links = links_of(lifecycle, names, but=trigger) if begins else links_of(lifecycle, names, only_get=True)
    answer = {"content": in_json("TriggerResult"), "links": links}
    waited = {"Preference-Applied": header("PreferenceApplied")}
    said = [declared.description, _possible_when(sources), _sent_by(senders)]
    return {
        "operationId": names.triggers[trigger],
        "summary": f"{lifecycle.definition.title or lifecycle.name}: {trigger.replace('_', ' ')}",
        "description": " ".join(one for one in said if one),
        "parameters": [
            *([PARENT] if begins else []),
            *(parameter(one) for one in ("Prefer", "IfMatch", "IdempotencyKey")),
        ],
        "requestBody": {"required": required, "content": content},
        "responses": {
            "200": answer
            | {
                "description": "Decided within the time of `Prefer: wait`: it was taken",
                "headers": {"ETag": header("ETag"), **waited},
            },
            "202": answer | {"description": "Accepted; it is decided soon", "headers": dict(waited)},
            **problems(*SENDING),
        },
        "x-makegood-trigger": f"{lifecycle.name}.{trigger}",
        "x-makegood-from": senders,
        "x-makegood-states": sources,
    }


def _possible_when(sources: list[str]) -> str:
    if sources == [INITIAL]:
        return "It begins the subject."
    states = ", ".join(f"`{one}`" for one in sources if one != INITIAL)
    begins = " It begins one, too." if INITIAL in sources else ""
    return f"Possible in the state{'s' if len(sources) > 1 else ''} {states}.{begins}"


def _sent_by(senders: list[str]) -> str:
    return f"It may come from {'; '.join(IN_WORDS[one] for one in senders)}."
