"""Expressions so simple that reading them off the values needs no CEL, with the same results.

Most of what definitions say is a path (``data.customer.name``), a path with a default
(``data.?channel.orValue('email')``), texts put together (``'Due soon: ' + data.words``), a question whether
something is there (``has(data.x)``), an instant in the data (``timestamp(data.due_at)``), or a constant.
Handing the values to CEL takes some four microseconds and each answer two; reading takes a quarter of one.

A reading gives CEL's answer or none: whatever is out of the ordinary (a name that is missing, a value of
another kind, a number beyond 64 bits) is left to CEL, which also finds the words for what is wrong.
"""

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from state_machines.expressions.environment import FIXED
from state_machines.expressions.view import VALUES, View

Reading = Callable[[View], Any]


class NotPlain(LookupError):
    """Not read off the values: CEL must be asked."""


NOT_PLAIN = (LookupError, TypeError, ValueError)
"""What a reading may raise: besides, a name is missing, what it is sought in has no names, ..."""


_NAME = r"[A-Za-z_][A-Za-z0-9_]*"
_PATH = rf"{_NAME}(?:\.\??{_NAME})*"
_TEXT = r"""'[^'\\\n]*'|"[^"\\\n]*\""""
_LITERAL = rf"""{_TEXT}|-?[0-9]+(?:\.[0-9]+)?|true|false|null|\[\]|\{{\}}"""
_FORM = re.compile(
    rf"(?P<bare>{_PATH})"
    rf"|(?P<optional>{_PATH})\.orValue\((?P<default>{_LITERAL})\)"
    rf"|(?P<absent>!?)has\((?P<asked>{_PATH})\)"
    rf"|timestamp\((?P<instant>{_PATH})\)"
)
_PART = rf"(?:{_TEXT}|{_PATH})"
_SUM = re.compile(rf"{_PART}(?:\s*\+\s*{_PART})+")
_INSTANT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]{3}|\.[0-9]{6})?Z"
)
"""Of the texts that CEL takes for instants those that Python reads in the same way."""
_LEAST, _MOST = -(2**63), 2**63 - 1
_AS_THEY_ARE = frozenset({bool, float, type(None), timedelta})


def plain_reading(text: str) -> Reading | None:
    """How the value of an expression that compiles is read without CEL; None where that cannot be.

    A reading may raise anything that is in `NOT_PLAIN`: then CEL must be asked.
    """
    form = _FORM.fullmatch(text.strip())
    if form is None:
        return _joined(text) if _SUM.fullmatch(text.strip()) else None
    path = _parsed(form["bare"] or form["optional"] or form["asked"] or form["instant"])
    if path is None:
        return None
    if form["optional"]:
        return _with_default(path, form["default"])
    if path.optional:
        return None
    if form["asked"]:
        return _presence(path, not form["absent"]) if path.steps else None
    return _instant(path) if form["instant"] else _value(path)


def checked(value: Any) -> Any:
    """The same value, if CEL would give back just that one.

    Raises:
        NotPlain: CEL cannot hold it.
        UnicodeEncodeError: nor this text, which has half a character in it.
    """
    kind = type(value)
    if kind is str:
        if "\0" in value:  # where CEL's library ends a text
            raise NotPlain
        if not value.isascii():
            value.encode()
    elif kind is int:
        if not _LEAST <= value <= _MOST:
            raise NotPlain
    elif kind is dict:
        for name, part in value.items():
            checked(name)
            checked(part)
    elif kind is list:
        for part in value:
            checked(part)
    elif kind is datetime:
        if value.tzinfo is not UTC:
            raise NotPlain
    elif kind not in _AS_THEY_ARE:
        raise NotPlain
    return value


class _Path(NamedTuple):
    """A variable, and the names that follow it, each with whether it may be absent."""

    variable: Reading
    steps: tuple[tuple[str, bool], ...]

    @property
    def optional(self) -> bool:
        """Whether it may lead nowhere."""
        return bool(self.steps) and self.steps[-1][1]


def _parsed(text: str) -> _Path | None:
    root, *names = text.split(".")
    if root not in VALUES:
        if not names:
            return None
        root = f"{root}.{names.pop(0)}"
    if root not in VALUES or (root in FIXED and names):
        return None
    steps: list[tuple[str, bool]] = []
    for name in names:
        # Once one may be absent, so may whatever follows it.
        steps.append((name.removeprefix("?"), name.startswith("?") or (bool(steps) and steps[-1][1])))
    return _Path(VALUES[root], tuple(steps))


def _value(path: _Path) -> Reading:
    variable, names = path.variable, [name for name, _ in path.steps]
    if not names:
        return variable

    def read(view: View) -> Any:
        value = variable(view)
        for name in names:
            value = value[name]
        return value

    return read


def _with_default(path: _Path, written: str) -> Reading | None:
    variable, steps = path
    if not path.optional:
        return None
    try:
        default = written[1:-1] if written[0] in "'\"" else json.loads(written)
    except ValueError:
        return None

    def read(view: View) -> Any:
        value = variable(view)
        for name, optional in steps:
            if type(value) is not dict:
                raise NotPlain
            if name in value:
                value = value[name]
            elif optional:
                return default
            else:
                raise NotPlain
        return value

    return read


def _presence(path: _Path, wanted: bool) -> Reading:
    *way, last = (name for name, _ in path.steps)
    variable = path.variable

    def read(view: View) -> bool:
        value = variable(view)
        for name in way:
            value = value[name]
        if type(value) is not dict:
            raise NotPlain
        return (last in value) is wanted

    return read


def _instant(path: _Path) -> Reading:
    text_of = _value(path)

    def read(view: View) -> datetime:
        text = text_of(view)
        if _INSTANT.fullmatch(text) is None:
            raise NotPlain
        return datetime.fromisoformat(text)

    return read


def _joined(text: str) -> Reading | None:
    parts: list[Reading] = []
    for part in re.findall(_PART, text):
        if part[0] in "'\"":
            parts.append(_literal(part[1:-1]))
            continue
        path = _parsed(part)
        if path is None or path.optional:
            return None
        parts.append(_value(path))

    def read(view: View) -> str:
        texts = [part(view) for part in parts]
        for one in texts:
            if type(one) is not str:
                raise NotPlain
        return "".join(texts)

    return read


def _literal(value: str) -> Reading:
    return lambda view: value
