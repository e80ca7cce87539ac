"""Notices of a broken promise on their way out, over real adapters to servers of the tests."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from pydantic import SecretStr
from sqlalchemy import select

from tasks.channels.port import Channel
from tasks.channels.table import configured
from tasks.scheduler.sweep import sweep
from tasks.sending.sender import NoticeSender
from tests.workflow.world import NOW, World
from workflow.clock import VirtualClock
from workflow.engine.runtime import Runtime
from workflow.outbox import effects as outbox
from workflow.settings import Settings
from workflow.store.schema import subjects

LEASE = timedelta(minutes=2)
ADA = {"name": "Ada", "email": "ada@example.com", "phone": "+442079460000", "zone": "Europe/London"}
WORDS = "We have not kept our word: we promised"


def lapse(
    world: World, name: str, channel: str, customer: Mapping[str, Any] = ADA, owner: str = "o@shop.example"
) -> str:
    """A promise whose deadline passes, so that its customer is to hear of it; the promise's key."""
    due = (world.clock.now() + timedelta(hours=1)).isoformat()
    data = {"words": f"We call back about {name}", "owner": owner, "due_at": due, "warn_before": "PT30M"}
    customer = {**customer, "channels": [channel]}
    world.post("promise.make", f"promise:{name}", data | {"customer": customer, "channel": channel})
    world.advance(timedelta(hours=1))
    return f"promise:{name}"


def only(world: World, about: str = "broken_promise") -> None:
    """Leave nothing in the outbox but notices about this: what else a lapse asks for is another story."""
    others = [effect.id for effect in world.effects() if effect.payload.get("about") != about]
    with world.store.begin() as transaction:
        for one in others:
            transaction.connection.exec_driver_sql(f"delete from outbox where id = {one}")


def carriers(port: int, **settings: Any) -> Mapping[str, Channel]:
    """Email and SMS to the server on this port."""
    given: dict[str, Any] = {
        "channel": "smtp",
        "smtp_port": port,
        "channel_seconds": 5.0,
        "public_url": "https://care.example",
        "twilio_account_sid": "AC1",
        "twilio_auth_token": SecretStr("12345"),
        "twilio_from": "+15005550006",
        "twilio_url": f"http://127.0.0.1:{port}",
    }
    return configured(Settings(**given | settings), VirtualClock(NOW))


def send(world: World, runtime: Runtime, channels: Mapping[str, Channel]) -> int:
    """Claim what is due and hand it over; how many that were."""
    rows = outbox.claim(world.store, world.clock.now(), LEASE, 100)
    if not rows:
        return 0
    return NoticeSender(runtime, channels).run([row.id for row in rows], rows[0].token, 30.0).taken


def look(world: World) -> None:
    """A sweep, and what follows from it."""
    sweep(world.engine, world.clock)
    world.settle()


def notice(world: World, subject: str = "promise:P") -> Any:
    """The row of the notice about the broken promise."""
    (found,) = (
        one
        for one in world.effects()
        if one.payload.get("about") == "broken_promise" and one.key.startswith(f"{subject}/")
    )
    return found


def escalations(world: World, about: str) -> list[Any]:
    """Keys, states and data of the escalations about this."""
    query = (
        select(subjects.c.key, subjects.c.state, subjects.c.data)
        .where(subjects.c.lifecycle == "escalation")
        .order_by(subjects.c.id)
    )
    with world.store.connect() as connection:
        return [row for row in connection.execute(query) if row.data.get("about") == about]
