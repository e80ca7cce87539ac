"""Due timers: which ones are due, and when the next one will be."""

from __future__ import annotations

from sqlalchemy import select

from workflow.store.due_rows import DueRows
from workflow.store.schema import definitions, timers

DUE_TIMERS = DueRows(timers, timers.c.lifecycle, select(definitions.c.lifecycle).distinct())
"""Their index is by lifecycle first, since claims take turns among lifecycles."""
