"""Subjects as resources: each lifecycle's under `/v1/{collection}`, its triggers as operations.

What each takes and answers is in OpenAPI, written from the definition (`workflow.api.resources.document`).
"""

from __future__ import annotations

import secrets
from hashlib import sha256
from typing import Annotated

from fastapi import Query, Request
from pydantic import Field
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response
from starlette.routing import Match

from state_machines.definitions.lifecycle import Lifecycle
from state_machines.errors import Problem
from workflow.access.principal import Principal
from workflow.api.auth import AnyKey, Sender, may_read
from workflow.api.context import context_of
from workflow.api.http.answers import JsonAnswer
from workflow.api.http.entity_tags import entity_tag, is_unchanged
from workflow.api.http.idempotency import event_id, source_of
from workflow.api.http.known_parameters import query_as, refuse_doubled_parameters
from workflow.api.http.late_routes import LateRouter
from workflow.api.http.paging import KnownParameters, Paging
from workflow.api.http.parameters import Name, SubjectKey
from workflow.api.http.single_header import single_header
from workflow.api.resources.addresses import POSSIBLE, address_of, named_subject, tail_of
from workflow.api.resources.below import no_method, read_below
from workflow.api.resources.collections import collection_of, lifecycle_of
from workflow.api.resources.senders import opening, sendable
from workflow.api.resources.sending import Wish, carried_out
from workflow.api.resources.sparse_fields import FieldsWanted, SparseFields, nothing_to_choose, sparse_fields
from workflow.errors import InvalidQuery, NotFound, UnknownDefinition
from workflow.queries.resources import Chosen, Resource, resource, resources

router = LateRouter(prefix="/v1", include_in_schema=False)
_COLLECTION, _BELOW = "/{collection:collection}", "/{collection:collection}/{path:path}"


class ResourceFilter(FieldsWanted, Paging):
    """Which subjects to list."""

    state: list[Name] = Field(default_factory=list, max_length=50)
    parent: SubjectKey | None = None
    open: bool | None = None


class Sending(KnownParameters):
    """What may be said of a subject that a trigger begins."""

    parent: SubjectKey | None = None


class Creation(Sending):
    """The same of one that is asked for as a new one."""

    id: str | None = Field(None, min_length=1, max_length=200)


@router.get(_COLLECTION)
async def list_resources(
    request: Request, holder: AnyKey, collection: str, wanted: Annotated[ResourceFilter, Query()]
) -> JsonAnswer:
    """The subjects of a lifecycle, the oldest first, page by page."""
    lifecycle = await _lifecycle(request, collection)
    may_read(holder, lifecycle.name)
    refuse_doubled_parameters(request, ResourceFilter)
    unknown = [state for state in wanted.state if state not in lifecycle.states]
    if unknown:
        message = f"there is no state {unknown[0]!r}; there are {', '.join(lifecycle.states)}"
        raise InvalidQuery([Problem("query.state", "unknown-state", message)])
    sparse = sparse_fields(wanted.fields, lifecycle.definition.data)
    chosen = Chosen(wanted.state, wanted.parent, wanted.open)

    def page() -> JsonAnswer:
        found = resources(
            context_of(request).runtime.store,
            lifecycle.name,
            chosen,
            data=sparse.asks_data,
            limit=wanted.limit,
            cursor=wanted.cursor,
        )
        return JsonAnswer({"items": [sparse.view(one) for one in found.items], "next": found.next})

    return await run_in_threadpool(page)


@router.post(_COLLECTION)
async def create_resource(request: Request, holder: Sender, collection: str) -> JsonAnswer:
    """A new subject, by the one trigger that begins those of this lifecycle."""
    lifecycle = await _lifecycle(request, collection)
    trigger = opening(lifecycle)
    if trigger is None:
        raise no_method(request, "GET")
    said = query_as(Creation, request)
    event = event_id(single_header(request.headers, "idempotency-key"))
    id = said.id or _new_id(request, holder, lifecycle.name, event)
    key = f"{lifecycle.name}:{id.removeprefix(f'{lifecycle.name}:')}"
    return await carried_out(request, holder, Wish(key, trigger, event, said.parent, created=True))


