"""Whose events a message brings: whoever writes to the broker is nobody yet, and needs a key like others."""

from __future__ import annotations

from typing import Any

from state_machines.errors import Problem
from workflow.access import keys
from workflow.access.audit import REFUSED, AuditEntry, write
from workflow.access.principal import Principal
from workflow.access.role import SENDING
from workflow.broker.task_names import ACCEPT, KEY_HEADER
from workflow.engine.runtime import Runtime
from workflow.errors import NotPermitted


def sender_over_broker(runtime: Runtime, text: Any) -> Principal:
    """The holder of the key that a message with events carries.

    Raises NotPermitted, which stands in the audit log, when it carries none, or one that may not send events.
    """
    now = runtime.clock.now()
    holder = keys.verify(runtime.store, text, now) if isinstance(text, str) else None
    if holder is not None and holder.role in SENDING:
        return holder
    if holder is None:
        rule, message = (
            "key",
            f"the message must carry an API key that is in force, in its header {KEY_HEADER}",
        )
    else:
        rule, message = "role", f"a key of role {holder.role} may not send events"
    actor, public = (None, None) if holder is None else (holder.actor, holder.id)
    write(runtime.store, [AuditEntry(now, actor, public, f"broker {ACCEPT}", None, REFUSED, rule)])
    raise NotPermitted([Problem(KEY_HEADER, rule, message)])
