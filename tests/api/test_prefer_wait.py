"""Who prefers to wait is answered with the decision; nobody else waits for that."""

from __future__ import annotations

import asyncio
from concurrent.futures import Future, ThreadPoolExecutor
from urllib.parse import quote

import httpx
import pytest

from makegood import Client, ClientError, Event
from tests.api.conftest import House, order
from tests.waiting import wait_until
from workflow.access.keys import Role
from workflow.api.http.prefer import MOST_SECONDS, wait_of
from workflow.api.ingest.decision_watch import DecisionWatch

WAIT = {"Prefer": f"wait={MOST_SECONDS}"}


def post(house: House, event: object, **headers: str) -> httpx.Response:
    kind = f"application/cloudevents{'-batch' if isinstance(event, list) else ''}+json"
    return house.http.post(
        "/v1/events", json=event, headers=house.bearer() | {"Content-Type": kind} | headers
    )


def ask(house: House, path: str, **headers: str) -> httpx.Response:
    return house.http.get(path, headers=house.bearer() | headers)


def decide_when_there(house: House, *subjects: str) -> None:
    """As soon as an event of each is accepted, as a worker would."""

    def accepted() -> bool:
        return all(house.get(f"/v1/subjects/order:{name}").status_code == 200 for name in subjects)

    wait_until(accepted, seconds=60, what="the events to be accepted")
    house.apply()


def test_the_answer_brings_the_decision(house: House) -> None:
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(post, house, order("place", "waits", "waits-1", amount=5), **WAIT)
        decide_when_there(house, "waits")
        answer = waiting.result()
    assert (answer.status_code, answer.headers["Preference-Applied"]) == (200, f"wait={MOST_SECONDS}")
    assert answer.json()["items"] == [
        {
            "source": "/tests",
            "id": "waits-1",
            "subject": "order:waits",
            "status": "accepted",
            "outcome": "moved",
            "reason": None,
            "state": "placed",
            "seq": 1,
        }
    ]


def test_a_refusal_brings_its_reason(house: House) -> None:
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(post, house, order("ship", "waits-no", "waits-no-1"), **WAIT)
        decide_when_there(house, "waits-no")
        answer = waiting.result()
    (item,) = answer.json()["items"]
    assert (answer.status_code, item["outcome"], item["state"], item["seq"]) == (200, "refused", "initial", 1)
    assert item["reason"].startswith("impossible-now: 'ship'")


def test_a_duplicate_is_answered_with_the_decision_about_the_first(house: House) -> None:
    event = order("place", "waits-twice", "waits-twice-1", amount=5)
    post(house, event)
    house.apply()
    answer = post(house, event, **WAIT)
    (item,) = answer.json()["items"]
    assert (answer.status_code, item["status"], item["outcome"], item["state"]) == (
        200,
        "duplicate",
        "moved",
        "placed",
    )


def test_after_the_wait_it_is_202_with_what_is_known(house: House) -> None:
    answer = post(house, order("place", "in-vain", "in-vain-1", amount=5), Prefer="wait=0")
    (item,) = answer.json()["items"]
    assert (answer.status_code, answer.headers["Preference-Applied"]) == (202, "wait=0")
    assert (item["status"], item["outcome"], item["state"], item["seq"]) == (
        "accepted",
        "pending",
        None,
        None,
    )
    house.apply()


def test_a_batch_is_answered_at_once(house: House) -> None:
    for events in (
        [order("place", "no-wait", "no-wait-1", amount=5)],
        [order("ship", "no-wait", "no-wait-2")],
    ):
        answer = post(house, events, **WAIT)
        assert (answer.status_code, "Preference-Applied" in answer.headers) == (202, False)
        assert "state" not in answer.json()["items"][0]
    house.apply()


def test_what_is_refused_at_once_does_not_wait(house: House) -> None:
    answer = post(house, order("place", "bad", "bad-1", amount=0), **WAIT)
    assert (answer.status_code, "Preference-Applied" in answer.headers) == (422, False)


def test_many_wait_while_others_are_served(house: House) -> None:
    names = [f"crowd-{n}" for n in range(48)]
    with ThreadPoolExecutor(len(names)) as pool:
        waiting: list[Future[httpx.Response]] = [
            pool.submit(post, house, order("place", name, name, amount=5), **WAIT) for name in names
        ]
        wait_until(
            lambda: all(_known(house, name) for name in names),
            seconds=60,
            what="all to be accepted",
        )
        assert not any(one.done() for one in waiting)
        assert post(house, order("place", "aside", "aside-1", amount=5)).status_code == 202
        house.apply()
        answers = [one.result() for one in waiting]
    assert {one.status_code for one in answers} == {200}
    assert [one.json()["items"][0]["subject"] for one in answers] == [f"order:{name}" for name in names]


def _known(house: House, name: str) -> bool:
    return house.get(f"/v1/subjects/order:{name}").status_code == 200


