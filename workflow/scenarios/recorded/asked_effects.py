"""Notices and tasks that subjects asked for, as the outbox keeps them: what an act was an answer to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, select

from workflow.recovery.contact.addresses import address
from workflow.scenarios.recorded.cast import Recorded
from workflow.store import schema
from workflow.store.effect_states import EffectState
from workflow.store.keys import key_is

_EFFECT, _SUBJECT = schema.outbox.c, schema.subjects.c
_OURS = "makegood."
"""How the names of our own tasks begin; nobody else's do."""
_AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class AskedEffect:
    """One effect.

    Attributes:
        key: its idempotency key.
        subject: key of who asked for it.
        target: the task's name, or the channel: that over which it went, if that is known.
        settled_at: UTC; None while it is open.
        receipt: what the other side answered.
        state: an `EffectState`; error: what went wrong last.
    """

    key: str
    subject: str
    kind: str
    target: str
    payload: Mapping[str, Any]
    settled_at: datetime | None
    receipt: Mapping[str, Any] | None
    state: str
    error: str | None

    @property
    def is_ours(self) -> bool:
        """Whether it is a task of makegood itself."""
        return self.target.startswith(_OURS)

    def choice(self) -> dict[str, Any]:
        """How a scenario names a notice: to whom, about what, and over which channel, if not by mail."""
        to = self.payload.get("to")
        found: dict[str, Any] = {"to": address(to, self.target) or to, "about": self.payload.get("about")}
        return found if self.target == "email" else found | {"channel": self.target}


class AskedEffects:
    """The effects of one store."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def notice(self, key: str) -> AskedEffect | None:
        """The notice with this idempotency key."""
        return self._found(key, "notice")

    def task(self, key: str) -> AskedEffect | None:
        """The task with this idempotency key."""
        return self._found(key, "task")

    def answered_tasks(self, subjects: Iterable[Recorded]) -> list[AskedEffect]:
        """The tasks of other programs that these subjects asked for and that have ended, in order."""
        ended = (_EFFECT.state == EffectState.SETTLED, _EFFECT.settled_at.is_not(None))
        return [one for one in self._asked_by(subjects, "task", *ended) if not one.is_ours]

    def notices(self, subjects: Iterable[Recorded]) -> list[AskedEffect]:
        """The notices that these subjects asked for, in order."""
        return self._asked_by(subjects, "notice")

    def _asked_by(
        self, subjects: Iterable[Recorded], kind: str, *wanted: ColumnElement[bool]
    ) -> list[AskedEffect]:
        rows = [one.row for one in subjects]
        found: list[Row[*tuple[Any, ...]]] = []
        for start in range(0, len(rows), _AT_ONCE):
            some = _EFFECT.subject_id.in_(rows[start : start + _AT_ONCE])
            found += self._connection.execute(_select().where(some, _EFFECT.kind == kind, *wanted)).all()
        return [_effect(row) for row in sorted(found, key=lambda row: row.id)]

    def _found(self, key: str, kind: str) -> AskedEffect | None:
        row = self._connection.execute(
            _select().where(key_is(_EFFECT.key, key), _EFFECT.kind == kind)
        ).first()
        return None if row is None else _effect(row)


def _select() -> Select[Any]:
    return select(schema.outbox, _SUBJECT.key.label("subject")).join_from(
        schema.outbox, schema.subjects, _SUBJECT.id == _EFFECT.subject_id
    )


def _effect(row: Row[*tuple[Any, ...]]) -> AskedEffect:
    receipt = row.receipt if isinstance(row.receipt, Mapping) else None
    channel = (receipt or {}).get("channel") if row.kind == "notice" else None
    end = (row.settled_at, receipt, row.state, row.error)
    return AskedEffect(row.key, row.subject, row.kind, channel or row.target, row.payload, *end)
