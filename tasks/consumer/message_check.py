"""What is wrong with a message, before anything of it is used.

Celery looks for a task's name and hands over what it finds there. A body of another form ends the worker, and
the next one, too, since the message is given back then.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

from workflow.broker.dead_messages import INVALID, UNKNOWN_TASK, UNREADABLE
from workflow.broker.task_names import ACCEPT
from workflow.engine.json_text import JsonTextError, decode

_DAY = 86_400
_PARTS = 3
"""Of a body: arguments by place, by name, and what is to follow the task."""


class MessageCheck:
    """Looks at the messages of one worker."""

    def __init__(self, tasks: Mapping[str, Any]) -> None:
        """`tasks` are Celery's, by name."""
        self._tasks = tasks
        self._signatures: dict[str, inspect.Signature] = {}

    def problem(self, message: Any) -> str | None:
        """Look at one of kombu's; the word for what is wrong ; None if it can be carried out."""
        try:
            said = message.payload
        except Exception:  # whatever a decoder raises
            return UNREADABLE
        headers = message.headers
        if not isinstance(headers, dict):
            return UNREADABLE
        second = "task" in headers  # Celery's second protocol; in its first the body says all
        head = headers if second else said
        if not isinstance(head, Mapping) or not _is_head(head):
            return UNREADABLE
        arguments = _arguments(said, second)
        if arguments is None:
            return UNREADABLE
        if head["task"] not in self._tasks:
            return UNKNOWN_TASK
        if head["task"] == ACCEPT and _has_doubled_member(message.body):
            return UNREADABLE
        return None if self._takes(head["task"], *arguments) else INVALID

    def _takes(self, name: str, args: list[Any], kwargs: dict[str, Any]) -> bool:
        signature = self._signatures.get(name)
        if signature is None:
            signature = self._signatures[name] = inspect.signature(self._tasks[name].run)
        try:
            signature.bind(*args, **kwargs)
        except TypeError:
            return False
        return True


def _has_doubled_member(body: Any) -> bool:
    """Whether events name something twice: Celery's JSON keeps the last, and what was sent is not known.

    Whatever else is wrong with them they are refused for when they are accepted, by field and rule.
    """
    try:
        decode(body.encode("utf-8", "surrogatepass") if isinstance(body, str) else bytes(body))
    except JsonTextError as error:
        return error.rule == "doubled-member"
    return False


def _is_head(head: Mapping[str, Any]) -> bool:
    """Whether it names a task and an id, and says nothing in another form than Celery's."""
    limits = head.get("timelimit")
    return (
        isinstance(head.get("task"), str)
        and isinstance(head.get("id"), str)
        and (limits is None or _are_limits(limits))
        and all(isinstance(head.get(name), str | None) for name in ("eta", "expires", "shadow", "root_id"))
        and isinstance(head.get("retries"), int | None)
    )


def _are_limits(limits: Any) -> bool:
    """Whether these are the soft and the hard limit of a task's seconds, or none."""
    if not isinstance(limits, list | tuple) or len(limits) != 2:
        return False
    return all(one is None or (isinstance(one, int | float) and 0 < one <= _DAY) for one in limits)


def _arguments(said: Any, second: bool) -> tuple[list[Any], dict[str, Any]] | None:
    """Arguments by place and by name, out of a body of either protocol; None where there are none."""
    if isinstance(said, Mapping) and ("args" in said or not second):
        args, kwargs, after = said.get("args", []), said.get("kwargs", {}), {}
    elif isinstance(said, list | tuple) and len(said) == _PARTS:
        args, kwargs, after = said
    else:
        return None
    if isinstance(args, list | tuple) and isinstance(kwargs, dict) and isinstance(after, dict | None):
        return list(args), kwargs
    return None
