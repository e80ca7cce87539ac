"""Reads are conditional, and so are triggers: of two who have seen the same, one is taken."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from urllib.parse import quote

import httpx
import pytest

from tests.api.conftest import House, order
from tests.api.deciding import deciding
from workflow.api.http.entity_tags import expected_revision, is_unchanged
from workflow.api.http.problems import Kind, Refusal
from workflow.engine.ledger import decisions

WRITERS, ROUNDS = 8, 10


@pytest.fixture
def worker(house: House) -> Iterator[None]:
    """Somebody decides what is accepted."""
    with deciding(house.runtime.engine):
        yield


def placed(house: House, name: str, amount: int = 5) -> str:
    """An order that has been placed; its path."""
    house.post(order("place", name, f"conditional-{name}", amount=amount))
    house.apply()
    return f"/v1/own/order/{name}"


def divide(house: House, path: str, by: int, **headers: str) -> httpx.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return house.http.post(f"{path}/divide", json={"by": by}, headers=house.bearer() | named)


def test_who_has_it_as_it_is_gets_nothing_anew(house: House) -> None:
    path = placed(house, "read")
    tag = house.get(path).headers["ETag"]
    for said in (tag, f"W/{tag}", f'"0", {tag}', "*"):
        answer = house.http.get(path, headers=house.bearer() | {"If-None-Match": said})
        assert (answer.status_code, answer.content, answer.headers["ETag"]) == (304, b"", tag)
    for said in ('"0"', "1", "nonsense"):
        assert house.http.get(path, headers=house.bearer() | {"If-None-Match": said}).status_code == 200
    divide(house, path, by=2)
    house.apply()
    answer = house.http.get(path, headers=house.bearer() | {"If-None-Match": tag})
    assert (answer.status_code, answer.headers["ETag"]) == (200, '"2"')


@pytest.mark.usefixtures("worker")
def test_a_trigger_is_taken_by_what_was_seen(house: House) -> None:
    path = placed(house, "seen")
    taken = divide(house, path, by=2, If_Match='"1"')
    assert (taken.status_code, taken.headers["ETag"]) == (200, '"2"'), "a condition is waited for unasked"
    late = divide(house, path, by=3, If_Match='"1"')
    (problem,) = late.json()["errors"]
    assert (late.status_code, late.headers["ETag"], problem["rule"]) == (412, '"2"', "changed")
    assert problem["message"] == "revision 1 was expected, and it is 2"
    assert house.get(path).json()["data"] == {"amount": 2}
    assert divide(house, path, by=3, If_Match=late.headers["ETag"]).status_code == 200


@pytest.mark.usefixtures("worker")
def test_what_is_refused_keeps_nobody_from_being_in_time(house: House) -> None:
    path = placed(house, "refused")
    assert divide(house, path, by=2, If_Match='"9"').status_code == 412
    refused = house.http.post(
        f"{path}/place", json={"amount": 1}, headers=house.bearer() | {"Prefer": "wait=10"}
    )
    assert (refused.status_code, refused.headers["ETag"]) == (409, '"1"')
    assert house.get(path).headers["ETag"] == '"1"'
    assert divide(house, path, by=2, If_Match='"1"').status_code == 200


@pytest.mark.usefixtures("worker")
def test_the_same_request_again_has_the_same_answer(house: House) -> None:
    """Whose answer was lost asks again, and its own success does not count against it."""
    path = placed(house, "again")
    first, again = (divide(house, path, by=2, If_Match='"1"', Idempotency_Key="again-1") for _ in range(2))
    assert (first.status_code, again.status_code) == (200, 200)
    assert (again.json()["status"], again.json()["revision"]) == ("duplicate", 2)
    other = divide(house, path, by=2, If_Match='"2"', Idempotency_Key="again-1")
    (problem,) = other.json()["errors"]
    assert (other.status_code, problem["field"], problem["rule"]) == (409, "idempotency-key", "other-content")
    assert "differs in expected_revision" in problem["message"]


def test_a_condition_may_wait_for_its_decision_elsewhere(house: House) -> None:
    path = placed(house, "elsewhere")
    answers = [divide(house, path, by=by, If_Match='"1"', Prefer="wait=0") for by in (2, 3)]
    assert [one.status_code for one in answers] == [202, 202]
    house.apply()
    outcomes = []
    for one in answers:
        event = one.json()["event"]
        found = house.get(f"/v1/events/{quote(event['source'], safe='')}/{event['id']}").json()
        outcomes.append((found["outcome"], (found["reason"] or "").partition(":")[0]))
    assert outcomes == [("stayed", ""), ("refused", "changed")], "both are decided in one batch"


@pytest.mark.usefixtures("worker")
def test_of_writers_who_have_read_the_same_one_is_taken(house: House) -> None:
    """Each round all have read the same; at last the ledger holds as many changes as were answered 200."""
    path, start = placed(house, "race", amount=1), Barrier(WRITERS)

    def write(writer: int, tag: str) -> int:
        start.wait()
        return divide(house, path, by=writer + 1, If_Match=tag).status_code

    with ThreadPoolExecutor(WRITERS) as pool:
        for _ in range(ROUNDS):
            tag = house.get(path).headers["ETag"]
            answers = Counter(pool.map(write, range(WRITERS), [tag] * WRITERS))
            assert answers == {200: 1, 412: WRITERS - 1}
    told = decisions(house.runtime.store, house.runtime.registry, "order:race")
    outcomes = Counter(decision.outcome.value for _, decision in told)
    assert outcomes == {"moved": 1, "stayed": ROUNDS, "refused": ROUNDS * (WRITERS - 1)}


@pytest.mark.usefixtures("worker")
def test_who_reads_and_writes_until_taken_comes_through(house: House) -> None:
    """Nothing that anybody added is lost, however many add at once, and nobody is kept out for ever."""
    path = placed(house, "sum", amount=1)

    def add(_: int) -> None:
        for _attempt in range(200):
            found = house.get(path)
            amount = found.json()["data"]["amount"]
            if divide(house, path, by=amount + 1, If_Match=found.headers["ETag"]).status_code == 200:
                return
        raise AssertionError("kept out")

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(add, range(8)))
    assert house.get(path).json()["data"]["amount"] == 9


@pytest.mark.parametrize(
    ("header", "found"),
    [(None, None), ('"3"', 3), (' "0" ', 0), ('"000000007"', 7)],
)
def test_a_condition_names_a_revision(header: str | None, found: int | None) -> None:
    assert expected_revision(header) == found


@pytest.mark.parametrize(
    ("header", "kind"),
    [
        ('"x"', Kind.CHANGED),
        ('W/"3"', Kind.CHANGED),
        ('""', Kind.CHANGED),
        ('"1234567890"', Kind.CHANGED),
        ("3", Kind.INVALID),
        ("*", Kind.INVALID),
        ("", Kind.INVALID),
        ('"3", "4"', Kind.INVALID),
    ],
)
def test_what_no_read_has_given_is_no_condition(header: str, kind: Kind) -> None:
    with pytest.raises(Refusal) as refused:
        expected_revision(header)
    assert refused.value.kind is kind
    assert refused.value.problems[0].field == "if-match"


def test_tags_of_reads_are_compared_weakly() -> None:
    assert is_unchanged('W/"1"', '"1"')
    assert not is_unchanged('"11"', '"1"')
    assert not is_unchanged(None, '"1"')
