"""What a worker does for Celery's remote control: it answers questions, and nothing else.

Whoever writes to the broker could else end it, change its pool, its queues and its limits, or have tasks of
whoever waits revoked.
"""

from __future__ import annotations

from collections.abc import Callable, MutableMapping
from typing import Any

import structlog
from celery import bootsteps
from celery.worker.control import Panel

from workflow.broker.task_names import WAKE_SCHEDULERS

QUESTIONS = frozenset(
    ("ping", "clock", "stats", "conf", "registered", "active_queues", "active", "reserved", "scheduled",
     "revoked", "query_task", "dump_conf", "dump_tasks", "dump_active", "dump_reserved", "dump_schedule",
     "dump_revoked")
)  # fmt: skip
"""They change nothing; Flower's pages ask them, and `makegood up`."""
HARMLESS = frozenset(("enable_events", "heartbeat"))
"""Flower asks every worker for these; task events are on anyway."""
HELLO = "hello"
"""Other people's workers say it when they start. Celery's own takes ids of revoked tasks from anybody."""
PERMITTED = QUESTIONS | HARMLESS | {WAKE_SCHEDULERS}

log = structlog.get_logger(__name__)

Command = Callable[..., Any]


class RemoteControlStep(bootsteps.Step):
    """Restricts the commands before the worker listens to any."""

    requires = ("celery.worker.components:Pool",)

    def __init__(self, worker: Any, **options: Any) -> None:
        super().__init__(worker, **options)
        restrict(Panel.data)


def restrict(commands: MutableMapping[str, Command]) -> None:
    """Have every command refused, by its name, that is not permitted."""
    for name in commands.keys() - PERMITTED:
        commands[name] = _refusing(name)
    commands[HELLO] = hello


def hello(state: Any, from_node: Any = None, **_: Any) -> dict[str, Any] | None:
    """Another worker starts and asks for our clock; what it says of revoked tasks is passed over."""
    return None if from_node == state.hostname else {"revoked": {}, "clock": state.app.clock.forward()}


def _refusing(name: str) -> Command:
    def refuse(state: Any, **arguments: Any) -> dict[str, str]:
        log.warning("remote control is refused", command=name)
        return {"error": f"{name}: workers of makegood answer questions alone"}

    return refuse
