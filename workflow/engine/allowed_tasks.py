"""Which Celery tasks may be asked for by a name that an event brings, as a `job` does.

What the author of a definition writes down is theirs to answer for. A name that comes with an event is
anybody's who may send it, and would run any task of any application on the broker.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any, NamedTuple, Self

from state_machines.definitions.lifecycle import Lifecycle
from state_machines.errors import Problem
from workflow.errors import SettingsError

OURS = "makegood"
"""Our own tasks and queues begin so; no event asks for them."""
DEFAULT_QUEUE = "celery"
"""Where a task goes for which no queue is named: Celery's own default."""
_RULE = "task-not-allowed"


class TaskPattern(NamedTuple):
    """Names of tasks and of queues, with ``*`` for any part of them. `queue` None: any that is not ours."""

    task: str
    queue: str | None = None

    def covers(self, task: str, queue: str | None) -> bool:
        """Whether this task on this queue is meant."""
        if not fnmatchcase(task, self.task):
            return False
        return self.queue is None or fnmatchcase(queue or DEFAULT_QUEUE, self.queue)


class AllowedTasks:
    """The tasks that an installation lets events name; None: any but our own, as in tests and replays."""

    def __init__(self, patterns: Sequence[TaskPattern] | None = None) -> None:
        self._patterns = patterns

    @classmethod
    def of(cls, text: str) -> Self:
        """Those of `MAKEGOOD_JOB_TASKS`: ``billing.*@billing, reports.daily``. Raises SettingsError."""
        patterns = []
        for one in (part.strip() for part in text.split(",")):
            task, at, queue = one.partition("@")
            if one and (not task or (at and not queue) or any(part.isspace() for part in one)):
                raise SettingsError("MAKEGOOD_JOB_TASKS: each must be a task's name, or NAME@QUEUE")
            if one:
                patterns.append(TaskPattern(task, queue or None))
        return cls(patterns)

    def refusal(self, task: str, queue: str | None) -> str | None:
        """Why this task must not be asked for on this queue; None where it may."""
        if _is_ours(task) or (queue is not None and _is_ours(queue)):
            return "makegood's own tasks and queues are not asked for by events"
        if self._patterns is None or any(one.covers(task, queue) for one in self._patterns):
            return None
        return (
            "this installation lets events ask for no such task on that queue: MAKEGOOD_JOB_TASKS names them"
        )

    def problems(self, lifecycle: Lifecycle, trigger: str, data: Mapping[str, Any]) -> list[Problem]:
        """What is wrong with the task that the data of an event name; asked before anything is stored."""
        name, queue = lifecycle.task_fields[trigger]
        task, on = data.get(name), None if queue is None else data.get(queue)
        if not isinstance(task, str) or not task:
            return []
        refusal = self.refusal(task, on if isinstance(on, str) and on else None)
        return [] if refusal is None else [Problem(f"data.{name}", _RULE, refusal)]


def _is_ours(name: str) -> bool:
    return name == OURS or name.startswith(f"{OURS}.")
