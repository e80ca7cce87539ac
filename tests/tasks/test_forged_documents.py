"""Whoever writes to the broker has no service alert written that no decision asked for."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import pytest
from sqlalchemy import func, select

from tasks.pool.process import Process
from tests.tasks.mailbox import Mailbox
from tests.workflow import test_archive
from tests.workflow.test_archive import documented, opened
from tests.workflow.world import World
from workflow.engine.runtime import Runtime
from workflow.errors import NotFound
from workflow.store.schema import alerts

world = test_archive.world
"""With cases that are documented."""


def test_a_document_is_written_only_where_a_decision_asked_for_it(
    world: World, runtime: Runtime, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MAKEGOOD_BROKER_URL", "memory://")
    module = import_module("tasks.documents")
    process = Process(runtime, mailbox.broker, {})
    monkeypatch.setattr(module, "here", lambda app: process)
    write, case = module.write, opened(world)
    asked = documented(world, case)

    def written(headers: dict[str, Any] | None) -> int:
        write.push_request(headers=headers)
        try:
            write.run(case=case)
        finally:
            write.pop_request()
        with world.store.connect() as connection:
            return connection.scalar(select(func.count()).select_from(alerts)) or 0

    others = [one.key for one in world.effects() if one.key != asked]
    for forged in (None, *others, f"{case}/1/0", f"{case}/9/0", "case:none/1/0", "", 7, ["a"]):
        with pytest.raises(NotFound, match="no decision has asked"):
            written({"makegood-effect": forged})
    with pytest.raises(NotFound, match="no decision has asked"):
        written(None)
    assert written({"makegood-effect": asked}) == 1
    assert written({"makegood-effect": asked}) == 1, "once for each decision"
