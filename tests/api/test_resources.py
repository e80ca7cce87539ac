"""Subjects as resources: triggers are operations, of an installation's own lifecycles as of the catalog's."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from state_machines.catalog import NAMES
from tests.api.conftest import House, order
from tests.api.deciding import deciding
from workflow.access import keys
from workflow.access.bounds import Bounds
from workflow.access.role import Role
from workflow.api.resources.collections import PLURALS, collection_of, lifecycle_of

WAIT = {"Prefer": "wait=10"}
PROMISE = {
    "words": "We call you back today",
    "owner": "ana@shop.example",
    "due_at": "2026-07-01T15:00:00Z",
    "customer": "tom@example.org",
}


@pytest.fixture
def worker(house: House) -> Iterator[None]:
    """Somebody decides what is accepted."""
    with deciding(house.runtime.engine):
        yield


def send(
    house: House, path: str, body: dict[str, Any] | None = None, key: str | None = None, **headers: str
) -> httpx.Response:
    """Post to a resource; underscores in names of headers stand for hyphens."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    bearer = house.bearer() if key is None else {"Authorization": f"Bearer {key}"}
    return house.http.post(f"/v1/{path}", json=body, headers=bearer | named)


def read(house: House, path: str, key: str | None = None, **parameters: Any) -> httpx.Response:
    bearer = house.bearer() if key is None else {"Authorization": f"Bearer {key}"}
    return house.http.get(f"/v1/{path}", params=parameters or None, headers=bearer)


def error_of(answer: httpx.Response) -> tuple[int, str, str]:
    """Status, field and rule of a problem with one error."""
    assert answer.headers["content-type"] == "application/problem+json"
    (one,) = answer.json()["errors"]
    return answer.status_code, one["field"], one["rule"]


def test_each_lifecycle_of_the_catalog_has_a_plural_of_its_own() -> None:
    assert set(PLURALS) == set(NAMES)
    assert len(set(PLURALS.values())) == len(PLURALS)
    for name in (*NAMES, "returns", "events"):
        assert lifecycle_of(collection_of(name)) == name
    assert lifecycle_of("own/promise") is None


@pytest.mark.usefixtures("worker")
def test_a_lifecycle_of_ones_own_is_used_from_end_to_end(house: House) -> None:
    made = send(house, "own/order", {"amount": 5, "colour": "red"}, **WAIT)
    assert (made.status_code, made.headers["ETag"]) == (201, '"1"')
    said = made.json()
    assert said == {
        "key": f"order:{said['id']}",
        "id": said["id"],
        "event": said["event"],
        "status": "accepted",
        "outcome": "moved",
        "reason": None,
        "state": "placed",
        "revision": 1,
    }
    place = made.headers["Location"]
    assert place == f"/v1/own/order/{said['id']}"
    found = house.get(place)
    assert (found.status_code, found.headers["ETag"]) == (200, '"1"')
    assert found.json() == {
        "key": said["key"],
        "id": said["id"],
        "lifecycle": "order",
        "version": 1,
        "state": "placed",
        "revision": 1,
        "data": {"amount": 5},
        "parent": None,
        "opened_at": "2026-07-01T12:00:00Z",
        "changed_at": "2026-07-01T12:00:00Z",
        "closed_at": None,
    }
    event = said["event"]
    decided = house.get(f"/v1/events/{quote(event['source'], safe='')}/{event['id']}").json()
    assert (decided["subject"], decided["outcome"]) == (said["key"], "moved")
    shipped = send(house, f"own/order/{said['id']}/ship", **WAIT)
    assert (shipped.status_code, shipped.json()["state"], shipped.json()["revision"]) == (200, "shipped", 2)
    assert house.get(place).json()["closed_at"] == "2026-07-01T12:00:00Z"
    too_late = send(house, f"own/order/{said['id']}/cancel", {"reason": "no"}, **WAIT)
    assert error_of(too_late) == (409, "subject", "impossible-now")
    assert too_late.headers["ETag"] == '"2"', "what is refused changes nothing"


