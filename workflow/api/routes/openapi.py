"""The OpenAPI document: what the framework knows of routes, and what definitions say of their subjects."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from hashlib import sha256
from typing import Any, NamedTuple

import orjson
from fastapi import FastAPI, Request
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute
from pydantic import BaseModel
from starlette.responses import Response

from workflow.api.http.entity_tags import is_unchanged
from workflow.api.http.late_routes import LateRouter
from workflow.api.http.problems import Kind, described
from workflow.api.http.request_body import COMPONENT
from workflow.api.resources.collections import collection_of
from workflow.api.resources.document import ResourceDocument
from workflow.api.routes.request_examples import add_examples
from workflow.engine.registry import Registry

PATH = "/openapi.json"
_ANYWHERE = described(Kind.URL_TOO_LONG, Kind.HEAD_TOO_LARGE)
"""What any request may be answered before anybody looks at what it asks for."""
_WITH_A_KEY = described(Kind.BUSY)
"""What whoever has a key, or a wrong one, may be answered: it comes too often."""

_WITH_JSON = described(Kind.MEDIA_TYPE)
"""What whoever sends something else than JSON is answered."""

router = LateRouter()


class WrittenDocument(NamedTuple):
    """The document, its text, and the tag of that."""

    value: dict[str, Any]
    text: bytes
    tag: str


class ApiDocument:
    """The document of an application, written anew once another definition is known.

    Args:
        models: those that answers refer to by name.
    """

    def __init__(self, app: FastAPI, registry: Registry, *models: type[BaseModel]) -> None:
        self._app = app
        self._registry = registry
        self._models = models
        self._lock = threading.Lock()
        self._written: WrittenDocument | None = None
        self._generation = -1
        for route in app.routes:
            if isinstance(route, APIRoute) and route.include_in_schema:
                route.operation_id = route.name  # which no path is a part of, so that it stays as it is

    def written(self) -> WrittenDocument:
        """As of the definitions that are known now. Takes long the first time: not for the event loop."""
        with self._lock:
            if self._written is None or self._generation != self._registry.generation:
                self._generation = self._registry.generation
                value = self._document()
                text = orjson.dumps(value)
                self._written = WrittenDocument(value, text, f'"{sha256(text).hexdigest()[:16]}"')
            return self._written

    def value(self) -> dict[str, Any]:
        """The same as a value."""
        return self.written().value

    def _document(self) -> dict[str, Any]:
        app = self._app
        document = get_openapi(
            title=app.title,
            version=app.version,
            summary=app.summary,
            description=app.description,
            routes=app.routes,
        )
        schemas = document.setdefault("components", {}).setdefault("schemas", {})
        for model in self._models:
            schema = model.model_json_schema(ref_template=COMPONENT)
            _hoist(schema, schemas)
            schemas[model.__name__] = schema
        for body in _request_bodies(document):
            _hoist(body, schemas)
        add_examples(one for item in document["paths"].values() for one in item.values())
        found = [self._registry.latest(name) for name in self._registry.names()]
        ResourceDocument(document).add(sorted(found, key=lambda one: collection_of(one.name)))
        for operation in (one for methods in document["paths"].values() for one in methods.values()):
            more = _WITH_A_KEY if "security" in operation else {}
            more = more | (_WITH_JSON if _takes_json(operation) else {})
            _promise(operation["responses"], _ANYWHERE | more)
        return document


def describe(app: FastAPI, registry: Registry, *models: type[BaseModel]) -> None:
    """Give an application its document; `models` as for `ApiDocument`."""
    document = ApiDocument(app, registry, *models)
    app.state.api_document = document
    app.openapi = document.value  # type: ignore[method-assign]


@router.get(PATH, include_in_schema=False)
def get_document(request: Request) -> Response:
    """The document as it is now; 304 to whoever has it."""
    written: WrittenDocument = request.app.state.api_document.written()
    headers = {"ETag": written.tag, "Cache-Control": "no-cache"}
    if is_unchanged(request.headers.get("if-none-match"), written.tag):
        return Response(status_code=304, headers=headers)
    return Response(written.text, media_type="application/json", headers=headers)


def _promise(responses: dict[str, Any], more: dict[int | str, dict[str, Any]]) -> None:
    """Add what many operations may be answered."""
    for status, answer in more.items():
        responses.setdefault(str(status), answer)


def _takes_json(operation: dict[str, Any]) -> bool:
    return "application/json" in operation.get("requestBody", {}).get("content", {})


def _request_bodies(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for methods in document["paths"].values():
        for operation in methods.values():
            for content in operation.get("requestBody", {}).get("content", {}).values():
                yield content["schema"]


def _hoist(schema: dict[str, Any], schemas: dict[str, Any]) -> None:
    """Move a schema's own definitions to those of the document, where its references lead."""
    for name, definition in schema.pop("$defs", {}).items():
        if schemas.setdefault(name, definition) != definition:
            raise ValueError(f"two models of the API are called {name}")
