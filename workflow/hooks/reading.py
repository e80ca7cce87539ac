"""From the bytes of a message to the value that expressions see as ``body``; strictly, and within bounds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal
from urllib.parse import parse_qsl

from state_machines.errors import Problem
from workflow.engine import json_text
from workflow.engine.cloudevent import too_deep
from workflow.engine.exact_json import inside
from workflow.engine.json_text import JsonTextError
from workflow.hooks.mail import mail_value
from workflow.hooks.message import Message

MOST_FIELDS = 500
"""Of a form."""
MOST_LEVELS = 64
"""How deep a body may nest."""

BodyKind = Literal["json", "form", "mail"]


class Unreadable(Exception):
    """A body is not what its route says it is; `problem` says why."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(str(problem))
        self.problem = problem


def read_message(kind: BodyKind, message: Message) -> Any:
    """The value of a message's body. Raises Unreadable."""
    return _READERS[kind](message.body)


def _json(body: bytes) -> Any:
    try:
        value = json_text.decode(body)
    except JsonTextError as error:
        field = inside("body", error.field) if error.field else "body"
        raise Unreadable(Problem(field, error.rule, error.message)) from None
    if too_deep(value, MOST_LEVELS):
        raise Unreadable(Problem("body", "depth", f"nests deeper than {MOST_LEVELS} levels"))
    return value


def _form(body: bytes) -> Mapping[str, str]:
    """Its fields by name; of one that stands there twice the first."""
    try:
        pairs = parse_qsl(body.decode(), keep_blank_values=True, errors="strict", max_num_fields=MOST_FIELDS)
    except ValueError as error:
        raise Unreadable(Problem("body", "form", f"is no form: {error}")) from None
    return dict(reversed(pairs))


def _mail(body: bytes) -> Mapping[str, Any]:
    """Read whatever is wrong with it: what cannot be made out is left out."""
    try:
        return mail_value(body)
    except Exception as error:  # the library stumbles over some mails in ways that it does not name
        said = f"cannot be read as a mail: {type(error).__name__}"
        raise Unreadable(Problem("body", "mail", said)) from None


_READERS: Mapping[BodyKind, Callable[[bytes], Any]] = {"json": _json, "form": _form, "mail": _mail}