@pytest.mark.usefixtures("worker")
@pytest.mark.parametrize("id", ["µ-Ω-😀", "4711/ship", "100%41", "a?b#c", "order:north"])
def test_a_new_one_is_where_the_answer_says(house: House, id: str) -> None:
    made = send(house, f"own/order?id={quote(id, safe='')}", {"amount": 5}, **WAIT)
    assert made.status_code == 201, made.text
    found = house.get(made.headers["Location"])
    assert (found.status_code, found.json()["key"]) == (200, made.json()["key"])


@pytest.mark.usefixtures("worker")
def test_a_job_is_made_moved_and_called_off(house: House) -> None:
    body = {"task": "billing.refund", "at": "2030-03-05T09:00:00Z"}
    made = send(house, "jobs", body, **WAIT).json()
    moved = send(house, f"jobs/{made['id']}/reschedule", {"at": "2030-03-06T09:00:00Z"}, **WAIT)
    assert (moved.status_code, moved.json()["state"]) == (200, "scheduled")
    assert read(house, f"jobs/{made['id']}").json()["data"]["at"] == "2030-03-06T09:00:00Z"
    over = send(house, f"jobs/{made['id']}/cancel", **WAIT)
    assert (over.status_code, over.json()["state"]) == (200, "cancelled")
    assert read(house, "jobs", state="cancelled").json()["items"][-1]["key"] == made["key"]


def test_without_a_wait_it_is_accepted_and_decided_later(house: House) -> None:
    answer = send(house, "promises/P-later/make", PROMISE)
    assert (answer.status_code, answer.json()["outcome"], answer.json()["state"]) == (202, "pending", None)
    assert read(house, "promises/P-later").status_code == 404
    house.apply()
    found = read(house, "promises/P-later").json()
    assert (found["state"], found["data"]["words"]) == ("made", PROMISE["words"])


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({}, (422, "body.amount", "required")),
        ({"amount": 0}, (422, "body.amount", "minimum")),
        ({"amount": "5"}, (422, "body.amount", "type")),
        ({"amount": 5, "colour": "blue"}, (422, "body.colour", "enum")),
        ({"amount": 5, "lines": ["a", 1]}, (422, "body.lines[1]", "type")),
        ([], (422, "body", "object")),
    ],
)
def test_what_the_trigger_declares_is_checked_at_the_door(
    house: House, body: Any, error: tuple[int, str, str]
) -> None:
    before = house.counts()
    assert error_of(send(house, "own/order/O-bad/place", body)) == error
    assert house.counts() == before


@pytest.mark.parametrize(
    ("path", "error"),
    [
        ("own/order/O-1/shop", (404, "path", "not-found")),
        ("own/orders/O-1/ship", (404, "path", "not-found")),
        ("own/promise/P-1/keep", (404, "path", "not-found")),
        ("own/order/O%201/ship", (422, "path.id", "form")),
        ("own/order/O-1", (405, "method", "method")),
        ("customers", (405, "method", "method")),
        ("own/order/O-1/remind", (403, "type", "from")),
        ("own/order/O-1/ship?parent=case:1&x=1", (422, "query.x", "extra_forbidden")),
        ("own/order?id=", (422, "query.id", "string_too_short")),
    ],
)
def test_what_there_is_none_of_is_said(house: House, path: str, error: tuple[int, str, str]) -> None:
    assert error_of(send(house, path, {})) == error


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", "own/order/O-1/ship", "OPTIONS, POST"),
        ("GET", "policies/search", "OPTIONS, POST"),
        ("DELETE", "own/order/O-1/ship", "OPTIONS, POST"),
        ("DELETE", "own/order/O-1", "GET, HEAD, OPTIONS"),
        ("PUT", "policies/search", "OPTIONS, POST"),
        ("DELETE", "cases/C-1/packet", "GET, HEAD, OPTIONS"),
        ("DELETE", "incidents/I-1/join", "OPTIONS, POST"),
        ("PUT", "own/order", "GET, HEAD, OPTIONS, POST"),
        ("PATCH", "customers", "GET, HEAD, OPTIONS"),
        ("POST", "own/order/O-1", "GET, HEAD, OPTIONS"),
        ("POST", "own/order/O-1/possible", "GET, HEAD, OPTIONS"),
        ("POST", "cases/C-1/packet", "GET, HEAD, OPTIONS"),
    ],
)
def test_a_resource_says_which_methods_it_knows(house: House, method: str, path: str, allowed: str) -> None:
    answer = house.http.request(method, f"/v1/{path}", headers=house.bearer())
    assert (answer.status_code, answer.headers["Allow"]) == (405, allowed)


