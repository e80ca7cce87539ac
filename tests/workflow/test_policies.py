"""The policy book searched with the facts of a case: the same answer as the case gets when it asks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient

from state_machines.values.retry_policy import RetryPolicy
from tests.workflow.world import World
from workflow.access import keys
from workflow.console.site import create_site
from workflow.engine.runtime import Runtime
from workflow.recovery.desk.desk import SOURCE as DESK
from workflow.recovery.policies import May, Wish, facts_of, search
from workflow.recovery.policies.facts import facts_of_case
from workflow.settings import Settings
from workflow.store.schema import events, subjects

CASE = "case:C-1"
ANNA, ZOE = "anna@shop.example", "zoe@shop.example"
LADDER = [{"people": [ZOE]}]


def policy(**more: Any) -> dict[str, Any]:
    """What a policy says."""
    grants = [{"role": "front_line", "what": "refund", "up_to": 50}, {"role": "manager", "what": "refund"}]
    return {
        "title": "Refunds", "text": "We refund.", "eligible": "true", "grants": grants, "owner": ZOE,
        "approvers": LADDER, **more,
    }  # fmt: skip


@pytest.fixture
def book(world: World) -> World:
    """Four policies and one case."""
    world.post("policy.set", "policy:all", policy())
    disability = policy(title="Exceptions for disabilities", eligible="facts.disability")
    world.post("policy.set", "policy:disability", disability)
    world.post("policy.set", "policy:modems", policy(title="Modems", eligible="facts.part == 'modem'"))
    world.post("policy.set", "policy:old", policy(title="Old"))
    world.post("policy.withdraw", "policy:old", {"reason": "it changed"})
    opening = {"customer": "chris@home.example", "words": "No phone", "part": "phone", "owner": ANNA}
    world.post("case.open", CASE, opening | {"facts": {"disability": True}})
    return world


def data_of(world: World, key: str) -> dict[str, Any]:
    """What a subject knows."""
    with world.store.connect() as connection:
        found = connection.execute(subjects.select().where(subjects.c.key == key)).one()
    return dict(found.data)


def test_those_in_force_are_found_who_fits_first_and_why_others_do_not(book: World) -> None:
    found = search(book.store, facts_of_case(book.store, CASE)).items
    assert [(one.policy, one.eligible) for one in found] == [
        ("disability", True), ("all", True), ("modems", False),
    ]  # fmt: skip
    assert "does not hold" in found[-1].reason and found[0].may is None
    assert found[0].approvers == LADDER and found[0].grants[0]["up_to"] == 50


def test_a_case_asks_with_the_very_facts_that_the_book_is_searched_with(book: World) -> None:
    book.post("case.cause", CASE, {"cause": "training"})
    book.post("case.hand_over", CASE, {"to": ZOE})
    book.post("case.contact", CASE, {"words": "again", "reach": 7})
    expected = facts_of(data_of(book, CASE))
    book.post(
        "case.grant", CASE, {"policy": "all", "role": "manager", "what": "refund", "by": ANNA}, source=DESK
    )
    with book.store.connect() as connection:
        (asked,) = connection.execute(events.select().where(events.c.type == "policy.ask")).all()
    assert asked.data["facts"] == expected
    assert expected["hand_overs"] == 1 and expected["causes"] == ["training"] and expected["reach"] == 7


WISHES = [
    Wish(role, what, amount)
    for role in ("front_line", "manager", "trainee")
    for what, amount in (("refund", 0), ("refund", 50), ("refund", 51.5), ("holiday", 1))
]


def test_the_search_says_what_the_policy_itself_answers(book: World) -> None:
    facts = facts_of_case(book.store, CASE)
    said = {wish: {one.policy: one.may for one in search(book.store, facts, wish).items} for wish in WISHES}
    for name in ("disability", "modems"):
        for wish in WISHES:
            asking = {"policy": name, "role": wish.role, "what": wish.what, "amount": wish.amount, "by": ANNA}
            book.post("case.grant", CASE, asking, source=DESK)
    outcomes = {"granted": May.GRANTED, "asked": May.NEEDS_APPROVAL, "not_eligible": May.NOT_ELIGIBLE}
    grants = data_of(book, CASE)["grants"]
    assert len(grants) == 24 and {one["outcome"] for one in grants} == outcomes.keys()
    for one in grants:
        wish = Wish(one["role"], one["what"], one["amount"])
        assert said[wish][one["policy"]] == outcomes[one["outcome"]], one


@pytest.fixture
def client(book: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """Somebody of the desk."""
    settings = Settings(data_dir=tmp_path_factory.mktemp("data"))
    runtime = Runtime(settings, book.store, book.engine.registry, book.clock, book.engine, RetryPolicy())
    key = keys.create(book.store, keys.Role.DESK, "desk", book.clock.now())
    with TestClient(create_site(runtime)) as found:
        found.headers["Authorization"] = f"Bearer {key}"
        yield found


def test_over_the_door_it_is_searched_by_case_or_by_facts(client: TestClient) -> None:
    wish = {"role": "front_line", "what": "refund", "amount": 80}
    found = client.get("/v1/policies", params={"case": CASE, **wish}).json()["items"]
    assert [(one["policy"], one["may"]) for one in found] == [
        ("disability", "needs_approval"), ("all", "needs_approval"), ("modems", "not_eligible"),
    ]  # fmt: skip
    only = client.get("/v1/policies", params={"case": CASE, "eligible": "false"}).json()["items"]
    assert [one["policy"] for one in only] == ["modems"]
    posted = client.post("/v1/policies/search", json={"facts": {"part": "modem"}}).json()["items"]
    assert [(one["policy"], one["eligible"]) for one in posted] == [
        ("modems", True), ("all", True), ("disability", False),
    ]  # fmt: skip
    assert posted[-1]["reason"] == "not known: disability"


def test_what_cannot_be_searched_is_refused(client: TestClient) -> None:
    wrong: list[tuple[dict[str, str], int]] = [
        ({}, 422),
        ({"case": "case:nobody"}, 404),
        ({"case": "policy:all"}, 404),
        ({"case": CASE, "role": "manager"}, 422),
        ({"case": CASE, "amount": "-1", "role": "a", "what": "b"}, 422),
        ({"case": CASE, "colour": "red"}, 422),
    ]
    for params, status in wrong:
        assert client.get("/v1/policies/fitting", params=params).status_code == status, params


def test_a_condition_that_is_none_is_refused_at_the_door_with_field_and_rule(
    client: TestClient, book: World
) -> None:
    key = keys.create(book.store, keys.Role.OPERATOR, "operator", book.clock.now())
    event = {
        "specversion": "1.0", "id": "p-1", "source": "/crm", "type": "policy.set", "subject": "policy:bad",
        "data": policy(eligible="fact.x"),
    }  # fmt: skip
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/cloudevents+json"}
    answer = client.post("/v1/events", json=event, headers=headers)
    assert answer.status_code == 422
    (error,) = answer.json()["errors"]
    assert error["field"].endswith("data.eligible") and error["rule"] == "not-cel"
