"""The draft of a recording: acts as steps at their instants, of which nobody knows yet what follows."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Any

from workflow.scenarios.recorded.acts import Act
from workflow.scenarios.recorded.scenario_values import WrittenValues

_KEYS = (
    "channel",
    "send",
    "to",
    "parent",
    "source",
    "as",
    "desk",
    "task",
    "of",
    "link",
    "choice",
    "status",
    "answer",
)
"""Fields of a step that hold no value to be written otherwise."""
_VALUES = ("data", "answers", "succeeds", "fails", "code")


class Precision(Enum):
    """How exactly instants are told. Whole minutes read best; but they may change what comes first."""

    MINUTES = timedelta(minutes=1)
    SECONDS = timedelta(seconds=1)
    EXACT = timedelta(microseconds=1)

    def cut(self, instant: datetime) -> datetime:
        """The instant, without what is finer."""
        midnight = instant.replace(hour=0, minute=0, second=0, microsecond=0)
        return instant - (instant - midnight) % self.value


@dataclass(frozen=True, slots=True)
class DraftStep:
    """One step: its instant (UTC), and its fields, as docs/testing.md has them, but for `at` and `then`."""

    at: datetime
    fields: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Draft:
    """A scenario without expectations.

    Attributes:
        begins, until: from when to when it is played, UTC.
        aside: lifecycles of which only states are told.
        values: how its values are written, and its people.
        known: events of what is known already.
    """

    begins: datetime
    until: datetime
    values: WrittenValues
    known: Sequence[Mapping[str, Any]]
    steps: Sequence[DraftStep]
    aside: Collection[str] = ()


def draft_of(
    known: Sequence[Act], acts: Sequence[Act], until: datetime, values: WrittenValues, precision: Precision
) -> Draft:
    """The draft in which these acts happen, each at its instant; the first is the beginning."""
    steps = [DraftStep(precision.cut(act.at), written_act(act, values, precision)) for act in acts]
    begins = steps[0].at
    return Draft(begins, until, values, [written_act(act, values) for act in known], steps)


def written_act(act: Act, values: WrittenValues, precision: Precision | None = None) -> dict[str, Any]:
    """The fields of its step as they stand in the YAML; without a precision, no instant is said."""
    fields: dict[str, Any] = {name: act.fields[name] for name in _KEYS if name in act.fields}
    for name in ("press", "report"):
        if name in act.fields:
            notice = act.fields[name]
            fields = {name: notice | {"to": values.who(notice["to"])}} | fields
    if precision is not None and "time" in act.fields:
        time = precision.cut(act.fields["time"])
        if time != precision.cut(act.at):
            fields["time"] = values.times.text(time)
    data = dict(act.fields.get("data", {}))
    by = act.fields.get("by")
    if isinstance(by, str):
        fields["by"] = values.who(by)
    elif by is not None:  # the desk knows by which address somebody is reached, a scenario's `by` names one
        data = {"by": by} | data
    for name, value in {**act.fields, "data": data}.items():
        if (name in _VALUES and value not in ({}, None)) or name == "succeeds":
            fields[name] = values.fields(value) if isinstance(value, Mapping) else values.written(value)
    return fields
