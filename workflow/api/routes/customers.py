"""Customers who may be one person: ``/v1/customers/likely``."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query, Request

from workflow.api.auth import Reader
from workflow.api.context import context_of
from workflow.api.http.answers import JsonAnswer
from workflow.api.http.late_routes import LateRouter
from workflow.api.http.paging import Paging
from workflow.api.http.parameters import LISTING
from workflow.recovery.contact.likely import LikelyPage, likely

router = LateRouter(prefix="/v1", tags=["customers"])


@router.get(
    "/customers/likely",
    summary="List customers who may be one person",
    response_model=LikelyPage,
    responses=LISTING,
)
def list_likely(request: Request, _: Reader, wanted: Annotated[Paging, Query()]) -> JsonAnswer:
    """Two who are reached alike, and of whom nobody has said yet whether they are one; the oldest first.

    A person says so by `POST /v1/desk/likenesses/{number}/merge` or `…/not_the_same`.
    """
    return JsonAnswer(likely(context_of(request).runtime.store, wanted.limit, wanted.cursor))
