"""The windows of appointments: what is wrong with them, and which of them still lie ahead.

One place for whoever offers or books them: an appointment refuses by the same rule, and in the same words, as
the case that opens it.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from state_machines.values.instants import parse_instant
from state_machines.values.json_values import to_json
from state_machines.values.time_errors import TimeError

MOST = 50
"""So many windows may be offered at once; a link has no more choices."""


class _Window(NamedTuple):
    """One window: from when to when, and as it is written."""

    begin: datetime
    end: datetime
    said: Mapping[str, Any]


def window_fault(window: Any, now: datetime) -> str:
    """``window_fault(event.data.window, now)``: why nobody can come in this window, in a sentence; or empty.

    It may have begun, as long as it is not over.
    """
    read = _read(to_json(window))
    if read is None:
        return "A window says `from` and `to`, each an instant."
    if read.begin >= read.end:
        return "A window must end after it begins."
    return "The window is over already." if read.end <= now else ""


def windows_fault(windows: Any, now: datetime) -> str:
    """``windows_fault(event.data.windows, now)``: why these cannot be offered, in a sentence; or empty.

    Each of them must lie ahead, so that it can still be picked. In which order they stand is all the same.
    """
    said = to_json(windows)
    if not isinstance(said, Sequence) or isinstance(said, str) or not 1 <= len(said) <= MOST:
        return f"There must be 1 to {MOST} windows."
    for number, one in enumerate(said, 1):
        read = _read(one)
        if read is None or read.begin >= read.end:
            return f"Window {number}: {window_fault(one, now)}"
        if read.begin <= now:
            return f"Window {number} has begun already."
    return ""


def same_window(one: Any, other: Any) -> bool:
    """``same_window(event.data.window, data.window)``: whether both are one window, or both are none.

    The instants count, and not how they are written.
    """
    first, second = (_read(to_json(window)) for window in (one, other))
    return (first and first[:2]) == (second and second[:2])


def windows_ahead(windows: Any, now: datetime) -> list[Any]:
    """``windows_ahead(data.spare, now)``: those that begin later than now, the first one first, each once."""
    said = to_json(windows)
    read = [one for one in map(_read, said or ()) if one is not None and now < one.begin < one.end]
    kept = {(one.begin, one.end): one.said for one in reversed(read)}
    return [kept[span] for span in sorted(kept)]


def _read(said: Any) -> _Window | None:
    if not isinstance(said, Mapping):
        return None
    try:
        return _Window(parse_instant(str(said.get("from"))), parse_instant(str(said.get("to"))), said)
    except TimeError:
        return None
