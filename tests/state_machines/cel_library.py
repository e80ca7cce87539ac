"""What CEL's own library says to an expression: the measure for what is evaluated here."""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Mapping
from functools import cache
from typing import Any

from cel_expr_python import cel

from state_machines.expressions.compiler_messages import first_line
from state_machines.expressions.environment import runtime_environment

_ENOUGH = 1 << 40


@cache
def _keep_none_alive() -> None:
    """Each null that the library (0.1.3) gives costs None a reference that it never had; 3.11 dies of it."""
    if sys.version_info < (3, 12) and sys.implementation.name == "cpython":
        ctypes.c_ssize_t.from_address(id(None)).value += _ENOUGH


def answer(text: str, values: Mapping[str, Any]) -> tuple[str, str]:
    """``gives`` and the value, or ``fails`` and why.

    Args:
        text: an expression that compiles.
        values: of each variable, `item` included.
    """
    _keep_none_alive()
    env = runtime_environment(True)
    try:
        found = env.compile(text).eval(env.Activation(dict(values)))
        plain = found.plain_value()
    except (RuntimeError, TypeError, SystemError) as error:
        return "fails", first_line(error)
    if found.type() == cel.Type.ERROR:
        return "fails", str(plain).partition(": ")[2]
    return ("fails", "a type") if found.type() == cel.Type.TYPE else ("gives", told(plain))


def told(value: Any) -> str:
    """A value told so that 1, 1.0 and true differ, whatever the order of a map."""
    if isinstance(value, dict):
        return "{" + ", ".join(sorted(f"{told(name)}: {told(part)}" for name, part in value.items())) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(told, value)) + "]"
    return repr(bytes(value) if isinstance(value, bytearray) else value)
