"""Lifecycles as the API tells of them."""

from __future__ import annotations

from xml.etree import ElementTree

import jsonschema_rs
import pytest

from state_machines.catalog import NAMES
from tests.api.conftest import NOON, House
from tests.api.test_resources import error_of, read
from workflow.access import keys
from workflow.access.bounds import Bounds
from workflow.access.role import Role

SECOND = """
lifecycle: parcel
version: {version}
title: A parcel
triggers:
  send: {{data: {{to: {{type: string, required: true}}}}}}
  {more}: {{}}
states: [sent, {{name: there, final: true}}]
transitions:
  - {{trigger: send, source: initial, dest: sent}}
  - {{trigger: {more}, source: sent, dest: there}}
"""


def test_all_are_listed_with_where_their_subjects_are(house: House) -> None:
    found = {one["name"]: one for one in read(house, "lifecycles").json()["items"]}
    assert {*NAMES, "order"} <= found.keys()
    assert (found["promise"]["collection"], found["order"]["collection"]) == ("/v1/promises", "/v1/own/order")
    bounded = keys.create(house.runtime.store, Role.SYSTEM, "reads", NOON, bounds=Bounds(reads=("order",)))
    assert [one["name"] for one in read(house, "lifecycles", bounded).json()["items"]] == ["order"]
    assert error_of(read(house, "lifecycles/promise", bounded)) == (403, "authorization", "reads")
    assert read(house, "lifecycles/order/triggers", bounded).status_code == 200


def test_one_tells_its_states_triggers_and_timeouts(house: House) -> None:
    found = read(house, "lifecycles/order").json()
    assert [(one["name"], one["final"]) for one in found["states"]] == [
        ("placed", False), ("shipped", True), ("cancelled", True),
    ]  # fmt: skip
    assert found["states"][0]["possible"] == ["cancel", "divide", "remind", "ship"]
    triggers = {one["name"]: one for one in found["triggers"]}
    assert triggers["place"]["states"] == ["initial"]
    assert triggers["place"]["operation"] == "/v1/own/order/{id}/place"
    assert (triggers["remind"]["senders"], triggers["remind"]["operation"]) == (["timer"], None)
    schema = jsonschema_rs.Draft202012Validator(triggers["place"]["data"])
    assert schema.is_valid({"amount": 5})
    assert not schema.is_valid({"amount": 0})
    assert found["timeouts"][0] == {
        "name": "reminder", "states": ["placed"], "paused_in": [], "due": "after PT1H", "trigger": "remind",
    }  # fmt: skip
    assert (found["version"], found["versions"], len(found["digest"])) == (1, [1], 64)


@pytest.mark.parametrize("name", NAMES)
def test_each_of_the_catalog_can_be_told_and_drawn(house: House, name: str) -> None:
    told = read(house, f"lifecycles/{name}").json()
    assert told["triggers"]
    headers = house.bearer() | {"Accept": "image/svg+xml, application/json;q=0.5"}
    drawn = house.http.get(f"/v1/lifecycles/{name}", headers=headers)
    assert (drawn.status_code, drawn.headers["content-type"]) == (200, "image/svg+xml")
    assert ElementTree.fromstring(drawn.text).tag == "{http://www.w3.org/2000/svg}svg"
    assert drawn.headers["ETag"] != house.get(f"/v1/lifecycles/{name}").headers["ETag"]


def test_what_leads_from_a_state_is_asked_for(house: House) -> None:
    def names(**wanted: str) -> list[str]:
        items = read(house, "lifecycles/order/triggers", **wanted).json()["items"]
        return sorted(one["name"] for one in items)

    assert names(state="initial") == ["place"]
    assert names(state="placed") == ["cancel", "divide", "remind", "ship"]
    assert names(state="shipped") == []
    assert error_of(read(house, "lifecycles/order/triggers", state="shiped")) == (
        422, "query.state", "unknown-state",
    )  # fmt: skip


def test_what_there_is_none_of_is_said(house: House) -> None:
    assert read(house, "lifecycles/orders").status_code == 404
    assert read(house, "lifecycles/order", version=2).status_code == 404
    assert read(house, "lifecycles/order", version=0).status_code == 422
    assert read(house, "lifecycles/Order").status_code == 422


def test_who_has_it_gets_nothing_anew(house: House) -> None:
    tag = house.get("/v1/lifecycles/order").headers["ETag"]
    again = house.http.get("/v1/lifecycles/order", headers=house.bearer() | {"If-None-Match": tag})
    assert (again.status_code, again.content) == (304, b"")


def test_a_new_version_is_in_the_document_as_soon_as_it_is_registered(house: House) -> None:
    registry = house.runtime.registry
    document = house.http.get("/openapi.json")
    assert not any("parcel" in path for path in document.json()["paths"])
    registry.register([(SECOND.format(version=1, more="arrive"), "parcel.yaml")], NOON)
    first = house.http.get("/openapi.json", headers={"If-None-Match": document.headers["ETag"]})
    assert "/v1/own/parcel/{id}/arrive" in first.json()["paths"]
    registry.register([(SECOND.format(version=2, more="return"), "parcel.yaml")], NOON)
    paths = house.http.get("/openapi.json").json()["paths"]
    assert "/v1/own/parcel/{id}/return" in paths
    assert "/v1/own/parcel/{id}/arrive" not in paths
    tag = house.http.get("/openapi.json").headers["ETag"]
    assert house.http.get("/openapi.json", headers={"If-None-Match": tag}).status_code == 304
    assert read(house, "lifecycles/parcel").json()["versions"] == [1, 2]
    assert read(house, "lifecycles/parcel", version=1).json()["states"][0]["possible"] == ["arrive"]
