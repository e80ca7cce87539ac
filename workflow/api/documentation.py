"""The API's own page: every operation out of OpenAPI, one HTML page without scripts or foreign servers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from html import escape
from typing import Any

from fastapi import APIRouter, FastAPI, Request
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel
from starlette.responses import HTMLResponse

from workflow.api.problems import Kind

DESCRIPTION = """\
Events come in as CloudEvents 1.0; lifecycles decide what they change. Every error is problem details
(RFC 9457) that name the field and the rule. Make a key with `makegood keys create --role system` and send
it as `Authorization: Bearer <key>`. Subjects' keys stand in paths as they are, slashes included."""

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>makegood API</title>
<style>
body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #1d2129 }}
h2 {{ font-size: 1.1rem; margin-top: 2.5rem; border-top: 1px solid #d5d9e0; padding-top: 1rem }}
code, pre {{ font: 14px/1.45 ui-monospace, monospace }}
pre {{ background: #f4f5f7; padding: .8rem; overflow-x: auto }}
table {{ border-collapse: collapse }} td, th {{ text-align: left; padding: .15rem 1rem .15rem 0; vertical-align: top }}
.method {{ font-weight: 700 }}
@media (prefers-color-scheme: dark) {{ body {{ background: #14171c; color: #e3e6eb }} pre {{ background: #1f242c }} a {{ color: #8ab4f8 }} }}
</style></head><body>
<h1>makegood API</h1>
<p>{description}</p>
<p>For programs: <a href="/openapi.json">/openapi.json</a>.</p>
{operations}
<h2 id="problems">Problems</h2>
<table><tr><th>kind</th><th>status</th><th>meaning</th></tr>{problems}</table>
</body></html>
"""

router = APIRouter()


@router.get("/docs", include_in_schema=False)
def docs(request: Request) -> HTMLResponse:
    """The page for people."""
    page = _PAGE.format(
        description=escape(DESCRIPTION).replace("`", ""),
        operations="\n".join(_operations(request.app.openapi())),
        problems="".join(_problem_row(kind) for kind in Kind),
    )
    return HTMLResponse(page, headers={"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'"})


def describe(app: FastAPI, *models: type[BaseModel]) -> None:
    """Have OpenAPI carry these models, which answers refer to by name."""

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            schema = get_openapi(
                title=app.title, version=app.version, summary=app.summary, description=app.description, routes=app.routes
            )
            schemas = schema.setdefault("components", {}).setdefault("schemas", {})
            for model in models:
                document = model.model_json_schema(ref_template="#/components/schemas/{model}")
                schemas |= document.pop("$defs", {})
                schemas[model.__name__] = document
            app.openapi_schema = schema
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]


def _operations(schema: dict[str, Any]) -> Iterator[str]:
    for path, methods in schema["paths"].items():
        for method, operation in methods.items():
            yield (
                f'<h2><span class="method">{escape(method.upper())}</span> <code>{escape(path)}</code></h2>'
                f"<p>{escape(operation.get('summary', ''))}. {escape(operation.get('description', ''))}</p>"
            )
            yield from _parameters(operation.get("parameters", []))
            yield from _body(operation.get("requestBody", {}))
            yield f"<p>Answers: {', '.join(_answer(*item) for item in operation['responses'].items())}</p>"


def _parameters(parameters: list[dict[str, Any]]) -> Iterator[str]:
    if parameters:
        rows = "".join(
            f"<tr><td><code>{escape(one['name'])}</code></td><td>{escape(one['in'])}</td>"
            f"<td>{escape(one.get('description', ''))}</td></tr>"
            for one in parameters
        )
        yield f"<table>{rows}</table>"


def _body(body: dict[str, Any]) -> Iterator[str]:
    if "description" in body:
        yield f"<p>{escape(body['description'])}</p>"
    for media_type, content in body.get("content", {}).items():
        yield f"<p><code>{escape(media_type)}</code> {escape(content['schema'].get('description', ''))}</p>"
        for example in content["schema"].get("examples", []):
            yield f"<pre>{escape(json.dumps(example, indent=2))}</pre>"


def _answer(status: str, answer: dict[str, Any]) -> str:
    return f"<code>{escape(status)}</code> {escape(answer.get('description', ''))}"


def _problem_row(kind: Kind) -> str:
    name, status, title = kind.value
    return f'<tr id="problem-{name}"><td><code>{name}</code></td><td>{status}</td><td>{escape(title)}</td></tr>'
