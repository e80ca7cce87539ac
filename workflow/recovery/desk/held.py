"""What somebody has at the moment: calls they have claimed, escalations they have taken on."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import select

from workflow.queries.subjects import SUBJECT_COLUMNS, SubjectRow
from workflow.recovery.contact.people import same_person
from workflow.recovery.desk.item import Item, Kind, item_of
from workflow.store import schema
from workflow.store.port import Store

HELD: Mapping[Kind, str] = {Kind.CALLBACK: "claimed", Kind.ESCALATION: "acknowledged"}
"""The state in which somebody has it."""
_MOST = 2_000
_SUBJECT = schema.subjects.c


def held_by(store: Store, who: str) -> list[Item]:
    """What this person has, by the place that it had in the line; of the newest open ones, where there are
    very many.
    """
    found: list[Item] = []
    with store.connect() as connection:
        for kind, state in HELD.items():
            query = (
                select(*SUBJECT_COLUMNS)
                .where(
                    _SUBJECT.lifecycle == kind.value, _SUBJECT.closed_at.is_(None), _SUBJECT.state == state
                )
                .order_by(_SUBJECT.id.desc())
                .limit(_MOST)
            )
            rows = connection.execute(query)
            items = (item_of(SubjectRow(*row)) for row in rows)
            found += [item for item in items if item.state == state and same_person(item.held_by, who)]
    return sorted(found, key=lambda item: item.place)
