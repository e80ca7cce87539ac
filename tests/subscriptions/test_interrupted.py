"""A process that is killed in the middle of a turn, or takes too long: nothing is lost or out of order."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from tasks.forwarding.turn import SECONDS
from tests.subscriptions.conftest import Outlet
from tests.subscriptions.receiving import Receiver
from workflow.store.watermark import Watermark
from workflow.subscriptions import book
from workflow.subscriptions.turns import Result, Waiting, claim, finish, work_of

_LEASE = timedelta(seconds=30)


def test_a_turn_that_was_never_finished_is_taken_by_another_after_its_lease(
    outlet: Outlet, receiver: Receiver
) -> None:
    subscription = outlet.subscribe(receiver)
    outlet.decide("A", "B", "A")
    store, clock = outlet.world.store, outlet.world.clock
    (place,) = claim(store, clock.now(), _LEASE, 10)  # by a process that dies with this
    assert claim(store, clock.now(), _LEASE, 10) == []
    outlet.turns()
    assert receiver.received == []
    outlet.later(seconds=31)
    assert receiver.by_subject() == {"lamp:A": [1, 2], "lamp:B": [1]}
    # It was not dead after all, and has sent the same meanwhile: what it writes changes nothing.
    work = work_of(store, Watermark(store), place, clock.now())
    assert not finish(store, place, work, Result(clock.now()), clock.now())
    outlet.turns()
    assert outlet.found(subscription).held == 0
    assert len(receiver.received) == 3


def test_what_was_sent_and_not_written_down_comes_again_in_order(outlet: Outlet, receiver: Receiver) -> None:
    outlet.subscribe(receiver)
    outlet.decide("A", "A", "A")
    forwarder = outlet.forwarder

    async def killed() -> None:
        """A turn that ends between what it sends and what it writes."""
        turn = asyncio.create_task(forwarder.run_once())
        while len(receiver.received) < 2:
            await asyncio.sleep(0.01)
        turn.cancel()
        await asyncio.gather(turn, return_exceptions=True)

    asyncio.run(killed())
    outlet.turns()
    outlet.later(seconds=SECONDS + 30)
    order = [one.id for one in receiver.received]
    assert order[-3:] == ["lamp:A/1", "lamp:A/2", "lamp:A/3"]
    assert receiver.by_subject() == {"lamp:A": [1, 2, 3]}


def test_a_change_of_the_subscription_ends_the_turn_that_is_under_way(
    outlet: Outlet, receiver: Receiver
) -> None:
    subscription = outlet.subscribe(receiver)
    outlet.decide("A")
    store, clock = outlet.world.store, outlet.world.clock
    (place,) = claim(store, clock.now(), _LEASE, 10)
    work = work_of(store, Watermark(store), place, clock.now())
    book.change(store, subscription, {"description": "for the warehouse"}, clock.now())
    arrived = [one for lane in work.lanes.values() for one in lane]
    assert [isinstance(one, Waiting) for one in arrived] == [True]
    assert not finish(store, place, work, Result(clock.now(), arrived=arrived), clock.now())
    outlet.turns()
    assert receiver.ids() == ["lamp:A/1"]


def test_several_forwarders_share_out_the_subscriptions(outlet: Outlet) -> None:
    with Receiver() as one, Receiver() as two:
        outlet.subscribe(one)
        outlet.subscribe(two)
        outlet.decide("A")
        store, now = outlet.world.store, outlet.world.clock.now()
        first, second = claim(store, now, _LEASE, 1), claim(store, now, _LEASE, 5)
        assert len(first) == len(second) == 1
        assert first[0].id != second[0].id
