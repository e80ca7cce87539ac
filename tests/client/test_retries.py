"""Connections are lost, answers too, and the API asks for a pause: what is safe to repeat is repeated."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from makegood import Client, ClientError
from tests.api.conftest import House, open_house, order
from tests.client.conftest import placed
from tests.client.unsteady import DROP, SWALLOW, Unsteady
from tests.waiting import wait_until
from workflow.access.keys import Role
from workflow.embedded.ports import free_port

BUSY = "HTTP/1.1 {status} No\nContent-Length: 2\nConnection: close\n{more}\nno"


def answer(status: int, *more: str) -> str:
    """What something between client and API answers."""
    return BUSY.format(status=status, more="".join(f"{line}\n" for line in more))


@pytest.fixture
def pauses() -> list[float]:
    """How long the client would have waited, each time."""
    return []


@pytest.fixture
def client(house: House, unsteady: Unsteady, pauses: list[float]) -> Callable[..., Client]:
    """Makes a client whose connections fail as the test says."""

    def make(role: Role = Role.SYSTEM, **options: int) -> Client:
        return Client(unsteady.url, house.keys[role], proxies=False, wait=pauses.append, **options)

    return make


def test_an_event_outlives_lost_connections(
    house: House, unsteady: Unsteady, client: Callable[..., Client], pauses: list[float]
) -> None:
    unsteady.faults.extend([DROP, DROP])
    event = placed("dropped")
    with client() as opened:
        assert opened.send(event)["status"] == "accepted"
    assert all(event.id.encode() in request for request in unsteady.requests)
    assert [len(unsteady.requests), len(pauses)] == [2, 2]
    assert 0.25 <= pauses[0] <= 0.5 <= pauses[1] <= 1.0


def test_an_event_whose_answer_was_lost_is_the_same_event(
    house: House, unsteady: Unsteady, client: Callable[..., Client]
) -> None:
    before = house.counts()["events"]
    unsteady.faults.append(SWALLOW)
    with client() as opened:
        assert opened.send(placed("swallowed"))["status"] == "duplicate"
    assert house.counts()["events"] - before == 1


def test_of_many_batches_only_the_lost_one_is_sent_again(
    house: House, unsteady: Unsteady, client: Callable[..., Client]
) -> None:
    before = house.counts()["events"]
    unsteady.faults.append(SWALLOW)
    with client() as opened:
        receipt = opened.send_all(placed(f"lost/{n}") for n in range(1_500))
    assert (receipt["duplicates"], receipt["accepted"]) == (1_000, 500)
    assert house.counts()["events"] - before == 1_500


def test_reading_outlives_a_lost_connection(unsteady: Unsteady, client: Callable[..., Client]) -> None:
    unsteady.faults.append(SWALLOW)
    with client() as opened:
        assert opened.dead_letters() == {"events": [], "timers": [], "messages": [], "more": False}


def test_after_the_last_attempt_it_is_said(unsteady: Unsteady, client: Callable[..., Client]) -> None:
    unsteady.faults.extend([DROP] * 3)
    with client(attempts=3) as opened, pytest.raises(ClientError, match="cannot be reached") as lost:
        opened.send(placed("never"))
    assert (lost.value.status, len(unsteady.requests)) == (None, 3)


def test_a_request_that_may_have_been_carried_out_is_not_repeated(
    unsteady: Unsteady, client: Callable[..., Client], pauses: list[float]
) -> None:
    unsteady.faults.append(SWALLOW)
    with client(Role.OPERATOR) as opened, pytest.raises(ClientError, match="cannot be reached"):
        opened.ask("/v1/effects/1/retry", {})
    assert (len(unsteady.requests), pauses) == (1, [])


def test_a_request_that_never_arrived_is_repeated(pauses: list[float]) -> None:
    with (
        Client(
            f"http://127.0.0.1:{free_port()}", "key", proxies=False, attempts=3, wait=pauses.append
        ) as nobody,
        pytest.raises(ClientError, match="cannot be reached"),
    ):
        nobody.ask("/v1/desk/claim", {})
    assert len(pauses) == 2


@pytest.mark.parametrize("status", [429, 503])
def test_it_waits_as_long_as_it_is_asked_to(
    unsteady: Unsteady, client: Callable[..., Client], pauses: list[float], status: int
) -> None:
    date = "Date: Wed, 01 Jul 2026 12:00:00 GMT"
    unsteady.faults.extend(
        [
            answer(status, "Retry-After: 7"),
            answer(status, date, "Retry-After: Wed, 01 Jul 2026 12:00:20 GMT"),
            answer(status, date, "Retry-After: Wed, 01 Jul 2026 11:00:00 GMT"),
            answer(status, "Retry-After: soon"),
        ]
    )
    with client() as opened:
        assert opened.send(placed(f"asked/{status}"))["status"] == "accepted"
    assert pauses[:3] == [7.0, 20.0, 0.0]
    assert 2.0 <= pauses[3] <= 4.0, "what says nothing is answered as if it had not been there"


def test_it_does_not_wait_longer_than_it_may(
    unsteady: Unsteady, client: Callable[..., Client], pauses: list[float]
) -> None:
    unsteady.faults.append(answer(503, "Retry-After: 3600"))
    with client() as opened, pytest.raises(ClientError, match="503: no") as busy:
        opened.send(placed("patience"))
    assert (busy.value.status, busy.value.retry_after, pauses) == (503, 3600.0, [])


@pytest.mark.parametrize("status", [400, 401, 404, 409, 422, 500])
def test_what_will_not_pass_is_said_at_once(
    unsteady: Unsteady, client: Callable[..., Client], pauses: list[float], status: int
) -> None:
    unsteady.faults.append(answer(status))
    with client() as opened, pytest.raises(ClientError, match=f"{status}: no") as refusal:
        opened.send(placed("final"))
    assert (refusal.value.status, pauses) == (status, [])


def test_a_request_that_was_not_begun_is_repeated_one_that_may_be_is_not(
    unsteady: Unsteady, client: Callable[..., Client], pauses: list[float]
) -> None:
    unsteady.faults.extend([answer(429, "Retry-After: 1"), answer(503, "Retry-After: 1")])
    with client(Role.OPERATOR) as opened, pytest.raises(ClientError, match="503"):
        opened.ask("/v1/effects/1/retry", {})
    assert pauses == [1.0]


def test_an_answer_that_is_no_json_is_an_error(unsteady: Unsteady, client: Callable[..., Client]) -> None:
    unsteady.faults.append(answer(202))
    with client() as opened, pytest.raises(ClientError, match="no JSON"):
        opened.send(placed("portal"))


def test_the_api_itself_asks_for_a_pause_and_takes_the_event_after_it(tmp_path: object) -> None:
    with open_house(f"sqlite:///{tmp_path}/makegood.db", max_undecided=10) as house:
        flood = [order("place", f"flood-{n}", f"flood-{n}", amount=5) for n in range(20)]
        assert house.post(flood).status_code == 202
        wait_until(
            lambda: house.post(flood[0]).status_code == 429, seconds=60, what="the backlog to be noticed"
        )
        asked: list[float] = []

        def decide(seconds: float) -> None:
            asked.append(seconds)
            house.apply()
            wait_until(lambda: house.post(flood[0]).status_code == 202, seconds=60, what="the door to open")

        with Client(str(house.http.base_url), house.keys[Role.SYSTEM], proxies=False, wait=decide) as client:
            assert client.send(placed("late"))["status"] == "accepted"
        assert len(asked) == 1 and 1 <= asked[0] <= 60
