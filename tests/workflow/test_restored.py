"""What `makegood restored` makes of a database, on both stores: what is asked, and what goes again."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update

from tests.workflow.world import NOW
from workflow.clock import VirtualClock
from workflow.engine.cloudevent import CloudEvent
from workflow.engine.runtime import Runtime
from workflow.errors import InvalidQuery
from workflow.maintenance.restored import settle_past
from workflow.recovery.contact.channels import registered
from workflow.recovery.lost_sends import hand_over
from workflow.recovery.runtime import open_runtime
from workflow.settings import Settings
from workflow.store.effect_states import EffectState
from workflow.store.schema import outbox, subjects

ORDER = """
edition: 2
lifecycle: order
version: 1
data: {to: {type: object, personal: true}}
triggers:
  place: {data: {to: {type: object, required: true, personal: true}}}
states:
  - {name: placed, timeout: PT1H, on_timeout: arrive}
  - {name: there, timeout: PT1H, on_timeout: done}
  - {name: done, final: true}
transitions:
  - {trigger: place, source: initial, dest: placed, set: {to: =event.data.to}}
  - trigger: arrive
    source: placed
    dest: there
    effects:
      - notice: {to: =data.to, channel: email, about: nudge, title: There, words: It is there}
      - notice: {to: =data.to, channel: webhook, about: nudge, title: There, words: It is there}
      - task: {name: shop.pay, queue: shop, repeat: ask}
      - task: {name: shop.label, queue: shop}
  - trigger: done
    source: there
    dest: done
    effects:
      - notice: {to: =data.to, channel: email, about: nudge, title: Done, words: It is done}
"""
REPEATABLE = [one.name for one in registered().values() if one.repeatable or not one.outside]
TO = {"email": "ada@example.org", "url": "https://hooks.example/"}


@pytest.fixture
def runtime(database_url: str, tmp_path: Path) -> Iterator[Runtime]:
    """As the backup has it: an order whose parcel will be there in an hour; now it is a day later."""
    lifecycles = tmp_path / "lifecycles"
    lifecycles.mkdir()
    (lifecycles / "order.yaml").write_text(ORDER)
    settings = Settings(database_url=database_url, data_dir=tmp_path, lifecycles=lifecycles)
    opened = open_runtime(settings)
    clock = VirtualClock(NOW)
    opened.engine.clock = opened.engine.acceptor._clock = clock
    opened.engine.accept([CloudEvent("1", "/shop", "order.place", "order:1", NOW, {"to": TO})])
    while opened.engine.apply().decided:
        pass
    clock.advance(timedelta(days=1))
    yield Runtime(settings, opened.store, opened.registry, clock, opened.engine, opened.retries)
    opened.close()


def states(runtime: Runtime) -> dict[str, str]:
    """State of each effect by where it goes."""
    with runtime.store.connect() as connection:
        return {
            target: state for target, state in connection.execute(select(outbox.c.target, outbox.c.state))
        }


def state(runtime: Runtime) -> str:
    """Of the order."""
    with runtime.store.connect() as connection:
        return str(connection.scalar(select(subjects.c.state).where(subjects.c.key == "order:1")))


def test_what_may_have_gone_out_is_asked_and_what_knows_a_repetition_goes_again(runtime: Runtime) -> None:
    done = settle_past(runtime, NOW + timedelta(minutes=90), REPEATABLE)
    assert (done.decided, done.asked, done.again) == (1, 2, 2)
    assert state(runtime) == "there"
    assert states(runtime) == {
        "email": "unknown", "shop.pay": "unknown", "webhook": "pending", "shop.label": "pending",
    }  # fmt: skip
    again = settle_past(runtime, NOW + timedelta(minutes=90), REPEATABLE)
    assert (again.decided, again.asked, again.again) == (0, 0, 2)
    assert hand_over(runtime.engine, runtime.clock.now()) == 2, "each goes to a person"


def test_what_was_due_while_everything_was_down_is_told_as_ever(runtime: Runtime) -> None:
    settle_past(runtime, NOW + timedelta(minutes=90), REPEATABLE)
    runtime.engine.fire()
    assert state(runtime) == "done"
    with runtime.store.connect() as connection:
        found = connection.execute(select(outbox.c.payload, outbox.c.state))
        assert [state for said, state in found if said.get("title") == "Done"] == ["pending"]


def test_what_waits_for_later_has_not_gone_out(runtime: Runtime) -> None:
    stopped_at = NOW + timedelta(minutes=30)
    runtime.engine.fire()
    with runtime.store.begin() as transaction:
        later = stopped_at + timedelta(hours=8)
        transaction.connection.execute(update(outbox).values(due_at=later).where(outbox.c.target == "email"))
        on_its_way = {"state": EffectState.SENDING, "due_at": later}
        transaction.connection.execute(update(outbox).values(on_its_way).where(outbox.c.target == "shop.pay"))
    settle_past(runtime, stopped_at, REPEATABLE)
    found = states(runtime)
    assert (found["email"], found["shop.pay"]) == ("pending", "unknown")


def test_an_instant_to_come_is_refused_and_nothing_is_done(runtime: Runtime) -> None:
    with pytest.raises(InvalidQuery, match="stopped-at"):
        settle_past(runtime, runtime.clock.now() + timedelta(seconds=1), REPEATABLE)
    assert state(runtime) == "placed"
