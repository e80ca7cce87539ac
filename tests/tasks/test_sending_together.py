"""Notices that are claimed together: as many as go out in a moment, one for each customer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event

from tasks.channels.port import Notice, Receipt
from tasks.sending import pace
from tasks.sending.pace import Pace, SteadyPace
from tasks.sending.sender import NoticeSender
from tests.tasks.test_delivery_to_customers import LETTER
from tests.workflow.world import World, new_world
from workflow.engine.runtime import Runtime
from workflow.outbox import effects as outbox
from workflow.outbox.effects import HeldNotice

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
    waiting = [HeldNotice(number, "email", None) for number in range(1000)]
    assert found.together(waiting) == 1
    numbers = []
    for _ in range(20):
        found.note("email", 0.0)
        numbers.append(found.together(waiting))
    assert numbers[:3] == [2, 4, 8]
    assert numbers[-1] == pace.MOST
    found.note("email", 1.0)
    assert found.together(waiting) == 1, "one that was slow counts at once"


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


def run(world: World, runtime: Runtime, post: Post) -> None:
    """Claim what is due and send it."""
    rows = outbox.claim(world.store, world.clock.now(), timedelta(minutes=2), 1000)
    if rows:
        ids = [row.id for row in rows]
        assert NoticeSender(runtime, {"email": post}).run(ids, rows[0].token, PATIENT).left == ()


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
