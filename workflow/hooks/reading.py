"""From the bytes of a message to the value that expressions see as ``body``; strictly, and within bounds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal

from state_machines.errors import Problem
from workflow.engine import form_text, json_text
from workflow.engine.cloudevent import too_deep
from workflow.engine.exact_json import inside
from workflow.engine.form_text import FormTextError
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
    return _READERS[kind](message)


def form_fields(message: Message) -> list[tuple[str, str]]:
    """Name and value of each field of a form, in order. Raises Unreadable."""
    said = message.headers.get("content-type", "").partition(";")[0].strip().lower()
    if said.startswith("multipart/"):
        wrong = Problem("content-type", "form", f"must be {form_text.MEDIA_TYPE}, not {said!r}")
        raise Unreadable(wrong)
    try:
        return form_text.decode(message.body, MOST_FIELDS)
    except FormTextError as error:
        field = inside("body", error.field) if error.field else "body"
        raise Unreadable(Problem(field, error.rule, error.message)) from None


def _json(message: Message) -> Any:
    try:
        value = json_text.decode(message.body)
    except JsonTextError as error:
        field = inside("body", error.field) if error.field else "body"
        raise Unreadable(Problem(field, error.rule, error.message)) from None
    if too_deep(value, MOST_LEVELS):
        raise Unreadable(Problem("body", "depth", f"nests deeper than {MOST_LEVELS} levels"))
    return value


def _form(message: Message) -> Mapping[str, str]:
    """Its fields by name; of one that stands there twice the first."""
    return dict(reversed(form_fields(message)))


def _mail(message: Message) -> Mapping[str, Any]:
    """Read whatever is wrong with it: what cannot be made out is left out."""
    try:
        return mail_value(message.body)
    except Exception as error:  # the library stumbles over some mails in ways that it does not name
        said = f"cannot be read as a mail: {type(error).__name__}"
        raise Unreadable(Problem("body", "mail", said)) from None


_READERS: Mapping[BodyKind, Callable[[Message], Any]] = {"json": _json, "form": _form, "mail": _mail}
