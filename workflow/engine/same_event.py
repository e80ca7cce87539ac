"""Whether two events with one `source` and `id` are one event, sent twice.

Those who send again send the same. Whoever takes an order's number for an id sends something else under it,
and must hear of that: called a duplicate, the second event would be gone. What makegood says itself is named
by its cause, such as an effect's key, and there the first counts. The ledger is asked, where nothing is ever
deleted: whoever takes events out of it must leave their ids there, and of each a digest of its content.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import orjson

from state_machines.errors import Problem
from state_machines.values.instants import format_instant
from state_machines.values.json_values import identity
from workflow.store.port import KnownEvent, NewEvent


class _Content(NamedTuple):
    """What is compared, in the order in which it is named."""

    type: str
    subject: str
    parent: str | None
    effect: str | None
    expected_revision: int | None
    data: Mapping[str, Any]


def difference(event: NewEvent, first: NewEvent | KnownEvent) -> Problem | None:
    """What is wrong with sending `event` under the id of `first`; None when both say the same.

    Data are compared as JSON: the order of fields is nothing, 1 and 1.0 are one number, and true is none.
    The time is not compared: libraries of CloudEvents write the present one into each event that they build,
    so that whoever builds the same event anew, after a crash, names another. The first counts.
    """
    both = zip(_Content._fields, _content(event), _content(first), strict=True)
    differing = [name for name, one, another in both if not _same(one, another)]
    if not differing:
        return None
    when = f" at {format_instant(first.received_at)}" if isinstance(first, KnownEvent) else " just now"
    return Problem(
        "id",
        "other-content",
        f"the id {event.event_id!r} of source {event.source!r} is that of another event, {first.type} of "
        f"{first.subject}, accepted{when}, which differs in {' and '.join(differing)}; give each its own id",
    )


def _content(event: NewEvent | KnownEvent) -> _Content:
    return _Content(
        *(event.type, event.subject, event.parent, event.effect, event.expected_revision, event.data)
    )


def _same(one: Any, other: Any) -> bool:
    if not isinstance(one, Mapping):
        return bool(one == other)
    return _sorted(one) == _sorted(other) or identity(dict(one)) == identity(dict(other))


def _sorted(data: Mapping[str, Any]) -> bytes:
    return orjson.dumps(data, option=orjson.OPT_SORT_KEYS)
