"""Who may do what, as dependencies of operations; the rules themselves are in `workflow.api.http.bearer`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from workflow.access.principal import Principal
from workflow.access.role import AT_DESK, EVERYBODY, OPERATING, OVERSEEING, SENDING, Role
from workflow.api.context import context_of
from workflow.api.http.accountability import remember_holder
from workflow.api.http.bearer import known_key, missing, permit
from workflow.api.http.known_parameters import refuse_unknown_parameters
from workflow.api.http.problems import Kind, Refusal

_bearer = HTTPBearer(
    auto_error=False,
    bearerFormat="mg_<public>_<secret>",
    description="An API key: `makegood keys create --role system`.",
)


async def bearer_key(
    request: Request, credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]
) -> Principal:
    """The key of the caller.

    Raises Refusal (401) without one, or when it is wrong or revoked; InvalidQuery for an unknown parameter.
    """
    if credentials is None:
        raise missing()
    context = context_of(request)
    holder = await known_key(context.keyring, context.key_bounds, credentials.credentials, request.client)
    remember_holder(request.scope, holder)
    refuse_unknown_parameters(request)
    return holder


def bearer_with(*roles: Role) -> Callable[[Principal], Awaitable[Principal]]:
    """A dependency: the caller's key, whose role is one of these. Raises Refusal (401, 403)."""

    async def permitted(key: Annotated[Principal, Depends(bearer_key)]) -> Principal:
        permit(key, *roles)
        return key

    return permitted


def may_read(holder: Principal, lifecycle: str) -> None:
    """Raise Refusal (403) unless the key may read subjects of this lifecycle."""
    if not holder.bounds.may_read(lifecycle):
        readable = ", ".join(holder.bounds.readable() or ())
        message = f"this key may read {readable}, and not {lifecycle!r}"
        raise Refusal.of(Kind.FORBIDDEN, "authorization", "reads", message)


async def subject_reader(request: Request, holder: Annotated[Principal, Depends(bearer_key)]) -> Principal:
    """Whoever may read the subject that the path names. Raises Refusal (401, 403)."""
    may_read(holder, str(request.path_params["key"]).partition(":")[0])
    return holder


async def list_reader(request: Request, holder: Annotated[Principal, Depends(bearer_key)]) -> Principal:
    """Whoever may read the subjects of the lifecycles that the query names. Raises Refusal (401, 403)."""
    if holder.bounds.readable() is not None:
        asked = request.query_params.getlist("lifecycle")
        if not asked:
            message = "this key may not read everything: say which `lifecycle`"
            raise Refusal.of(Kind.FORBIDDEN, "query.lifecycle", "reads", message)
        for one in asked:
            may_read(holder, one)
    return holder


async def line_reader(holder: Annotated[Principal, Depends(bearer_key)]) -> Principal:
    """Whoever may read calls and escalations. Raises Refusal (401, 403)."""
    for lifecycle in ("callback", "escalation"):
        may_read(holder, lifecycle)
    return holder


def whole_reader(*roles: Role) -> Callable[[Principal], Awaitable[Principal]]:
    """A dependency: whoever is of one of these roles and may read subjects of every lifecycle."""

    async def permitted(holder: Annotated[Principal, Depends(bearer_key)]) -> Principal:
        permit(holder, *roles)
        if holder.bounds.readable() is not None:
            message = "this shows subjects of every lifecycle, which this key may not read"
            raise Refusal.of(Kind.FORBIDDEN, "authorization", "reads", message)
        return holder

    return permitted


AnyKey = Annotated[Principal, Depends(bearer_key)]
"""Any key: the operation asks by itself what it permits."""
SubjectReader = Annotated[Principal, Depends(subject_reader)]
"""A key that may read the subject of the path."""
ListReader = Annotated[Principal, Depends(list_reader)]
"""A key that may read the subjects that are asked for."""
LineReader = Annotated[Principal, Depends(line_reader)]
"""A key that may read calls and escalations."""
Reader = Annotated[Principal, Depends(whole_reader(*EVERYBODY))]
"""A key that may read all of the product: figures, the archive, the policies."""
Overseer = Annotated[Principal, Depends(whole_reader(Role.SYSTEM, *OVERSEEING))]
"""A key of who looks after what went wrong, or of a system that may read everything."""
Sender = Annotated[Principal, Depends(bearer_with(*SENDING))]
"""A key that may send events."""
AtDesk = Annotated[Principal, Depends(bearer_with(*AT_DESK))]
"""A key of a person of the desk, or of a program that works for them."""
Operator = Annotated[Principal, Depends(bearer_with(*OPERATING))]
"""A key of who runs makegood."""
