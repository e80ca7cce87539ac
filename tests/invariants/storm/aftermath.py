"""After the storm: what waited is done, all can be read, and the ledger alone gives what is stored."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from random import Random

from sqlalchemy import func, select

from tests.invariants.retelling import check
from tests.invariants.storm.colleagues import leads_on
from tests.invariants.storm.verdicts import Judge
from tests.invariants.storm.world import StormyWorld
from workflow.recovery.contact.channels import registered
from workflow.store.schema import inbox, outbox, timers

_ROUNDS = 60
"""Acts of colleagues, with an hour between each two, after which every case has come to its end."""
_LED = 4
"""Cases of one run that are led to their end; it is half of the work of all of them."""
_PAGES = ("/v1/desk/line", "/v1/barometer", "/v1/dead-letters", "/v1/refusals", "/v1/effects?state=dead")


def after_it(world: StormyWorld, judge: Judge) -> None:
    """Add what is found at the end to what the judge has found."""
    for channel in registered().values():
        if channel.outside:
            world.channel(channel.name, "works")
    world.worker(True)
    judge.found += _left_undone(world)
    judge.found += _unreadable(world)
    judge.found += _untold(world)
    judge.found += _without_end(world, judge)


def _left_undone(world: StormyWorld) -> Iterator[str]:
    """Nothing is due that has not been done."""
    due = {
        "events": select(func.count()).select_from(inbox).where(inbox.c.dead_at.is_(None)),
        "timers": select(func.count()).select_from(timers).where(timers.c.due_at <= world.now),
        "effects": select(func.count()).select_from(outbox).where(outbox.c.due_at <= world.now),
    }
    with world.installation.store.connect() as connection:
        for kind, query in due.items():
            if left := connection.execute(query).scalar_one():
                yield f"left undone: {left} {kind} at {world.now}"


def _unreadable(world: StormyWorld) -> Iterator[str]:
    """Every page that a person may open can be read."""
    keys = list(world.subjects)
    cases = [key for key in keys if key.startswith("case:")]
    for path in (*_PAGES, *(f"/v1/cases/{key.partition(':')[2]}/packet" for key in cases)):
        answer = world.read(path)
        if answer.status != 200:
            yield f"unreadable: {path} is answered {answer.status}: {answer.body}"
    for key in Random(len(keys)).sample(keys, min(len(keys), 12)):
        world.installation.explained(key)


def _untold(world: StormyWorld) -> Iterator[str]:
    """The ledger, decided again, gives the stored states, timers and effects."""
    try:
        check(world.installation.store, world.installation.registry)
    except AssertionError as error:
        yield f"ledger: {str(error)[:1500]}"


def _without_end(world: StormyWorld, judge: Judge) -> Iterator[str]:
    """Colleagues do nothing but their work, and every case that they lead comes to its end."""
    world.tally["closed in the storm"] += any(
        one.closed for one in world.subjects.values() if one.lifecycle == "case"
    )
    dice = Random(len(world.subjects))
    left = [key for key, one in world.subjects.items() if one.lifecycle == "case" and not one.closed]
    led = dice.sample(left, min(len(left), _LED))
    for _ in range(_ROUNDS):
        if judge.found or not leads_on(world, led, dice):
            return
        world.passes(timedelta(hours=1))
    for case in (world.subjects[key] for key in led):
        waits = (*case.data.get("promises", ()), *case.data.get("pending", ()))
        if not case.closed:
            yield f"no end: {case.key} is {case.state} and waits for {waits}"
