"""The revision of a subject: the number of the last decision that changed it, as a column of queries."""

from __future__ import annotations

from sqlalchemy import ScalarSelect, select

from state_machines.decision import Outcome
from workflow.store.schema import moves, subjects


def revision_column() -> ScalarSelect[int | None]:
    """The revision of each subject of a query; null where nothing has changed it yet.

    Found in the index of its decisions, from the last one backwards: behind it lie only refusals.
    """
    return (
        select(moves.c.seq)
        .where(moves.c.subject_id == subjects.c.id, moves.c.outcome != Outcome.REFUSED.value)
        .order_by(moves.c.seq.desc())
        .limit(1)
        .correlate(subjects)
        .scalar_subquery()
    )
