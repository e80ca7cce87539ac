"""Who may do what, as dependencies of operations; the rules themselves are in `workflow.api.http.bearer`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from workflow.access.principal import Principal
from workflow.access.role import AT_DESK, OPERATING, OVERSEEING, SENDING, Role
from workflow.api.context import context_of
from workflow.api.http.bearer import known_key, missing, permit

_bearer = HTTPBearer(
    auto_error=False,
    bearerFormat="mg_<public>_<secret>",
    description="An API key: `makegood keys create --role system`.",
)


async def bearer_key(
    request: Request, credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]
) -> Principal:
    """The key of the caller. Raises Refusal (401) without one, or when it is wrong or revoked."""
    if credentials is None:
        raise missing()
    return await known_key(context_of(request).keyring, credentials.credentials)


def bearer_with(*roles: Role) -> Callable[[Principal], Awaitable[Principal]]:
    """A dependency: the caller's key, whose role is one of these. Raises Refusal (401, 403)."""

    async def permitted(key: Annotated[Principal, Depends(bearer_key)]) -> Principal:
        permit(key, *roles)
        return key

    return permitted


Reader = Annotated[Principal, Depends(bearer_key)]
"""Any key."""
Sender = Annotated[Principal, Depends(bearer_with(*SENDING))]
"""A key that may send events."""
AtDesk = Annotated[Principal, Depends(bearer_with(*AT_DESK))]
"""A key of a person of the desk, or of a program that works for them."""
Operator = Annotated[Principal, Depends(bearer_with(*OPERATING))]
"""A key of who runs makegood."""
Overseer = Annotated[Principal, Depends(bearer_with(*OVERSEEING))]
"""A key of who looks after what went wrong."""
