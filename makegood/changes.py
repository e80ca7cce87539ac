"""What the ledger records: a change, which of them are wanted, and where a reader stands."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, TypedDict

from makegood.calls import Call, Values, read

NOW = "now"
"""Instead of a cursor: behind everything that is recorded by now."""
SILENCE = 40.0
"""Seconds after which a stream over which nothing comes is dead: the API says something every 15."""
_PAGE = 500


class StateChange(TypedDict):
    """The states before and after a decision."""

    before: str
    after: str


class ChangeData(TypedDict):
    """What was decided.

    `seq` counts the decisions about the subject from 1, without a gap. `outcome` is moved, stayed or refused
    (for the `reason`). `event` is what was decided, as it was sent; a timer that fired is `timer` instead.
    """

    lifecycle: str
    trigger: str
    seq: int
    outcome: Literal["moved", "stayed", "refused"]
    reason: str | None
    state: StateChange
    version: int
    team: str | None
    event: dict[str, Any] | None
    timer: dict[str, Any] | None


class Change(TypedDict):
    """One decision as a CloudEvent. Its `id`, the subject's key and `seq`, is the same over every way."""

    specversion: str
    id: str
    source: str
    type: str
    subject: str
    time: str
    datacontenttype: str
    data: ChangeData


class ChangePage(TypedDict):
    """Some changes, the cursor behind them (`next`), and whether there is more behind it already."""

    items: list[Change]
    next: str
    more: bool


class ChangeFilter(TypedDict, total=False):
    """Which changes are wanted: one of those named must fit, of everything that is named."""

    lifecycle: str | Sequence[str]
    trigger: str | Sequence[str]
    state: str | Sequence[str]
    team: str | Sequence[str]
    outcome: str | Sequence[str]
    subject: str


def page_of(after: str | None, wanted: ChangeFilter, wait: int | None = None) -> Call[ChangePage]:
    """The changes behind a cursor; an answer that would be empty waits so many seconds for one."""
    return read("/v1/changes", {"after": after, "limit": _PAGE, **_values(wanted)}, wait)


def stream_of(after: str | None, wanted: ChangeFilter) -> Call[Any]:
    """The same changes live."""
    return read("/v1/changes/stream", {"after": after, **_values(wanted)})


def _values(wanted: ChangeFilter) -> Values:
    return wanted  # type: ignore[return-value]
