"""Which effects are due to be looked at, and when the next one is."""

from __future__ import annotations

from state_machines.notices.topics import Priority
from workflow.store.due_rows import DueRows
from workflow.store.effect_states import RELAYED, EffectState
from workflow.store.schema import outbox

DUE_EFFECTS = DueRows(outbox, outbox.c.priority, list(Priority), ("id", "subject_id", "due_at"))
"""Their index is by priority first, since the relay takes the urgent ones first."""
TO_BE_RELAYED = DUE_EFFECTS.only(outbox.c.state.in_(RELAYED))
"""Those that the relay puts on the broker."""
ABANDONED = DUE_EFFECTS.only(outbox.c.state == EffectState.SENDING)
"""Sends whose lease ran out in the middle."""
