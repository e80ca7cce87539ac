"""The API's own reference: every operation out of OpenAPI, for people."""

from __future__ import annotations

import json
from collections.abc import Iterator
from html import escape
from string import Template
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel

from workflow.api.http.problems import Kind, described
from workflow.api.http.request_body import COMPONENT

DESCRIPTION = """\
Events come in as CloudEvents 1.0; lifecycles decide what they change. Every error is problem details
(RFC 9457) that name the field and the rule. Make a key with `makegood keys create --role system` and send
it as `Authorization: Bearer <key>`. Subjects' keys stand in paths as they are, slashes included; only the
last slash of a key that ends in `/explain` is written `%2F`."""

_CONTENT = Template("""\
<p>$description</p>
<p>For programs: <a href="/openapi.json">/openapi.json</a>.</p>
$operations
<h2 id="problems">Problems</h2>
<table class="cards"><thead><tr><th scope="col">kind</th><th scope="col">status</th>
<th scope="col">meaning</th></tr></thead>$problems</table>
""")

_ANYWHERE = described(Kind.URL_TOO_LONG, Kind.HEAD_TOO_LARGE)
"""What any request may be answered before anybody looks at what it asks for."""
_WITH_A_KEY = described(Kind.BUSY)
"""What whoever has a key, or a wrong one, may be answered: it comes too often."""


def reference(app: FastAPI) -> str:
    """Every operation of an application and every kind of problem, as HTML to stand in a page."""
    operations = "\n".join(_operations(app.openapi()))
    problems = "".join(_problem_row(kind) for kind in Kind)
    return _CONTENT.substitute(
        description=escape(DESCRIPTION).replace("`", ""), operations=operations, problems=problems
    )


def describe(app: FastAPI, *models: type[BaseModel]) -> None:
    """Have OpenAPI carry these models, which answers refer to by name."""

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            schema = get_openapi(
                title=app.title,
                version=app.version,
                summary=app.summary,
                description=app.description,
                routes=app.routes,
            )
            schemas = schema.setdefault("components", {}).setdefault("schemas", {})
            for operation in (one for methods in schema["paths"].values() for one in methods.values()):
                for status, answer in _ANYWHERE.items():
                    operation["responses"].setdefault(str(status), answer)
                if "security" in operation:
                    for status, answer in _WITH_A_KEY.items():
                        operation["responses"].setdefault(str(status), answer)
            for model in models:
                document = model.model_json_schema(ref_template=COMPONENT)
                _hoist(document, schemas)
                schemas[model.__name__] = document
            for body in _request_bodies(schema):
                _hoist(body, schemas)
            app.openapi_schema = schema
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]


def _request_bodies(schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for methods in schema["paths"].values():
        for operation in methods.values():
            for content in operation.get("requestBody", {}).get("content", {}).values():
                yield content["schema"]


def _hoist(schema: dict[str, Any], schemas: dict[str, Any]) -> None:
    """Move a schema's own definitions to those of the document, where its references lead."""
    for name, definition in schema.pop("$defs", {}).items():
        if schemas.setdefault(name, definition) != definition:
            raise ValueError(f"two models of the API are called {name}")


def _operations(schema: dict[str, Any]) -> Iterator[str]:
    for path, methods in schema["paths"].items():
        for method, operation in methods.items():
            yield (
                f"<h2>{escape(method.upper())} <code>{escape(path)}</code></h2>"
                f"<p>{escape(operation.get('summary', ''))}. {escape(operation.get('description', ''))}</p>"
            )
            yield from _parameters(operation.get("parameters", []))
            yield from _body(operation.get("requestBody", {}))
            answers = sorted(operation["responses"].items())
            yield f"<p>Answers: {', '.join(_answer(*item) for item in answers)}</p>"


def _parameters(parameters: list[dict[str, Any]]) -> Iterator[str]:
    if parameters:
        rows = "".join(
            f"<tr><td><code>{escape(one['name'])}</code></td><td>{escape(one['in'])}</td>"
            f"<td>{escape(one.get('description', ''))}</td></tr>"
            for one in parameters
        )
        yield f'<table class="cards">{rows}</table>'


def _body(body: dict[str, Any]) -> Iterator[str]:
    if "description" in body:
        yield f"<p>{escape(body['description'])}</p>"
    for media_type, content in body.get("content", {}).items():
        yield f"<p><code>{escape(media_type)}</code> {escape(content['schema'].get('description', ''))}</p>"
        for example in content["schema"].get("examples", []):
            yield f'<pre tabindex="0">{escape(json.dumps(example, indent=2))}</pre>'


def _answer(status: str, answer: dict[str, Any]) -> str:
    return f"<code>{escape(status)}</code> {escape(answer.get('description', ''))}"


def _problem_row(kind: Kind) -> str:
    name, status, title = kind.value
    return (
        f'<tr id="problem-{name}"><td><code>{name}</code></td><td>{status}</td><td>{escape(title)}</td></tr>'
    )
