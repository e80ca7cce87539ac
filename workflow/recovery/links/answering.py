"""A link's question, and the one answer to it: an event, from whoever holds the link.

The event's source and id follow from the link, so the ledger itself sees to it that there is one answer
for ever, however often and by however many processes at once it is sent.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from state_machines.decide import decide
from state_machines.decision import Event, Outcome
from state_machines.definitions.senders import LINK
from state_machines.errors import StateMachineError
from state_machines.subject import Subject
from workflow.engine.cloudevent import CloudEvent
from workflow.engine.engine import Engine
from workflow.engine.runtime import Runtime
from workflow.errors import NotFound
from workflow.queries.event_outcomes import event_outcome_within
from workflow.recovery.links.token import Pass
from workflow.store.port import EventOutcome
from workflow.store.schema import outbox, subjects

SOURCE = "/makegood/links"
"""The CloudEvents source of answers."""


@dataclass(frozen=True, slots=True)
class Question:
    """What is behind a link.

    Attributes:
        identity: the id that its answer has as an event.
        subject: whose event the answer becomes, as the ledger leaves it.
        link: trigger, title, words, language, data, choices, ask, labels.
        answered: the first and only answer with its data, if it was given.
    """

    identity: str
    subject: Subject
    link: Mapping[str, Any]
    answered: EventOutcome | None


def question_behind(runtime: Runtime, which: Pass) -> Question:
    """What a verified link asks. Raises NotFound when there is no such notice (any more)."""
    identity = f"{which.effect}/{which.name}"
    own = subjects.c
    columns = (own.key, own.lifecycle, own.version, own.state, own.seq, own.data, own.parent, own.opened_at)
    notice = (
        select(outbox.c.payload, *columns)
        .join_from(outbox, subjects, own.id == outbox.c.subject_id)
        .where(outbox.c.key == which.effect)
    )
    with runtime.store.connect() as connection:
        row = connection.execute(notice).first()
        link = (row.payload.get("links") or {}).get(which.name) if row is not None else None
        if row is None or link is None:
            raise NotFound("link: the notice that it stood in is not there")
        found = tuple(row)[1:]
        if "subject" in link:
            other = connection.execute(select(*columns).where(own.key == link["subject"])).first()
            if other is None:
                raise NotFound("link: the subject that it is about is not there")
            found = tuple(other)
        answered = event_outcome_within(connection, SOURCE, identity)
    return Question(identity, Subject(*found), link, answered)


def objection(runtime: Runtime, question: Question, data: Mapping[str, Any]) -> str | None:
    """Why the subject would not take this answer now; None where it would.

    The decision is asked for and thrown away: who answers too late hears it at once and not only the ledger.
    """
    now, subject = runtime.clock.now(), question.subject
    lifecycle = runtime.registry.get(subject.lifecycle, subject.version)
    event = Event(question.link["trigger"], question.identity, SOURCE, now, data, sender=LINK)
    try:
        decision = decide(lifecycle, subject, event, now)
    except StateMachineError:
        return None  # a fault of the definition: the event must not be lost for it
    return (decision.reason or "") if decision.outcome is Outcome.REFUSED else None


def choices_left(runtime: Runtime, question: Question) -> dict[int, Mapping[str, Any]]:
    """What may still be chosen, by its place in the link: those that the subject would take now.

    All of them where more is asked than to choose, since nobody knows yet what will be said.
    """
    link = question.link
    every = dict(enumerate(link.get("choices") or ()))
    if link.get("ask"):
        return every
    given = link.get("data", {})
    return {
        place: one
        for place, one in every.items()
        if objection(runtime, question, given | one["data"]) is None
    }


def is_open(runtime: Runtime, question: Question) -> bool:
    """Whether the question still stands: its trigger is possible in the state that the subject is in."""
    subject = question.subject
    lifecycle = runtime.registry.get(subject.lifecycle, subject.version)
    return question.link["trigger"] in lifecycle.possible.get(subject.state, ())


def answer(engine: Engine, question: Question, data: Mapping[str, Any], now: datetime, actor: str) -> bool:
    """Accept an answer; False when another one was first.

    Args:
        actor: who gives it, as the ledger names them.

    Raises:
        InvalidEvent: it breaks the declaration of the trigger; nothing was stored.
    """
    subject = question.subject
    kind = f"{subject.lifecycle}.{question.link['trigger']}"
    event = CloudEvent(question.identity, SOURCE, kind, subject.key, now, data)
    (accepted,) = engine.acceptor.store_one(engine.acceptor.check([event], actor=actor))
    return accepted.status == "accepted"
