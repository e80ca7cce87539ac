"""Something to subscribe to, on both stores, and a forwarder that is run turn by turn."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from tasks.forwarding.forwarder import Forwarder
from tests.subscriptions.receiving import Receiver
from tests.workflow.world import World
from workflow.queries.changes import ChangeFilter
from workflow.settings import Settings
from workflow.store.schema import subscriptions
from workflow.store.watermark import Watermark
from workflow.subscriptions import book
from workflow.subscriptions.book import Wish
from workflow.subscriptions.subscription import Subscription

LOOPBACK = "127.0.0.0/8"


@dataclass
class Outlet:
    """A world whose changes go out."""

    world: World
    settings: Settings

    @property
    def forwarder(self) -> Forwarder:
        """A new one, as after a restart."""
        return Forwarder(self.world.store, self.world.clock, self.settings)

    def subscribe(self, receiver: Receiver, **wanted: Any) -> str:
        """Have changes sent there from now on; the subscription's id."""
        condition = wanted.pop("condition", None)
        after = wanted.pop("after", None)
        row = Watermark(self.world.store).row() if after is None else after
        wish = Wish(receiver.url, ChangeFilter(**wanted), row, condition)
        made = book.create(self.world.store, wish, "system:tests", self.world.clock.now())
        receiver.secret = made.secret
        return made.subscription.id

    def decide(self, *lamps: str) -> None:
        """Have these lamps pressed, one after the other; each press is a decision."""
        for lamp in lamps:
            self.world.post("lamp.press", f"lamp:{lamp}", {"level": 1})

    def turns(self, most: int = 20) -> None:
        """Have turns taken until nothing is due."""
        forwarder = self.forwarder
        for _ in range(most):
            if asyncio.run(forwarder.run_once()) == 0:
                return

    def later(self, **by: float) -> None:
        """Move the clock, and have turns taken until nothing is due."""
        self.world.clock.move_to(self.world.clock.now() + timedelta(**by))
        self.turns()

    def position(self, subscription: str) -> int:
        """The row of the ledger at which it stands."""
        query = select(subscriptions.c.position).where(subscriptions.c.id == subscription)
        with self.world.store.connect() as connection:
            row: int = connection.execute(query).scalar_one()
        return row

    def found(self, subscription: str) -> Subscription:
        """The subscription as it is now."""
        return book.found(self.world.store, subscription)


@pytest.fixture
def outlet(world: World) -> Outlet:
    """With loopback allowed, where the tests' receivers are."""
    return Outlet(world, Settings(subscription_networks=LOOPBACK, subscription_seconds=20.0))


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """One that takes everything, until a test has it behave otherwise."""
    with Receiver() as opened:
        yield opened


@pytest.fixture
def opened() -> Iterator[Callable[..., Receiver]]:
    """Opens further receivers."""
    held: list[Receiver] = []

    def open_one(**options: Any) -> Receiver:
        held.append(Receiver(**options).__enter__())
        return held[-1]

    yield open_one
    for one in held:
        one.__exit__()
