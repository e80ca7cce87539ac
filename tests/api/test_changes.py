"""What the ledger records, from a cursor on, and live."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import httpx
import pytest
from sqlalchemy import event

from tests.api.conftest import House, open_house, order
from tests.waiting import wait_until
from workflow.access import keys
from workflow.access.bounds import Bounds
from workflow.access.keys import Role
from workflow.api.feed.change_feed import EVERY
from workflow.clock import monotonic


def _now(house: House) -> str:
    found: str = house.get("/v1/changes", after="now").json()["next"]
    return found


def _decide(house: House, *events: dict[str, object]) -> None:
    for one in events:
        assert house.post(one).status_code == 202
    house.apply()


@dataclass
class Told:
    """An event of a stream."""

    id: str | None = None
    event: str | None = None
    data: str | None = None

    @property
    def change(self) -> str:
        """The id of the change that it tells."""
        assert self.data is not None
        found: str = json.loads(self.data)["id"]
        return found


@contextmanager
def _stream(house: House, **options: object) -> Iterator[Iterator[Told]]:
    headers = house.bearer() | options.pop("headers", {})  # type: ignore[operator]
    with house.http.stream("GET", "/v1/changes/stream", params=options or None, headers=headers) as answer:
        assert answer.status_code == 200, answer.read()
        assert answer.headers["content-type"].startswith("text/event-stream")
        assert answer.headers["x-accel-buffering"] == "no"
        yield _events(answer)


def _events(answer: httpx.Response) -> Iterator[Told]:
    told = Told()
    for line in answer.iter_lines():
        name, _, value = line.partition(": ")
        if name in ("id", "event", "data"):
            setattr(told, name, value)
        if not line:
            yield told
            told = Told()


def test_a_change_is_a_cloudevent(house: House) -> None:
    start = _now(house)
    _decide(house, order("place", "told", "told-1", amount=5), order("place", "told", "told-2", amount=6))
    answer = house.get("/v1/changes", after=start)
    assert answer.status_code == 200, answer.text
    first, second = answer.json()["items"]
    assert first == {
        "specversion": "1.0",
        "id": "order:told/1",
        "source": "/makegood/changes",
        "type": "makegood.order.place",
        "subject": "order:told",
        "time": "2026-07-01T12:00:00Z",
        "datacontenttype": "application/json",
        "data": {
            "lifecycle": "order",
            "trigger": "place",
            "seq": 1,
            "outcome": "moved",
            "reason": None,
            "state": {"before": "initial", "after": "placed"},
            "version": 1,
            "team": None,
            "event": {
                "source": "/tests",
                "id": "told-1",
                "actor": "system:the tests' system",
                "time": "2026-07-01T11:59:00Z",
                "data": {"amount": 5},
            },
            "timer": None,
        },
    }
    assert (second["id"], second["data"]["outcome"]) == ("order:told/2", "refused")
    assert second["data"]["reason"].startswith("impossible-now: ")
    assert second["data"]["state"] == {"before": "placed", "after": "placed"}


def test_pages_hold_each_change_once(house: House) -> None:
    after = _now(house)
    _decide(house, *(order("place", f"paged-{n}", f"paged-{n}", amount=5) for n in range(7)))
    found, more = [], True
    while more:
        page = house.get("/v1/changes", after=after, limit=3).json()
        found += [one["subject"] for one in page["items"]]
        after, more = page["next"], page["more"]
    assert found == [f"order:paged-{n}" for n in range(7)]
    again = house.get("/v1/changes", after=after).json()
    assert again == {"items": [], "next": after, "more": False}


def test_filters_narrow_what_is_shown(house: House) -> None:
    start = _now(house)
    _decide(
        house,
        order("place", "narrow", "narrow-1", amount=5),
        order("ship", "narrow", "narrow-2"),
        order("ship", "narrow", "narrow-3"),
        order("place", "narrow-too", "narrow-4", amount=5),
    )

    def ids(**wanted: object) -> list[str]:
        return [one["id"] for one in house.get("/v1/changes", after=start, **wanted).json()["items"]]

    assert ids(subject="order:narrow") == ["order:narrow/1", "order:narrow/2", "order:narrow/3"]
    assert ids(trigger="ship") == ["order:narrow/2", "order:narrow/3"]
    assert ids(outcome="refused") == ["order:narrow/3"]
    assert ids(state=["shipped", "cancelled"], outcome="moved") == ["order:narrow/2"]
    assert ids(lifecycle="promise") == ids(team="north") == []


def test_the_team_is_that_of_the_moment(house: House) -> None:
    start = _now(house)
    made = {
        "customer": "customer:C-1",
        "words": "We call you back.",
        "owner": "olga@example.com",
        "due_at": "2026-07-02T12:00:00Z",
        "channel": "email",
        "team": "north",
    }
    _decide(
        house,
        order("make", "P-team", "team-1", **made) | {"type": "promise.make", "subject": "promise:P-team"},
    )
    (found,) = house.get("/v1/changes", after=start, subject="promise:P-team").json()["items"]
    assert found["data"]["team"] == "north", found
    assert house.get("/v1/changes", after=start, team="north").json()["items"] == [found]
    assert house.get("/v1/changes", after=start, team="south").json()["items"] == []


def test_who_prefers_to_wait_is_answered_when_there_is_a_change(house: House) -> None:
    start = _now(house)
    found: list[httpx.Response] = []

    def ask() -> None:
        headers = house.bearer() | {"Prefer": "wait=10"}
        found.append(
            house.http.get("/v1/changes", params={"after": start, "trigger": "ship"}, headers=headers)
        )

    waiting = threading.Thread(target=ask)
    waiting.start()
    _decide(house, order("place", "waited", "waited-1", amount=5), order("ship", "waited", "waited-2"))
    waiting.join(30)
    assert found[0].headers["preference-applied"] == "wait=10"
    assert [one["id"] for one in found[0].json()["items"]] == ["order:waited/2"]


def test_who_waits_for_nothing_is_answered_in_time(house: House) -> None:
    start = _now(house)
    answer = house.http.get(
        "/v1/changes",
        params={"after": start, "lifecycle": "job"},
        headers=house.bearer() | {"Prefer": "wait=1"},
    )
    assert answer.json() == {"items": [], "next": start, "more": False}


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("after=nonsense", "query.after"),
        ("limit=0", "query.limit"),
        ("trigger=Ship%21", "query.trigger"),
        ("outcome=lost", "query.outcome"),
        ("team=a%00b", "query.team"),
        ("triger=ship", "query.triger"),
    ],
)
@pytest.mark.parametrize("path", ["/v1/changes", "/v1/changes/stream"])
def test_a_wrong_query_is_refused(house: House, path: str, query: str, field: str) -> None:
    response = house.http.get(f"{path}?{query}", headers=house.bearer())
    assert response.status_code == 422, response.text
    assert response.json()["errors"][0]["field"].startswith(field)


@pytest.mark.parametrize("path", ["/v1/changes", "/v1/changes/stream"])
def test_a_key_reads_changes_of_what_it_may_read(house: House, path: str) -> None:
    text = keys.create(
        house.runtime.store,
        Role.SYSTEM,
        "narrow",
        house.runtime.clock.now(),
        bounds=Bounds(reads=("promise",)),
    )
    headers = {"Authorization": f"Bearer {text}"}
    assert house.http.get(path).status_code == 401
    assert house.http.get(path, headers=headers).status_code == 403
    wanted = {"lifecycle": ["promise", "order"]}
    assert house.http.get(path, params=wanted, headers=headers).status_code == 403


def test_a_stream_tells_what_was_and_what_comes(house: House) -> None:
    start = _now(house)
    _decide(house, order("place", "live", "live-1", amount=5))
    with _stream(house, after=start, subject="order:live") as told:
        begins = next(told)
        assert (begins.id, begins.data) == (start, None)
        first = next(told)
        assert (first.event, first.change) == ("change", "order:live/1")
        _decide(house, order("ship", "live", "live-2"))
        assert next(told).change == "order:live/2"


def test_a_stream_that_was_cut_off_goes_on_behind_the_last_event(house: House) -> None:
    start = _now(house)
    _decide(house, *(order("place", f"cut-{n}", f"cut-{n}", amount=5) for n in range(6)))
    found: list[str] = []
    last = start
    for _ in range(3):
        with _stream(house, after="now", headers={"Last-Event-ID": last}) as told:
            next(told)
            for _ in range(2):
                one = next(told)
                assert one.id is not None
                last = one.id
                found.append(one.change)
    assert found == [f"order:cut-{n}/1" for n in range(6)]
    wrong = house.http.get("/v1/changes/stream", headers=house.bearer() | {"Last-Event-ID": "nonsense"})
    assert (wrong.status_code, wrong.json()["errors"][0]["field"]) == (422, "Last-Event-ID")


def test_who_follows_and_who_fell_behind_hear_the_same(house: House) -> None:
    """More is decided than one look reads; one stream follows from now, another from the beginning."""
    start = _now(house)
    subjects = [f"many-{n}" for n in range(700)]
    with _stream(house, after="now", trigger="place") as follows:
        next(follows)
        house.post([order("place", one, one, amount=5) for one in subjects])
        house.apply()
        followed = [next(follows).change for _ in subjects]
        with _stream(house, after=start, trigger="place") as behind:
            next(behind)
            assert [next(behind).change for _ in subjects] == followed
    assert sorted(followed) == sorted(f"order:{one}/1" for one in subjects)


def test_streams_are_bounded_and_all_end_when_the_server_does(migrated_postgres_url: str) -> None:
    with open_house(migrated_postgres_url, change_streams=2) as house:
        ended = threading.Event()
        begun = threading.Semaphore(0)

        def follow() -> None:
            # A connection of its own: the others are closed before the server is.
            address, headers = f"{house.http.base_url}/v1/changes/stream?after=now", house.bearer()
            with httpx.stream("GET", address, headers=headers, timeout=60) as answer:
                told = _events(answer)
                next(told)
                begun.release()
                for _ in told:
                    pass
                ended.set()

        first = threading.Thread(target=follow)
        first.start()
        assert begun.acquire(timeout=30)
        with _stream(house, after="now") as told:
            next(told)
            full = house.get("/v1/changes/stream")
            assert (full.status_code, full.json()["errors"][0]["rule"]) == (429, "streams")
            assert full.headers["retry-after"]
        wait_until(lambda: house.door.feed.streams == 1, seconds=60, what="the second stream to be forgotten")
        assert not ended.is_set()
    # The server ended its streams in good order: the client read to the end.
    first.join(30)
    assert ended.is_set()


def test_two_hundred_streams_ask_the_store_no_more_than_one(house: House) -> None:
    """Each change reaches all of them, and is read once."""
    listeners, rounds = 200, 5
    asked: list[str] = []
    reading = house.runtime.store._reading if house.runtime.store.dialect == "postgresql" else None
    engine = reading or house.runtime.store.engine

    def count(_: object, __: object, statement: str, *___: object) -> None:
        if "max(id)" in statement or "moves" in statement:
            asked.append(statement)

    async def follow() -> list[int]:
        limits = httpx.Limits(max_connections=None)
        heard = [0] * rounds
        ready = asyncio.Semaphore(0)
        all_heard = [asyncio.Event() for _ in range(rounds)]
        async with httpx.AsyncClient(base_url=house.http.base_url, timeout=60, limits=limits) as http:

            async def one() -> None:
                parameters = {"after": "now", "subject": "order:heard"}
                async with http.stream(
                    "GET", "/v1/changes/stream", params=parameters, headers=house.bearer()
                ) as answer:
                    assert answer.status_code == 200, await answer.aread()
                    lines = answer.aiter_lines()
                    async for line in lines:
                        if line.startswith("id: "):
                            ready.release()
                            break
                    number = 0
                    async for line in lines:
                        if not line.startswith("data: "):
                            continue
                        heard[number] += 1
                        if heard[number] == listeners:
                            all_heard[number].set()
                        number += 1
                        if number == rounds:
                            return

            following = [asyncio.create_task(one()) for _ in range(listeners)]
            for _ in range(listeners):
                await asyncio.wait_for(ready.acquire(), 60)
            event.listen(engine, "before_cursor_execute", count)
            try:
                for number in range(rounds):
                    sent = order("place", "heard", f"heard-{number}", amount=5)
                    await asyncio.to_thread(_decide, house, sent)
                    await asyncio.wait_for(all_heard[number].wait(), 60)
            finally:
                event.remove(engine, "before_cursor_execute", count)
            await asyncio.gather(*following)
        return heard

    began = monotonic()
    assert asyncio.run(follow()) == [listeners] * rounds
    looks = (monotonic() - began) / EVERY
    assert len(asked) < listeners + 6 * looks, "one look a tenth of a second, whoever follows"


def test_a_stream_ends_with_its_key(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workflow.api.routes.changes.CHECKED", 0.1)
    monkeypatch.setattr("workflow.access.keyring.Keyring.KEEP", 0.0)
    store, clock = house.runtime.store, house.runtime.clock
    text = keys.create(store, Role.SYSTEM, "ends", clock.now())
    with _stream(house, after="now", headers={"Authorization": f"Bearer {text}"}) as told:
        next(told)
        keys.revoke(store, text.split("_")[1], clock.now())
        assert [one for one in told if one.data is not None] == []
