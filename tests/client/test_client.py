"""The client against the real API: what is sent can be read, and what is refused is said."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone

import httpx
import pytest

from makegood import Client, ClientError, Event
from tests.api.conftest import NOON, House
from tests.client.conftest import placed
from workflow.access.keys import Role
from workflow.engine.cloudevent import MAX_BATCH_BYTES, MAX_BATCH_EVENTS


@pytest.fixture
def client(house: House) -> Iterator[Client]:
    with Client(str(house.http.base_url), house.keys[Role.OPERATOR], proxies=False) as opened:
        yield opened


def test_what_is_sent_can_be_read(house: House, client: Client) -> None:
    events = [placed(f"read/{n}", parent="order:read") for n in range(3)]
    sent = client.send(events[0])
    assert (sent["status"], sent["id"], sent["outcome"]) == ("accepted", events[0].id, "pending")
    receipt = client.send_batch(events)
    assert (receipt["accepted"], receipt["duplicates"]) == (2, 1)
    house.apply()
    assert client.subject("order:read/1")["state"] == "placed"
    assert client.subject("order:read/1")["timeline"][0]["event"]["time"] == "2026-07-01T12:00:00Z"
    found = [one["key"] for one in client.subjects(lifecycle="order", parent="order:read")]
    assert found == [f"order:read/{n}" for n in range(3)]
    assert list(client.subjects(state=["cancelled"], parent="order:read")) == []


def test_any_number_is_sent_in_batches_as_the_api_takes_them(house: House, client: Client) -> None:
    before = house.counts()["events"]
    receipt = client.send_all(placed(f"many/{n}") for n in range(2_001))
    assert (receipt["accepted"], receipt["duplicates"]) == (2_001, 0)
    assert [item["subject"] for item in receipt["items"]] == [f"order:many/{n}" for n in range(2_001)]
    assert house.counts()["events"] - before == 2_001


def test_large_events_make_smaller_batches(client: Client) -> None:
    large = {"amount": 5, "lines": ["ä" * 30_000]}
    events = [Event("order.place", f"order:large/{n}", large, source="/tests/client") for n in range(150)]
    assert sum(len(str(event.to_json()).encode()) for event in events) > MAX_BATCH_BYTES
    assert client.send_all(events)["accepted"] == 150
    with pytest.raises(ValueError, match="150 events are no single batch: it has 1000 and 8 MiB at most"):
        client.send_batch(events)


def test_nothing_is_sent_where_there_is_nothing(client: Client) -> None:
    assert client.send_all([]) == client.send_batch([]) == {"accepted": 0, "duplicates": 0, "items": []}


def test_a_refusal_names_field_and_rule(client: Client) -> None:
    with pytest.raises(ClientError, match=r"data\.amount: .*\[required\]") as refusal:
        client.send(Event("order.place", "order:refused", source="/tests/client"))
    assert refusal.value.status == 422
    assert [(one["field"], one["rule"]) for one in refusal.value.errors] == [("data.amount", "required")]


def test_a_refusal_names_the_event_among_all_that_were_given(client: Client) -> None:
    events = [placed(f"place/{n}") for n in range(1_005)]
    events[1_003] = Event("order.place", "order:place/x", source="/tests/client")
    with pytest.raises(ClientError) as refusal:
        client.send_all(events)
    assert [one["field"] for one in refusal.value.errors] == ["[1003].data.amount"]
    again = [*events[:1_003], placed("place/x"), events[1_004]]
    receipt = client.send_all(again)
    assert (receipt["duplicates"], receipt["accepted"]) == (MAX_BATCH_EVENTS, 5)


def test_what_nobody_named_is_not_found(client: Client) -> None:
    with pytest.raises(ClientError) as refusal:
        client.subject("order:nobody?#%")
    assert refusal.value.status == 404


def test_what_was_given_up_is_listed(client: Client) -> None:
    assert list(client.effects()) == []
    assert client.dead_letters() == {"events": [], "timers": [], "messages": [], "more": False}


def test_any_other_resource_can_be_asked(client: Client) -> None:
    assert client.ask("/v1/desk/line")["items"] == []
    with pytest.raises(ClientError) as refusal:
        client.ask("/v1/effects/4711/retry", {})
    assert refusal.value.status == 404


def test_without_a_valid_key_nobody_comes_in(house: House) -> None:
    with (
        Client(str(house.http.base_url), "mg_no_body", proxies=False) as client,
        pytest.raises(ClientError) as no,
    ):
        client.send(placed("nobody"))
    assert no.value.status == 401


@pytest.mark.parametrize("url", ["127.0.0.1:8080", "ftp://127.0.0.1", "http://[::1"])
def test_what_is_no_address_is_said_at_once(url: str) -> None:
    def waited(seconds: float) -> None:
        raise AssertionError(f"waited {seconds} s")

    with pytest.raises((ClientError, httpx.InvalidURL)), Client(url, "key", wait=waited) as client:
        client.send(placed("nowhere"))


def test_every_event_has_an_id_of_its_own_which_it_keeps() -> None:
    one, other = placed("same"), placed("same")
    assert one.id != other.id
    assert one.to_json()["id"] == one.to_json()["id"] == one.id
    assert placed("same", id="call-1").id == "call-1"


def test_a_time_needs_a_zone_and_an_instant_may_be_told_in_any() -> None:
    with pytest.raises(ValueError, match=r"time: .* has no time zone"):
        placed("naive", time=datetime(2026, 7, 1, 12))  # noqa: DTZ001
    berlin = timezone(timedelta(hours=2))
    assert placed("zone", time=NOON.astimezone(berlin)).to_json()["time"] == "2026-07-01T14:00:00+02:00"
    assert "time" not in placed("none").to_json()


def test_the_time_that_is_given_is_kept(house: House, client: Client) -> None:
    client.send(placed("told", time=datetime(2026, 7, 1, 11, 30, tzinfo=UTC)))
    house.apply()
    assert client.subject("order:told")["timeline"][0]["event"]["time"] == "2026-07-01T11:30:00Z"


@pytest.mark.parametrize("data", [{"at": NOON}, {"amount": float("nan")}])
def test_data_that_are_no_json_are_not_sent(client: Client, data: dict[str, object]) -> None:
    with pytest.raises((TypeError, ValueError)):
        client.send(Event("order.place", "order:data", data, source="/tests/client"))


def test_a_subject_can_be_read_whatever_its_key_ends_in(house: House, client: Client) -> None:
    for name in ("ends", "ends/explain", "explain"):
        client.send(placed(name))
        assert client.subject(f"order:{name}")["key"] == f"order:{name}"
