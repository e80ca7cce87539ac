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
        key, state: of the subject. data: what is to be approved, who asks, why.
        title, text: of the policy; empty where none is named, or it is not known.
    """

    key: str
    state: str
    data: Mapping[str, Any]
    title: str
    text: str


def open_approvals(store: Store, limit: int) -> list[OpenApproval]:
    """The oldest of them, at most so many."""
    waiting = (
        select(*SUBJECT_COLUMNS)
        .where(_SUBJECT.lifecycle == "approval", _SUBJECT.closed_at.is_(None), _SUBJECT.state != INITIAL)
        .order_by(_SUBJECT.id)
        .limit(limit)
    )
    with store.connect() as connection:
        rows = [SubjectRow(*row) for row in connection.execute(waiting)]
        named = {f"policy:{row.data['policy']}" for row in rows if row.data.get("policy")}
        books = select(_SUBJECT.key, _SUBJECT.data).where(_SUBJECT.key.in_(named))
        policies = {key: data for key, data in connection.execute(books)}
    return [_of(row, policies.get(f"policy:{row.data.get('policy')}", {})) for row in rows]


def _of(row: SubjectRow, policy: Mapping[str, Any]) -> OpenApproval:
    title, text = (str(policy.get(name) or "") for name in ("title", "text"))
    return OpenApproval(row.key, row.state, row.data, title, text)
