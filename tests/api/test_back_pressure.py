"""Who sends more than can be dealt with is asked to wait, and nothing that was answered 202 is lost."""

from __future__ import annotations

from sqlalchemy import func, select, text

from tests.api.conftest import House, open_house, order
from tests.api.holding import together
from tests.waiting import wait_until
from workflow.api.ingest.limits import Limits
from workflow.store import schema


def _batch(name: str, count: int, **data: object) -> list[dict[str, object]]:
    return [order("place", f"{name}-{n}", f"{name}-{n}", amount=5, **data) for n in range(count)]


def _turned_away(house: House, reason: str) -> float:
    lines = house.http.get("/metrics").text.splitlines()
    start = f'makegood_requests_turned_away_total{{reason="{reason}"}} '
    return float(next(line for line in lines if line.startswith(start)).removeprefix(start))


def _events(house: House) -> int:
    with house.runtime.store.connect() as connection:
        return connection.scalar(select(func.count()).select_from(schema.events)) or 0


def _full(house: House, event: object) -> bool:
    return house.post(event).status_code == 429


def test_too_many_undecided_events_close_the_door_until_they_are_decided(database_url: str) -> None:
    with open_house(database_url, max_undecided=50) as house:
        assert house.post(_batch("flood", 60)).status_code == 202
        known = order("place", "flood-0", "flood-0", amount=5)  # a duplicate adds nothing, so it can be tried
        wait_until(lambda: _full(house, known), seconds=60, what="the backlog to be noticed")
        stored = _events(house)
        refused = house.post(order("place", "late", "late", amount=5))
        assert (refused.status_code, refused.headers["content-type"]) == (429, "application/problem+json")
        assert 1 <= int(refused.headers["retry-after"]) <= 60
        assert refused.json()["type"] == "/docs#problem-busy"
        assert [error["rule"] for error in refused.json()["errors"]] == ["backlog"]
        assert _events(house) == stored, "who is sent away has left nothing"
        assert _turned_away(house, "backlog") >= 2
        assert "makegood_door_undecided_events 51.0" in house.http.get("/metrics").text
        house.apply()
        wait_until(lambda: not _full(house, known), seconds=60, what="the door to open again")
        assert house.post(order("place", "late", "late", amount=5)).status_code == 202


def test_up_to_the_limit_nobody_is_refused_although_no_worker_is_there(database_url: str) -> None:
    with open_house(database_url, max_undecided=50) as house:
        assert house.post(_batch("still", 50)).status_code == 202
        wait_until(lambda: _looked(house, 50), seconds=60, what="a look at the backlog")
        assert house.post(order("place", "still-0", "still-0", amount=5)).status_code == 202


def _looked(house: House, found: int) -> bool:
    """Requests have the backlog looked at."""
    assert house.post(order("place", "still-0", "still-0", amount=5)).status_code == 202
    return house.door.backpressure.waiting == found


def test_dead_letters_and_gaps_are_no_backlog(database_url: str) -> None:
    with open_house(database_url, max_undecided=10) as house:
        dead = [order("place", "dead", "dead-0", amount=5), order("divide", "dead", "dead-1", by=0)]
        assert house.post(dead).status_code == 202
        house.apply()
        first = order("place", "first", "first", amount=5)
        assert house.post(first).status_code == 202
        with house.runtime.store.begin() as transaction:  # it waits while thousands after it were decided
            transaction.connection.execute(
                text("insert into inbox (event_id, subject_id) select max(id) + 5000, 1 from events")
            )
        wait_until(lambda: _seen(house, first, 2), seconds=60, what="a look at the backlog")


def _seen(house: House, event: object, found: int) -> bool:
    assert house.post(event).status_code == 202
    return house.door.backpressure.waiting == found


def test_no_more_events_wait_for_their_commit_than_may(database_url: str) -> None:
    limits = Limits(waiting=20)
    with open_house(database_url, limits=limits) as house:
        with together(house) as posts:
            posts.post(*_batch("queue", 60))
            wait_until(lambda: _answered(posts.answers) == 40, seconds=60, what="forty to be sent away")
            assert house.door.endpoint.uncommitted == 20
        statuses = posts.statuses()
        assert (statuses.count(202), statuses.count(429)) == (20, 40)
        refused = next(answer.result() for answer in posts.answers if answer.result().status_code == 429)
        assert refused.headers["retry-after"] == "1"
        assert _events(house) == 20
        assert _turned_away(house, "queue") == 40
        assert house.post(order("place", "after", "after", amount=5)).status_code == 202


def test_no_more_bytes_are_in_the_house_than_may(database_url: str) -> None:
    """Large events one by one, and a batch that is larger than all that may be inside: it may come alone."""
    limits = Limits(bytes=200_000)
    large = _batch("bytes", 30, more="x" * 20_000)
    with open_house(database_url, limits=limits) as house:
        with together(house) as posts:
            posts.post(*large)
            wait_until(lambda: _answered(posts.answers) == 21, seconds=60, what="the rest to be sent away")
            assert house.door.endpoint.uncommitted == 9
        assert posts.statuses().count(202) == _events(house) == 9
        assert _turned_away(house, "memory") == 21
        assert house.post(large).json()["accepted"] == 21


def _answered(answers: list[object]) -> int:
    return sum(answer.done() for answer in answers)  # type: ignore[attr-defined]
