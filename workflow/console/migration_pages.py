"""Moving the subjects of a lifecycle to another version: ``/lifecycles/{name}/migrate``."""

from __future__ import annotations

from collections.abc import Mapping

from fastapi import Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from state_machines.errors import Problem
from workflow.access.principal import Principal
from workflow.api.browser import BrowserOperator, OperatorsForm
from workflow.api.context import context_of
from workflow.api.http.late_routes import LateRouter
from workflow.api.http.parameters import Name
from workflow.api.routes.migrations import ask_some
from workflow.console.lifecycle_pages import PLACE
from workflow.console.rendering import page
from workflow.errors import InvalidQuery, NotFound
from workflow.maintenance.migration import Migration, planned, preview, progress

router = LateRouter(include_in_schema=False)
_STATE = "state-"
"""How a field is called that names a state for one that is no more; the name of that follows."""


@router.get(f"{PLACE}/{{name}}/migrate")
def migration_page(request: Request, _: BrowserOperator, name: Name) -> Response:
    """By state, what would become of those who live by a version. Raises NotFound."""
    return _shown(request, name, dict(request.query_params))


@router.post(f"{PLACE}/{{name}}/migrate")
async def migrate(request: Request, holder: BrowserOperator, name: Name, said: OperatorsForm) -> Response:
    """Ask for them, as many as one request may, and say how far it is. Raises NotFound."""
    return await run_in_threadpool(_asked, request, holder, name, said)


def _asked(request: Request, holder: Principal, name: str, said: dict[str, str]) -> Response:
    try:
        migration = _migration(request, name, said)
    except InvalidQuery:
        return _shown(request, name, said)
    asked = ask_some(context_of(request), migration, holder.actor)
    return _shown(request, name, said, asked)


def _migration(request: Request, name: str, said: Mapping[str, str]) -> Migration:
    old, new = _number(said, "from"), _number(said, "to")
    states = {field.removeprefix(_STATE): dest for field, dest in said.items() if field.startswith(_STATE)}
    named = {state: dest for state, dest in states.items() if dest}
    return planned(context_of(request).runtime.registry, name, old, new, named)


def _number(said: Mapping[str, str], field: str) -> int:
    text = said.get(field, "")
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise InvalidQuery([Problem(field, "integer", "must be the number of a version")])
    return int(text)


def _shown(
    request: Request, name: str, said: Mapping[str, str], asked: tuple[int, bool] | None = None
) -> Response:
    runtime = context_of(request).runtime
    versions = runtime.registry.versions(name)
    if not versions:
        raise NotFound(f"lifecycle: there is no {name!r}")
    migration, problems = None, []
    if "from" in said:
        try:
            migration = _migration(request, name, said)
        except InvalidQuery as error:
            problems = list(error.problems)
    return page(
        request,
        "migration.html",
        status=422 if problems else 200,
        name=name,
        versions=versions,
        said=said,
        migration=migration,
        moves=[] if migration is None else preview(runtime.store, migration),
        progress=None if migration is None else progress(runtime.store, migration),
        asked=asked,
        problems=problems,
    )
