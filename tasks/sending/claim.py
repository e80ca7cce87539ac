"""The claim of a notice: whether it may be sent now, over which channels, and which others join it.

For a customer with a key all of that is one transaction under the lock of the customer's subject: what the
customer said a second ago holds, and no two workers use up the same place within a cap. For a colleague it is
one under the lock of what they are told about one topic: no two workers tell them within the interval.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from state_machines.notices.topics import topic_of
from state_machines.values.durations import parse_duration
from state_machines.values.instants import shifted
from tasks.channels.port import Notice
from workflow.engine.runtime import Runtime
from workflow.outbox import effects as outbox
from workflow.outbox import notices as others_waiting
from workflow.outbox.effects import HeldNotice, Hold, Receipts
from workflow.recovery.contact import contact_log
from workflow.recovery.contact.addresses import address as address_of
from workflow.recovery.contact.contact_log import Customer
from workflow.recovery.contact.gathering import name_of_line, until_gathered
from workflow.recovery.contact.policy import Digest, Go, History, NoWay, Wait, route
from workflow.store.port import EffectRow, Transaction

_A_MOMENT = 2.0
"""Seconds in which an event that has been accepted is decided, mostly."""
_PERSON = "live"


@dataclass(frozen=True, slots=True)
class Bundle:
    """Notices that this worker has claimed and sends as one message.

    Attributes:
        rows: their effects; the idempotency key of the first is that of the message.
        notices: the same, addressed as the recipient is known now.
        channels: over which they may be sent, in the order in which they are to be tried.
        counted: under which name contacts are counted: the key of a customer, or a colleague's line.
        gathered: whether it is for a colleague, told of many things in one message.
    """

    rows: Sequence[EffectRow]
    notices: Sequence[Notice]
    channels: Sequence[str]
    counted: str | None = None
    gathered: bool = False

    @property
    def key(self) -> str:
        """The idempotency key of the message."""
        return self.rows[0].key

    @property
    def ids(self) -> list[int]:
        """Outbox ids of its effects."""
        return [row.id for row in self.rows]

    @property
    def keys(self) -> list[str]:
        """Idempotency keys of its effects."""
        return [row.key for row in self.rows]


class NoticeClaims:
    """Claims notices for sending, one bundle at a time."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._interval = parse_duration(runtime.settings.gather)

    def claim(self, held: HeldNotice, token: str, lease: timedelta, sent: Receipts) -> Bundle | None:
        """The bundle to send now; None if another worker has the notice, or if it may not be sent now.

        What was `sent` just before is settled in the same transaction.
        """
        store, now = self._runtime.store, self._runtime.clock.now()
        with store.begin() as transaction:
            customer = line = None
            if held.customer is not None:
                customer = contact_log.held(transaction, held.customer)  # subjects first, then effects
            if customer is None:
                line = self._held_line(transaction, held.id, now)
            begun = outbox.begin_within(transaction, [held.id], token, now, lease, sent)
            if begun and customer is not None:
                return self._for_customer(transaction, begun[0], customer, now, lease)
            if begun and line is not None:
                return self._for_colleague(transaction, begun[0], line, now, lease)
        return self._for_anybody(begun[0], now) if begun else None

    def _held_line(self, transaction: Transaction, effect: int, now: datetime) -> str | None:
        """The line on which a colleague is told of this, held; None: it is not gathered with others."""
        if not self._interval:
            return None
        for _, channel, topic, to in others_waiting.asked_for(transaction, [effect]):
            found = route(topic, channel, to, now)
            line = name_of_line(topic, found, to) if isinstance(found, Go) else None
            if line is not None:
                transaction.hold(line)
            return line
        return None

    def _for_colleague(
        self, transaction: Transaction, row: EffectRow, line: str, now: datetime, lease: timedelta
    ) -> Bundle | None:
        """Now, with all that waits on the line; or later, where they have just been told of others."""
        topic, to = topic_of(row.payload), row.payload["to"]
        found, since = route(topic, row.target, to, now), shifted(now, -self._interval)
        assert isinstance(found, Go)
        others = contact_log.gathered_on(transaction, line, row.id)
        told = contact_log.told_lately(transaction, line, since)
        matter = contact_log.matter(transaction, row.subject)
        wait = until_gathered(now, self._interval, matter, told, bool(others))
        if wait is not None:
            outbox.defer_within(transaction, [(row.id, wait.until, wait.reason)], Hold.sending(row))
            contact_log.note_waiting(transaction, line, [row.id], now)
            return None
        fitting = _sharing_route(transaction, others, to, {}, found.channels[0], now)
        joining = others_waiting.join(transaction, fitting, row.token, now, lease)
        rows = sorted([row, *joining], key=lambda one: one.id)
        contact_log.note_told(transaction, line, [one.id for one in rows], now, since)
        return Bundle(rows, [_addressed(one, {}) for one in rows], found.channels, line, gathered=True)

    def _for_anybody(self, row: EffectRow, now: datetime) -> Bundle | None:
        """For a recipient that is no customer: all that is known is in the notice."""
        held, notice = Hold.sending(row), _addressed(row, {})
        found = route(notice.topic, notice.channel, notice.to, now)
        if isinstance(found, Wait):
            outbox.defer(self._runtime.store, [(row.id, found.until, found.reason)], held)
        elif isinstance(found, NoWay):
            outbox.bury(self._runtime.store, [(row.id, found.reason)], now, held)
        else:
            return Bundle([row], [notice], found.channels)
        return None

    def _for_customer(
        self, transaction: Transaction, row: EffectRow, customer: Customer, now: datetime, lease: timedelta
    ) -> Bundle | None:
        known = {**customer.profile, "key": customer.key}
        held, topic, to = Hold.sending(row), topic_of(row.payload), _recipient(row.payload["to"], known)
        others = contact_log.waiting(transaction, customer, row.id) if topic.may_wait else []
        history = History(partial(contact_log.sent_lately, transaction, customer), len(others))
        found = self._just_said(customer, now) or route(topic, row.target, to, now, history)
        if isinstance(found, NoWay):
            outbox.bury_within(transaction, [(row.id, found.reason)], now, held)
            contact_log.forget(transaction, [row.id])
            return None
        if isinstance(found, Wait):
            outbox.defer_within(transaction, [(row.id, found.until, found.reason)], held)
            if topic.may_wait:
                contact_log.note_waiting(transaction, customer.key, [row.id], now)
            return None
        rows = [row]
        if isinstance(found, Digest):
            fitting = _sharing_route(transaction, others, to, known, found.channels[0], now)
            joining = others_waiting.join(transaction, fitting, row.token, now, lease)
            rows = sorted([row, *joining], key=lambda one: one.id)  # in the order they were asked for
        if found.channels[0] == _PERSON:
            contact_log.forget(transaction, [row.id])  # a call is no message
        else:
            contact_log.note_sent(transaction, customer.key, [one.id for one in rows], now)
        notices = [_addressed(one, known) for one in rows]
        return Bundle(rows, notices, found.channels, customer.key)

    def _just_said(self, customer: Customer, now: datetime) -> Wait | None:
        """Until what they have just said about being reached is decided."""
        if not customer.undecided:
            return None
        moment = now + timedelta(seconds=_A_MOMENT)
        return Wait(moment, "the recipient has just said how to be reached, and it is not decided yet")


def _addressed(row: EffectRow, known: Mapping[str, Any]) -> Notice:
    """The notice, addressed as its recipient is known now."""
    notice = Notice.of(row)
    return replace(notice, to=_recipient(notice.to, known))


def _recipient(to: Any, known: Mapping[str, Any]) -> Any:
    """The recipient as `known` now, completed by what the notice says.

    Addresses under `reply_to` come before all others, so that an answer goes where the question came from.
    """
    if not isinstance(to, Mapping):
        return dict(known) or to
    reply_to = to.get("reply_to")
    return {**to, **known, **(reply_to if isinstance(reply_to, Mapping) else {})}


def _sharing_route(
    transaction: Transaction,
    ids: Sequence[int],
    to: Any,
    known: Mapping[str, Any],
    channel: str,
    now: datetime,
) -> list[int]:
    """Those that, each sent alone, would go over this channel to the address that `to` has for it."""
    found, address = [], address_of(to, channel)
    for one, asked, topic, other in others_waiting.asked_for(transaction, ids):
        recipient = _recipient(other, known)
        alone = route(topic, asked, recipient, now)
        if (
            isinstance(alone, Go)
            and alone.channels[0] == channel
            and address_of(recipient, channel) == address
        ):
            found.append(one)
    return found
