"""Which effects are due to be looked at, and when the next one is."""

from __future__ import annotations

from workflow.engine.priority import Priority
from workflow.store.due_rows import DueRows
from workflow.store.schema import outbox

DUE_EFFECTS = DueRows(outbox, outbox.c.priority, list(Priority), ("id", "subject_id", "due_at"))
"""Their index is by priority first, since the relay takes the urgent ones first."""
