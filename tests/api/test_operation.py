"""What operators rely on: health, metrics, dead letters, the page of the API."""

from __future__ import annotations

import json
from collections.abc import Iterator
from hashlib import sha256
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import select, update

from tests.api.conftest import House, order
from workflow.access.keys import Role
from workflow.api.http.metrics import Meters
from workflow.broker import dead_messages
from workflow.broker.dead_messages import FORGED, UNREADABLE, DeadMessage
from workflow.store import schema


def _samples(house: House) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    text = house.http.get("/metrics").text
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def _kill(house: House, subject: str, identity: str) -> None:
    """Have the decision of an event fail: the definition divides by zero."""
    house.post([order("place", subject, f"{identity}-0", amount=5), order("divide", subject, identity, by=0)])
    house.apply()


def test_alive_and_ready(house: House) -> None:
    assert house.http.get("/healthz").json() == {"status": "alive"}
    ready = house.http.get("/readyz")
    assert ready.status_code == 200
    assert ready.json() | {"note": ""} == {
        "status": "ready",
        "database": "reachable",
        "schema": "at-head",
        "broker": "not-set",
        "note": "",
    }


def test_metrics_count_what_came_and_what_waits(house: House) -> None:
    before = _samples(house)
    event = order("place", "metered", "metered-1", amount=5)
    house.post(event)
    house.post(event)
    house.post(order("place", "metered", "metered-2"))
    after = _samples(house)
    for answer in ("accepted", "duplicate", "refused"):
        name = ("makegood_events_total", (("answer", answer),))
        assert after[name] == before[name] + 1
    assert after["makegood_inbox_events", ()] == before["makegood_inbox_events", ()] + 1
    served = (
        "makegood_http_requests_total",
        (("method", "POST"), ("route", "/v1/events"), ("status", "202")),
    )
    assert after[served] >= 2
    house.apply()
    assert _samples(house)["makegood_inbox_events", ()] == 0


def test_metrics_name_routes_and_never_subjects(house: House) -> None:
    house.get("/v1/subjects/order:private-name")
    text = house.http.get("/metrics").text
    assert "private-name" not in text
    assert 'route="/v1/subjects/{key:path}"' in text


def test_a_dead_event_is_shown_and_tried_again(house: House) -> None:
    _kill(house, "dead", "dead-1")
    found = [one for one in house.get("/v1/dead-letters").json()["events"] if one["event_id"] == "dead-1"]
    assert [one["subject"] for one in found] == ["order:dead"]
    assert found[0]["error"]
    last = house.get("/v1/subjects/order:dead").json()["timeline"][-1]
    assert (last["outcome"], last["reason"]) == ("dead", found[0]["error"])
    assert _samples(house)["makegood_dead_letters", (("kind", "event"),)] >= 1
    operator = house.bearer(Role.OPERATOR)
    path = f"/v1/dead-letters/events/{found[0]['id']}/retry"
    assert house.http.post(path, headers=operator).status_code == 204
    last = house.get("/v1/subjects/order:dead").json()["timeline"][-1]
    assert last["outcome"] == "pending"
    again = house.http.post(path, headers=operator)
    assert (again.status_code, again.json()["errors"][0]["rule"]) == (409, "state")
    house.apply()


def test_a_dead_timer_is_shown_and_tried_again(house: House) -> None:
    house.post(order("place", "tick/tock", "tick-1", amount=5))
    house.apply()
    with house.runtime.store.begin() as transaction:
        transaction.connection.execute(
            update(schema.timers)
            .where(schema.timers.c.due_at.is_not(None))
            .values(due_at=None, dead_at=house.runtime.clock.now(), error="fault")
        )
    found = house.get("/v1/dead-letters").json()["timers"]
    assert {"subject": "order:tick/tock", "name": "reminder", "error": "fault"}.items() <= found[-1].items()
    operator = house.bearer(Role.OPERATOR)
    path = "/v1/dead-letters/timers/reminder/order:tick/tock/retry"
    assert house.http.post(path, headers=operator).status_code == 204
    assert house.http.post(path, headers=operator).status_code == 409
    house.runtime.engine.fire()
    assert house.get("/v1/subjects/order:tick/tock").json()["timeline"][-1]["trigger"] == "remind"


