"""Who looks at pages with a browser: the same API keys, asked for by the browser's own dialogue.

A browser cannot send a bearer token by itself, so pages take the key as the password of HTTP Basic (RFC 7617)
as well; the user name is free. A browser sends it with whatever another site makes it send, too. So what
changes anything asks for a token besides, which stands in the page's own form and no other site can read.
"""

from __future__ import annotations

import hmac
from hashlib import sha256
from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBasic, HTTPBasicCredentials, HTTPBearer
from starlette.concurrency import run_in_threadpool

from workflow.access.principal import Principal
from workflow.access.role import OPERATING
from workflow.api.context import context_of
from workflow.api.http.accountability import remember_holder
from workflow.api.http.bearer import known_key, permit
from workflow.api.http.problems import Kind, Refusal
from workflow.api.http.request_body import read_form
from workflow.engine.runtime import Runtime
from workflow.store.secrets import secret

_basic = HTTPBasic(auto_error=False, realm="makegood", description="Any user name; the API key as password.")
_bearer = HTTPBearer(auto_error=False)
TOKEN = "token"
"""The field of a form in which its token stands."""
_MOST_FIELDS = 20


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


def form_token(runtime: Runtime, holder: Principal) -> str:
    """What a form of ours holds for who looks at it with this key: nobody else is shown it."""
    key = secret(runtime.store, "forms", runtime.clock.now())
    return hmac.new(key, holder.id.encode(), sha256).hexdigest()


async def operators_form(
    request: Request, holder: Annotated[Principal, Depends(browser_reader_key)]
) -> dict[str, str]:
    """The fields of a form that an operator has sent from a page of ours.

    Raises Refusal: 401 without a key, 403 for another's, or where the form's token is not theirs.
    """
    permit(holder, *OPERATING)
    said = dict(await read_form(request, _MOST_FIELDS) or ())
    expected = await run_in_threadpool(form_token, context_of(request).runtime, holder)
    if not hmac.compare_digest(said.pop(TOKEN, "").encode(), expected.encode()):
        message = "this form does not come from a page that was shown to you: open the page again"
        raise Refusal.of(Kind.FORBIDDEN, "body.token", "form", message)
    return said


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
BrowserHolder = Annotated[Principal, Depends(browser_reader_key)]
"""Any key, of a program or of a person with a browser: what is asked besides says who may."""
CaseReader = Annotated[Principal, Depends(case_reader)]
"""A key that may read cases, of a program or of a person with a browser."""
OperatorsForm = Annotated[dict[str, str], Depends(operators_form)]
"""What an operator has sent by a form of ours: its fields by name, without its token."""
