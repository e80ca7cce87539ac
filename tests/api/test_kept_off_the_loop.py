"""What takes long, however it is asked for, keeps nobody else waiting: it is bounded, and done apart."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.api.conftest import House, open_house, order
from workflow.access.keys import Role
from workflow.api.ingest import endpoint
from workflow.recovery.policies import book

GREEDY = "facts.list.exists(a, facts.list.exists(b, a + b == -1))"
MEMBERS = " || ".join(["'x' in facts.list"] * 4)


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A door with a book of policies that mean harm."""
    url = f"sqlite:///{tmp_path_factory.mktemp('apart') / 'makegood.db'}"
    with open_house(url) as opened:
        texts = [f"{GREEDY} || facts.never == {n}" for n in range(60)] + [f"facts.list.exists(a, {MEMBERS})"]
        events = [_policy(f"p{number}", text) for number, text in enumerate(texts)]
        assert opened.post(events, Role.OPERATOR).status_code == 202
        opened.apply()
        yield opened


def _policy(name: str, eligible: str) -> dict[str, Any]:
    data = {
        "title": name, "text": "t", "eligible": eligible, "owner": "zoe@shop.example",
        "grants": [{"role": "r", "what": "refund"}], "approvers": [{"people": ["zoe@shop.example"]}],
    }  # fmt: skip
    key = f"policy:{name}"
    return order("x", "x", name) | {"type": "policy.set", "subject": key, "data": data}


def _search(door: House, facts: dict[str, Any]) -> Any:
    return door.http.post("/v1/policies/search", json={"facts": facts}, headers=door.bearer(Role.DESK))


def test_others_are_answered_while_policies_that_mean_harm_are_searched(door: House) -> None:
    facts = {"list": list(range(3_000)), "never": 0}
    with ThreadPoolExecutor(4) as pool:
        asked = [pool.submit(_search, door, facts) for _ in range(4)]
        meanwhile = 0
        while not all(one.done() for one in asked):
            assert door.http.get("/healthz").status_code == 200
            meanwhile += 1
        assert meanwhile > 0
        for one in asked:
            answer = one.result()
            assert answer.status_code == 200
            assert len(answer.json()["items"]) == 61
            assert not answer.json()["more"]
            assert all("the bound of one evaluation" in each["reason"] for each in answer.json()["items"])


@pytest.mark.parametrize(
    ("facts", "field", "status"),
    [
        ({f"f{n}": n for n in range(501)}, "body.facts", 422),
        ({"deep": [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]}, "body.facts", 422),
        ({"long": "x" * 17_000}, "body", 413),
    ],
)
def test_more_facts_than_may_be_are_refused_by_field(
    door: House, facts: dict[str, Any], field: str, status: int
) -> None:
    answer = _search(door, facts)
    assert (answer.status_code, [one["field"] for one in answer.json()["errors"]]) == (status, [field])


def test_of_more_policies_than_are_looked_at_it_is_said(door: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(book, "MOST", 10)
    answer = _search(door, {"list": []}).json()
    assert (len(answer["items"]), answer["more"]) == (10, True)


def test_what_takes_long_to_read_is_read_apart(door: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """An event of few bytes may hold many thousands of values."""
    threads: list[str] = []
    read = endpoint.events_of

    def noted(carried: Any) -> Any:
        threads.append(threading.current_thread().name)
        return read(carried)

    monkeypatch.setattr(endpoint, "events_of", noted)
    assert door.post(order("place", "light", "light", amount=5)).status_code == 202
    assert door.post(order("place", "heavy", "heavy", amount=5, more=[{}] * 5_000)).status_code == 202
    assert threads[0] != threads[1]
