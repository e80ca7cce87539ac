"""A query has only parameters that its operation knows: none that is misspelt is passed over."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from fastapi import Request
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from pydantic import BaseModel

from state_machines.errors import Problem
from workflow.errors import InvalidQuery

_KNOWN: dict[tuple[str, Callable[..., Any]], frozenset[str]] = {}
"""By path and function; there are as many as there are operations."""


def refuse_unknown_parameters(request: Request) -> None:
    """Raise InvalidQuery for a parameter that the operation does not know.

    Operations that the document is made of definitions for read their queries themselves, and so refuse.
    """
    route = request.scope.get("route")
    if not request.url.query or not isinstance(route, APIRoute) or not route.include_in_schema:
        return
    unknown = sorted(request.query_params.keys() - _known(route))
    if unknown:
        message = "there is no such parameter"
        raise InvalidQuery([Problem(f"query.{one}", "extra_forbidden", message) for one in unknown])


def _known(route: APIRoute) -> frozenset[str]:
    key = (route.path, route.endpoint)
    if key not in _KNOWN:
        written = (route.openapi_extra or {}).get("parameters", ())
        by_hand = (one["name"] for one in written if one["in"] == "query")
        _KNOWN[key] = frozenset((*_declared(route.dependant), *by_hand))
    return _KNOWN[key]


def _declared(dependant: Dependant) -> Iterator[str]:
    """Those that a function takes, or what it depends on: one by one, or as the fields of a model."""
    for one in dependant.query_params:
        model = one.field_info.annotation
        if isinstance(model, type) and issubclass(model, BaseModel):
            yield from (field.alias or name for name, field in model.model_fields.items())
        else:
            yield one.alias
    for inner in dependant.dependencies:
        yield from _declared(inner)
