"""A query has only parameters that its operation knows, each once: none that is said is passed over."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeVar, get_args, get_origin

from fastapi import Request
from fastapi.dependencies.models import Dependant
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import BaseModel, ValidationError
from starlette.datastructures import QueryParams

from state_machines.errors import Problem
from workflow.errors import InvalidQuery

_LISTS = (list, tuple, set, frozenset, Sequence)
_KNOWN: dict[tuple[str, Callable[..., Any]], Mapping[str, bool]] = {}
"""By path and function, the names with whether each may be said more than once; as many as operations."""


_Endpoint = TypeVar("_Endpoint", bound=Callable[..., Any])
_Said = TypeVar("_Said", bound=BaseModel)
_THEMSELVES: set[Callable[..., Any]] = set()


def reads_its_query(endpoint: _Endpoint) -> _Endpoint:
    """Of an operation that first looks whether there is what the path names, and reads its query then."""
    _THEMSELVES.add(endpoint)
    return endpoint


def query_as(model: type[_Said], request: Request) -> _Said:
    """The query as a model; read once it is known that there is what the path names.

    Raises RequestValidationError, as the framework does; InvalidQuery for a field that is said twice.
    """
    refuse_doubled_parameters(request, model)
    try:
        return model.model_validate(dict(request.query_params))
    except ValidationError as error:
        wrong = [{**one, "loc": ("query", *one["loc"])} for one in error.errors()]
        raise RequestValidationError(wrong) from None


def refuse_unknown_parameters(request: Request) -> None:
    """Raise InvalidQuery for a parameter that the operation does not know, or that is said twice and is no
    list.

    Operations that read their queries themselves refuse as well, but later.
    """
    route = request.scope.get("route")
    if not request.url.query or not isinstance(route, APIRoute) or not route.include_in_schema:
        return
    if route.endpoint in _THEMSELVES:
        return
    known = _known(route)
    unknown = [_unknown(one) for one in sorted(request.query_params.keys() - known.keys())]
    problems = unknown + _doubled(request, known)
    if problems:
        raise InvalidQuery(problems)


def refuse_parameters(query: bytes) -> None:
    """Raise InvalidQuery for any parameter: of an operation without, that is served past the framework."""
    problems = [_unknown(one) for one in sorted(QueryParams(query).keys())]
    if problems:
        raise InvalidQuery(problems)


def refuse_doubled_parameters(request: Request, model: type[BaseModel]) -> None:
    """Raise InvalidQuery for a field of the query, as this model, that is said twice and is no list."""
    problems = _doubled(request, dict(_fields(model)))
    if problems:
        raise InvalidQuery(problems)


def _unknown(name: str) -> Problem:
    return Problem(f"query.{name}", "extra_forbidden", "there is no such parameter")


def _doubled(request: Request, known: Mapping[str, bool]) -> list[Problem]:
    said = Counter(name for name, _ in request.query_params.multi_items())
    return [
        Problem(f"query.{one}", "doubled-parameter", "is there more than once")
        for one in sorted(said.keys() & known.keys())
        if said[one] > 1 and not known[one]
    ]


def _known(route: APIRoute) -> Mapping[str, bool]:
    key = (route.path, route.endpoint)
    if key not in _KNOWN:
        written = (route.openapi_extra or {}).get("parameters", ())
        by_hand = {
            one["name"]: one.get("schema", {}).get("type") == "array"
            for one in written
            if one["in"] == "query"
        }
        _KNOWN[key] = by_hand | dict(_declared(route.dependant))
    return _KNOWN[key]


def _declared(dependant: Dependant) -> Iterator[tuple[str, bool]]:
    """Those that a function takes, or what it depends on: one by one, or as the fields of a model."""
    for one in dependant.query_params:
        model = one.field_info.annotation
        if isinstance(model, type) and issubclass(model, BaseModel):
            yield from _fields(model)
        else:
            yield one.alias, _is_list(model)
    for inner in dependant.dependencies:
        yield from _declared(inner)


def _fields(model: type[BaseModel]) -> Iterator[tuple[str, bool]]:
    for name, field in model.model_fields.items():
        yield field.alias or name, _is_list(field.annotation)


def _is_list(annotation: Any) -> bool:
    """Whether a parameter of this type, or one of several, takes more than one value."""
    origin = get_origin(annotation)
    if origin in _LISTS:
        return True
    return origin is not None and any(_is_list(one) for one in get_args(annotation))
