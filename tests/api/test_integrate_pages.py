"""Pages for whoever connects another system: keys, events and subscriptions."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import pytest
from sqlalchemy import func, insert, select

from tests.api.conftest import House, open_house, order
from tests.api.signed_in import Browser, browser_of
from tests.api.test_desk import working
from tests.waiting import wait_until
from workflow.access import keys
from workflow.access.role import Role
from workflow.api.ingest.turned_away import A_MINUTE
from workflow.queries.changes import ChangeFilter
from workflow.store import schema
from workflow.subscriptions import book

PLACE = "/admin/integrate"


@pytest.fixture
def house(database_url: str, tmp_path: Path) -> Iterator[House]:
    """A door with a worker behind it."""
    with open_house(database_url, data_dir=tmp_path, failed_keys_per_minute=0) as opened, working(opened):
        yield opened


@pytest.fixture
def ola(house: House) -> Browser:
    """Somebody who runs the installation."""
    return browser_of(house, "ola", Role.OPERATOR)


def test_a_key_is_made_within_bounds_shown_once_and_works(house: House, ola: Browser) -> None:
    answer = ola.send(PLACE, f"{PLACE}/keys", name="crm", sources="/crm", sends="order", reads="order")
    key = re.search(r"mg_[0-9a-f]+_[\w-]+", answer.text)
    assert answer.status_code == 200 and key, "it is shown"
    assert key[0] not in ola.get(PLACE).text, "and not again"
    event = order("place", "1", "1", amount=5)
    headers = {"Authorization": f"Bearer {key[0]}", "Content-Type": "application/cloudevents+json"}
    assert house.http.post("/v1/events", json=event, headers=headers).status_code == 403, "another source"
    event["source"] = "/crm/eu"
    assert house.http.post("/v1/events", json=event, headers=headers).status_code == 202
    made = next(one for one in keys.listed(house.runtime.store) if one.name == "crm")
    assert (made.role, made.bounds.sources, made.bounds.sends) == (Role.SYSTEM, ("/crm",), ("order",))


def test_a_key_with_what_cannot_be_is_not_made(house: House, ola: Browser) -> None:
    before = len(keys.listed(house.runtime.store))
    for wrong in (
        {"name": ""},
        {"name": "x", "sends": "no such thing!"},
        {"name": "x", "expires": "tomorrow"},
    ):
        answer = ola.send(PLACE, f"{PLACE}/keys", **wrong)
        assert answer.status_code == 422, wrong
    answer = ola.send(PLACE, f"{PLACE}/keys", name="sneaky", role="admin")
    assert answer.status_code == 200
    assert [one.role for one in keys.listed(house.runtime.store) if one.name == "sneaky"] == [Role.SYSTEM]
    assert len(keys.listed(house.runtime.store)) == before + 1


def test_a_key_is_rotated_with_an_overlap_and_revoked(house: House, ola: Browser) -> None:
    store, now = house.runtime.store, house.runtime.clock.now()
    old = keys.create(store, Role.SYSTEM, "erp", now)
    public = old.split("_")[1]
    form = ola.forms(PLACE).to(f"{PLACE}/keys/change") | {"key": public}
    shown = ola.post(f"{PLACE}/keys/change", form | {"what": "rotate"}).text
    new = re.search(r"mg_[0-9a-f]+_[\w-]+", shown)
    assert new and keys.verify(store, new[0], now) and keys.verify(store, old, now)
    assert ola.post(f"{PLACE}/keys/change", form | {"what": "revoke"}).status_code == 303
    assert keys.verify(store, old, now) is None and keys.verify(store, new[0], now)
    assert ola.post(f"{PLACE}/keys/change", form | {"key": "none", "what": "revoke"}).status_code == 404


def test_what_became_of_ones_events_is_told_with_the_rule(house: House, ola: Browser) -> None:
    house.post(order("place", "7", "one", amount=5))
    house.post(order("place", "7", "two", amount=5))
    house.apply()
    place = f"{PLACE}/events?source=/tests"
    wait_until(lambda: "impossible-now" in ola.get(place).text, seconds=60, what="both to be decided")
    page = ola.get(place).text
    assert page.count("order.place") == 2 and page.count(">decided<") == page.count(">refused<") == 1
    only = ola.get(f"{PLACE}/events?source=/tests&refused=true").text
    assert only.count("order.place") == 1
    assert "none such" in ola.get(f"{PLACE}/events?source=/nobody").text


def test_what_was_turned_away_at_the_door_is_told_and_nothing_of_what_stood_in_it(
    house: House, ola: Browser
) -> None:
    secret = "not-for-everybody"
    assert (
        house.post(order("place", "8", "wrong", amount=5000, note=secret + "-and-too-long")).status_code
        == 422
    )
    headers = house.bearer() | {"Content-Type": "application/cloudevents+json"}
    assert house.http.post("/v1/events", content=b"{" + secret.encode(), headers=headers).status_code == 400
    house.post(order("place", "8", "right", amount=5))
    assert house.post(order("place", "8", "right", amount=6)).status_code == 409
    place = f"{PLACE}/events"
    wait_until(lambda: ola.get(place).text.count("turned away") >= 3, seconds=60, what="all three to be kept")
    page = ola.get(place).text
    assert "order.place /tests wrong" in page and "data.amount [maximum]" in page
    assert "order.place /tests right" in page and "cannot be read" in page
    assert secret not in page and "5000" not in page
    with house.runtime.store.connect() as connection:
        assert secret not in str(connection.execute(select(schema.audit)).all())


def test_of_a_key_that_repeats_a_fault_not_everything_is_kept(house: House) -> None:
    for number in range(A_MINUTE + 5):
        house.post(order("place", "8", f"w{number}", amount=0))
    query = select(func.count()).where(schema.audit.c.outcome == "turned_away")

    def kept() -> int:
        with house.runtime.store.connect() as connection:
            return connection.scalar(query) or 0

    wait_until(lambda: kept() >= A_MINUTE, seconds=60, what="them to be written")
    assert kept() == A_MINUTE


def test_a_test_event_is_written_from_what_the_trigger_declares_and_decided(
    house: House, ola: Browser
) -> None:
    forms = ola.forms(f"{PLACE}/events/test?type=promise.make")
    form = forms.to(f"{PLACE}/events/test")
    form |= {"subject": "promise:T-1", "data": _example(ola, "promise.make"), "kind": "real"}
    answer = ola.post(f"{PLACE}/events/test", form)
    assert answer.status_code == 200 and "decided" in answer.text
    found = house.get("/v1/subjects/promise:T-1").json()
    assert found["state"] == "made"
    with house.runtime.store.connect() as connection:
        event = schema.events.c
        actors = connection.scalars(select(event.actor).where(event.source == "/console/test"))
        assert set(actors) == {"person:ola@desk.example"}


def _example(browser: Browser, kind: str) -> str:
    """The data that the form for this type of event holds."""
    page = browser.get(f"{PLACE}/events/test?type={kind}").text
    found = re.search(r"<textarea[^>]*>(.*?)</textarea>", page, re.DOTALL)
    assert found
    data = unescape(found[1])
    assert json.loads(data)["owner"] == "ana@shop.example"
    return data


def test_what_is_wrong_with_a_test_event_is_told_by_field_and_kept_in_the_form(ola: Browser) -> None:
    form = ola.forms(f"{PLACE}/events/test?type=promise.make").to(f"{PLACE}/events/test")
    form["data"] = _example(ola, "promise.make")
    for change, words in (
        ({"data": "{"}, "is no JSON"),
        ({"data": '{"owner": "ana@shop.example"}'}, "words"),
        ({"subject": "nonsense"}, "errors"),
        ({"subject": "case:1"}, "errors"),
    ):
        answer = ola.post(f"{PLACE}/events/test", form | change)
        assert answer.status_code == 422 and words in answer.text, change
    assert ola.get(f"{PLACE}/events/test?type=promise.nothing").status_code == 404


def test_a_subscription_is_made_and_its_attempts_are_seen_sent_again_and_recovered(
    house: House, ola: Browser
) -> None:
    store, now = house.runtime.store, house.runtime.clock.now()
    house.post(order("place", "9", "nine", amount=5))
    house.apply()
    wish = book.Wish("https://erp.example/hook", ChangeFilter(["order"], [], [], [], [], None), 10**6)
    id = book.create(store, wish, "x", now).subscription.id
    place, row = f"{PLACE}/subscriptions/{id}", {"subscription_id": id, "change": "order:9/1", "number": 1}
    row |= {"move_id": 1, "at": now, "milliseconds": 12, "answer": "the body of it"}
    with store.begin() as transaction:
        for status, error in ((204, None), (503, None), (None, "timeout")):
            values = row | {"status": status, "error": error}
            transaction.connection.execute(insert(schema.forward_attempts).values(**values))
    page = ola.get(place).text
    assert all(words in page for words in ("204", "503", "timeout", "the body of it"))
    gone = ola.send(place, place, what="resend", change="order:gone/1")
    assert gone.status_code == 422 and "is not in the ledger any more" in gone.text
    assert ">204<" not in ola.get(f"{place}?failed=true").text.partition("<h2>")[2]
    form = ola.forms(place).to(place) | {"what": "resend", "change": "order:9/1"}
    assert ola.post(place, form).status_code == 303
    with store.connect() as connection:
        assert connection.scalars(select(schema.held_changes.c.subscription_id)).all() == [id]
    assert ola.post(place, form | {"change": "order:9/77"}).status_code == 422
    assert ola.post(place, form | {"what": "recover", "since": ""}).status_code == 422
    assert ola.post(place, form | {"what": "recover", "since": "2026-06-01T00:00"}).status_code == 303
    shown = ola.post(place, form | {"what": "secret", "overlap": "PT1H"}).text
    assert "whsec_" in shown and "whsec_" not in ola.get(place).text
    assert ola.post(place, form | {"what": "secret", "overlap": "P99D"}).status_code == 422
    assert ola.post(place, form | {"what": "secret", "overlap": "99 d"}).status_code == 422
    shown = ola.post(place, form | {"what": "secret", "overlap": "2 h"}).text
    assert "whsec_" in shown, "a length of time as people write it"
    assert ola.post(place, form | {"what": "pause"}).status_code == 303
    assert book.found(store, id).status.value == "paused"
    assert ola.post(place, form | {"what": "go_on"}).status_code == 303
    assert ola.post(place, form | {"what": "nonsense"}).status_code == 404
    assert ola.get(f"{PLACE}/subscriptions/none").status_code == 404


def test_changes_are_subscribed_to_and_a_private_address_is_refused(house: House, ola: Browser) -> None:
    action = f"{PLACE}/subscriptions"
    for wrong in ({"url": "https://127.0.0.1/x"}, {"url": "http://erp.example/"}, {"url": "x"},
                  {"url": "https://erp.example/", "lifecycles": "nothing"},
                  {"url": "https://erp.example/", "condition": "change.("}):  # fmt: skip
        assert ola.send(PLACE, action, **wrong).status_code == 422, wrong
    answer = ola.send(PLACE, action, url="https://erp.example/hook", lifecycles="promise case")
    assert answer.status_code == 200 and "whsec_" in answer.text
    (made,) = book.listed(house.runtime.store).items
    assert (made.lifecycles, made.created_by) == (["promise", "case"], "person:ola@desk.example")
