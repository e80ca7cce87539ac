"""What the lines of expressions call by name."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from state_machines.expressions.bounded.branches import decided
from state_machines.expressions.bounded.comparisons import (
    ORDERED,
    compared,
    contains,
    ends_with,
    equal,
    is_in,
    opposite,
    starts_with,
)
from state_machines.expressions.bounded.kinds import (
    NOTHING_THERE,
    Optional,
    key_of,
    no_overload,
    put,
    type_of,
    weigh,
    weigh_top,
)
from state_machines.expressions.bounded.loops import walked
from state_machines.expressions.bounded.operators import (
    added,
    at_index,
    divided,
    multiplied,
    negated,
    remainder,
    size_of,
    subtracted,
)
from state_machines.expressions.bounded.optional_values import (
    ABSENT,
    as_optional,
    end_of,
    has,
    of_non_zero,
    select,
    step,
    value_of,
)
from state_machines.expressions.bounded.regular_expressions import matches
from state_machines.expressions.bounded.run import Failed, fail, out_of_bytes, out_of_steps
from state_machines.values.json_values import to_json


def as_json(value: Any) -> Any:
    """The value as JSON (see `to_json`), or `ABSENT`. Raises NotJson."""
    return value if value is ABSENT else to_json(value)


CALLABLES: Mapping[str, Any] = {
    **{
        one.__name__: one
        for one in (
            Failed, Optional, added, as_json, as_optional, at_index, compared, contains, datetime, decided,
            divided, end_of, ends_with, equal, fail, has, is_in, key_of, matches, multiplied, negated,
            no_overload, of_non_zero, opposite, out_of_bytes, out_of_steps, put, remainder, select, size_of,
            starts_with, step, subtracted, timedelta, type_of, value_of, walked, weigh, weigh_top,
        )
    },
    "ABSENT": ABSENT,
    "NOTHING_THERE": NOTHING_THERE,
    "ORDERED": ORDERED,
    "SMALL": 1 << 62,
}  # fmt: skip
"""By name; with the few values that are named, too."""
