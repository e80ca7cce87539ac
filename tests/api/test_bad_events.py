"""Bad input gets an error that names the field and the rule, and the store stays as it was."""

from __future__ import annotations

import pytest

from tests.api.bad_events import BAD_REQUESTS, BadRequest
from tests.api.conftest import House
from workflow.access.keys import Role


@pytest.mark.parametrize("bad", BAD_REQUESTS, ids=lambda bad: bad.name)
def test_is_refused_by_name_and_stores_nothing(house: House, bad: BadRequest) -> None:
    before = house.counts()
    headers = house.bearer() | dict(bad.headers)
    if bad.content_type is not None:
        headers["Content-Type"] = bad.content_type
    body = bad.body if isinstance(bad.body, bytes) else bad.body()
    raw = {name: value.encode("latin-1") for name, value in headers.items()}
    response = house.http.post("/v1/events", content=body, headers=raw)
    problem = response.json()
    assert (response.status_code, response.headers["content-type"]) == (
        bad.status,
        "application/problem+json",
    )
    assert (bad.field, bad.rule) in [(error["field"], error["rule"]) for error in problem["errors"]], problem
    assert problem["status"] == bad.status
    assert problem["detail"] and all(error["message"] for error in problem["errors"])
    assert house.counts() == before


def test_names_are_unique() -> None:
    assert len({bad.name for bad in BAD_REQUESTS}) == len(BAD_REQUESTS)


def test_every_problem_of_every_event_is_named(house: House) -> None:
    event = {"specversion": "1.0", "data": {}}
    problem = house.post([event, event]).json()
    assert {(error["field"], error["rule"]) for error in problem["errors"]} == {
        (f"[{place}].{name}", "required") for place in (0, 1) for name in ("id", "source", "type", "subject")
    }


def test_other_bodies_are_read_as_strictly(house: House) -> None:
    body = b'{"note": "seen", "more": [%d]}' % 2**64
    answer = house.http.post("/v1/effects/1/settle", content=body, headers=house.bearer(Role.OPERATOR))
    (error,) = answer.json()["errors"]
    assert (answer.status_code, error["field"], error["rule"]) == (422, "body.more[0]", "integer-range")
