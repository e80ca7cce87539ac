"""Endless chains: events and timers each of which caused the next, without rest.

Two subjects that answer each other, one that sends to itself, a timer of no time that is set again when it
fires: nobody is told, and the work never ends. So whatever an event or timer causes at once carries one hop
more than itself, what comes from outside has none, and a timer that leaves at least a second begins anew.
After too many hops the next of them is a dead letter that names the loop.
"""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import Connection, select

from state_machines.subject import Subject
from workflow.store.own_sources import SUBJECT_SOURCE
from workflow.store.port import Pending
from workflow.store.schema import events, moves, subjects

ENDLESS_CHAIN = "endless-chain"
"""With what the error of a dead letter begins that ended such a chain."""
MOST_HOPS = 1_000
"""The longest honest chain of the catalog has fewer than ten hops, and a loop comes here within seconds. Who
does a thousand things at once, each because of the one before, has them done by a task."""
_SHOWN = 12


class EndlessChain(Exception):
    """What is to be decided stands at the end of too many hops."""


class _Link(NamedTuple):
    """One decision of a chain, and the one that caused it: any of these subjects (keys), at this `seq`."""

    said: str
    causes: tuple[str, ...]
    seq: int


def described_chain(connection: Connection, subject: Subject, trigger: str, work: Pending) -> str:
    """The error of the dead letter: lifecycle and trigger of its last steps, the newest first."""
    event = work.event
    link: _Link | None = _link(
        subject.key, subject.lifecycle, trigger, event.timer, event.setting, event.source, event.id
    )
    steps: list[str] = []
    while link is not None and len(steps) < _SHOWN and link.said not in steps:
        steps.append(link.said)
        link = _before(connection, link)
    if link is not None:
        steps.append(link.said)
    loop = " <- ".join(steps)
    return (
        f"{ENDLESS_CHAIN}: {work.hops} events and timers in a row caused each other without rest: {loop}; "
        f"this one is for {subject.key}"
    )


def _before(connection: Connection, link: _Link) -> _Link | None:
    """What caused it, as the ledger has it; None at the beginning, or where that is not known."""
    query = (
        select(
            subjects.c.key, subjects.c.lifecycle, moves.c.trigger, moves.c.timer, moves.c.setting,
            events.c.source, events.c.event_id,
        )
        .join(subjects, subjects.c.id == moves.c.subject_id)
        .outerjoin(events, events.c.id == moves.c.event_id)
        .where(subjects.c.key.in_(link.causes), moves.c.seq == link.seq)
    )  # fmt: skip
    found = connection.execute(query).first()
    return None if found is None else _link(*found)


def _link(
    key: str,
    lifecycle: str,
    trigger: str,
    timer: str | None,
    setting: int | None,
    source: str | None,
    identity: str | None,
) -> _Link | None:
    said = f"{lifecycle}.{trigger}" + (f" (timer {timer})" if timer is not None else "")
    if timer is not None and setting is not None:
        return _Link(said, (key,), setting)
    if source != SUBJECT_SOURCE or identity is None:
        return _Link(said, (), 0)
    parts = identity.split("/")  # <key>/<seq>/<n>, to children one number more; a key may have slashes
    numbers = [(len(parts) - 2, "/".join(parts[:-2])), (len(parts) - 3, "/".join(parts[:-3]))]
    for place, sender in numbers:
        if sender.count(":") and parts[place].isdigit():
            return _Link(said, (sender,), int(parts[place]))
    return _Link(said, (), 0)
