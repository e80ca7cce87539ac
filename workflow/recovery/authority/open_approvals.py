"""The approvals that wait for somebody, each with the policy that speaks of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from state_machines.subject import INITIAL
from workflow.queries.subjects import SUBJECT_COLUMNS, SubjectRow
from workflow.store import schema
from workflow.store.port import Store

_SUBJECT = schema.subjects.c


@dataclass(frozen=True, slots=True)
class OpenApproval:
    """One of them.

    Attributes:
        id: of its row, by which they are in order. key, state: of the subject.
        data: what is to be approved, who asks, why.
        title, text: of the policy; empty where none is named, or it is not known.
    """

    id: int
    key: str
    state: str
    data: Mapping[str, Any]
    title: str
    text: str


def open_approvals(store: Store, limit: int, after: int = 0) -> list[OpenApproval]:
    """The oldest of them, at most so many, behind the one of this id."""
    waiting = (
        select(_SUBJECT.id, *SUBJECT_COLUMNS)
        .where(_SUBJECT.lifecycle == "approval", _SUBJECT.closed_at.is_(None), _SUBJECT.state != INITIAL)
        .where(_SUBJECT.id > after)
        .order_by(_SUBJECT.id)
        .limit(limit)
    )
    with store.connect() as connection:
        rows = [(id, SubjectRow(*row)) for id, *row in connection.execute(waiting)]
        named = {f"policy:{row.data['policy']}" for _, row in rows if row.data.get("policy")}
        books = select(_SUBJECT.key, _SUBJECT.data).where(_SUBJECT.key.in_(named))
        policies = {key: data for key, data in connection.execute(books)}
    return [_of(id, row, policies.get(f"policy:{row.data.get('policy')}", {})) for id, row in rows]


def _of(id: int, row: SubjectRow, policy: Mapping[str, Any]) -> OpenApproval:
    title, text = (str(policy.get(name) or "") for name in ("title", "text"))
    return OpenApproval(id, row.key, row.state, row.data, title, text)
