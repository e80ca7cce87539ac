"""The small client says what the door says."""

from __future__ import annotations

import pytest

from tests.api.conftest import NOON, House, order
from workflow.access.keys import Role
from workflow.client import Client, DoorError
from workflow.engine.cloudevent import parse


@pytest.fixture
def client(house: House) -> Client:
    return Client(str(house.http.base_url), house.keys[Role.SYSTEM])


def test_what_is_sent_can_be_read(house: House, client: Client) -> None:
    events = [
        parse(
            order("place", f"client/{n}", f"client-{n}", amount=5) | {"parent": "order:client"},
            received_at=NOON,
        )
        for n in range(3)
    ]
    with client:
        assert client.send(events[0])["status"] == "accepted"
        assert client.send_all(events)["duplicates"] == 1
        house.apply()
        assert client.subject("order:client/1")["state"] == "placed"
        found = [one["key"] for one in client.subjects(parent="order:client", limit=2)]
    assert sorted(found) == [f"order:client/{n}" for n in range(3)]


def test_a_refusal_names_field_and_rule(client: Client) -> None:
    event = parse(order("place", "refused", "refused-1"), received_at=NOON)
    with client, pytest.raises(DoorError, match=r"data\.amount: .*\[required\]") as refusal:
        client.send(event)
    assert refusal.value.status == 422


def test_what_nobody_named_is_not_found(client: Client) -> None:
    with client, pytest.raises(DoorError) as refusal:
        client.subject("order:nobody?#%")
    assert refusal.value.status == 404
