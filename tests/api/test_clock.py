"""A sandbox's clock over HTTP: where it stands, how it is moved, by whom, and how far."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.api.conftest import NOON, House, open_house, order
from workflow.access.keys import Role
from workflow.clock import SandboxClock
from workflow.sandbox.passing import Passing
from workflow.store.purpose import claim


@pytest.fixture
def sandbox(database_url: str, tmp_path: Path) -> Iterator[House]:
    """A door whose clock can be moved; schedulers and workers there are none but the test's."""
    clock = SandboxClock(tmp_path / "clock")
    clock.begin(NOON)
    with open_house(database_url, clock=clock, data_dir=tmp_path) as opened:
        claim(opened.runtime.store, clock)
        yield opened


def advance(house: House, said: object, role: Role = Role.OPERATOR, **headers: str) -> httpx.Response:
    """Ask for an advance."""
    return house.http.post("/v1/clock/advance", json=said, headers=house.bearer(role) | headers)


def pass_time(house: House) -> None:
    """As a scheduler and a worker do, until the advance has come to an end."""
    clock = house.runtime.clock
    assert isinstance(clock, SandboxClock)
    passing = Passing(house.runtime.store, clock, patience=60)
    while house.get("/v1/clock").json()["status"] == "advancing":
        passing.step()
        house.runtime.engine.fire()
        house.apply()


def test_it_stands_and_says_what_is_due_next(sandbox: House) -> None:
    found = sandbox.get("/v1/clock")
    assert found.json() == {
        "status": "ready", "now": "2026-07-01T12:00:00Z", "next_due": None, "waits_for": None, "advance": None
    }  # fmt: skip
    sandbox.post(order("place", "1", "1", amount=5))
    sandbox.apply()
    assert sandbox.get("/v1/clock").json()["next_due"] > "2026-07-01T12:00:00Z"


def test_an_advance_is_told_where_it_is_until_it_is_done(sandbox: House) -> None:
    sandbox.post(order("place", "1", "1", amount=5))
    begun = advance(sandbox, {"by": "P2D"})
    assert (begun.status_code, begun.headers["Location"]) == (202, "/v1/clock")
    assert begun.json() | {"next_due": None} == {
        "status": "advancing",
        "now": "2026-07-01T12:00:00Z",
        "next_due": None,
        "waits_for": "1 undecided events",
        "advance": {
            "id": 1,
            "status": "advancing",
            "begins_at": "2026-07-01T12:00:00Z",
            "target": "2026-07-03T12:00:00Z",
            "stops": 0,
            "leaves_tasks": False,
            "reason": None,
        },
    }
    again = advance(sandbox, {"by": "PT1S"})
    assert again.status_code == 409
    assert _problem(again) == ("clock", "under-way")
    assert sandbox.get("/v1/clock").json()["status"] == "advancing"
    pass_time(sandbox)
    done = sandbox.get("/v1/clock").json()
    assert (done["status"], done["now"], done["waits_for"]) == ("ready", "2026-07-03T12:00:00Z", None)
    assert done["advance"]["stops"] > 0
    reminded = [one["trigger"] for one in sandbox.get("/v1/subjects/order:1").json()["timeline"]]
    assert "remind" in reminded


def test_whoever_prefers_to_wait_hears_of_the_end(sandbox: House) -> None:
    answers: list[httpx.Response] = []
    asking = threading.Thread(
        target=lambda: answers.append(advance(sandbox, {"to": "2026-07-01T14:00:00+01:00"}, Prefer="wait=10"))
    )
    asking.start()
    while sandbox.get("/v1/clock").json()["advance"] is None:
        assert asking.is_alive()
    pass_time(sandbox)
    asking.join()
    (answer,) = answers
    assert (answer.status_code, answer.headers["Preference-Applied"]) == (200, "wait=10")
    assert (answer.json()["status"], answer.json()["now"]) == ("ready", "2026-07-01T13:00:00Z")


def test_whoever_waits_for_too_little_hears_how_far_it_is(sandbox: House) -> None:
    answer = advance(sandbox, {"by": "PT1H"}, Prefer="wait=0")
    assert (answer.status_code, answer.headers["Preference-Applied"]) == (202, "wait=0")
    assert answer.json()["status"] == "advancing"


@pytest.mark.parametrize(
    ("said", "field", "rule"),
    [
        ({}, "body", "one-of"),
        ({"by": "PT1H", "to": "2026-07-02T12:00:00Z"}, "body", "one-of"),
        ({"by": "two hours"}, "body.by", "duration-form"),
        ({"by": "P1M"}, "body.by", "duration-fixed-length"),
        ({"by": "PT0S"}, "body.by", "later"),
        ({"by": "P401D"}, "body.by", "distance"),
        ({"by": 3600}, "body.by", "string_type"),
        ({"to": "tomorrow"}, "body.to", "instant-form"),
        ({"to": "2026-07-02T12:00:00Z" + "0" * 60}, "body.to", "string_too_long"),
        ({"to": "2026-07-01T12:00:00"}, "body.to", "no-zone"),
        ({"to": "2026-07-01T12:00:00Z"}, "body.to", "later"),
        ({"to": "2026-06-30T12:00:00Z"}, "body.to", "later"),
        ({"to": "2028-06-30T12:00:00Z"}, "body.to", "distance"),
        ({"by": "PT1H", "leave_tasks": "yes"}, "body.leave_tasks", "bool_type"),
        ({"until": "2026-07-02T12:00:00Z"}, "body.until", "extra_forbidden"),
    ],
)
def test_a_wish_that_cannot_be_is_refused_by_field_and_rule(
    sandbox: House, said: dict[str, Any], field: str, rule: str
) -> None:
    answer = advance(sandbox, said)
    assert answer.status_code == 422
    assert _problem(answer) == (field, rule)
    assert sandbox.get("/v1/clock").json()["advance"] is None


def test_only_an_operator_moves_it_and_who_may_read_everything_sees_it(sandbox: House) -> None:
    for role in Role:
        allowed = role in (Role.OPERATOR, Role.ADMIN)
        assert advance(sandbox, {}, role).status_code == (422 if allowed else 403)
        assert sandbox.get("/v1/clock", role).status_code == 200
    assert sandbox.http.get("/v1/clock").status_code == 401
    assert sandbox.http.post("/v1/clock/advance", json={"by": "PT1H"}).status_code == 401


def test_in_earnest_nobody_moves_the_clock(house: House) -> None:
    before = house.runtime.clock.now()
    for answer in (house.get("/v1/clock"), advance(house, {"by": "PT1H"})):
        assert answer.status_code == 409
        assert _problem(answer) == ("clock", "sandbox")
        assert "makegood up --sandbox" in answer.json()["detail"]
    assert house.runtime.clock.now() == before


def _problem(answer: httpx.Response) -> tuple[str, str]:
    """The field and the rule of its first error."""
    first = answer.json()["errors"][0]
    return first["field"], first["rule"]
