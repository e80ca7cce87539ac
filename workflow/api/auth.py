"""Who may do what: API keys as bearer tokens (RFC 6750)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from starlette.concurrency import run_in_threadpool

from workflow.api.door import door_of
from workflow.api.problems import Kind, Refusal
from workflow.keys import Key, Role

_bearer = HTTPBearer(
    auto_error=False,
    bearerFormat="mg_<public>_<secret>",
    description="An API key: `makegood keys create --role system`.",
)


async def bearer_key(
    request: Request, credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]
) -> Key:
    """The key of the caller. Raises Refusal (401) without one, or when it is wrong or revoked."""
    if credentials is None:
        raise _unauthenticated("required", "send 'Authorization: Bearer <key>'", 'Bearer realm="makegood"')
    keyring = door_of(request).keyring
    text = credentials.credentials
    key = keyring.recall(text) or await run_in_threadpool(keyring.verify, text)
    if key is None:
        raise _unauthenticated(
            "key", "this key is unknown or was revoked", 'Bearer realm="makegood", error="invalid_token"'
        )
    return key


def bearer_with(*roles: Role) -> Callable[[Key], Awaitable[Key]]:
    """A dependency: the caller's key, whose role is one of these. Raises Refusal (401, 403)."""

    async def permitted(key: Annotated[Key, Depends(bearer_key)]) -> Key:
        if key.role not in roles:
            wanted = " or ".join(roles)
            raise Refusal.of(
                Kind.FORBIDDEN,
                "authorization",
                "role",
                f"needs a key of role {wanted}; this one is of role {key.role}",
            )
        return key

    return permitted


Reader = Annotated[Key, Depends(bearer_key)]
"""Any key."""
Sender = Annotated[Key, Depends(bearer_with(Role.SYSTEM, Role.OPERATOR))]
"""A key that may send events."""
Operator = Annotated[Key, Depends(bearer_with(Role.OPERATOR))]
"""A key of who runs makegood."""


def _unauthenticated(rule: str, message: str, challenge: str) -> Refusal:
    return Refusal.of(Kind.UNAUTHENTICATED, "authorization", rule, message, WWW_Authenticate=challenge)
