"""What `holds` says: expressions over data, subject and now, as in the definition of their lifecycle."""

from __future__ import annotations

from functools import lru_cache

from state_machines.check.document import Document
from state_machines.definitions.lifecycle import Lifecycle
from state_machines.errors import ExpressionError
from state_machines.expressions.expression import Expression, compile_expression, references
from state_machines.expressions.scope import Scope
from workflow.scenarios.knowledge import data_fields, hint

__all__ = ["condition", "fault_of"]

_NOTHING_HERE = ("event", "item")


@lru_cache(maxsize=4096)
def condition(text: str, lifecycle: Lifecycle) -> Expression:
    """The expression, which sees what expressions of the definition see: declared instants, its own names.

    Raises:
        ExpressionError: it does not compile.
    """
    return compile_expression(text, "holds", _scope(lifecycle))


@lru_cache(maxsize=256)
def _scope(lifecycle: Lifecycle) -> Scope:
    return Document(lifecycle.definition).scope


def fault_of(text: str, lifecycle: Lifecycle) -> tuple[str, str] | None:
    """The rule that an expression breaks, and a sentence about it; None if it can be asked of a subject."""
    try:
        found = condition(text, lifecycle)
    except ExpressionError as error:
        return "expression", str(error).removeprefix("holds: ")
    if found.result not in ("BOOL", "DYN"):
        return "not-boolean", f"{text!r} gives {found.result.lower()}, not true or false"
    fields = data_fields(lifecycle)
    for reference in references(text):
        if reference.path[0] in _NOTHING_HERE:
            return "expression", f"there is no {reference.path[0]!r} here, only data, subject and now"
        if reference.path[0] == "data" and len(reference.path) > 1 and fields is not None:
            name = reference.path[1]
            if name not in fields:
                message = f"the data of a {lifecycle.name} have no field {name!r}{hint(name, fields)}"
                return "unknown-data", message
    return None
