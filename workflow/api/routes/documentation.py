"""The API's own reference: every operation out of OpenAPI, for people."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from html import escape
from string import Template
from typing import Any

from fastapi import FastAPI

from workflow.api.http.problems import Kind

DESCRIPTION = """\
Events come in as CloudEvents 1.0; lifecycles decide what they change. Every error is problem details
(RFC 9457) that name the field and the rule. Make a key with `makegood keys create --role system` and send
it as `Authorization: Bearer <key>`. Subjects' keys stand in paths as they are, slashes included; only the
last slash of a key that ends in `/explain` is written `%2F`."""

_CODE = re.compile(r"`([^`\n]+)`")
_CONTENT = Template("""\
<p>$description</p>
<p>For programs: <a href="/openapi.json">/openapi.json</a>.</p>
$operations
<h2 id="problems">Problems</h2>
<table class="cards"><thead><tr><th scope="col">kind</th><th scope="col">status</th>
<th scope="col">meaning</th></tr></thead>$problems</table>
""")


def reference(app: FastAPI) -> str:
    """Every operation of an application and every kind of problem, as HTML to stand in a page."""
    operations = "\n".join(_operations(app.openapi()))
    problems = "".join(_problem_row(kind) for kind in Kind)
    return _CONTENT.substitute(description=_told(DESCRIPTION), operations=operations, problems=problems)


def _told(text: str) -> str:
    """What a description says: what stands between backticks is code."""
    return _CODE.sub(r"<code>\1</code>", escape(text))


def _operations(document: dict[str, Any]) -> Iterator[str]:
    known = document["components"]
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield (
                f"<h2>{escape(method.upper())} <code>{escape(path)}</code></h2>"
                f"<p>{escape(operation.get('summary', ''))}. {_told(operation.get('description', ''))}</p>"
            )
            yield from _parameters([_meant(one, known) for one in operation.get("parameters", [])])
            yield from _body(operation.get("requestBody", {}), known)
            answers = [(status, _meant(one, known)) for status, one in sorted(operation["responses"].items())]
            yield f"<p>Answers: {', '.join(_answer(*item) for item in answers)}</p>"


def _parameters(parameters: list[dict[str, Any]]) -> Iterator[str]:
    if parameters:
        rows = "".join(
            f"<tr><td><code>{escape(one['name'])}</code></td><td>{escape(one['in'])}</td>"
            f"<td>{_told(one.get('description', ''))}</td></tr>"
            for one in parameters
        )
        yield f'<table class="cards">{rows}</table>'


def _body(body: dict[str, Any], known: dict[str, Any]) -> Iterator[str]:
    if "description" in body:
        yield f"<p>{_told(body['description'])}</p>"
    for media_type, content in body.get("content", {}).items():
        schema = _meant(content["schema"], known)
        yield f"<p><code>{escape(media_type)}</code> {_told(schema.get('description', ''))}</p>"
        named = [one["value"] for one in content.get("examples", {}).values()]
        for example in [*named, *schema.get("examples", [])]:
            yield f'<pre tabindex="0">{escape(json.dumps(example, indent=2))}</pre>'


def _meant(one: dict[str, Any], known: dict[str, Any]) -> dict[str, Any]:
    """What it is, where it only says what is written elsewhere in the document."""
    if "$ref" not in one:
        return one
    kind, name = one["$ref"].rsplit("/", 2)[1:]
    found: dict[str, Any] = known[kind][name]
    return found


def _answer(status: str, answer: dict[str, Any]) -> str:
    return f"<code>{escape(status)}</code> {_told(answer.get('description', ''))}"


def _problem_row(kind: Kind) -> str:
    name, status, title = kind.value
    return (
        f'<tr id="problem-{name}"><td><code>{name}</code></td><td>{status}</td><td>{escape(title)}</td></tr>'
    )