@router.get(_BELOW)
async def get_resource(request: Request, holder: AnyKey, collection: str) -> Response:
    """One subject; or what may happen to it now."""
    lifecycle = await _lifecycle(request, collection)
    tail = tail_of(request, collection)
    address = address_of(tail, lifecycle.name)
    may_read(holder, lifecycle.name)
    below = await run_in_threadpool(read_below, request, holder, lifecycle, address)
    wanted = query_as(FieldsWanted, request)
    if below is not None:
        if wanted.fields is not None:
            raise nothing_to_choose()
        return JsonAnswer(below)
    sparse = sparse_fields(wanted.fields, lifecycle.definition.data)
    key = f"{lifecycle.name}:{named_subject(tail, lifecycle.name)}"
    try:
        found = await run_in_threadpool(resource, context_of(request).runtime.store, key)
    except NotFound:
        others = _other_methods(request)
        if others:
            raise no_method(request, *others) from None
        raise
    return _answer(request, found, sparse)


@router.post(_BELOW)
async def send_trigger(request: Request, holder: Sender, collection: str) -> JsonAnswer:
    """A trigger of a subject."""
    lifecycle = await _lifecycle(request, collection)
    address = address_of(tail_of(request, collection), lifecycle.name)
    if address.last is None or (address.last == POSSIBLE and POSSIBLE not in lifecycle.triggers):
        raise no_method(request, "GET")
    if address.last not in lifecycle.triggers:
        others = _other_methods(request)
        if others:
            raise no_method(request, *others)
        known = ", ".join(sendable(lifecycle))
        raise NotFound(f"trigger: {lifecycle.name!r} has no {address.last!r}; a key may send {known}")
    said = query_as(Sending, request)
    event = event_id(single_header(request.headers, "idempotency-key"))
    key = f"{lifecycle.name}:{address.id}"
    return await carried_out(request, holder, Wish(key, address.last, event, said.parent))


_OTHERS = ["DELETE", "HEAD", "OPTIONS", "PATCH", "PUT", "TRACE"]


@router.api_route(_COLLECTION, methods=_OTHERS)
async def refuse_on_collection(request: Request, collection: str) -> Response:
    """What a collection does not know."""
    lifecycle = await _lifecycle(request, collection)
    raise no_method(request, "GET", *(["POST"] if opening(lifecycle) else []))


@router.api_route(_BELOW, methods=_OTHERS)
async def refuse_below(request: Request, collection: str) -> Response:
    """What a subject or its triggers do not know."""
    lifecycle = await _lifecycle(request, collection)
    address = address_of(tail_of(request, collection), lifecycle.name)
    if address.last is not None and address.last in sendable(lifecycle):
        raise no_method(request, "POST")
    raise no_method(request, *(_other_methods(request) or ["GET"]))


async def _lifecycle(request: Request, collection: str) -> Lifecycle:
    """The newest definition behind a collection. Raises NotFound."""
    name, registry = lifecycle_of(collection), context_of(request).runtime.registry
    if name is None:
        taken = collection.partition("/")[2]
        raise NotFound(f"lifecycle: the subjects of {taken!r} lie under /v1/{collection_of(taken)}")
    try:
        if not registry.is_compiled(name):  # what must be asked or compiled would keep the event loop
            return await run_in_threadpool(registry.latest, name)
        return registry.latest(name)
    except UnknownDefinition as error:
        raise NotFound(f"lifecycle: there is no {name!r}") from error


def _answer(request: Request, found: Resource, sparse: SparseFields) -> Response:
    """The resource, or 304 where the caller has it as it is."""
    tag = entity_tag(found.revision)
    if is_unchanged(request.headers.get("if-none-match"), tag):
        return Response(status_code=304, headers={"ETag": tag})
    return JsonAnswer(sparse.view(found), headers={"ETag": tag})


def _new_id(request: Request, holder: Principal, lifecycle: str, event: str) -> str:
    """An id that nobody has; the same again for the same `Idempotency-Key`."""
    if "idempotency-key" not in request.headers:
        return secrets.token_hex(10)
    return sha256(f"{lifecycle}\n{source_of(holder)}\n{event}".encode()).hexdigest()[:20]


def _other_methods(request: Request) -> list[str]:
    """Methods by which this very path is a resource of another file; asked before it is said not to exist."""
    found: set[str] = set()
    for route in request.app.routes:
        if getattr(route, "endpoint", None) not in _OWN and route.matches(request.scope)[0] is Match.PARTIAL:
            found |= set(route.methods or ())
    return sorted(found)


_OWN = frozenset(
    {get_resource, send_trigger, refuse_below, list_resources, create_resource, refuse_on_collection}
)
