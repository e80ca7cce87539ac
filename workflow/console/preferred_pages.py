"""Pages at the address of an API resource: who prefers HTML gets the page, everybody else the resource."""

from __future__ import annotations

from fastapi.routing import APIRoute
from starlette.datastructures import Headers
from starlette.routing import Match
from starlette.types import Scope

from workflow.api.http.late_routes import LateRoute
from workflow.api.http.negotiation import HTML, preferred


def preferred_over(*forms: str) -> type[APIRoute]:
    """A kind of route that a request takes only if its `Accept` prefers HTML to these media types.

    Routers with such routes come before those of the API.
    """

    class Preferred(LateRoute):
        def matches(self, scope: Scope) -> tuple[Match, Scope]:
            """As the framework's, or no match where another form is preferred."""
            match, child = super().matches(scope)
            if match is Match.NONE or preferred(Headers(scope=scope).get("accept"), (*forms, HTML)) == HTML:
                return match, child
            return Match.NONE, {}

    return Preferred
