"""How often a key may come, and how often wrong ones may."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from sqlalchemy import event

from tests.api.conftest import House, open_house, order
from workflow.access.principal import Principal
from workflow.access.role import Role
from workflow.api.http.key_bounds import KeyBounds
from workflow.api.http.problems import Refusal
from workflow.api.http.token_buckets import TokenBuckets

ADDRESS = ("192.0.2.7", 4711)
KEY = Principal("abc", "a system", Role.SYSTEM, datetime(2026, 7, 1, tzinfo=UTC))


class _Now:
    seconds = 1_000.0

    def __call__(self) -> float:
        return self.seconds


def test_a_bucket_gives_its_burst_and_then_its_rate() -> None:
    now = _Now()
    buckets = TokenBuckets(rate=2, burst=3, now=now)
    assert [buckets.take("a") for _ in range(3)] == [0, 0, 0]
    assert buckets.take("a") == pytest.approx(0.5)
    assert buckets.take("b") == 0  # a bucket of its own
    now.seconds += 0.5
    assert buckets.take("a") == 0
    assert buckets.take("a") == pytest.approx(0.5)
    now.seconds += 1_000  # never more than the burst
    assert [buckets.take("a") for _ in range(4)] == [0, 0, 0, pytest.approx(0.5)]
    buckets.give_back("a")
    assert buckets.take("a") == 0


def test_buckets_are_kept_for_so_many_names_and_no_more() -> None:
    now = _Now()
    buckets = TokenBuckets(rate=1, burst=2, most=10, now=now)
    assert [buckets.take("mine") for _ in range(3)] == [0, 0, pytest.approx(1)]
    for number in range(8):
        buckets.take(f"early {number}")
    now.seconds += 1.5  # those are full again, ours is not
    buckets.take("last")
    buckets.take("one too many")
    assert buckets.take("mine") == 0
    assert buckets.take("mine") > 0
    for number in range(1_000):
        buckets.take(f"other {number}")
    assert len(buckets._full_at) <= 10


def test_who_was_right_before_goes_on_while_wrong_keys_come_from_the_same_address() -> None:
    async def run() -> None:
        bounds, asked = KeyBounds(failures=5), []

        async def verify(text: str) -> Principal | None:
            asked.append(text)
            return KEY if text in ("right", "new") else None

        for _ in range(50):  # what is right counts as no failure
            assert await bounds.verified("right", ADDRESS, verify) is KEY
        for number in range(5):
            assert await bounds.verified(f"wrong {number}", ADDRESS, verify) is None
        for text in ("wrong again", "new"):
            with pytest.raises(Refusal) as refused:
                await bounds.verified(text, ADDRESS, verify)
            assert refused.value.kind.status == 429
            assert text not in asked
        assert await bounds.verified("right", ADDRESS, verify) is KEY
        assert await bounds.verified("new", ("192.0.2.8", 1), verify) is KEY

    asyncio.run(run())


def test_a_key_that_could_not_be_asked_for_was_not_wrong() -> None:
    async def run() -> None:
        bounds = KeyBounds(failures=5)

        async def verify(text: str) -> Principal | None:
            raise OSError

        for _ in range(50):
            with pytest.raises(OSError):
                await bounds.verified("any", ADDRESS, verify)

    asyncio.run(run())


def test_many_wrong_keys_at_once_are_no_more_than_one_after_another() -> None:
    async def run() -> None:
        bounds, asked, go = KeyBounds(failures=5), [], asyncio.Event()

        async def verify(text: str) -> Principal | None:
            asked.append(text)
            await go.wait()
            return None

        tries = [asyncio.create_task(bounds.verified(f"wrong {n}", ADDRESS, verify)) for n in range(100)]
        await asyncio.sleep(0)
        go.set()
        found = await asyncio.gather(*tries, return_exceptions=True)
        assert len(asked) == 5
        assert sum(isinstance(one, Refusal) for one in found) == 95

    asyncio.run(run())


@pytest.fixture
def bounded(tmp_path: Path) -> Iterator[House]:
    """A door at which a key has three requests, and then one in a hundred seconds."""
    url = f"sqlite:///{tmp_path / 'makegood.db'}"
    with open_house(url, key_rate=0.01, key_burst=3, failed_keys_per_minute=4) as opened:
        yield opened


def _told(answer: httpx.Response, rule: str) -> None:
    assert answer.status_code == 429
    assert answer.headers["content-type"] == "application/problem+json"
    (error,) = answer.json()["errors"]
    assert (error["field"], error["rule"]) == ("authorization", rule)
    seconds = int(answer.headers["retry-after"])
    assert seconds >= 1
    assert answer.headers["ratelimit"] == f'"{rule}";r=0;t={seconds}'


def test_a_key_that_comes_too_often_is_told_when_to_come_again(bounded: House) -> None:
    event = order("place", "often", "often", amount=5)
    assert [bounded.post(event).status_code for _ in range(3)] == [202] * 3
    answer = bounded.post(event)
    _told(answer, "key-rate")
    assert answer.headers["ratelimit-policy"] == '"key-rate";q=3;w=300'
    for path in ("/v1/subjects", "/v1/effects", "/v1/desk/line", "/barometer"):
        assert bounded.get(path).status_code == 429, path  # one bucket for all that a key does
    assert bounded.get("/v1/subjects", Role.OPERATOR).status_code == 200  # each key has its own
    assert 'turned_away_total{reason="key-rate"} 1' in bounded.http.get("/metrics").text


def test_wrong_keys_end_in_429_without_a_query(bounded: House) -> None:
    asked: list[str] = []

    @event.listens_for(bounded.runtime.store.engine, "before_cursor_execute")
    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if " api_keys" in statement or " keys" in statement:
            asked.append(statement)

    def wrong(number: int, path: str = "/v1/subjects", method: str = "GET") -> httpx.Response:
        headers = {"Authorization": f"Bearer mg_{number:012x}_{'x' * 43}"}
        return bounded.http.request(method, path, headers=headers)

    assert bounded.get("/v1/subjects").status_code == 200
    asked.clear()
    assert [wrong(number).status_code for number in range(4)] == [401] * 4
    assert len(asked) == 4
    _told(wrong(5), "wrong-keys")
    _told(wrong(6, "/v1/events", "POST"), "wrong-keys")
    _told(wrong(7, "/v1/reports/email", "POST"), "wrong-keys")
    _told(bounded.http.get("/barometer", auth=("ana", "mg_abc_def")), "wrong-keys")
    assert len(asked) == 4
    assert bounded.get("/v1/subjects").status_code == 200


def test_by_default_a_key_may_come_as_often_as_it_likes() -> None:
    bounds = KeyBounds()
    for _ in range(100_000):
        assert bounds.use(KEY) is KEY
