"""Which incidents there are, and which cases are theirs, for whoever must see to them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from state_machines.values.instants import parse_instant
from workflow.queries.resources import Chosen, Resource, resource, resources
from workflow.queries.subjects import SUBJECT_COLUMNS, SubjectRow, opened_subject, subjects
from workflow.recovery.contact.colleagues import name_of
from workflow.store import schema
from workflow.store.port import Store

_ALL = Chosen()


@dataclass(frozen=True, slots=True)
class Incident:
    """One cause of many cases, as it stands.

    Attributes:
        incident: its key.
        words: what has happened, as colleagues call it.
        says: what customers hear, a text or texts by language.
        owner: by name, or their address.
        cases: how many are joined.
        broken: promises to their customers that are broken and that nobody has taken on.
        plan: its halves, `fix` and `prevent`, as far as they are known.
        promise: what all of their customers are promised, `words` and `due_at`; None: nothing.
        alert: version of its service alert, 0 while there is none.
        opened_at: when it was declared, UTC.
        key, id, lifecycle, version, revision, data, parent, changed_at, closed_at: as of every resource.
    """

    incident: str
    state: str
    words: str
    says: Any
    owner: str
    team: str | None
    part: str | None
    match: str | None
    cases: int
    broken: int
    plan: Mapping[str, Any]
    promise: Mapping[str, Any] | None
    alert: int
    opened_at: datetime
    key: str
    id: str
    lifecycle: str
    version: int
    revision: int
    data: Mapping[str, Any]
    parent: str | None
    changed_at: datetime
    closed_at: datetime | None


@dataclass(frozen=True, slots=True)
class IncidentPage:
    """Some of them, and the cursor of the next page (None: that was all)."""

    items: list[Incident]
    next: str | None


@dataclass(frozen=True, slots=True)
class IncidentCase:
    """A case that is, or was, one of an incident's.

    Attributes:
        case: its key.
        state: `joined`; `left`, which was split off; `settled`, which has heard that it is over.
        case_state: how the case stands; None where there is no such case.
        customer, owner: by name, or an address; empty where there is no such case.
        broken: how many promises were broken in it.
        joined_at, left_at: UTC.
    """

    case: str
    state: str
    case_state: str | None
    customer: str
    owner: str
    broken: int
    joined_at: datetime | None
    left_at: datetime | None


@dataclass(frozen=True, slots=True)
class IncidentCasePage:
    """Some of them, and the cursor of the next page (None: that was all)."""

    items: list[IncidentCase]
    next: str | None


def incidents(
    store: Store, chosen: Chosen = _ALL, limit: int = 100, cursor: str | None = None
) -> IncidentPage:
    """Those incidents that are chosen, the oldest first, `limit` at most.

    Raises InvalidQuery for a `cursor` that is none.
    """
    page = resources(store, "incident", chosen, data=True, limit=limit, cursor=cursor)
    return IncidentPage([_incident(row) for row in page.items], page.next)


def incident(store: Store, key: str) -> Incident:
    """The incident with this key. Raises NotFound."""
    return _incident(resource(store, key))


def cases_of(
    store: Store, key: str, states: Collection[str] = (), limit: int = 100, cursor: str | None = None
) -> IncidentCasePage:
    """The cases of an incident whose membership is in one of these states, in the order of joining.

    Raises:
        NotFound: there is no such incident.
        InvalidQuery: the `cursor` is none.
    """
    opened_subject(store, key)
    page = subjects(store, lifecycle="membership", parent=key, states=states, limit=limit, cursor=cursor)
    known = _cases(store, [row.data["case"] for row in page.items])
    return IncidentCasePage([_case(row, known.get(row.data["case"])) for row in page.items], page.next)


def _cases(store: Store, keys: Sequence[str]) -> dict[str, SubjectRow]:
    query = select(*SUBJECT_COLUMNS).where(schema.subjects.c.key.in_(keys))
    with store.connect() as connection:
        return {row.key: SubjectRow(*row) for row in connection.execute(query)}


def _incident(row: Resource) -> Incident:
    said = row.data
    return Incident(
        row.key,
        row.state,
        said.get("words", ""),
        said.get("says", ""),
        name_of(said.get("owner")),
        said.get("team"),
        said.get("part"),
        said.get("match"),
        said.get("cases", 0),
        said.get("broken", 0),
        said.get("plan", {}),
        said.get("promise"),
        said.get("alert", 0),
        row.opened_at,
        *(row.key, row.key.partition(":")[2], "incident", row.version, row.revision, said),
        *(row.parent, row.changed_at, row.closed_at),
    )


def _case(member: SubjectRow, case: SubjectRow | None) -> IncidentCase:
    opened = case is not None and case.opened_at is not None
    said = case.data if opened and case is not None else {}
    return IncidentCase(
        member.data["case"],
        member.state,
        case.state if opened and case is not None else None,
        name_of(said.get("customer")),
        name_of(said.get("owner")),
        said.get("broken", 0),
        _instant(member.data.get("joined_at")),
        _instant(member.data.get("left_at")),
    )


def _instant(text: str | None) -> datetime | None:
    return None if text is None else parse_instant(text)
