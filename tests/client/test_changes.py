"""Changes as iterators: all of them, each once, and from where they were after any interruption."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from makegood import ClientError, Event
from makegood.event_stream import EventStream, StreamEvent
from tests.api.conftest import House
from tests.client.both import BOTH, AnyClient
from tests.client.unsteady import DROP, Unsteady
from workflow.access.role import Role

SEPARATOR = "one line\u2028and another\x85of the same text"


@pytest.fixture(params=BOTH)
def shaky(request: pytest.FixtureRequest, house: House, unsteady: Unsteady) -> Iterator[AnyClient]:
    """Each of the two, over connections that fail as the test says."""
    with AnyClient(request.param, unsteady.url, house.keys[Role.SYSTEM]) as opened:
        yield opened


def _decide(house: House, name: str, first: int, last: int) -> list[str]:
    """So many orders placed, one after another; the ids of their changes."""
    for n in range(first, last):
        event = Event(
            "order.place", f"order:{name}-{n}", {"amount": 5, "lines": [SEPARATOR]}, source="/tests"
        )
        assert house.post(event.to_json()).status_code == 202
        house.apply()
    return [f"order:{name}-{n}/1" for n in range(first, last)]


def test_polling_ends_with_what_is_there_and_goes_on_from_its_cursor(house: House, shaky: AnyClient) -> None:
    reader = shaky.client.changes("now", lifecycle="order")
    assert shaky.taken(reader) == []
    made = _decide(house, f"polled-{id(shaky)}", 0, 3)
    first = shaky.taken(reader)
    assert [one["id"] for one in first] == made
    assert first[0]["data"]["event"]["data"]["lines"] == [SEPARATOR]
    assert shaky.taken(reader) == []
    made = _decide(house, f"polled-{id(shaky)}", 3, 4)
    assert [one["id"] for one in shaky.taken(shaky.client.changes(reader.cursor))] == made


def test_the_cursor_is_never_ahead_of_what_was_handed_out(house: House, shaky: AnyClient) -> None:
    start = shaky.client.changes("now")
    shaky.taken(start)
    made = _decide(house, f"kept-{id(shaky)}", 0, 3)
    reader = shaky.client.changes(start.cursor)
    assert len(shaky.taken(reader, 2)) == 2
    again = shaky.taken(shaky.client.changes(reader.cursor))
    assert [one["id"] for one in again] == made, "in the middle of a page it says where the page begins"


def test_polling_that_waits_outlives_lost_connections(
    house: House, unsteady: Unsteady, shaky: AnyClient
) -> None:
    reader = shaky.client.changes(_now(house), wait=5)
    name = f"waited-{id(shaky)}"
    made = _decide(house, name, 0, 1)

    def interrupt(by_now: int) -> None:
        unsteady.faults.append(DROP)
        unsteady.cut()
        made.extend(_decide(house, name, by_now, by_now + 1))

    found = shaky.taken(reader, 3, interrupt)
    assert [one["id"] for one in found] == made[:3]
    assert len(shaky.pauses) >= 2


def test_a_stream_goes_on_where_it_was_when_it_is_cut_off(
    house: House, unsteady: Unsteady, shaky: AnyClient
) -> None:
    stream = shaky.client.stream(_now(house), lifecycle="order")
    name = f"streamed-{id(shaky)}"
    made = _decide(house, name, 0, 2)

    def interrupt(by_now: int) -> None:
        if by_now % 2 == 0:
            unsteady.faults.extend([DROP, DROP])
            unsteady.cut()
            made.extend(_decide(house, name, by_now, by_now + 2))

    found = shaky.taken(stream, 6, interrupt)
    assert [one["id"] for one in found] == made[:6]
    assert found[0]["data"]["event"]["data"]["lines"] == [SEPARATOR]
    rest = shaky.taken(shaky.client.stream(stream.cursor, lifecycle="order"), 2)
    assert [one["id"] for one in rest] == made[6:], "the cursor is behind the last that was handed out"


def test_a_stream_that_begins_now_knows_its_place_before_the_first_change(
    house: House, unsteady: Unsteady, shaky: AnyClient
) -> None:
    """It is cut off before it has handed out anything, and misses nothing of what was recorded meanwhile."""
    said = f"id: {_now(house)}\n\n"
    unsteady.faults.append(f"HTTP/1.1 200 OK\nContent-Type: text/event-stream\nConnection: close\n\n{said}")
    made = _decide(house, f"now-{id(shaky)}", 0, 1)
    found = shaky.taken(shaky.client.stream(lifecycle="order"), 1)
    assert [one["id"] for one in found] == made


def _now(house: House) -> str:
    found: str = house.get("/v1/changes", after="now").json()["next"]
    return found


def test_a_stream_that_is_refused_says_so(house: House, shaky: AnyClient) -> None:
    with pytest.raises(ClientError, match="cursor") as refusal:
        shaky.taken(shaky.client.stream("no-cursor"), 1)
    assert refusal.value.status == 422


def test_a_stream_that_is_never_reached_gives_up(unsteady: Unsteady, shaky: AnyClient) -> None:
    unsteady.faults.extend([DROP] * 6)
    with pytest.raises(ClientError, match="cannot be reached"):
        shaky.taken(shaky.client.stream(), 1)
    assert len(shaky.pauses) == 5


def test_events_are_decoded_in_whatever_pieces_they_come() -> None:
    first, second = "retry: 1000\nid: a\n\n: a comment\n\n", f"data: {SEPARATOR}\r\ndata:2\r\n\r\n"
    text = f"{first}id: b\r\nevent: change\r\n{second}id: c\n"
    expected = [StreamEvent("a", None), StreamEvent("b", f"{SEPARATOR}\n2".encode())]
    encoded = text.encode()
    for size in (1, 2, 3, 7, len(encoded)):
        stream = EventStream()
        pieces = [encoded[at : at + size] for at in range(0, len(encoded), size)]
        assert [event for piece in pieces for event in stream.feed(piece)] == expected, size
