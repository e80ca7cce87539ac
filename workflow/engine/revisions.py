"""What an event expects of its subject: that it has the revision which the sender has seen.

That is judged under the subject's lock, in the transaction of the decision: of two who have seen the same,
one is taken. What is refused changes nothing: whoever comes too late keeps nobody else from being in time.
"""

from __future__ import annotations

from sqlalchemy import Connection, select

from workflow.store.port import Claim
from workflow.store.revisions import revision_column
from workflow.store.schema import subjects


def take_revisions(connection: Connection, claim: Claim) -> None:
    """Have those subjects of a claim know their revision that an event asks for; mostly there is none."""
    asked = {one.subject_row for one in claim.work if one.event.expected_revision is not None}
    if not asked:
        return
    query = select(subjects.c.id, revision_column()).where(subjects.c.id.in_(sorted(asked)))
    for row, revision in connection.execute(query):
        claim.subjects[row] = claim.subjects[row]._replace(revision=revision or 0)
