"""Service alerts are written as many together as are asked for, and none that no decision asked for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from importlib import import_module

import pytest
from sqlalchemy import delete, func, select

from tasks.pool.process import Process
from tests.tasks.mailbox import Mailbox
from tests.workflow import test_archive
from tests.workflow.test_archive import documented, opened
from tests.workflow.world import World
from workflow.engine.runtime import Runtime
from workflow.outbox import effects as outbox
from workflow.store.port import EffectRow
from workflow.store.schema import alerts, moves, subjects

world = test_archive.world
"""With cases that are documented."""
Write = Callable[[Sequence[int], str], dict[str, int]]


@pytest.fixture
def write(runtime: Runtime, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch) -> Write:
    """The task, as a worker carries it out."""
    monkeypatch.setenv("MAKEGOOD_BROKER_URL", "memory://")
    module = import_module("tasks.documents")
    process = Process(runtime, mailbox.broker, {})
    monkeypatch.setattr(module, "here", lambda app: process)
    run: Write = module.write.run
    return run


def claimed(world: World, *cases: str) -> list[EffectRow]:
    """What documenting these cases asks for, as the relay has claimed it."""
    asked = [documented(world, case) for case in cases]
    found = outbox.claim(world.store, world.clock.now(), timedelta(seconds=60), 100)
    return [one for key in asked for one in found if one.key == key]


def written(world: World) -> int:
    with world.store.connect() as connection:
        return connection.scalar(select(func.count()).select_from(alerts)) or 0


def test_a_document_is_written_only_where_a_decision_asked_for_it(world: World, write: Write) -> None:
    case = opened(world)
    (asked,) = claimed(world, case)
    others = [one.id for one in world.effects() if one.key != asked.key]
    assert others, "notices, which are no documents"
    for ids, token in ((others, asked.token), ([asked.id], "forged"), ([asked.id + 999], asked.token)):
        assert write(ids, token) == {"documents": 0}
    with pytest.raises(ValueError, match="ids: a list"):
        write(["a"], asked.token)  # type: ignore[list-item]
    assert written(world) == 0
    assert write([asked.id], asked.token) == {"documents": 1}
    assert write([asked.id], asked.token) == {"documents": 0}
    assert written(world) == 1, "once for each decision"


def test_of_several_one_that_cannot_be_written_holds_up_none(world: World, write: Write) -> None:
    first, second, third = (opened(world, number) for number in (1, 2, 3))
    effects = claimed(world, first, second, third)
    damaged = select(subjects.c.id).where(subjects.c.key == second).scalar_subquery()
    seq = int(effects[1].key.split("/")[1])
    with world.store.begin() as transaction:
        transaction.connection.execute(delete(moves).where(moves.c.subject_id == damaged, moves.c.seq == seq))
    assert write([one.id for one in effects], effects[0].token) == {"documents": 3}
    by_key = {one.key: one for one in world.effects()}
    done, failed, other = (by_key[one.key] for one in effects)
    assert ([one.state for one in (done, failed, other)], written(world)) == (
        ["settled", "dead", "settled"],
        2,
    )
    assert "the ledger has no decision" in failed.error
    assert done.receipt["result"]["alert"] == f"/v1/alerts/{first}/1"
