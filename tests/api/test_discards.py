"""An operator drops events and timers, over HTTP and by command; nobody else does; always with a reason."""

from __future__ import annotations

import json
import sys

import pytest
from sqlalchemy import update

from tests.api.conftest import House, order
from workflow.access.keys import Role
from workflow.cli import main
from workflow.store import schema

WHY = {"reason": "sent by mistake"}


def test_a_pending_event_is_dropped_and_its_page_says_so(house: House) -> None:
    house.post(order("place", "unwanted", "call/88", amount=5))
    path = "/v1/events//tests/call%2F88"
    answer = house.http.post(f"{path}/discard", headers=house.bearer(Role.OPERATOR), json=WHY)
    assert answer.status_code == 200
    assert (answer.json()["outcome"], answer.json()["reason"]) == ("discarded", WHY["reason"])
    assert house.get(path).json() == answer.json()
    house.apply()
    assert house.get("/v1/subjects/order:unwanted").json()["state"] == "initial"
    again = house.http.post(f"{path}/discard", headers=house.bearer(Role.OPERATOR), json=WHY)
    assert (again.status_code, again.json()["errors"][0]["rule"]) == (409, "state")


def test_of_a_decided_event_the_answer_says_what_was_decided(house: House) -> None:
    event = order("place", "wanted", "wanted-1", amount=5)
    house.post(event)
    house.apply()
    path = f"/v1/events/{event['source']}/wanted-1/discard"
    answer = house.http.post(path, headers=house.bearer(Role.OPERATOR), json=WHY)
    assert answer.status_code == 409
    assert "is decided: moved" in answer.json()["errors"][0]["message"]


@pytest.mark.parametrize("body", [{}, {"reason": ""}, {"reason": "x", "by": "me"}])
def test_without_a_reason_nothing_is_dropped(house: House, body: dict[str, str]) -> None:
    event = order("place", "kept", "kept-1", amount=5)
    house.post(event)
    path = f"/v1/events/{event['source']}/kept-1/discard"
    assert house.http.post(path, headers=house.bearer(Role.OPERATOR), json=body).status_code == 422
    assert house.http.post(path, headers=house.bearer(Role.SYSTEM), json=WHY).status_code == 403
    assert (
        house.http.post(
            path.replace("kept-1", "none"), headers=house.bearer(Role.OPERATOR), json=WHY
        ).status_code
        == 404
    )
    house.apply()
    assert house.get("/v1/subjects/order:kept").json()["state"] != "initial"


def test_dead_events_and_dead_timers_are_dropped(house: House) -> None:
    operator = house.bearer(Role.OPERATOR)
    house.post([order("place", "doomed", "doomed-0", amount=5), order("divide", "doomed", "doomed-1", by=0)])
    house.apply()
    (row,) = [
        one["id"] for one in house.get("/v1/dead-letters").json()["events"] if one["event_id"] == "doomed-1"
    ]
    path = f"/v1/dead-letters/events/{row}/discard"
    assert house.http.post(path, headers=operator).status_code == 409, "it is no opening of ours"
    assert house.http.post(path, headers=operator, json={}).status_code == 422
    assert house.http.post(path, headers=operator, json=WHY).status_code == 204
    last = house.get("/v1/subjects/order:doomed").json()["timeline"][-1]
    assert (last["outcome"], last["reason"]) == ("discarded", WHY["reason"])

    timer = schema.timers.c
    with house.runtime.store.begin() as transaction:
        dead = {"due_at": None, "dead_at": house.runtime.clock.now(), "error": "fault"}
        transaction.connection.execute(update(schema.timers).where(timer.due_at.is_not(None)).values(dead))
    path = "/v1/dead-letters/timers/reminder/order:doomed/discard"
    assert house.http.post(path, headers=house.bearer(Role.DESK), json=WHY).status_code == 403
    assert house.http.post(path, headers=operator, json=WHY).status_code == 204
    assert house.http.post(path, headers=operator, json=WHY).status_code == 404
    assert "order:doomed" not in [one["subject"] for one in house.get("/v1/dead-letters").json()["timers"]]


def test_the_command_drops_an_event(
    house: House, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    event = order("place", "by-hand", "by hand/1", amount=5)
    house.post(event)
    url, key = str(house.http.base_url), house.keys[Role.OPERATOR]
    argv = ["discard", event["source"], "by hand/1", "--reason", "a test", "--url", url, "--key", key]
    monkeypatch.setattr(sys, "argv", ["makegood", *argv])
    with pytest.raises(SystemExit) as end:
        main()
    assert not end.value.code
    said = json.loads(capsys.readouterr().out)
    assert (said["outcome"], said["reason"]) == ("discarded", "a test")
