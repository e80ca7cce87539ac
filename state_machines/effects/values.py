"""Values of arguments that must be of one kind."""

from collections.abc import Mapping
from typing import Any

from state_machines.errors import DecisionError
from state_machines.values.json_values import kind


def text_of(value: Any, field: str, part: str) -> str:
    """The value, which must be a text. Raises DecisionError."""
    if not isinstance(value, str):
        raise DecisionError(f"{field}.{part}", "not-a-text", f"must be a text, not {kind(value)}")
    return value


def object_of(value: Any, field: str, part: str) -> Mapping[str, Any]:
    """The value, which must be an object. Raises DecisionError."""
    if not isinstance(value, dict):
        raise DecisionError(f"{field}.{part}", "not-an-object", f"must be an object, not {kind(value)}")
    return value


def is_nobody(value: Any) -> bool:
    """Whether this names no receiver at all."""
    return not value and (value is None or value in ("", {}, []))
