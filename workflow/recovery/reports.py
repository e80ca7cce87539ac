"""Delivery reports: what the other side says later about a notice that it took, or may have taken.

A report comes in as an event of the lifecycle `delivery`, which decides who hears of it. With the event, in
the same transaction, it is noted on the notice's receipt; of a send whose outcome was unknown it is known
now. Notices that went as one message (a digest) arrived, or did not, as one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple

from sqlalchemy import select, update

from state_machines.errors import Problem
from state_machines.notices.topics import topic_of
from workflow.engine.acceptance import Acceptance
from workflow.engine.cloudevent import CloudEvent
from workflow.engine.engine import Engine
from workflow.errors import EventConflict, InvalidEvent, NotFound, NotPermitted
from workflow.queries.event_outcomes import event_outcome
from workflow.recovery.contact.gathering import case_of
from workflow.recovery.contact.webhook_ids import keys_meant
from workflow.recovery.lost_sends import SOURCE as SWEEP
from workflow.recovery.lost_sends import escalation_of
from workflow.store.effect_states import EffectState
from workflow.store.keys import key_is
from workflow.store.port import Transaction
from workflow.store.schema import outbox, subjects

SOURCE = "/makegood/reports"
_LONGEST_ID = 200


class Status(StrEnum):
    """What a report says. `ENDED`: nothing more will come, and if nothing good did, it has failed."""

    ACCEPTED = "accepted"
    DELIVERED = "delivered"
    FAILED = "failed"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Report:
    """One report.

    Attributes:
        effect: idempotency key of the notice, or the id of its webhook.
        channel: over which it is said to have gone; None where only the notice knows.
        status: what became of it.
        identity: by which a repetition of this report is known, unique among those of the notice.
        code: the other side's word or number for why, without anybody's name in it.
        reference: by which the other side knows the notice.
        receiver: of a receiver of webhooks that signed it, as `MAKEGOOD_WEBHOOK_HOSTS` writes it; None: of
            whoever may report on any notice.
        actor: who says so, as the ledger names them.
    """

    effect: str
    channel: str | None
    status: Status
    identity: str
    code: str | None = None
    reference: str | None = None
    receiver: str | None = None
    actor: str | None = None


class _Sent(NamedTuple):
    """The notice that a report is about."""

    id: int
    key: str
    kind: str
    channel: str
    state: str
    token: str | None
    attempts: int
    payload: dict[str, Any]
    receipt: dict[str, Any] | None
    subject: str
    parent: str | None


def take(engine: Engine, report: Report) -> list[Acceptance]:
    """Accept a report; a repetition changes nothing. Empty: it says nothing that is not known.

    Raises:
        NotFound: there is no such notice.
        NotPermitted: it went to somebody else than the receiver who reports.
        InvalidEvent: the notice was never handed over, or over another channel.
        EventConflict: under its identity another status was reported.
    """
    sent = _meant(engine, report.effect)
    _check_receiver(sent, report)
    _check(sent, report)
    if report.status is Status.ACCEPTED and sent.state == EffectState.SETTLED and sent.channel != "dial":
        return []
    others = [key for key in (sent.receipt or {}).get("digest", ()) if key != sent.key]
    together = sorted([sent, *(_find(engine, key) for key in others)], key=lambda one: one.id)
    events = [_event(engine, one, report) for one in together]
    relieved = [_no_longer_unknown(engine, one, report) for one in together]
    checked = engine.acceptor.check(
        [*events, *(one for one in relieved if one is not None)], actor=report.actor
    )
    now = engine.clock.now()

    def note(transaction: Transaction) -> None:
        for one in together:
            _note(transaction, one, report, now)

    answers = engine.acceptor.store_one(checked, note)
    if answers[0].status == "duplicate":
        _check_repetition(engine, events[0], report)
    return answers


def _meant(engine: Engine, said: str) -> _Sent:
    """The notice that a report names, by its idempotency key or by the id of its webhook."""
    found = [one for key in keys_meant(said) if (one := _notice(engine, key)) is not None]
    if len(found) > 1:
        message = f"this names two notices, {found[0].key!r} and, as the id of a webhook, {found[1].key!r}"
        raise InvalidEvent([Problem("effect", "ambiguous", message)])
    if not found:
        raise NotFound("effect: no notice has this key")
    return found[0]


def _find(engine: Engine, key: str) -> _Sent:
    sent = _notice(engine, key)
    if sent is None:
        raise NotFound("effect: no notice has this key")
    return sent


def _notice(engine: Engine, key: str) -> _Sent | None:
    columns = (
        outbox.c.id, outbox.c.key, outbox.c.kind, outbox.c.target, outbox.c.state, outbox.c.token,
        outbox.c.attempts, outbox.c.payload, outbox.c.receipt, subjects.c.key, subjects.c.parent,
    )  # fmt: skip
    query = select(*columns).join(subjects, subjects.c.id == outbox.c.subject_id)
    with engine.store.connect() as connection:
        found = connection.execute(query.where(key_is(outbox.c.key, key))).one_or_none()
    if found is None or found.kind != "notice":
        return None
    sent = _Sent._make(found)
    return sent._replace(channel=(sent.receipt or {}).get("channel", sent.channel))


def _check_receiver(sent: _Sent, report: Report) -> None:
    """Receivers of webhooks report on those that went to them, and on no others."""
    if report.receiver is not None and (sent.receipt or {}).get("receiver") != report.receiver:
        message = f"this notice did not go to {report.receiver}"
        raise NotPermitted([Problem("effect", "not-yours", message)])


def _check(sent: _Sent, report: Report) -> None:
    if sent.attempts == 0:
        raise InvalidEvent([Problem("effect", "never-sent", "this notice was never handed over")])
    if report.channel is not None and sent.receipt and report.channel != sent.channel:
        message = f"this notice went over {sent.channel!r}"
        raise InvalidEvent([Problem("channel", "channel", message)])


def _check_repetition(engine: Engine, event: CloudEvent, report: Report) -> None:
    first = event_outcome(engine.store, SOURCE, event.id)
    said = ((first and first.data) or {}).get("status")
    if said != report.status.value:
        message = f"a report of this id was {said!r}; another report has its own"
        raise EventConflict([Problem("id", "other-content", message)])


def _event(engine: Engine, sent: _Sent, report: Report) -> CloudEvent:
    said = sent.payload
    data: dict[str, Any] = {
        "status": report.status.value,
        "effect": sent.key,
        "channel": sent.channel,
        "about": said["about"],
        "title": said.get("title"),
        "words": said.get("words"),
        "customer": None if topic_of(said).colleagues else said["to"],
        "code": report.code,
        "reference": report.reference,
        "case": case_of(sent.subject, sent.parent),
        "claim": (said.get("context") or {}).get("claim"),
        "mark": (sent.receipt or {}).get("mark"),
    }
    return CloudEvent(
        id=_short(f"{sent.id}/{report.identity}"),
        source=SOURCE,
        type="delivery.report",
        subject=f"delivery:{sent.id}",
        time=engine.clock.now(),
        data={name: value for name, value in data.items() if value is not None},
        parent=sent.subject,
    )


def _no_longer_unknown(engine: Engine, sent: _Sent, report: Report) -> CloudEvent | None:
    """For the person who was to find out what became of it, or to say it: it is known now."""
    if sent.state not in (EffectState.UNKNOWN, EffectState.DEAD):
        return None
    key = escalation_of(sent.id, sent.token)
    with engine.store.connect() as connection:
        asked = connection.scalar(select(subjects.c.id).where(subjects.c.key == key))
    if asked is None:
        return None
    data = {"reason": f"its outcome was reported: {report.status.value}", "resolved": True}
    identity = _short(f"{sent.id}/{report.identity}/known")
    return CloudEvent(identity, SWEEP, "escalation.withdraw", key, engine.clock.now(), data)


def _note(transaction: Transaction, sent: _Sent, report: Report, now: datetime) -> None:
    """On the receipt: the last report that decides anything. Whatever was open about it is settled."""
    row = select(outbox.c.receipt, outbox.c.settled_at).where(outbox.c.id == sent.id).with_for_update()
    receipt, settled_at = transaction.connection.execute(row).one()
    transaction.connection.execute(
        update(outbox)
        .where(outbox.c.id == sent.id)
        .values(
            state=EffectState.SETTLED.value,
            due_at=None,
            error=None,
            settled_at=settled_at or now,
            receipt=_with_report(receipt or {}, sent, report),
        )
    )


def _with_report(receipt: Mapping[str, Any], sent: _Sent, report: Report) -> dict[str, Any]:
    noted = {"channel": sent.channel, "reference": report.reference or "", "answer": "reported", **receipt}
    before = noted.get("outcome", Status.ACCEPTED)
    match report.status:
        case Status.ACCEPTED:
            outcome = before
        case Status.ENDED:
            outcome = Status.FAILED if before == Status.ACCEPTED else before
        case decisive:
            outcome = decisive
    code = {} if report.code is None else {"code": report.code}
    return {**noted, "outcome": str(outcome), **code}


def _short(identity: str) -> str:
    return identity if len(identity) <= _LONGEST_ID else hashlib.sha256(identity.encode()).hexdigest()
