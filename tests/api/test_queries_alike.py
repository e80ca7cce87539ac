"""What one list, or one resource, can be asked, every other can: by the document, and by asking."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.api.conftest import House, open_house
from tests.api.deciding import deciding
from tests.api.example_requests import examples, meant
from workflow.access.role import Role
from workflow.api.resources.collections import PLURALS

OTHERS_SYSTEMS = {
    **dict.fromkeys(("post_hook", "post_report"), "another system's webhook, whose address it makes up"),
    **dict.fromkeys(("report", "connect"), "Twilio's, which signs the whole address"),
    **dict.fromkeys(("healthz", "readyz", "metrics"), "probes add what they like"),
}
"""Operations that pass over parameters that they do not know, and why."""
WHOLE = {
    **dict.fromkeys(("list_lifecycles", "list_triggers", "list_figures"), "as many as are defined"),
    **dict.fromkeys(("list_fitting_policies", "search_policies"), "the fitting ones first; `more` says so"),
    "get_line": "the first of the line",
    "list_dead_letters": "the first of each kind; `more` says so",
    **{f"{name}_possible": "as many triggers as are declared" for name in (*PLURALS, "order")},
    "post_events": "as many as were sent",
}
"""Answers with items that have no pages, and why."""


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with open_house(f"sqlite:///{tmp_path_factory.mktemp('alike') / 'makegood.db'}") as opened:
        yield opened


@pytest.fixture(scope="module")
def document(house: House) -> dict[str, Any]:
    found: dict[str, Any] = house.http.get("/openapi.json").json()
    return found


def test_every_list_has_pages(document: dict[str, Any]) -> None:
    without = set()
    for name, operation in _operations(document).items():
        schema = _answer(document, operation)
        if "items" not in schema.get("properties", {}) and name != "list_dead_letters":
            continue
        asked = {meant(document, one)["name"] for one in operation.get("parameters", ())}
        if "next" not in schema["properties"] or not {"limit"} < asked & {"limit", "cursor", "after"}:
            without.add(name)
    assert without == WHOLE.keys()


def test_every_resource_of_a_lifecycle_is_read_alike(document: dict[str, Any]) -> None:
    operations = _operations(document)
    for name, plural in PLURALS.items():
        listed, one = operations[f"list_{plural}"], operations[f"get_{name}"]
        of_list = {meant(document, each)["name"] for each in listed["parameters"]}
        assert {"state", "open", "parent", "fields", "limit", "cursor"} <= of_list, plural
        assert {"fields", "If-None-Match"} <= {meant(document, each)["name"] for each in one["parameters"]}, (
            name
        )
        assert "304" in one["responses"], name
        assert set(_answer(document, one)["required"]) == {"key", "id", "state", "revision"}, name


def test_an_unknown_parameter_is_refused_everywhere(house: House, document: dict[str, Any]) -> None:
    tolerant = set()
    with deciding(house.runtime.engine):
        for one in examples(document):
            answer = house.http.request(
                one.method,
                one.path,
                params=one.query | {"misspelt": "1"},
                json=one.body,
                headers=house.bearer(Role.OPERATOR),
            )
            refused = answer.status_code == 422 and "query.misspelt" in {
                error["field"] for error in answer.json()["errors"]
            }
            # Where the path leads to a subject, that is looked for first.
            if not refused and not (answer.status_code == 404 and one.method == "get"):
                tolerant.add(one.operation)
    assert tolerant == OTHERS_SYSTEMS.keys()


@pytest.mark.parametrize(
    ("query", "problems"),
    [
        ("?source=/a", {("query.source", "extra_forbidden")}),
        ("?b=1&a=1&b=2", {("query.a", "extra_forbidden"), ("query.b", "extra_forbidden")}),
        ("?Prefer=wait%3D5", {("query.Prefer", "extra_forbidden")}),
        ("?a=%ff", {("query.a", "utf-8")}),
        ("?", set()),
    ],
)
def test_where_events_come_in_a_query_is_refused_before_anything_is_stored(
    house: House, query: str, problems: set[tuple[str, str]]
) -> None:
    event = {
        "specversion": "1.0",
        "source": "/q",
        "id": query,
        "type": "promise.thanks",
        "subject": "promise:q",
    }
    headers = house.bearer() | {"Content-Type": "application/cloudevents+json"}
    before = house.counts()
    answer = house.http.post(f"/v1/events{query}", json=event, headers=headers)
    assert answer.status_code == (422 if problems else 202)
    assert {(one["field"], one["rule"]) for one in answer.json().get("errors", ())} == problems
    assert (house.counts() == before) == bool(problems)


@pytest.mark.parametrize(
    "path", ["/v1/changes", "/v1/promises", "/v1/search", "/v1/incidents", "/v1/effects"]
)
def test_what_is_said_twice_and_is_no_list_is_refused(house: House, path: str) -> None:
    answer = house.http.get(f"{path}?limit=1&limit=2", headers=house.bearer(Role.OPERATOR))
    assert answer.status_code == 422
    assert ("query.limit", "doubled-parameter") in {
        (one["field"], one["rule"]) for one in answer.json()["errors"]
    }


def test_incidents_are_sparse_and_known_by_their_revision(house: House) -> None:
    as_operator = house.bearer(Role.OPERATOR)
    said = {"words": "The north is dark", "says": "The power is out.", "owner": "ola@grid.example"}
    with deciding(house.runtime.engine):
        made = house.http.post(
            "/v1/incidents/I-7/declare", json=said, headers=as_operator | {"Prefer": "wait=10"}
        )
    assert made.json()["state"] == "open"
    whole = house.http.get("/v1/incidents/I-7", headers=as_operator)
    few = house.http.get("/v1/incidents/I-7?fields=words,data.owner", headers=as_operator)
    assert whole.json().keys() > few.json().keys() == {"key", "id", "state", "revision", "words", "data"}
    assert few.json()["data"].keys() == {"owner"}
    page = house.http.get("/v1/incidents?fields=broken", headers=as_operator).json()
    assert page["items"] == [
        {"key": "incident:I-7", "id": "I-7", "state": "open", "revision": 1, "broken": 0}
    ]
    for path in ("/v1/incidents/I-7?fields=nothing", "/v1/incidents?fields=data.nothing"):
        assert house.http.get(path, headers=as_operator).json()["errors"][0]["rule"] == "unknown-field"
    again = house.http.get(
        "/v1/incidents/I-7", headers=as_operator | {"If-None-Match": whole.headers["ETag"]}
    )
    assert (again.status_code, again.content) == (304, b"")


def _operations(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {one["operationId"]: one for item in document["paths"].values() for one in item.values()}


def _answer(document: dict[str, Any], operation: dict[str, Any]) -> dict[str, Any]:
    """The schema of what it answers with when it is done, in JSON; empty: with nothing that has one."""
    for status, answer in operation["responses"].items():
        schema = answer.get("content", {}).get("application/json", {}).get("schema", {})
        if status.startswith("2") and "$ref" in schema:
            found: dict[str, Any] = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
            return found
    return {}
