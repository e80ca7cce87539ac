"""Lifecycles as they are lived now: ``/lifecycles/{name}``, how many are in each state, drawn and listed."""

from __future__ import annotations

from collections.abc import Mapping

from fastapi import Request
from starlette.responses import Response

from state_machines.definitions.lifecycle import Lifecycle
from state_machines.diagram import svg
from workflow.access.principal import Principal
from workflow.api.auth import may_read
from workflow.api.browser import BrowserHolder
from workflow.api.context import context_of
from workflow.api.http.late_routes import LateRouter
from workflow.api.http.parameters import Name
from workflow.console.drawing_pages import drawn, size_of_counted, words_of
from workflow.console.rendering import page
from workflow.console.search_page import readable
from workflow.console.viewer import viewer_of
from workflow.engine.runtime import Runtime
from workflow.errors import NotFound, UnknownDefinition
from workflow.queries.state_counts import MOST, state_counts

router = LateRouter(include_in_schema=False)
PLACE = "/lifecycles"


@router.get(PLACE)
def lifecycles(request: Request, holder: BrowserHolder) -> Response:
    """All that somebody may read, by name."""
    registry = context_of(request).runtime.registry
    known = [registry.latest(name) for name in readable(context_of(request).runtime, holder)]
    return page(request, "lifecycles.html", known=known)


@router.get(f"{PLACE}/{{name}}")
def lifecycle_page(request: Request, holder: BrowserHolder, name: Name) -> Response:
    """Its states, each with how many are in it and the way to them. Raises NotFound."""
    runtime = context_of(request).runtime
    lifecycle = _latest(runtime, holder, name)
    language, own = viewer_of(request).language, runtime.settings.lifecycles
    return page(
        request,
        "lifecycle.html",
        lifecycle=lifecycle,
        versions=runtime.registry.versions(name),
        counts=_counts(runtime, lifecycle),
        most=MOST,
        drawing=size_of_counted(lifecycle, language, own),
        operates=holder.operates,
    )


@router.get(f"{PLACE}/{{name}}/counts.svg")
def counted_drawing(request: Request, holder: BrowserHolder, name: Name) -> Response:
    """The drawing, with how many are in each state. Raises NotFound."""
    runtime = context_of(request).runtime
    lifecycle = _latest(runtime, holder, name)
    said = {state: _said(count) for state, count in _counts(runtime, lifecycle).items()}
    words = words_of(lifecycle, viewer_of(request).language, runtime.settings.lifecycles)
    return drawn(svg(lifecycle.definition, counts=said, words=words), "no-store")


def _latest(runtime: Runtime, holder: Principal, name: str) -> Lifecycle:
    may_read(holder, name)
    try:
        return runtime.registry.latest(name)
    except UnknownDefinition as error:
        raise NotFound(str(error)) from None


def _counts(runtime: Runtime, lifecycle: Lifecycle) -> Mapping[str, int]:
    states = [state.name for state in lifecycle.definition.states]
    return state_counts(runtime.store, lifecycle.name, states)


def _said(count: int) -> str:
    return f"{MOST:,}+" if count > MOST else str(count)
