"""How the deadlines of a subject came about: ``/explain/{key}``."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path, Request
from starlette.responses import Response

from workflow.api.auth import may_read
from workflow.api.browser import BrowserHolder
from workflow.api.context import context_of
from workflow.api.http.late_routes import LateRouter
from workflow.api.http.parameters import STORABLE
from workflow.console.rendering import page
from workflow.explanation import explain

router = LateRouter(include_in_schema=False)
_Key = Annotated[str, Path(max_length=264, pattern=STORABLE)]


@router.get("/explain/{key:path}")
def explanation_page(request: Request, holder: BrowserHolder, key: _Key) -> Response:
    """Each timer step by step, from the ledger, as it is reckoned. Raises NotFound."""
    may_read(holder, key.partition(":")[0])
    runtime = context_of(request).runtime
    return page(request, "explanation.html", found=explain(runtime.store, runtime.registry, key, None, None))
