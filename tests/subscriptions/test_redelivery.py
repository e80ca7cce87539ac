"""What was sent is sent once more, on demand, under the id that it had."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.subscriptions.conftest import Outlet
from tests.subscriptions.receiving import Receiver
from workflow.errors import InvalidQuery, NotFound
from workflow.subscriptions.redelivery import redeliver_one, redeliver_since


def _ids(receiver: Receiver) -> list[str]:
    return sorted(one.id for one in receiver.received)


def test_one_change(outlet: Outlet, receiver: Receiver) -> None:
    subscription = outlet.subscribe(receiver)
    outlet.decide("A", "A", "B")
    outlet.turns()
    store, now = outlet.world.store, outlet.world.clock.now()
    assert redeliver_one(store, subscription, "lamp:A/1", now)
    assert not redeliver_one(store, subscription, "lamp:A/1", now), "it is on its way already"
    outlet.turns()
    assert _ids(receiver) == ["lamp:A/1", "lamp:A/1", "lamp:A/2", "lamp:B/1"]
    assert outlet.found(subscription).held == 0


def test_what_is_still_to_be_sent_is_not_sent_twice(outlet: Outlet, receiver: Receiver) -> None:
    subscription = outlet.subscribe(receiver)
    outlet.decide("A")
    assert not redeliver_one(outlet.world.store, subscription, "lamp:A/1", outlet.world.clock.now())
    outlet.turns()
    assert _ids(receiver) == ["lamp:A/1"]


def test_everything_since_an_instant(outlet: Outlet, receiver: Receiver) -> None:
    subscription = outlet.subscribe(receiver)
    outlet.decide("A", "B")
    outlet.later(hours=1)
    since = outlet.world.clock.now()
    outlet.decide("A", "C")
    outlet.turns()
    redeliver_since(outlet.world.store, subscription, since, outlet.world.clock.now())
    outlet.turns()
    assert _ids(receiver) == ["lamp:A/1", "lamp:A/2", "lamp:A/2", "lamp:B/1", "lamp:C/1", "lamp:C/1"]
    redeliver_since(outlet.world.store, subscription, since - timedelta(days=400), outlet.world.clock.now())
    outlet.turns()
    assert _ids(receiver).count("lamp:B/1") == 2
    redeliver_since(outlet.world.store, subscription, since + timedelta(days=1), outlet.world.clock.now())
    outlet.turns()
    assert _ids(receiver).count("lamp:C/1") == 3


def test_what_is_not_there_and_what_is_not_theirs(outlet: Outlet, receiver: Receiver) -> None:
    subscription = outlet.subscribe(receiver, triggers=["fail"])
    outlet.decide("A")
    outlet.turns()
    store, now = outlet.world.store, outlet.world.clock.now()
    with pytest.raises(InvalidQuery):
        redeliver_one(store, subscription, "lamp:A/1", now)
    for change in ("lamp:A/2", "lamp:Z/1", "lamp:A", "nonsense", "lamp:A/x"):
        with pytest.raises(NotFound):
            redeliver_one(store, subscription, change, now)
    with pytest.raises(NotFound):
        redeliver_one(store, "sub_unknown", "lamp:A/1", now)
    with pytest.raises(NotFound):
        redeliver_since(store, "sub_unknown", now, now)
