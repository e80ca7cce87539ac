"""The JSON value of a body, or the refusal of what `workflow.engine.json_text` does not read."""

from __future__ import annotations

from typing import Any

from workflow.api.http.problems import Kind, Refusal
from workflow.engine import json_text
from workflow.engine.exact_json import inside
from workflow.engine.json_text import JsonTextError

_UNFIT = frozenset({"depth", "integer-range"})
"""Rules that a text may break and be JSON all the same."""


def decode(body: bytes, name: str = "body") -> Any:
    """The JSON value that the body stands for. Raises Refusal naming the field and the rule that it breaks.

    Args:
        name: what fields of the value are called after, with a dot between; empty: by their own paths.
    """
    try:
        return json_text.decode(body)
    except JsonTextError as error:
        kind = Kind.INVALID if error.rule in _UNFIT else Kind.MALFORMED
        raise Refusal.of(kind, _field(name, error.field), error.rule, error.message) from None


def _field(name: str, path: str) -> str:
    if not path:
        return "body"
    return f"{name}{path}" if path.startswith("[") else inside(name, path)
