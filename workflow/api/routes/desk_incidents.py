"""Whoever answers for an incident says what it is, and how it goes: ``/v1/desk/incidents``."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import Query, Request
from starlette.concurrency import run_in_threadpool

from workflow.api.auth import AtDesk
from workflow.api.context import context_of
from workflow.api.http.answers import JsonAnswer
from workflow.api.http.late_routes import LateRouter
from workflow.api.http.request_body import read_object
from workflow.api.routes.desk_requests import Sending, data_of_trigger
from workflow.api.routes.desk_responses import described_results, desk_of, response_to
from workflow.api.routes.desk_speaker import speaker
from workflow.api.routes.incidents import Number, key_of
from workflow.queries.subjects import opened_subject
from workflow.recovery.desk.desk import ActResult

router = LateRouter(prefix="/v1/desk", tags=["desk"])

MOST_BYTES = 64 * 1024
"""How large a request may be: words in some languages."""

Act = Literal["declare", "join", "split", "plan", "promise", "tell", "solve", "document"]
"""What people do about an incident; its other triggers are news that subjects send each other."""

_BY = "ola@grid.example"
_EXAMPLES: dict[str, dict[str, Any]] = {
    "declare": {
        "words": "The north is dark",
        "says": {"en": "The power is out in the north. We know it.", "de": "Im Norden ist der Strom weg."},
        "owner": _BY,
        "match": "facts.part == 'power'",
        "promise": {"words": {"en": "Your power is back", "de": "Ihr Strom ist wieder da"}, "within": "PT4H"},
        "by": _BY,
    },
    "join": {"case": "case:C-17", "by": _BY},
    "split": {"case": "case:C-17", "words": "It is the fuse in your house; somebody comes.", "by": _BY},
    "plan": {"fix": "A new line", "prevent": "Trees are cut", "words": "A new line is up by noon", "by": _BY},
    "promise": {"within": "PT2H", "by": _BY},
    "tell": {"words": {"en": "An hour more", "de": "Noch eine Stunde"}, "by": _BY},
    "solve": {"words": {"en": "The power is back", "de": "Der Strom ist wieder da"}, "by": _BY},
    "document": {
        "what": {"part": "grid"},
        "why": {"cause": "a storm"},
        "different": {"process": "Trees are cut every spring"},
        "by": _BY,
    },
}


@router.post(
    "/incidents/{number:path}/{trigger}",
    summary="Declare an incident, or act on one",
    response_model=ActResult,
    responses=described_results(ActResult),
    openapi_extra=data_of_trigger(examples={name: {"value": said} for name, said in _EXAMPLES.items()}),
)
async def act_on_incident(
    request: Request, holder: AtDesk, number: Number, trigger: Act, sending: Annotated[Sending, Query()]
) -> JsonAnswer:
    """The body is the data of the trigger, with `by`: who does it, which a person's own key need not say.
    404: there is no such incident, or no such `case`. 409: it cannot take that now.
    """
    context = context_of(request)
    data = await read_object(request, MOST_BYTES)
    data["by"] = await speaker(request, holder, data.get("by"), "incident")
    case = data.get("case")
    if trigger in ("join", "split") and isinstance(case, str):
        data["case"] = case if case.startswith("case:") else f"case:{case}"
        await run_in_threadpool(opened_subject, context.runtime.store, data["case"])
    desk, key = desk_of(context, holder), key_of(number)
    act = desk.open if trigger == "declare" else desk.act
    return response_to(await act(key, trigger, data, sending.id, sending.patience))
