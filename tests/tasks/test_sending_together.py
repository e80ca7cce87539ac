"""Notices that are claimed together: as many as go out in a moment, one for each customer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager
from datetime import timedelta
from threading import Barrier, Event, Lock
from typing import Any

import pytest
from celery.exceptions import SoftTimeLimitExceeded
from sqlalchemy import event
from sqlalchemy.exc import OperationalError

from state_machines.values.backoff import Backoff
from tasks.channels.port import Notice, OutcomeUnknown, Receipt, Rejected, Retry
from tasks.sending import attempts, pace
from tasks.sending.attempts import Attempt
from tasks.sending.pace import Pace, SteadyPace
from tasks.sending.sender import NoticeSender
from tests.tasks.test_delivery_to_customers import LETTER
from tests.workflow.world import World, new_world
from workflow.engine.runtime import Runtime
from workflow.outbox import effects as outbox
from workflow.outbox import noting
from workflow.outbox.held_notices import HeldNotice

FOREVER = 1e9
PATIENT = 60.0


class Post:
    """A channel that takes everything, and counts."""

    def __init__(self) -> None:
        self.sent: Counter[str] = Counter()

    def send(self, notice: Notice, idempotency_key: str) -> Receipt:
        """Take it."""
        self.sent[idempotency_key] += 1
        return Receipt(notice.channel, "M")


@pytest.fixture
def world(database_url: str) -> Iterator[World]:
    """The catalog and a lifecycle that writes letters."""
    world = new_world(database_url, LETTER)
    yield world
    world.store.close()


def test_nobody_knows_at_first_how_long_a_channel_takes() -> None:
    found = Pace()
    waiting = [HeldNotice(number, "email", None) for number in range(6 * pace.MOST)]
    assert found.together(waiting) == 1
    numbers = []
    for _ in range(20):
        found.note("email", 0.0)
        numbers.append(found.together(waiting))
    assert numbers[:3] == [2, 4, 8]
    assert numbers[-1] == pace.MOST
    found.note("email", 1.0)
    assert found.together(waiting) == 1, "one that was slow counts at once"


def test_of_what_takes_several_at_once_so_many_are_claimed_however_slow_it_is() -> None:
    found = Pace()
    found.note("sms", 1.0, at_once=8)
    waiting = [HeldNotice(number, "sms", None) for number in range(20)]
    assert found.together(waiting) == 8 and found.together(waiting[:3]) == 3
    assert found.together([HeldNotice(0, "email", None), *waiting]) == 1, "another that nobody knows"


def test_a_slow_channel_does_not_slow_another_down() -> None:
    found = Pace()
    for _ in range(20):
        found.note("sms", 0.0)
    found.note("email", 3.0)
    waiting = [HeldNotice(number, "sms", None) for number in range(10)] + [HeldNotice(10, "email", None)]
    assert found.together(waiting) == 10
    assert found.together(waiting[10:]) == 1


def test_a_steady_pace_follows_from_no_clock_on_the_wall() -> None:
    found = SteadyPace()
    waiting = [HeldNotice(number, "email", None) for number in range(1000)]
    found.note("email", 3600.0)
    assert found.together(waiting) == pace.MOST and found.together(waiting[:3]) == 3
    assert not found.too_long(3600.0)


def test_those_of_many_customers_are_claimed_in_few_transactions(
    world: World, runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pace, "A_MOMENT", FOREVER)
    written(world, 60)
    post = Post()
    with commits(world) as counted:
        run(world, runtime, post)
    assert [effect.state for effect in world.effects()] == ["settled"] * 60
    assert set(post.sent.values()) == {1}
    assert counted() <= 12


class Line(Post):
    """A channel that holds a line for several in a row."""

    def __init__(self) -> None:
        super().__init__()
        self.held = 0
        self.opened = 0

    @contextmanager
    def session(self) -> Iterator[Line]:
        """Itself, with the line held."""
        self.held += 1
        self.opened += 1
        try:
            yield self
        finally:
            self.held -= 1

    def send(self, notice: Notice, idempotency_key: str) -> Receipt:
        """Take it, over the line that is held."""
        assert self.held == 1
        return super().send(notice, idempotency_key)


def test_those_that_one_message_brings_go_over_one_connection(
    world: World, runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pace, "A_MOMENT", FOREVER)
    written(world, 60)
    line = Line()
    run(world, runtime, line)
    assert [effect.state for effect in world.effects()] == ["settled"] * 60
    assert set(line.sent.values()) == {1}
    assert (line.opened, line.held) == (1, 0)


class Wires(Post):
    """A channel that takes four at once, and answers none before four are there."""

    at_once = 4

    def __init__(self, answers: Mapping[str, Exception]) -> None:
        super().__init__()
        self.answers = answers
        self.together = Barrier(4, timeout=PATIENT)

    def send(self, notice: Notice, idempotency_key: str) -> Receipt:
        """As told, once four are there."""
        self.together.wait()
        answer = self.answers.get(notice.subject)
        if answer is not None:
            raise answer
        return super().send(notice, idempotency_key)


def test_what_takes_several_at_once_is_given_them_and_each_has_its_own_outcome(
    world: World, runtime: Runtime
) -> None:
    written(world, 8)
    wires = Wires(
        {
            "letter:1": Retry("busy [busy]"),
            "letter:3": Rejected("no [no]"),
            "letter:4": OutcomeUnknown("lost [lost]"),
            "letter:6": ValueError(),
        }
    )
    run(world, runtime, wires, SteadyPace())
    states = {effect.key.split("/")[0]: effect.state for effect in world.effects()}
    told = {"letter:1": "pending", "letter:3": "dead", "letter:4": "unknown", "letter:6": "unknown"}
    assert states == {f"letter:{number}": told.get(f"letter:{number}", "settled") for number in range(8)}
    assert set(wires.sent.values()) == {1} and sum(wires.sent.values()) == 4


def test_where_one_of_several_goes_another_way_it_is_asked_by_one_thread_at_a_time(
    world: World, runtime: Runtime
) -> None:
    """The other way holds one line for all of them."""
    written(world, 8, phone="+4930123456", channels=["sms", "email"])
    wires, line = Wires({f"letter:{number}": Rejected("no [no]") for number in range(8)}), Busy()
    run(world, runtime, line, SteadyPace(), sms=wires)
    assert [effect.state for effect in world.effects()] == ["settled"] * 8
    assert sum(line.sent.values()) == 8 and (line.opened, line.held) == (1, 0)


class Busy(Line):
    """A line on which two at the same time are a mistake."""

    def __init__(self) -> None:
        super().__init__()
        self.speaks = Lock()

    def send(self, notice: Notice, idempotency_key: str) -> Receipt:
        """Take it, if nobody else speaks."""
        assert self.speaks.acquire(blocking=False)
        try:
            return super().send(notice, idempotency_key)
        finally:
            self.speaks.release()


def test_a_time_limit_leaves_open_what_is_on_its_way_and_nothing_else(
    world: World, runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    written(world, 4)
    rest = Event()

    class Slow(Post):
        at_once = 4

        def send(self, notice: Notice, idempotency_key: str) -> Receipt:
            if notice.subject == "letter:2":
                assert rest.wait(PATIENT)
            return super().send(notice, idempotency_key)

    def limited(waiting: list[Future[Attempt]]) -> None:
        for number in (0, 1, 3):
            waiting[number].result(PATIENT)
        raise SoftTimeLimitExceeded

    monkeypatch.setattr(attempts, "wait", limited)
    run(world, runtime, Slow(), SteadyPace())
    rest.set()
    states = {effect.key.split("/")[0]: effect.state for effect in world.effects()}
    assert states == {
        "letter:0": "settled",
        "letter:1": "settled",
        "letter:2": "unknown",
        "letter:3": "settled",
    }


def test_a_cap_holds_among_those_that_are_claimed_together(
    world: World, runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pace, "A_MOMENT", FOREVER)
    written(world, 8, caps={"per": "P1D", "most": 2})
    for _ in range(3):
        for number in range(8):
            write(world, number)
    post = Post()
    for _ in range(3):
        run(world, runtime, post)
        world.advance(timedelta(minutes=1))
    told = Counter(effect.payload["to"]["key"] for effect in world.effects() if effect.state == "settled")
    assert set(told.values()) == {2} and len(told) == 8
    assert sum(post.sent.values()) == 16


def test_what_there_was_no_time_for_is_pending_again_and_counts_for_nothing(
    world: World, runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pace, "A_MOMENT", FOREVER)
    monkeypatch.setattr(pace, "_TOO_LONG", -1.0)
    written(world, 10, caps={"per": "P1D", "most": 1})
    post = Post()
    run(world, runtime, post)
    states = Counter(effect.state for effect in world.effects())
    assert states["settled"] == sum(post.sent.values()) and states["pending"] == 10 - states["settled"] > 0
    assert {effect.attempts for effect in world.effects() if effect.state == "pending"} == {0}
    monkeypatch.undo()
    run(world, runtime, post)
    assert [effect.state for effect in world.effects()] == ["settled"] * 10, "no cap holds it back"
    assert set(post.sent.values()) == {1}


def written(world: World, number: int, **wishes: Any) -> None:
    """So many customers, and a letter to each."""
    for one in range(number):
        known = {"email": f"c{one}@example.com", "zone": "UTC", **wishes}
        world.post("customer.known", f"customer:{one}", known)
        write(world, one)


def write(world: World, number: int) -> None:
    """A letter to one of them."""
    to = {"key": f"customer:{number}", "email": f"c{number}@example.com"}
    world.post("letter.write", f"letter:{number}", {"to": to, "channel": "email"})


def run(world: World, runtime: Runtime, post: Post, pace: Pace | None = None, **others: Post) -> None:
    """Claim what is due and send it: by this post for mail, and by others."""
    rows = outbox.claim(world.store, world.clock.now(), timedelta(minutes=2), 1000)
    if rows:
        ids = [row.id for row in rows]
        assert (
            NoticeSender(runtime, {"email": post, **others}, pace).run(ids, rows[0].token, PATIENT).left == ()
        )


@contextmanager
def commits(world: World) -> Iterator[Any]:
    """Count the transactions that are committed meanwhile."""
    done: list[Any] = []
    count = done.append  # one object, by which it is found again
    event.listen(world.store.engine, "commit", count)
    try:
        yield lambda: len(done)
    finally:
        event.remove(world.store.engine, "commit", count)


def test_what_went_out_is_noted_though_the_database_is_away_for_a_moment(
    world: World, runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(noting, "PAUSES", Backoff(first=0.0, longest=0.0))
    settle, failures = outbox.settle, [OperationalError("update", {}, Exception("gone")) for _ in range(3)]

    def settle_at_last(*given: Any) -> None:
        if failures:
            raise failures.pop()
        settle(*given)

    monkeypatch.setattr(outbox, "settle", settle_at_last)
    written(world, 1)
    post = Post()
    run(world, runtime, post)
    assert sum(post.sent.values()) == 1 and not failures
    assert [effect.state for effect in world.effects()] == ["settled"]


def test_what_a_claim_holds_whose_commit_was_not_answered_is_sent_and_asks_nobody(
    world: World, runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    written(world, 3, caps={"per": "P1D", "most": 1})
    post = Post()
    with monkeypatch.context() as network, pytest.raises(OperationalError):
        lose_an_answer(world, network)
        run(world, runtime, post, SteadyPace())
    assert [(effect.state, effect.attempts) for effect in world.effects()] == [("pending", 0)] * 3
    run(world, runtime, post)
    assert [effect.state for effect in world.effects()] == ["settled"] * 3, "no cap holds it back"
    assert set(post.sent.values()) == {1}


def test_a_claim_that_was_not_committed_lets_go_of_nothing_that_another_holds(
    world: World, runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    written(world, 1)
    begin = world.store.begin
    rows = outbox.claim(world.store, world.clock.now(), timedelta(minutes=2), 1000)
    later = world.clock.now() + timedelta(microseconds=1)

    def another() -> None:
        with begin() as transaction:
            lease = timedelta(seconds=runtime.settings.lease_seconds)
            outbox.begin(transaction, [rows[0].id], rows[0].token, later, lease)

    with monkeypatch.context() as network, pytest.raises(OperationalError):
        lose_an_answer(world, network, another)
        NoticeSender(runtime, {"email": Post()}).run([rows[0].id], rows[0].token, PATIENT)
    assert [effect.state for effect in world.effects()] == ["sending"]


def lose_an_answer(
    world: World, network: pytest.MonkeyPatch, instead: Callable[[], None] | None = None
) -> None:
    """The connection is lost over the first claim for sending: behind its commit, or where something is done
    `instead` before it.
    """
    claim, begin, claims = outbox.begin, world.store.begin, list[str]()
    gone = OperationalError("commit", {}, Exception("the connection is lost"))

    def noted(*given: Any) -> Any:
        claims.append("begun")
        return claim(*given)

    @contextmanager
    def losing() -> Iterator[Any]:
        if claims == ["begun", "lost"] and instead:
            instead()
        with begin() as transaction:
            yield transaction
            lost = claims == ["begun"]
            if lost and instead:
                claims.append("lost")
                raise gone
        if lost:
            claims.append("lost")
            raise gone

    network.setattr(outbox, "begin", noted)
    network.setattr(world.store, "begin", losing)
