"""A rotation as pages have it: who is on duty in the time ahead."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from state_machines.values.instants import parse_instant
from state_machines.values.json_values import to_json
from workflow.errors import NotFound
from workflow.queries.subjects import SubjectRow, opened_subject
from workflow.recovery.rotations.rotation import Rotation, RotationError, parse_rotation
from workflow.recovery.rotations.spans import DutySpan, duty_spans
from workflow.store.port import Store

AHEAD = timedelta(days=30)
"""So far ahead pages look."""


@dataclass(frozen=True, slots=True)
class Duty:
    """One rotation as its page has it.

    Attributes:
        spans: who is on duty in the time ahead; empty where nobody has said so.
        now, next: the first of them, and the one after it.
        gaps: those with nobody.
        overrides: those that have not ended, as the subject has them.
        zone: the rotation's own, where it has one.
    """

    subject: SubjectRow
    rotation: Rotation | None
    spans: list[DutySpan]
    overrides: list[Mapping[str, Any]]
    zone: str | None

    @property
    def id(self) -> str:
        """What ladders call it."""
        return self.subject.key.partition(":")[2]

    @property
    def now(self) -> DutySpan | None:
        """Who is on duty."""
        return self.spans[0] if self.spans else None

    @property
    def next(self) -> DutySpan | None:
        """Who is then."""
        return self.spans[1] if len(self.spans) > 1 else None

    @property
    def gaps(self) -> list[DutySpan]:
        """When nobody is."""
        return [one for one in self.spans if not one.people]


def known(store: Store, id: str) -> SubjectRow | None:
    """The rotation of this id, if there is one."""
    try:
        return opened_subject(store, f"rotation:{id}")
    except NotFound:
        return None


def read_rotation(schedule: Any) -> Rotation | None:
    """What a subject's schedule says; None where nobody has said so, or it cannot be read."""
    try:
        return None if not schedule else parse_rotation(to_json(schedule))
    except RotationError:
        return None


def overrides_ahead(schedule: Any, now: datetime) -> list[Mapping[str, Any]]:
    """Those of a subject's schedule that have not ended."""
    return [one for one in (schedule or {}).get("overrides") or () if parse_instant(one["to"]) > now]


def duty_of(subject: SubjectRow, now: datetime) -> Duty:
    """A rotation as it stands."""
    schedule = subject.data.get("schedule")
    rotation = read_rotation(schedule)
    handover = (schedule or {}).get("handover") or {}
    return Duty(
        subject=subject,
        rotation=rotation,
        spans=duty_spans(rotation, now, now + AHEAD) if rotation else [],
        overrides=overrides_ahead(schedule, now) if rotation else [],
        zone=handover.get("zone"),
    )
