"""The two clients are one: the same methods with the same arguments, the same answers, the same patience."""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterator, Iterator

import pytest

from makegood import AsyncClient, Client, ClientError, Event
from tests.api.conftest import House
from tests.client.both import BOTH, AnyClient
from tests.client.conftest import placed
from tests.client.unsteady import DROP, SWALLOW, Unsteady
from workflow.access.role import Role


def _surface(kind: type) -> dict[str, list[str]]:
    return {
        name: [str(one).replace("Async", "") for one in inspect.signature(method).parameters.values()]
        for name, method in vars(kind).items()
        if callable(method) and not name.startswith("_")
    }


def test_they_have_the_same_surface() -> None:
    wide = _surface(AsyncClient)
    assert wide["send_all"] == [
        "self",
        "events: 'Iterable[Event] | AsyncIterable[Event]'".replace("Async", ""),
    ]
    assert {**wide, "send_all": None} == {**_surface(Client), "send_all": None}


def test_what_is_sent_can_be_read(house: House, any_client: AnyClient) -> None:
    name = any_client.client.__class__.__name__
    events = [placed(f"both/{name}/{n}", parent=f"order:{name}") for n in range(3)]
    assert any_client("send", events[0])["outcome"] == "pending"
    receipt = any_client("send_batch", events)
    assert (receipt["accepted"], receipt["duplicates"]) == (2, 1)
    assert any_client("send_all", iter(events))["duplicates"] == 3
    house.apply()
    decision = any_client("event", events[0].source, events[0].id, wait=1)
    assert (decision["outcome"], decision["state"], decision["seq"]) == ("moved", "placed", 1)
    assert any_client("subject", f"order:both/{name}/1")["state"] == "placed"
    assert len(any_client("timeline", f"order:both/{name}/1")) == 1
    found = any_client("subjects", lifecycle="order", parent=f"order:{name}")
    assert [one["key"] for one in found] == [event.subject for event in events]
    (hit,) = any_client("search", f"order:both/{name}/2", lifecycle="order")
    assert (hit["key"], hit["state"], hit["found"]["match"]) == (f"order:both/{name}/2", "placed", "exact")
    assert any_client("effects") == []
    assert any_client("dead_letters") == {"events": [], "timers": [], "messages": [], "more": False}
    assert any_client("ask", "/v1/desk/line?limit=1")["items"] == []


def test_lifecycles_tell_what_they_take(any_client: AnyClient) -> None:
    lines = {one["name"]: one["collection"] for one in any_client("lifecycles")}
    assert (lines["promise"], lines["order"]) == ("/v1/promises", "/v1/own/order")
    view = any_client("lifecycle", "order", version=1)
    (place,) = (one for one in view["triggers"] if one["name"] == "place")
    assert (place["states"], place["data"]["required"]) == (["initial"], ["amount"])
    with pytest.raises(ClientError) as missing:
        any_client("lifecycle", "nothing")
    assert missing.value.status == 404


def test_an_async_client_takes_events_as_they_come(house: House) -> None:
    async def many() -> AsyncIterator[Event]:
        for n in range(1_001):
            yield placed(f"as-they-come/{n}")

    with AnyClient(AsyncClient, str(house.http.base_url), house.keys[Role.SYSTEM]) as opened:
        receipt = opened("send_all", many())
    assert [receipt["accepted"], len(receipt["items"])] == [1_001, 1_001]
    assert receipt["items"][-1]["subject"] == "order:as-they-come/1000"


@pytest.fixture(params=BOTH)
def shaky(request: pytest.FixtureRequest, house: House, unsteady: Unsteady) -> Iterator[AnyClient]:
    """Each of the two, over connections that fail as the test says."""
    with AnyClient(request.param, unsteady.url, house.keys[Role.OPERATOR], attempts=3) as opened:
        yield opened


def test_an_event_keeps_its_id_over_lost_connections(
    house: House, unsteady: Unsteady, shaky: AnyClient
) -> None:
    before = house.counts()["events"]
    unsteady.faults.extend([DROP, SWALLOW])
    event = placed("shaken")
    assert shaky("send", event)["status"] == "duplicate", "the answer was lost, the event was not"
    assert all(event.id.encode() in request for request in unsteady.requests)
    assert [len(unsteady.requests), len(shaky.pauses)] == [2, 2]
    assert house.counts()["events"] - before == 1
    assert 0.25 <= shaky.pauses[0] <= 0.5 <= shaky.pauses[1] <= 1.0


def test_it_waits_as_long_as_it_is_asked_to_and_gives_up_after_the_last_attempt(
    unsteady: Unsteady, shaky: AnyClient
) -> None:
    unsteady.faults.extend(
        ["HTTP/1.1 503 No\nRetry-After: 7\nContent-Length: 2\nConnection: close\n\nno"] * 3
    )
    with pytest.raises(ClientError, match="503: no") as busy:
        shaky("send", placed("patient"))
    assert (busy.value.status, shaky.pauses, len(unsteady.requests)) == (503, [7.0, 7.0], 3)


def test_a_post_that_may_have_been_carried_out_is_not_repeated(unsteady: Unsteady, shaky: AnyClient) -> None:
    unsteady.faults.append(SWALLOW)
    with pytest.raises(ClientError, match="cannot be reached"):
        shaky("ask", "/v1/effects/1/retry", {})
    assert (len(unsteady.requests), shaky.pauses) == (1, [])
