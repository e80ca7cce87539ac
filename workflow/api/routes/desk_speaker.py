"""Who acts at the desk by a request, asked alike by every operation there."""

from __future__ import annotations

from typing import Any

from fastapi import Request
from starlette.concurrency import run_in_threadpool

from workflow.access.principal import Principal
from workflow.api.auth import may_read
from workflow.api.context import context_of
from workflow.api.http.problems import Kind, Refusal
from workflow.api.routes.desk_requests import somebody
from workflow.recovery.authority.speaking import spoken_by


async def speaker(request: Request, holder: Principal, said: Any, *lifecycles: str) -> Any:
    """Who acts: whose key it is, or whom its program names.

    Args:
        said: the `by` of the body; a person's own key need not say it.
        lifecycles: what is acted upon, which the answer shows.

    Raises:
        Refusal: the key may not read one of these (403); nobody is named (422).
        NotPermitted: somebody is named for whom this key does not speak.
    """
    for lifecycle in lifecycles:
        may_read(holder, lifecycle)
    by = await run_in_threadpool(spoken_by, context_of(request).runtime.store, holder, said)
    try:
        return somebody(by)
    except ValueError:
        raise Refusal.of(Kind.INVALID, "body.by", "required", "say who does it") from None