def test_a_dead_message_is_shown_without_what_stands_in_it_and_discarded(house: House) -> None:
    store, now = house.runtime.store, house.runtime.clock.now()
    counted = ("makegood_dead_messages_total", (("reason", UNREADABLE),))
    before = _samples(house)[counted]
    body = b"ada@example.com" + b"." * 100_000
    dead_messages.record(store, DeadMessage("makegood", UNREADABLE, body), now)
    text = house.get("/v1/dead-letters").text
    assert "ada@" not in text
    found = json.loads(text)["messages"][-1]
    assert (found["queue"], found["reason"], found["size"]) == ("makegood", UNREADABLE, len(body))
    assert found["digest"] == sha256(body).hexdigest()
    assert _samples(house)["makegood_dead_letters", (("kind", "message"),)] >= 1

    path = f"/v1/dead-letters/messages/{found['id']}/discard"
    operator, why = house.bearer(Role.OPERATOR), {"reason": "somebody tried the broker"}
    assert house.http.post(path, headers=operator, json={}).status_code == 422
    assert house.http.post(path, headers=house.bearer(Role.SYSTEM), json=why).status_code == 403
    assert house.http.post(path, headers=operator, json=why).status_code == 204
    assert house.http.post(path, headers=operator, json=why).status_code == 409
    missing = "/v1/dead-letters/messages/999999/discard"
    assert house.http.post(missing, headers=operator, json=why).status_code == 404
    assert found["id"] not in [one["id"] for one in house.get("/v1/dead-letters").json()["messages"]]
    with store.connect() as connection:
        row = connection.execute(
            select(schema.dead_messages).where(schema.dead_messages.c.id == found["id"])
        ).one()
    assert (row.body, row.note, row.digest) == (b"", why["reason"], found["digest"])
    assert _samples(house)[counted] == before + 1, "what is discarded was there"