def test_who_comes_when_too_many_wait_is_answered_at_once(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workflow.api.ingest.decision_watch.MOST_WAITING", 0)
    answer = post(house, order("place", "too-many", "too-many-1", amount=5), **WAIT)
    assert (answer.status_code, "Preference-Applied" in answer.headers) == (202, False)
    answer = ask(house, "/v1/events/%2Ftests/too-many-1", **WAIT)
    assert (answer.json()["outcome"], "Preference-Applied" in answer.headers) == ("pending", False)
    house.apply()


@pytest.mark.parametrize("identity", ["asked-1", "asked/1", "asked 1", "ä%2F1"])
@pytest.mark.parametrize("plain", [True, False])
def test_one_event_can_be_asked_for(house: House, identity: str, plain: bool) -> None:
    subject = f"asked-{plain}-{identity.encode().hex()}"
    source = f"/tests/asked/{plain}"
    posted = house.post(order("place", subject, identity, amount=5) | {"source": source})
    path = f"/v1/events/{quote(source, safe='/' if plain else '')}/{quote(identity, safe='')}"
    expected = {
        "source": source,
        "id": identity,
        "subject": f"order:{subject}",
        "outcome": "pending",
        "reason": None,
        "state": None,
        "seq": None,
        "received_at": "2026-07-01T12:00:00Z",
        "decided_at": None,
        "request_id": posted.headers["X-Request-Id"],
    }
    assert ask(house, path).json() == expected
    house.apply()
    decided = {"outcome": "moved", "state": "placed", "seq": 1, "decided_at": "2026-07-01T12:00:00Z"}
    for role in Role:
        assert house.get(path, role).json() == expected | decided
    answer = ask(house, path, **WAIT)
    assert (answer.status_code, answer.headers["Preference-Applied"]) == (200, f"wait={MOST_SECONDS}")


def test_who_asks_for_one_may_wait(house: House) -> None:
    post(house, order("place", "asks", "asks-1", amount=5))
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(ask, house, "/v1/events//tests/asks-1", **WAIT)
        wait_until(lambda: _waits(house), seconds=60, what="somebody to wait")
        house.apply()
        answer = waiting.result()
    assert (answer.json()["outcome"], answer.json()["state"]) == ("moved", "placed")


def _waits(house: House) -> bool:
    return bool(house.door.endpoint.decisions.waiting)


def test_an_event_that_nobody_sent_is_not_found(house: House) -> None:
    answer = ask(house, "/v1/events/%2Ftests/nobody", **WAIT)
    assert (answer.status_code, answer.json()["type"]) == (404, "/docs#problem-not-found")
    assert house.http.get("/v1/events/%2Ftests/nobody").status_code == 401


def test_the_client_waits(house: House) -> None:
    event = Event("order.place", "order:client-waits", {"amount": 5}, source="/tests/client", id="waits/1")
    with (
        Client(str(house.http.base_url), house.keys[Role.SYSTEM], proxies=False) as client,
        ThreadPoolExecutor(1) as pool,
    ):
        waiting = pool.submit(client.send, event, wait=MOST_SECONDS)
        decide_when_there(house, "client-waits")
        answer = waiting.result()
        assert (answer["outcome"], answer["state"], answer["seq"]) == ("moved", "placed", 1)
        found = client.event("/tests/client", "waits/1", wait=1)
        assert (found["outcome"], found["decided_at"]) == ("moved", "2026-07-01T12:00:00Z")
        with pytest.raises(ClientError) as none:
            client.event("/tests/client", "waits/2")
    assert none.value.status == 404


def test_a_database_that_is_away_for_a_moment_ends_no_wait(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    event = order("place", "away", "away-1", amount=5)
    post(house, event)
    house.apply()
    looks: list[str] = []

    def lost_once(*arguments: object) -> list[object]:
        looks.append("")
        if len(looks) == 1:
            raise ConnectionError
        return found(*arguments)  # type: ignore[arg-type, return-value]

    from workflow.api.ingest import decision_watch

    found = decision_watch.outcomes_of
    monkeypatch.setattr(decision_watch, "outcomes_of", lost_once)
    decided = asyncio.run(DecisionWatch(house.runtime.store).decided("/tests", "away-1", 20))
    assert decided is not None and (decided.outcome, len(looks)) == ("moved", 2)


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        (["wait=5"], 5),
        (["WAIT=5"], 5),
        (["wait = 5 "], 5),
        (['wait="5"'], 5),
        (["respond-async, wait=5"], 5),
        (["respond-async", "wait=5"], 5),
        (['foo="a, wait=9"; bar=1, wait=5;baz'], 5),
        (["wait=5, wait=9"], 5),
        (["wait=0"], 0),
        (["wait=99999999999999999999"], MOST_SECONDS),
        (["wait"], None),
        (["wait=-1"], None),
        (["wait=1.5"], None),
        (["wait=soon, wait=5"], None),
        (["return=minimal"], None),
        (["=;,"], None),
        ([""], None),
        ([], None),
    ],
)
def test_only_a_wait_that_is_understood_is_one(said: list[str], seconds: int | None) -> None:
    headers = [(b"accept", b"wait=3"), *((b"prefer", one.encode()) for one in said)]
    assert wait_of(headers) == seconds


def test_an_empty_batch_waits_for_nothing_whatever_a_second_header_says(house: House) -> None:
    kinds = ["application/cloudevents-batch+json", "application/cloudevents+json"]
    headers = [*(house.bearer() | WAIT).items(), *(("Content-Type", kind) for kind in kinds)]
    answer = house.http.post("/v1/events", content=b"[]", headers=headers)
    assert (answer.status_code, answer.json()["accepted"]) == (202, 0)
