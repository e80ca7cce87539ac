"""Lifecycles: ``/v1/lifecycles``, as data or drawn."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Path, Query, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from state_machines.definitions.lifecycle import Lifecycle
from state_machines.diagram import svg
from state_machines.errors import Problem
from state_machines.subject import INITIAL
from workflow.access.principal import Principal
from workflow.api.auth import AnyKey, may_read
from workflow.api.context import context_of
from workflow.api.http.answers import JsonAnswer
from workflow.api.http.entity_tags import NONE_MATCH, is_unchanged
from workflow.api.http.late_routes import LateRouter
from workflow.api.http.negotiation import JSON, SVG, preferred
from workflow.api.http.parameters import READING, Name
from workflow.api.http.problems import Kind, described
from workflow.api.resources.lifecycle_view import (
    LifecycleList,
    LifecycleView,
    TriggerList,
    line_of,
    triggers_of,
    view_of,
)
from workflow.errors import InvalidQuery, NotFound, UnknownDefinition

router = LateRouter(prefix="/v1", tags=["lifecycles"])

LifecycleName = Annotated[
    str, Path(pattern=r"^[a-z][a-z0-9_]{0,62}$", description="The lifecycle.", examples=["promise"])
]
_DRAWN: dict[int | str, dict[str, Any]] = {
    200: {"content": {SVG: {"schema": {"type": "string"}}}, "description": "As data, or drawn"},
    304: {"description": "It is as the caller has it"},
}


class VersionWanted(BaseModel):
    """Which version."""

    model_config = ConfigDict(extra="forbid")

    version: int | None = Field(None, ge=1, le=2**31 - 1, description="Left out: the newest.")


class StateWanted(VersionWanted):
    """From which state."""

    state: Name | None = Field(
        None, description=f"Only triggers that lead somewhere from it; `{INITIAL}`: before it is opened."
    )


@router.get(
    "/lifecycles",
    summary="List lifecycles",
    response_model=LifecycleList,
    responses=described(Kind.UNAUTHENTICATED, Kind.UNAVAILABLE),
)
def list_lifecycles(request: Request, holder: AnyKey) -> JsonAnswer:
    """Those of the catalog and of this installation that the key may read, each in its newest version."""
    registry = context_of(request).runtime.registry
    known = [name for name in registry.names() if holder.bounds.may_read(name)]
    return JsonAnswer(LifecycleList([line_of(registry.latest(name)) for name in known]))


@router.get(
    "/lifecycles/{name}",
    summary="One lifecycle",
    response_model=LifecycleView,
    responses=READING | _DRAWN,
    openapi_extra={"parameters": [NONE_MATCH]},
)
def get_lifecycle(
    request: Request, holder: AnyKey, name: LifecycleName, wanted: Annotated[VersionWanted, Query()]
) -> Response:
    """States, triggers with what each takes, timeouts; or drawn where `Accept` prefers `image/svg+xml`."""
    lifecycle = _found(request, holder, name, wanted.version)
    form = preferred(request.headers.get("accept"), (JSON, SVG))
    versions = context_of(request).runtime.registry.versions(name)
    tag = f'"{lifecycle.digest[:16]}-{len(versions)}-{"svg" if form == SVG else "json"}"'
    headers = {"ETag": tag, "Vary": "Accept"}
    if is_unchanged(request.headers.get("if-none-match"), tag):
        return Response(status_code=304, headers=headers)
    if form == SVG:
        return Response(svg(lifecycle.definition), media_type=SVG, headers=headers)
    return JsonAnswer(view_of(lifecycle, versions), headers=headers)


@router.get(
    "/lifecycles/{name}/triggers",
    summary="The triggers of a lifecycle",
    response_model=TriggerList,
    responses=READING,
)
def list_triggers(
    request: Request, holder: AnyKey, name: LifecycleName, wanted: Annotated[StateWanted, Query()]
) -> JsonAnswer:
    """What each takes, and from whom. Of a subject `GET /v1/…/{id}/possible` says what would be taken now."""
    lifecycle = _found(request, holder, name, wanted.version)
    if wanted.state is not None and wanted.state not in lifecycle.possible:
        message = f"there is no state {wanted.state!r}; there are {', '.join(lifecycle.possible)}"
        raise InvalidQuery([Problem("query.state", "unknown-state", message)])
    return JsonAnswer(TriggerList(triggers_of(lifecycle, wanted.state)))


def _found(request: Request, holder: Principal, name: str, version: int | None) -> Lifecycle:
    may_read(holder, name)
    registry = context_of(request).runtime.registry
    try:
        return registry.latest(name) if version is None else registry.get(name, version)
    except UnknownDefinition as error:
        of = "" if version is None else f" of version {version}"
        raise NotFound(f"lifecycle: there is no {name!r}{of}") from error
