"""The examples of the OpenAPI document as requests, in an order in which each finds what it is about."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple
from urllib.parse import quote

import httpx


class Example(NamedTuple):
    """A request as the document shows it."""

    operation: str
    method: str
    path: str
    query: dict[str, Any]
    content_type: str | None
    body: Any
    promised: frozenset[str]
    begins: bool
    made: bool


def examples(document: dict[str, Any]) -> list[Example]:
    """Those of every operation, one for each media type; what begins something comes first."""
    found = []
    for path, item in document["paths"].items():
        for method, operation in item.items():
            parameters = [meant(document, one) for one in operation.get("parameters", ())]
            values = {one["name"]: one["example"] for one in parameters if "example" in one}
            named = {one["name"]: one["in"] for one in parameters}
            query = {name: value for name, value in values.items() if named[name] == "query"}
            promised = frozenset(operation["responses"])
            begins = "initial" in operation.get("x-makegood-states", ()) or path == "/v1/events"
            for content_type, name, body in _bodies(operation):
                places = {one: values[one] for one, place in named.items() if place == "path"}
                if "trigger" in places and name not in ("", "example"):
                    places["trigger"] = name  # the body of another trigger than that of the example
                filled = path
                for one, value in places.items():
                    filled = filled.replace(f"{{{one}}}", quote(str(value), safe=":"))
                found.append(
                    Example(
                        *(
                            operation["operationId"],
                            method,
                            filled,
                            query,
                            content_type,
                            body,
                            promised,
                            begins,
                        ),
                        made="x-makegood-trigger" in operation,
                    )
                )
    return found


def _bodies(operation: dict[str, Any]) -> Iterator[tuple[str | None, str, Any]]:
    """Media type, name and value of each example of a body; one without any where there is no body."""
    contents = operation.get("requestBody", {}).get("content", {})
    if not contents:
        yield None, "", None
    for content_type, content in contents.items():
        for name, one in content.get("examples", {}).items():
            yield content_type, name, one["value"]
        for body in content["schema"].get("examples", []):
            yield content_type, "", body


def meant(document: dict[str, Any], one: dict[str, Any]) -> dict[str, Any]:
    """What is written once and referred to."""
    if "$ref" not in one:
        return one
    meant: dict[str, Any] = document["components"][one["$ref"].split("/")[2]][one["$ref"].split("/")[3]]
    return meant


def place(one: Example) -> tuple[int, int, str]:
    """What begins a subject, what is read of it, what people do about it, then all triggers."""
    if one.begins:
        return 0, 0, one.operation
    return (
        (1 if one.method == "get" else 3 if one.made else 2),
        int(one.operation != "post_claim"),
        one.operation,
    )


def send(http: httpx.Client, one: Example, key: str) -> httpx.Response:
    """Sent as it stands."""
    headers, body = {"Authorization": f"Bearer {key}"}, one.body
    if one.content_type is not None:
        headers["Content-Type"] = one.content_type
    if (
        one.operation == "post_events" and one.content_type == "application/json"
    ):  # its attributes are headers
        headers |= {"ce-specversion": "1.0", "ce-id": "5f0c1e", "ce-source": "https://shop.example/orders"}
        headers |= {"ce-type": "promise.make", "ce-subject": "promise:P-18"}
    return http.request(one.method, one.path, params=one.query, json=body, headers=headers)
