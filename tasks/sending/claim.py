"""The claim of a notice: whether it may be sent now, over which channels, and which others join it.

For a customer with a key all of that is one transaction under the lock of the customer's subject: what the
customer said a second ago holds, and no two workers use up the same place within a cap.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from tasks.channels.port import Notice
from tasks.sending.bundle import Bundle
from workflow.engine.runtime import Runtime
from workflow.outbox import effects as outbox
from workflow.outbox import notices as sending
from workflow.outbox.effects import Hold, Receipts
from workflow.outbox.notices import HeldNotice
from workflow.recovery.contact import contact_log
from workflow.recovery.contact.addresses import address as address_of
from workflow.recovery.contact.contact_log import Customer
from workflow.recovery.contact.policy import Digest, Go, History, NoWay, Route, Wait, route
from workflow.recovery.contact.profile import Profile, ProfileError
from workflow.store.port import EffectRow, Transaction

_A_MOMENT = 2.0
"""Seconds in which an event that has been accepted is decided, mostly."""
_PERSON = "live"


class NoticeClaims:
    """Claims notices for sending, one bundle at a time."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime

    def claim(self, held: HeldNotice, token: str, lease: timedelta, sent: Receipts) -> Bundle | None:
        """The bundle to send now; None if another worker has the notice, or if it may not be sent now.

        What was `sent` just before is settled in the same transaction.
        """
        store, now = self._runtime.store, self._runtime.clock.now()
        if held.customer is not None:
            with store.begin() as transaction:
                customer = contact_log.held(transaction, held.customer)  # subjects first, then effects
                begun = outbox.begin_within(transaction, [held.id], token, now, lease, sent)
                if not begun:
                    return None
                if customer is not None:
                    return self._for_customer(transaction, begun[0], customer, now, lease)
        else:
            begun = outbox.begin(store, [held.id], token, now, lease, sent)
        return self._for_anybody(begun[0], now) if begun else None

    def _for_anybody(self, row: EffectRow, now: datetime) -> Bundle | None:
        """For a recipient that is no customer: all that is known is in the notice."""
        notice, held = _addressed(row, {}), Hold.sending(row)
        found = _routed(notice, notice.to, now)
        if isinstance(found, Wait):
            outbox.defer(self._runtime.store, [(row.id, found.until, found.reason)], held)
        elif isinstance(found, NoWay):
            outbox.bury(self._runtime.store, [(row.id, found.reason)], held)
        else:
            return Bundle([row], [notice], found.channels)
        return None

    def _for_customer(
        self, transaction: Transaction, row: EffectRow, customer: Customer, now: datetime, lease: timedelta
    ) -> Bundle | None:
        known = {**customer.profile, "key": customer.key}
        notice, held = _addressed(row, known), Hold.sending(row)
        others = contact_log.waiting(transaction, customer, row.id) if notice.topic.may_wait else []
        found = self._customers_route(transaction, notice, customer, now, len(others))
        if isinstance(found, NoWay):
            outbox.bury_within(transaction, [(row.id, found.reason)], held)
            contact_log.forget(transaction, [row.id])
            return None
        if isinstance(found, Wait):
            outbox.defer_within(transaction, [(row.id, found.until, found.reason)], held)
            if notice.topic.may_wait:
                contact_log.note_waiting(transaction, customer.key, [row.id], now)
            return None
        rows = [row]
        if isinstance(found, Digest):
            fitting = _sharing_route(transaction, others, notice, known, found.channels[0], now)
            joining = sending.join(transaction, fitting, row.token, now, lease)
            rows = sorted(
                [row, *joining], key=lambda one: one.id
            )  # in the order in which they were asked for
        if found.channels[0] == _PERSON:
            contact_log.forget(transaction, [row.id])  # a call is no message
        else:
            contact_log.note_sent(transaction, customer.key, [one.id for one in rows], now)
        notices = [_addressed(one, known) for one in rows]
        return Bundle(rows, notices, found.channels, customer.key)

    def _customers_route(
        self, transaction: Transaction, notice: Notice, customer: Customer, now: datetime, others: int
    ) -> Route:
        if customer.undecided:
            moment = now + self._runtime.clock.real(_A_MOMENT)
            return Wait(moment, "the recipient has just said how to be reached, and it is not decided yet")
        try:
            cap = Profile.read(notice.to).cap
        except ProfileError:
            cap = None  # and `_routed` returns why
        sent = contact_log.sent_lately(transaction, customer, cap.most) if cap is not None else ()
        return _routed(notice, notice.to, now, History(sent, others))


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


def _routed(notice: Notice, to: Any, now: datetime, history: History | None = None) -> Route:
    try:
        return route(notice.topic, notice.channel, Profile.read(to), now, history or History())
    except ProfileError as error:
        return NoWay(f"to.{error.field}: {error.rule}, so that nobody knows when to write")


def _sharing_route(
    transaction: Transaction,
    ids: Sequence[int],
    notice: Notice,
    known: Mapping[str, Any],
    channel: str,
    now: datetime,
) -> list[int]:
    """Those that, each sent alone, would go over this channel to the same address as the notice."""
    found, address = [], address_of(notice.to, channel)
    for one, asked, topic, to in sending.asked_for(transaction, ids):
        recipient = _recipient(to, known)
        alone = route(topic, asked, Profile.read(recipient), now)
        if (
            isinstance(alone, Go)
            and alone.channels[0] == channel
            and address_of(recipient, channel) == address
        ):
            found.append(one)
    return found
