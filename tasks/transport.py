"""Messages that bring something SQL does not hold yet stay on the queue until it does."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from functools import wraps
from typing import ParamSpec, TypeVar

from celery.exceptions import Reject
from sqlalchemy.exc import OperationalError

from state_machines.errors import Problem
from workflow.errors import MakegoodError

P = ParamSpec("P")
R = TypeVar("R")

_PAUSE = 1.0


class EventsRefused(MakegoodError):
    """Events that cannot be accepted; names fields and rules but no values: monitoring shows it."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("; ".join(f"{problem.field} [{problem.rule}]" for problem in problems))


def kept_until_stored(task: Callable[P, R]) -> Callable[P, R]:
    """Put the message back on its queue, after a pause, while the database cannot be reached."""

    @wraps(task)
    def keeping(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return task(*args, **kwargs)
        except OperationalError as error:
            threading.Event().wait(_PAUSE)
            raise Reject(type(error).__name__, requeue=True) from error

    return keeping
