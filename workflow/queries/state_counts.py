"""How many subjects of a lifecycle are in each state, counted no further than anybody wants to read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sqlalchemy import func, literal, select, union_all

from workflow.store.port import Store
from workflow.store.schema import standing

MOST = 5_000
"""Of a state so many are counted: the index is read as far as that, however many there are."""
_STANDING = standing.c


def state_counts(store: Store, lifecycle: str, states: Iterable[str], most: int = MOST) -> Mapping[str, int]:
    """By state; `most` + 1: there are more than that. Of all versions, those that have ended too."""
    parts = []
    for state in dict.fromkeys(states):
        some = (
            select(_STANDING.subject_id)
            .where(_STANDING.lifecycle == lifecycle, _STANDING.state == state)
            .limit(most + 1)
            .subquery()
        )
        parts.append(select(literal(state).label("state"), func.count().label("many")).select_from(some))
    if not parts:
        return {}
    with store.connect() as connection:
        return {row.state: row.many for row in connection.execute(union_all(*parts))}