def test_who_fills_the_queues_does_not_fill_the_database(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, now = house.runtime.store, house.runtime.clock.now()
    with store.connect() as connection:
        kept = connection.execute(dead_messages.kept()).scalar_one()
    monkeypatch.setattr(dead_messages, "MOST_KEPT", kept + 2)
    before = dead_messages.counts_by_reason(store)[FORGED]
    for number in range(3):
        dead_messages.record(store, DeadMessage("makegood", FORGED, str(number).encode()), now)
    assert dead_messages.counts_by_reason(store)[FORGED] == before + 3
    with store.connect() as connection:
        assert connection.execute(dead_messages.kept()).scalar_one() == kept + 2


@pytest.mark.parametrize("path", ["/v1/dead-letters/events/999999/discard",
                                  "/v1/dead-letters/events/999999/retry", "/v1/effects/999999/retry",
                                  "/v1/dead-letters/timers/reminder/order:nobody/retry"])  # fmt: skip
def test_what_is_not_there_is_not_retried(house: House, path: str) -> None:
    assert house.http.post(path, headers=house.bearer(Role.OPERATOR)).status_code == 404


@pytest.mark.parametrize("state", ["dead", "unknown"])
def test_an_effect_that_needs_a_person(house: House, state: str) -> None:
    effects = [_given_up(house, f"{state}-{n}", state) for n in range(2)]
    assert set(effects) <= {one["id"] for one in house.get("/v1/effects", limit=1000).json()["items"]}
    operator = house.bearer(Role.OPERATOR)
    retried = house.http.post(f"/v1/effects/{effects[0]}/retry", headers=operator).json()
    assert (retried["state"], retried["attempts"], retried["settled_at"]) == ("pending", 0, None)
    settled = house.http.post(
        f"/v1/effects/{effects[1]}/settle", headers=operator, json={"note": "the customer has the letter"}
    ).json()
    assert (settled["state"], settled["due_at"]) == ("settled", None)
    assert settled["receipt"]["note"] == "the customer has the letter"
    for effect in effects:
        assert house.http.post(f"/v1/effects/{effect}/retry", headers=operator).status_code == 409


def test_a_finding_needs_words(house: House) -> None:
    response = house.http.post("/v1/effects/1/settle", headers=house.bearer(Role.OPERATOR), json={"note": ""})
    assert (response.status_code, response.json()["errors"][0]["field"]) == (422, "body.note")


def test_the_page_needs_nobody_else(house: House) -> None:
    page = house.http.get("/docs").text
    outside: list[str] = []

    class Links(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            outside.extend(
                value or "" for name, value in attrs if name in ("src", "href") and "//" in (value or "")
            )
            assert tag != "script"

    Links().feed(page)
    assert outside == []
    for path in house.http.get("/openapi.json").json()["paths"]:
        assert path.split("{")[0] in page
    assert "<code>Prefer: wait=5</code>" in page and "`source`" not in page


def test_every_reference_of_the_openapi_document_leads_somewhere(house: House) -> None:
    document = house.http.get("/openapi.json").json()
    found = set(_references(document))
    assert {"#/components/schemas/Kind", "#/components/schemas/Status"} <= found
    for reference in found:
        here: Any = document
        for part in reference.removeprefix("#/").split("/"):
            assert part in here, f"{reference} leads nowhere"
            here = here[part]


def _references(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for item in value.values():
            yield from _references(item)
    elif isinstance(value, list):
        for item in value:
            yield from _references(item)


def test_openapi_describes_bodies_and_problems(house: House) -> None:
    document = house.http.get("/openapi.json").json()
    post = document["paths"]["/v1/events"]["post"]
    assert set(post["requestBody"]["content"]) == {
        "application/cloudevents+json",
        "application/cloudevents-batch+json",
        "application/json",
    }
    for status in ("400", "401", "403", "413", "415", "422", "429", "503"):
        schema_of = post["responses"][status]["content"]["application/problem+json"]["schema"]
        assert schema_of == {"$ref": "#/components/schemas/ProblemDetails"}
    for name in ("ProblemDetails", "FieldError", "SubjectPage", "SubjectHistory"):
        assert name in document["components"]["schemas"]
    assert "HTTPValidationError" not in str(document["paths"])


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/v2/events", 404), ("GET", "/v1/events", 405), ("DELETE", "/v1/subjects", 405)],
)
def test_other_errors_are_problems_too(house: House, method: str, path: str, status: int) -> None:
    response = house.http.request(method, path, headers=house.bearer())
    assert (response.status_code, response.headers["content-type"]) == (status, "application/problem+json")
    assert response.json()["status"] == status


def _given_up(house: House, subject: str, state: str) -> int:
    """The id of an effect that was given up."""
    house.post([order("place", subject, f"{subject}-1", amount=5), order("ship", subject, f"{subject}-2")])
    house.apply()
    timeline = house.get(f"/v1/subjects/order:{subject}").json()["timeline"]
    effect: int = timeline[-1]["effects"][0]["id"]
    with house.runtime.store.begin() as transaction:
        transaction.connection.execute(
            update(schema.outbox)
            .where(schema.outbox.c.id == effect)
            .values(state=state, due_at=None, attempts=3, error="gave up")
        )
    return effect


def test_a_finding_is_read_for_an_operator_alone_and_no_further_than_it_may_go(house: House) -> None:
    path, body = "/v1/effects/1/settle", b'{"note": "' + b"x" * 20_000 + b'"}'
    assert house.http.post(path, headers=house.bearer(Role.DESK), content=body).status_code == 403
    large = house.http.post(path, headers=house.bearer(Role.OPERATOR), content=body)
    assert (large.status_code, large.json()["errors"][0]["rule"]) == (413, "size")
    assert house.http.post(path, headers=house.bearer(Role.OPERATOR), content=b"{").status_code == 400


def test_a_process_that_only_just_starts_does_not_spoil_the_metrics_of_all(tmp_path: Path) -> None:
    (tmp_path / "counter_1.db").touch()  # as its file is before its head is written
    assert Meters(tmp_path).text() == b""
