"""The board of promises: ``/promises``, by due time, each with what can be done about it."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query, Request
from pydantic import BaseModel
from starlette.responses import Response

from workflow.api.auth import may_read
from workflow.api.browser import BrowserHolder
from workflow.api.context import context_of
from workflow.api.http.late_routes import LateRouter
from workflow.console.rendering import page
from workflow.recovery.promise_board import Standing, promise_board

router = LateRouter(include_in_schema=False)
_SHOWN = 50


class BoardQuery(BaseModel):
    """Which promises, from where on."""

    standing: Standing = Standing.DUE
    cursor: str | None = None


@router.get("/promises")
def promises(request: Request, holder: BrowserHolder, wanted: Annotated[BoardQuery, Query()]) -> Response:
    """Those that stand so."""
    may_read(holder, "promise")
    runtime = context_of(request).runtime
    found = promise_board(runtime.store, wanted.standing, runtime.clock.now(), _SHOWN, cursor=wanted.cursor)
    following = request.url.include_query_params(cursor=found.next).query if found.next else None
    return page(
        request,
        "promises.html",
        found=found.items,
        following=following,
        standing=wanted.standing,
        standings=list(Standing),
    )
