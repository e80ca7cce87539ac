"""How what became of an act at the desk is told over HTTP."""

from __future__ import annotations

from typing import Any

from workflow.access.principal import Principal
from workflow.api.context import ApiContext
from workflow.api.http.answers import JsonAnswer
from workflow.api.http.parameters import READING
from workflow.api.http.problems import Kind, Refusal, described
from workflow.recovery.desk.desk import ActResult, Desk, DeskOutcome, DeskResult


def described_results(model: type[DeskResult] | type[ActResult]) -> dict[int | str, dict[str, Any]]:
    """The `responses` of an operation that acts at the desk, for OpenAPI."""
    undecided = {"description": "Not decided yet; send the same `id` again to go on waiting", "model": model}
    refused = described(Kind.MALFORMED, Kind.FORBIDDEN, Kind.TIMEOUT, Kind.CONFLICT, Kind.TOO_LARGE)
    return READING | refused | {202: undecided}


def response_to(result: DeskResult | ActResult) -> JsonAnswer:
    """200, or 202 while it is undecided. Raises Refusal (409) when it was refused or somebody was quicker."""
    if result.outcome is DeskOutcome.LOST:
        message = f"{result.key or 'it'}: {result.reason}"
        raise Refusal.of(Kind.CONFLICT, "subject", "not-possible-now", message)
    return JsonAnswer(result, status_code=202 if result.outcome is DeskOutcome.UNDECIDED else 200)


def desk_of(context: ApiContext, holder: Principal) -> Desk:
    """The desk behind this process, for whoever holds this key."""
    return Desk(context.runtime.engine, context.runtime.clock, context.wake, holder)


def operators_desk_of(context: ApiContext, holder: Principal) -> Desk:
    """The same for an operator, who does by it what triggers take from operators alone."""
    return Desk(context.runtime.engine, context.runtime.clock, context.wake, holder, "/console")
