"""What may happen to a subject now, and what of it the caller may bring about."""

from __future__ import annotations

from dataclasses import dataclass

from state_machines.definitions.senders import OPERATOR, OUTSIDE
from state_machines.possibilities import Verdict, possibilities
from state_machines.subject import Subject
from workflow.access.principal import Principal
from workflow.access.role import SENDING
from workflow.api.http.idempotency import source_of
from workflow.engine.cloudevent import CloudEvent
from workflow.engine.permission import forbidden
from workflow.engine.runtime import Runtime
from workflow.queries.resources import resource


@dataclass(frozen=True, slots=True)
class PossibleTrigger:
    """A trigger that leads somewhere from the state in which the subject is.

    Attributes:
        verdict: whether it would be taken now: `yes`, `no`, or `depends`, on what its event says.
        leads_to: the states to which it may lead.
        reason: why it would be refused.
        permitted: whether the caller's key may send it.
        why_not: why it may not.
        senders: who may send it, as the definition says.
        required: fields of its body that must be there.
    """

    trigger: str
    verdict: Verdict
    leads_to: list[str]
    reason: str | None
    permitted: bool
    why_not: str | None
    senders: list[str]
    required: list[str]


@dataclass(frozen=True, slots=True)
class PossibleTriggers:
    """What may happen to a subject, as it stands at this revision."""

    key: str
    state: str
    revision: int
    items: list[PossibleTrigger]


def possible_now(runtime: Runtime, holder: Principal, key: str) -> PossibleTriggers:
    """What may happen to a subject, by the definition that it lives through. Raises NotFound."""
    found = resource(runtime.store, key)
    name = key.partition(":")[0]
    lifecycle = runtime.registry.get(name, found.version)
    subject = Subject(
        *(key, name, found.version, found.state, found.revision, found.data, found.parent),
        *(found.opened_at, found.changed_at),
    )
    newest = runtime.registry.known(name) or lifecycle
    items = []
    for one in possibilities(lifecycle, subject, runtime.clock.now()):
        declared = lifecycle.triggers[one.trigger]
        why_not = "it is not sent by a key"
        if lifecycle.senders[one.trigger] & {OUTSIDE, OPERATOR}:
            why_not = "this key sends no events"
            if holder.role in SENDING:
                why_not = "the newest definition does not have it"
                if one.trigger in newest.triggers:
                    event = CloudEvent("", source_of(holder), f"{name}.{one.trigger}", key)
                    why_not = "; ".join(p.message for p in forbidden(event, newest, one.trigger, holder))
        items.append(
            PossibleTrigger(
                one.trigger,
                one.verdict,
                list(one.leads_to),
                one.reason,
                not why_not,
                why_not or None,
                sorted(lifecycle.senders[one.trigger]),
                [field for field, said in declared.data.items() if said.required],
            )
        )
    return PossibleTriggers(key, found.state, found.revision, items)
