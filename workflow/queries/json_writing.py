"""JSON texts of what queries find: orjson for speed, instants as RFC 3339 in UTC."""

from __future__ import annotations

import json
from dataclasses import asdict, is_dataclass
from datetime import datetime
from typing import Any

import orjson

from state_machines.values.instants import format_instant


def json_bytes(content: Any) -> bytes:
    """A JSON text of dataclasses, aware datetimes and plain values.

    A number that orjson cannot hold (an integer over 64 bits) goes the slow way.
    """
    try:
        return orjson.dumps(content, option=orjson.OPT_UTC_Z)
    except TypeError:
        return json.dumps(content, ensure_ascii=False, default=_plain).encode()


def _plain(value: Any) -> Any:
    """What a value that `json` does not know stands for."""
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    if isinstance(value, datetime):
        return format_instant(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")