def test_ids_stand_in_paths_as_they_are(house: House) -> None:
    for identity in ("a/b", "a/ship", "a/possible", "order:x", "ä+1%2F"):
        house.post(order("place", identity, f"path-{identity}", amount=5))
    house.apply()
    for path, identity in (
        ("a/b", "a/b"),
        ("a%2Fb", "a/b"),
        ("a%2Fship", "a/ship"),
        ("a%2Fpossible", "a/possible"),
        ("order:a/b", "a/b"),
        ("order:order:x", "order:x"),
        (quote("ä+1%2F", safe=""), "ä+1%2F"),
    ):
        assert read(house, f"own/order/{path}").json()["key"] == f"order:{identity}"
        assert read(house, f"own/order/{path}/possible").json()["key"] == f"order:{identity}"
    answer = send(house, "own/order/a%2Fship/ship")
    assert (answer.status_code, answer.json()["key"]) == (202, "order:a/ship")


def test_a_list_is_filtered_and_goes_by_pages(house: House) -> None:
    for number in range(5):
        send(house, f"own/order/page-{number}/place?parent=case:pages", {"amount": number + 1})
    house.apply()
    for number in (1, 3):
        send(house, f"own/order/page-{number}/ship")
    house.apply()
    mine = {"parent": "case:pages"}

    def ids(**wanted: Any) -> list[str]:
        return [one["id"] for one in read(house, "own/order", **mine, **wanted).json()["items"]]

    assert ids() == [f"page-{number}" for number in range(5)]
    assert ids(state="shipped") == ids(open=False) == ["page-1", "page-3"]
    assert ids(state=["placed", "shipped"]) == ids()
    assert ids(open=True) == ["page-0", "page-2", "page-4"]
    first = read(house, "own/order", **mine, limit=3, fields="data.amount").json()
    assert [one["data"] for one in first["items"]] == [{"amount": 1}, {"amount": 2}, {"amount": 3}]
    rest = read(house, "own/order", **mine, limit=3, cursor=first["next"]).json()
    assert ([one["id"] for one in rest["items"]], rest["next"]) == (["page-3", "page-4"], None)
    assert error_of(read(house, "own/order", state="shiped")) == (422, "query.state", "unknown-state")
    assert error_of(read(house, "own/order", stat="shipped")) == (422, "query.stat", "extra_forbidden")
    assert error_of(read(house, "own/order", cursor="x")) == (422, "query.cursor", "cursor")


def test_only_the_fields_that_are_asked_for_are_there(house: House) -> None:
    house.post(order("place", "sparse", "sparse-1", amount=5))
    house.apply()
    always = {"key": "order:sparse", "id": "sparse", "state": "placed", "revision": 1}

    def found(fields: str) -> dict[str, Any]:
        answer: dict[str, Any] = read(house, "own/order/sparse", fields=fields).json()
        return answer

    assert found("version") == always | {"version": 1}
    assert found("data") == found("data,data.amount") == always | {"data": {"amount": 5}}
    assert found("data.amount,parent") == always | {"data": {"amount": 5}, "parent": None}
    assert found("data.due_at") == always | {"data": {}}
    assert found("state") == always
    for fields in ("nothing", "data.nothing", "state,data.nothing"):
        answer = read(house, "own/order/sparse", fields=fields)
        assert error_of(answer) == (422, "query.fields", "unknown-field")
    assert read(house, "own/order/sparse", fields="a b").status_code == 422
    assert read(house, "own/order/sparse/possible", fields="state").status_code == 422


