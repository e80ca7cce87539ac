"""Whether a sender may send an event: asked once, at acceptance, for every door alike.

The definition says which kinds of senders a trigger is taken from; the key of a sender says what is theirs.
What makegood itself sends is bound by the definition alone.
"""

from __future__ import annotations

from collections.abc import Iterator

from state_machines.definitions.lifecycle import Lifecycle
from state_machines.definitions.senders import OPERATOR, OUTSIDE, refused_sender
from state_machines.errors import Problem
from workflow.access.principal import Principal
from workflow.engine.cloudevent import CloudEvent
from workflow.store.own_sources import sender_of


def forbidden(event: CloudEvent, lifecycle: Lifecycle, trigger: str, by: Principal | None) -> list[Problem]:
    """Everything for which this sender may not send this event; empty where they may.

    Args:
        lifecycle: the newest definition of the event's type.
        trigger: that the type names.
        by: who sends it; None: makegood itself, or a program that has the database.
    """
    kind = sender_of(event.source)
    heard = lifecycle.senders[trigger]
    if kind in heard and (by is None or by.is_free):
        return []
    return [*_unheard(event, lifecycle, trigger, by, kind), *(() if by is None else _beyond(event, by, kind))]


def _unheard(
    event: CloudEvent, lifecycle: Lifecycle, trigger: str, by: Principal | None, kind: str
) -> Iterator[Problem]:
    heard = lifecycle.senders[trigger]
    if kind in heard:
        return
    if kind == OUTSIDE and OPERATOR in heard:
        if by is not None and not by.may_operate(event.type):
            message = (
                f"{event.type!r} is an operator's; a system may send it whose key names it"
                f" (makegood keys create --role system --sends {event.type})"
            )
            yield Problem("type", "operator", message)
        return
    yield Problem("type", "from", refused_sender(lifecycle.senders, trigger, kind) or "")


def _beyond(event: CloudEvent, by: Principal, kind: str) -> Iterator[Problem]:
    """What goes beyond the bounds of a key, of an event that its holder brings from outside."""
    if kind != OUTSIDE:
        return
    bounds = by.bounds
    if not bounds.may_use(event.source):
        sources = ", ".join(bounds.sources or ())
        yield Problem("source", "not-yours", f"{event.source!r} is not among those of this key: {sources}")
    if not bounds.may_send(event.type):
        sends = ", ".join(bounds.sends or ())
        yield Problem("type", "not-yours", f"this key may send {sends}, and not {event.type!r}")
    if event.parent is not None and not bounds.may_send_to(event.parent.partition(":")[0]):
        message = f"this key may send nothing to {event.parent!r}, and so hang nothing under it"
        yield Problem("parent", "not-yours", message)
