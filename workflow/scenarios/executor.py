"""Who carries effects out while a scenario is played: our own tasks, in this process.

The tasks stand on `workflow`; so they are found by name, as Celery finds them.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import Protocol, cast

from workflow.engine.runtime import Runtime
from workflow.outbox.relay import Publisher
from workflow.scenarios.stage import SentNotice

_MODULE = "tasks.in_process"


class Executor(Publisher, Protocol):
    """A publisher that does at once what a broker would carry to a worker."""

    def notices(self) -> Sequence[SentNotice]:
        """All that went out, the oldest first."""

    def behave(self, channel: str, behaviour: str) -> None:
        """From here on a channel ``works``, is ``busy`` or ``busy PT5M``, ``refuses``, says that
        ``nobody`` is there, or leaves unknown (``unknown``) whether a message went out.
        """

    def sweep(self) -> None:
        """What a scheduler does from time to time: lost sends and dead letters go to people."""


def executor_of(runtime: Runtime) -> Executor:
    """Executor that work on this runtime."""
    return cast(Executor, import_module(_MODULE).InProcess(runtime))
