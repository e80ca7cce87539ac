"""Who looks at pages with a browser: the same API keys, asked for by the browser's own dialogue.

A browser cannot send a bearer token by itself, so pages (and nothing that changes anything) take the key as
the password of HTTP Basic (RFC 7617) as well; the user name is free.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBasic, HTTPBasicCredentials, HTTPBearer

from workflow.access.principal import Principal
from workflow.api.context import context_of
from workflow.api.http.accountability import remember_holder
from workflow.api.http.bearer import known_key
from workflow.api.http.problems import Kind, Refusal

_basic = HTTPBasic(auto_error=False, realm="makegood", description="Any user name; the API key as password.")
_bearer = HTTPBearer(auto_error=False)


async def browser_reader_key(
    request: Request,
    bearer: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
    basic: Annotated[HTTPBasicCredentials | None, Depends(_basic)],
) -> Principal:
    """The key of who looks. Raises Refusal (401), upon which a browser asks for it."""
    text = bearer.credentials if bearer is not None else basic.password if basic is not None else None
    if text is None:
        raise Refusal.of(
            Kind.UNAUTHENTICATED,
            "authorization",
            "required",
            "send 'Authorization: Bearer <key>', or any user name with the key as password",
            WWW_Authenticate='Basic realm="makegood", charset="UTF-8"',
        )
    context = context_of(request)
    holder = await known_key(context.keyring, context.key_bounds, text, request.client)
    remember_holder(request.scope, holder)
    return holder


async def whole_reader(holder: Annotated[Principal, Depends(browser_reader_key)]) -> Principal:
    """Whoever may read all of the product. Raises Refusal (401, 403)."""
    if holder.bounds.readable() is not None:
        message = "this shows subjects of every lifecycle, which this key may not read"
        raise Refusal.of(Kind.FORBIDDEN, "authorization", "reads", message)
    return holder


async def case_reader(holder: Annotated[Principal, Depends(browser_reader_key)]) -> Principal:
    """Whoever may read cases. Raises Refusal (401, 403)."""
    if not holder.bounds.may_read("case"):
        raise Refusal.of(Kind.FORBIDDEN, "authorization", "reads", "this key may not read cases")
    return holder


BrowserReader = Annotated[Principal, Depends(whole_reader)]
"""A key that may read all of the product, of a program or of a person with a browser."""
CaseReader = Annotated[Principal, Depends(case_reader)]
"""A key that may read cases, of a program or of a person with a browser."""
