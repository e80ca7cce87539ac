"""A person says who is whom: ``/v1/desk/likenesses`` and ``/v1/desk/customers``."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import Path, Request
from pydantic import Field

from workflow.access.principal import Principal
from workflow.api.auth import AtDesk
from workflow.api.context import context_of
from workflow.api.http.answers import JsonAnswer
from workflow.api.http.late_routes import LateRouter
from workflow.api.http.parameters import LONGEST_KEY, SubjectKey
from workflow.api.http.request_body import described_body, read_model
from workflow.api.routes.desk_requests import DeskAct
from workflow.api.routes.desk_responses import described_results, desk_of, response_to
from workflow.api.routes.desk_speaker import speaker
from workflow.recovery.desk.desk import ActResult

router = LateRouter(prefix="/v1/desk", tags=["desk"])

Number = Annotated[str, Path(description="The key, or its id alone.", max_length=LONGEST_KEY)]


class Verdict(DeskAct):
    """Whether two are one, and why."""

    reason: str | None = Field(None, min_length=1, max_length=2000, description="Why; it is kept.")


class CustomerMerge(Verdict):
    """They are the same person as that one."""

    into: SubjectKey = Field(description="Key of the other customer; the older of the two stays.")


class CustomerSeparate(Verdict):
    """They are not who they were taken for."""

    reason: str = Field(min_length=1, max_length=2000, description="Why; it is kept.")
    customer: SubjectKey | None = Field(None, description="Said of the older one: key of whom it is not.")


@router.post(
    "/likenesses/{number:path}/{verdict}",
    summary="Say whether two customers are one",
    response_model=ActResult,
    responses=described_results(ActResult),
    openapi_extra=described_body(Verdict),
)
async def post_verdict(
    request: Request, holder: AtDesk, number: Number, verdict: Literal["merge", "not_the_same"]
) -> JsonAnswer:
    """Of two that `GET /v1/customers/likely` lists. What is said is kept, and nobody is asked again."""
    return await _act(request, holder, "likeness", number, verdict, await read_model(request, Verdict))


@router.post(
    "/customers/{number:path}/merge",
    summary="Say that two customers are one person",
    response_model=ActResult,
    responses=described_results(ActResult),
    openapi_extra=described_body(CustomerMerge),
)
async def merge_customers(request: Request, holder: AtDesk, number: Number) -> JsonAnswer:
    """The younger goes into the older, until somebody separates them."""
    return await _act(request, holder, "customer", number, "merge", await read_model(request, CustomerMerge))


@router.post(
    "/customers/{number:path}/separate",
    summary="Undo a merge of two customers",
    response_model=ActResult,
    responses=described_results(ActResult),
    openapi_extra=described_body(CustomerSeparate),
)
async def separate_customers(request: Request, holder: AtDesk, number: Number) -> JsonAnswer:
    """Each gets back what is theirs, as it is by now. 409: it is not merged."""
    return await _act(
        request, holder, "customer", number, "separate", await read_model(request, CustomerSeparate)
    )


async def _act(
    request: Request, holder: Principal, lifecycle: str, number: str, trigger: str, said: Verdict
) -> JsonAnswer:
    data: dict[str, Any] = said.model_dump(exclude={"id", "patience", "by"}, exclude_none=True)
    data["by"] = await speaker(request, holder, said.by, lifecycle)
    key = number if number.startswith(f"{lifecycle}:") else f"{lifecycle}:{number}"
    desk = desk_of(context_of(request), holder)
    return response_to(await desk.act(key, trigger, data, said.id, said.patience))
