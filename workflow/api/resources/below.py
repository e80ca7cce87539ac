"""Paths below a subject, whoever answers for the subject itself."""

from __future__ import annotations

from fastapi import Request

from state_machines.definitions.lifecycle import Lifecycle
from workflow.access.principal import Principal
from workflow.api.context import context_of
from workflow.api.http.allowed import allow_field
from workflow.api.http.problems import Kind, Refusal
from workflow.api.resources.addresses import POSSIBLE, Address
from workflow.api.resources.possible import PossibleTriggers, possible_now
from workflow.api.resources.senders import sendable


def read_below(
    request: Request, holder: Principal, lifecycle: Lifecycle, address: Address
) -> PossibleTriggers | None:
    """What may happen to the subject, if the path asks that; None where it names the subject itself.

    Raises NotFound; and Refusal (405) where the path is that of a trigger.
    """
    if address.last == POSSIBLE:
        return possible_now(context_of(request).runtime, holder, f"{lifecycle.name}:{address.id}")
    if address.last is not None and address.last in sendable(lifecycle):
        raise no_method(request, "POST")
    return None


def no_method(request: Request, *known: str) -> Refusal:
    """405: what the path names takes these methods."""
    message = f"Method Not Allowed: {request.method} {request.url.path}"
    return Refusal.of(Kind.METHOD, "method", "method", message, Allow=allow_field(known))
