"""Whom a recording is about: the subjects that are named, their families, and those who spoke with them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, select

from state_machines.errors import Problem
from workflow.errors import InvalidQuery, NotFound
from workflow.queries.senders import senders
from workflow.store import schema
from workflow.store.keys import range_below
from workflow.store.own_sources import SUBJECT_SOURCE

MOST = 500
"""Subjects of one recording; more would be a scenario that nobody reads."""

_AT_ONCE = 200
_SUBJECT, _EVENT = schema.subjects.c, schema.events.c


@dataclass(frozen=True, slots=True)
class Recorded:
    """One subject of a recording.

    Attributes:
        row: its row in `subjects`.
        close: it is named, or of the family of one that is. Others were asked or told something by these, as
            a team or a policy is; what they had to do with anybody else is left out.
    """

    row: int
    key: str
    lifecycle: str
    version: int
    close: bool


def cast(connection: Connection, keys: Iterable[str]) -> dict[str, Recorded]:
    """All subjects that a recording of these keys needs, by key, in the order in which the store met them.

    Raises:
        NotFound: one of the keys is no subject's.
        InvalidQuery: there are more than `MOST`.
    """
    found: dict[str, Recorded] = {}
    named = list(dict.fromkeys(keys))
    new = _add(connection, found, named, close=True)
    for key in named:
        if key not in found:
            raise NotFound(f"subject: no event ever named {key!r}")
    while new:
        new = _add(connection, found, _relatives(connection, new), close=True)
    family = list(found.values())
    _add(
        connection, found, _senders_to(connection, family) | _receivers_from(connection, family), close=False
    )
    return dict(sorted(found.items(), key=lambda one: one[1].row))


def _add(
    connection: Connection, found: dict[str, Recorded], keys: Iterable[str], *, close: bool
) -> list[str]:
    """Add those of these subjects that are there and were not found before; their keys."""
    wanted = sorted(set(keys) - found.keys())
    columns = (_SUBJECT.id, _SUBJECT.key, _SUBJECT.lifecycle, _SUBJECT.version)
    added = []
    for start in range(0, len(wanted), _AT_ONCE):
        some = _SUBJECT.key.in_(wanted[start : start + _AT_ONCE])
        for row in connection.execute(select(*columns).where(some).order_by(_SUBJECT.id)):
            found[row.key] = Recorded(*row, close=close)
            added.append(row.key)
    if len(found) > MOST:
        message = f"these have more than {MOST} subjects to do with them; a recording has no more than that"
        raise InvalidQuery([Problem("subject", "too-many-subjects", message)])
    return added


def _relatives(connection: Connection, keys: list[str]) -> set[str]:
    """Parents and children."""
    rows = connection.execute(
        select(_SUBJECT.key, _SUBJECT.parent).where(_SUBJECT.parent.in_(keys) | _SUBJECT.key.in_(keys))
    ).all()
    return {row.key for row in rows} | {row.parent for row in rows if row.parent is not None}


def _senders_to(connection: Connection, family: list[Recorded]) -> set[str]:
    """Subjects that sent them events."""
    rows = [one.row for one in family]
    sent = (_EVENT.subject_id.in_(rows), _EVENT.source == SUBJECT_SOURCE)
    ids = connection.scalars(select(_EVENT.event_id).where(*sent)).all()
    return set(senders(connection, ids).values())


def _receivers_from(connection: Connection, family: list[Recorded]) -> set[str]:
    """Subjects that these sent events; the ids of those begin with the sender's key."""
    receivers: set[str] = set()
    for one in family:
        first, last = range_below(one.key)
        theirs = (_EVENT.event_id > first, _EVENT.event_id < last)
        receivers |= set(
            connection.scalars(
                select(_SUBJECT.key)
                .join_from(schema.events, schema.subjects, _SUBJECT.id == _EVENT.subject_id)
                .where(_EVENT.source == SUBJECT_SOURCE, *theirs)
                .distinct()
            )
        )
    return receivers


def lifecycles_of(subjects: Mapping[str, Recorded]) -> list[str]:
    """The lifecycles that they live through, by name."""
    return sorted({one.lifecycle for one in subjects.values()})