def test_what_is_possible_is_said_before_it_is_tried(house: House) -> None:
    house.post(order("place", "may", "may-1", amount=5))
    house.apply()

    def possible(key: str | None = None) -> dict[str, dict[str, Any]]:
        answer = read(house, "own/order/may/possible", key).json()
        assert (answer["state"], answer["revision"]) == ("placed", 1)
        return {one["trigger"]: one for one in answer["items"]}

    found = possible()
    assert {name: one["verdict"] for name, one in found.items()} == {
        "cancel": "yes", "divide": "depends", "remind": "yes", "ship": "yes",
    }  # fmt: skip
    assert (found["ship"]["leads_to"], found["cancel"]["required"]) == (["shipped"], ["reason"])
    assert {name for name, one in found.items() if one["permitted"]} == {"cancel", "divide", "ship"}
    bounded = keys.create(
        house.runtime.store,
        Role.SYSTEM,
        "ships",
        house.runtime.clock.now(),
        bounds=Bounds(sends=("order.ship",)),
    )
    theirs = possible(bounded)
    assert {name for name, one in theirs.items() if one["permitted"]} == {"ship"}
    assert "may send order.ship" in theirs["cancel"]["why_not"]
    assert read(house, "own/order/nobody/possible").status_code == 404


@pytest.fixture
def bounded(house: House) -> dict[str, str]:
    """Keys of systems with bounds, by what they are for."""
    store, now = house.runtime.store, house.runtime.clock.now()
    made = {
        "source": Bounds(sources=("/shop",)),
        "ship": Bounds(sends=("order.ship",)),
        "promise": Bounds(reads=("promise",), sends=("promise",)),
        "team": Bounds(sends=("team",)),
    }
    return {name: keys.create(store, Role.SYSTEM, name, now, bounds=one) for name, one in made.items()}


def test_a_keys_bounds_hold_as_on_events(house: House, bounded: dict[str, str]) -> None:
    place = {"amount": 5}
    taken = send(house, "own/order/bound-1/place", place, bounded["source"])
    assert (taken.status_code, taken.json()["event"]["source"]) == (202, "/shop")
    for key, path, body in (
        ("ship", "own/order/bound-1/place", place),
        ("promise", "own/order/bound-1/place", place),
        ("ship", "own/order?id=bound-1", place),
    ):
        assert error_of(send(house, path, body, bounded[key])) == (403, "type", "not-yours")
    house.apply()
    assert send(house, "own/order/bound-1/ship", None, bounded["ship"]).status_code == 202
    answer = send(house, "own/order/bound-2/place?parent=promise:P-1", place, bounded["ship"])
    assert {one["field"] for one in answer.json()["errors"]} == {"type", "query.parent"}
    for path in ("own/order", "own/order/bound-1", "own/order/bound-1/possible"):
        assert error_of(read(house, path, bounded["promise"])) == (403, "authorization", "reads")
        assert read(house, path, bounded["ship"]).status_code == 200
    assert read(house, "promises", bounded["promise"]).status_code == 200
    team = {"members": ["ana@shop.example"]}
    assert error_of(send(house, "teams/returns/set", team)) == (403, "type", "operator")
    assert send(house, "teams/returns/set", team, bounded["team"]).status_code != 403
    for role in (Role.DESK, Role.AGENT, Role.SUPERVISOR):
        answer = send(house, "own/order/bound-1/place", place, house.keys[role])
        assert error_of(answer) == (403, "authorization", "role")
    assert house.http.post("/v1/own/order/bound-1/place", json=place).status_code == 401
