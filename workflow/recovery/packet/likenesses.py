"""Who else the customer of a case is, or may be: whose word that is, since when, and how it is undone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote

from sqlalchemy import JSON, Connection, or_, select, type_coerce

from state_machines.values.instants import InstantError, parse_instant
from workflow.queries.subjects import find_subject
from workflow.store.schema import subjects

_SHOWN = ("name", "account", "email", "phone", "social")
_MOST = 100


@dataclass(frozen=True, slots=True)
class Act:
    """What a person may do about it: a POST to `path` with this `body`, besides who they are and why."""

    path: str
    body: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Merge:
    """Another customer who was taken for the one of the case.

    Attributes:
        customer: their key. known_as: what tells a person who they are.
        since: UTC. by, reason: whose word it is, if a person's.
        identity: key of what both are known by, if that made them one.
        take_apart: how it is undone.
    """

    customer: str
    known_as: Mapping[str, Any]
    since: datetime | None
    by: Any
    reason: str | None
    identity: str | None
    take_apart: Act


@dataclass(frozen=True, slots=True)
class OpenLikeness:
    """Another customer who may be the one of the case; nobody has said yet.

    Attributes:
        likeness: key of the subject that is told. share: what both share, such as phone.
        accounts_differ: something says that they are one, and their accounts that they are not.
        since: since when it is asked, UTC.
        merge, not_the_same: how a person says so.
    """

    likeness: str
    customer: str
    known_as: Mapping[str, Any]
    share: Sequence[str]
    accounts_differ: bool
    since: datetime | None
    merge: Act
    not_the_same: Act


@dataclass(frozen=True, slots=True)
class Likenesses:
    """Both."""

    same: Sequence[Merge] = ()
    alike: Sequence[OpenLikeness] = ()


def likenesses_of(connection: Connection, customer: Any) -> Likenesses:
    """Who the customer of a case is besides, or may be; nobody, of one whom makegood does not know."""
    key = customer.get("key") if isinstance(customer, Mapping) else None
    found = find_subject(connection, key) if isinstance(key, str) else None
    if found is None or found[1].lifecycle != "customer":
        return Likenesses()
    row = found[1]
    same = [_same(row.key, one) for one in row.data.get("joined", ())]
    return Likenesses(same[-_MOST:], _alike(connection, [row.key, *(one.customer for one in same)]))


def _same(key: str, joined: Mapping[str, Any]) -> Merge:
    because = joined.get("because") or {}
    return Merge(
        joined["customer"],
        _known_as(joined.get("profile") or {}),
        _instant(because.get("at") or joined.get("at")),
        because.get("by"),
        because.get("reason"),
        because.get("identity"),
        Act(f"/v1/desk/customers/{_id_of(key)}/separate", {"customer": joined["customer"]}),
    )


def _alike(connection: Connection, keys: Sequence[str]) -> list[OpenLikeness]:
    said = type_coerce(subjects.c.data, JSON)
    one, other = said["one"].as_string(), said["other"].as_string()
    asked = (
        select(subjects.c.key, subjects.c.data, subjects.c.opened_at)
        .where(subjects.c.lifecycle == "likeness", subjects.c.state == "likely")
        .where(or_(one.in_(keys), other.in_(keys)))
        .order_by(subjects.c.id)
        .limit(_MOST)
    )
    found = []
    for row in connection.execute(asked).all():
        who = row.data["other"] if row.data["one"] in keys else row.data["one"]
        if who in keys:
            continue  # they have become one by way of others
        there = find_subject(connection, who)
        path = f"/v1/desk/likenesses/{_id_of(row.key)}"
        found.append(
            OpenLikeness(
                row.key,
                who,
                _known_as((there[1].data.get("customer") or {}) if there is not None else {}),
                list(row.data.get("kinds", ())),
                bool(row.data.get("accounts_differ")),
                row.opened_at,
                Act(f"{path}/merge", {}),
                Act(f"{path}/not_the_same", {}),
            )
        )
    return found


def _known_as(profile: Mapping[str, Any]) -> dict[str, Any]:
    return {name: profile[name] for name in _SHOWN if profile.get(name)}


def _id_of(key: str) -> str:
    return quote(key.partition(":")[2], safe=":@")


def _instant(text: Any) -> datetime | None:
    try:
        return parse_instant(text)
    except InstantError:
        return None
