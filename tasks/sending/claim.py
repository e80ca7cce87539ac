"""The claim of notices: whether they may be sent now, over which channels, and which others join them.

All of that is one transaction for several notices, under the locks of the subjects of their customers: what a
customer said a second ago holds, and no two workers use up the same place within a cap. Of one customer's
notices a claim takes one, so that the next sees what became of it; the same of what a colleague is told about
one topic, under the lock of that line.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any, NamedTuple

from sqlalchemy.exc import DBAPIError

from state_machines.notices.topics import topic_of
from state_machines.values.durations import parse_duration
from state_machines.values.instants import shifted
from tasks.sending import addressing
from tasks.sending.bundle import Bundle
from tasks.sending.unsure_claims import give_back
from workflow.engine.runtime import Runtime
from workflow.outbox import effects as outbox
from workflow.outbox import notices as others_waiting
from workflow.outbox.effects import Hold, Receipts
from workflow.outbox.held_notices import HeldNotice
from workflow.recovery.contact import case_customers, colleague_lines, contact_log, gathering
from workflow.recovery.contact.addresses import address as address_of
from workflow.recovery.contact.contact_log import Contact, Customer
from workflow.recovery.contact.gathering import Line
from workflow.recovery.contact.policy import Digest, Go, History, NoWay, Wait, route
from workflow.store.effect_states import RECALLED, EffectState
from workflow.store.port import EffectRow, Transaction

_A_MOMENT = 2.0
"""Seconds in which an event that has been accepted is decided, mostly."""
_PERSON = "live"


class Claimed(NamedTuple):
    """What came of a claim.

    Attributes:
        bundles: to be sent now, in the order in which their notices were given.
        later: notices that were not looked at, each for a customer who has another one in this claim.
    """

    bundles: Sequence[Bundle]
    later: Sequence[HeldNotice]


class NoticeClaims:
    """Claims notices for sending, several in one transaction."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._interval = parse_duration(runtime.settings.gather)

    def claim(self, held: Sequence[HeldNotice], token: str, lease: timedelta, sent: Receipts) -> Claimed:
        """The bundles of these notices to send now; none of one that another worker has, or that must wait.

        What was `sent` just before is settled in the same transaction. Where it is not known whether that was
        committed, nothing is claimed.
        """
        now = self._runtime.clock.now()
        claimed = Claimed((), ())
        try:
            with self._runtime.store.begin() as transaction:
                claimed = self._claimed(transaction, held, token, now, lease, sent)
        except DBAPIError:  # nothing was found, or its commit was not answered
            give_back(self._runtime, claimed.bundles, now + lease)
            raise
        return claimed

    def _claimed(
        self,
        transaction: Transaction,
        held: Sequence[HeldNotice],
        token: str,
        now: datetime,
        lease: timedelta,
        sent: Receipts,
    ) -> Claimed:
        parted = case_customers.parted(transaction, [one.id for one in held if one.customer])
        held = [one._replace(customer=parted.get(one.id, one.customer)) for one in held]
        keys = {one.customer for one in held if one.customer is not None}
        customers = contact_log.held(transaction, keys)  # subjects first, then effects
        lines = self._held_lines(
            transaction, [one.id for one in held if one.colleagues and one.customer not in customers], now
        )
        first, later = _one_each(held, customers, lines)
        begun = outbox.begin(transaction, list(first), token, now, lease, sent)
        verdicts = _Verdicts(transaction, now, lease, customers.values(), lines.values(), self._interval)
        bundles = [verdicts.of(row, first[row.id], lines.get(row.id)) for row in begun]
        verdicts.write(Hold(token, EffectState.SENDING))
        found = [bundle for bundle in bundles if bundle is not None]
        for bundle in found:
            if len(bundle.rows) > 1:
                others_waiting.note_together(transaction, bundle.rows)
        return Claimed(found, later)

    def _held_lines(self, transaction: Transaction, ids: Sequence[int], now: datetime) -> dict[int, Line]:
        """Of the notices that are gathered, the line on which a colleague is told of each; all are held."""
        if not self._interval or not ids:
            return {}
        lines: dict[int, Line] = {}
        origins = gathering.origins(transaction, ids)
        for one, channel, topic, to in others_waiting.asked_for(transaction, list(origins)):
            found = route(topic, channel, to, now)
            line = gathering.line_of(topic, found, to, origins[one]) if isinstance(found, Go) else None
            if line is not None:
                lines[one] = line
        if lines:
            transaction.hold({line.name for line in lines.values()})
        return lines


def _one_each(
    held: Sequence[HeldNotice], customers: Mapping[str, Customer], lines: Mapping[int, Line]
) -> tuple[dict[int, Customer | None], list[HeldNotice]]:
    """The first notice for each customer and on each line, all others, by id with the customer; the rest."""
    first: dict[int, Customer | None] = {}
    later: list[HeldNotice] = []
    taken: set[str] = set()
    for one in held:
        customer = None if one.customer is None else customers.get(one.customer)
        line = lines.get(one.id)
        name = customer.key if customer is not None else None if line is None else line.name
        if name is not None and name in taken:
            later.append(one)
            continue
        first[one.id] = customer
        if name is not None:
            taken.add(name)
    return first, later


class _Verdicts:
    """What is to become of the notices of one claim; all but the sending is written together at its end."""

    def __init__(
        self,
        transaction: Transaction,
        now: datetime,
        lease: timedelta,
        customers: Collection[Customer],
        lines: Collection[Line],
        interval: timedelta,
    ) -> None:
        self._interval = interval
        self._transaction = transaction
        self._now = now
        self._lease = lease
        self._others_wait = contact_log.with_waiting(transaction, customers)
        self._last_told = colleague_lines.last_told(transaction, {line.name for line in lines})
        self._waits: list[tuple[int, datetime, str]] = []
        self._recalled: list[tuple[int, str]] = []
        self._impossible: list[tuple[int, str]] = []
        self._contacts: list[Contact] = []
        self._no_contacts: list[int] = []

    def of(self, row: EffectRow, customer: Customer | None, line: Line | None) -> Bundle | None:
        """The bundle to send now, or None."""
        if RECALLED in row.payload:
            self._recalled.append((row.id, row.payload[RECALLED]))
            self._no_contacts.append(row.id)
            return None
        if line is not None:
            return self._for_colleague(row, line)
        return self._for_anybody(row) if customer is None else self._for_customer(row, customer)

    def write(self, held: Hold) -> None:
        """Write down what waits, what can never or shall not be sent, and whom we write to."""
        if self._waits:
            outbox.defer(self._transaction, self._waits, held)
        if self._impossible:
            outbox.bury_within(self._transaction, self._impossible, self._now, held)
        if self._recalled:
            outbox.recall(self._transaction, self._recalled, held)
        contact_log.forget(self._transaction, self._no_contacts)
        contact_log.note(self._transaction, self._contacts, self._now)

    def _for_anybody(self, row: EffectRow) -> Bundle | None:
        """For a recipient that is no customer: all that is known is in the notice."""
        notice = addressing.addressed(row, {})
        found = route(notice.topic, notice.channel, notice.to, self._now)
        if isinstance(found, Wait):
            self._waits.append((row.id, found.until, found.reason))
        elif isinstance(found, NoWay):
            self._impossible.append((row.id, found.reason))
        else:
            return Bundle([row], [notice], found.channels)
        return None

    def _for_colleague(self, row: EffectRow, line: Line) -> Bundle | None:
        """Now, with all that waits on the line; or later, where they have just been told of others."""
        transaction, now = self._transaction, self._now
        notice, since = addressing.addressed(row, {}), shifted(now, -self._interval)
        found = route(notice.topic, notice.channel, notice.to, now)
        assert isinstance(found, Go)
        wait = gathering.until_gathered(now, self._interval, self._last_told.get(line.name))
        if wait is not None and (
            line.patient or not colleague_lines.is_alone(transaction, line.name, row, since)
        ):
            self._waits.append((row.id, wait.until, wait.reason))
            self._contacts.append(Contact(row.id, line.name, waits=True))
            return None
        others = colleague_lines.gathered_on(transaction, line.name, row.id)
        fitting = _sharing_route(transaction, others, notice.to, {}, found.channels[0], now)
        joining = others_waiting.join(transaction, fitting, row.token, now, self._lease)
        rows = sorted([row, *joining], key=lambda one: one.id)
        colleague_lines.forget_told(transaction, line.name, since)
        self._contacts += [Contact(one.id, line.name, waits=False) for one in rows]
        notices = [addressing.addressed(one, {}) for one in rows]
        return Bundle(rows, notices, found.channels, line.name, gathered=True)

    def _for_customer(self, row: EffectRow, customer: Customer) -> Bundle | None:
        transaction, now = self._transaction, self._now
        known = {**customer.profile, "key": customer.key}
        row = addressing.as_theirs(row, customer)
        topic, to = topic_of(row.payload), addressing.recipient(row.payload["to"], known)
        others: Sequence[int] = ()
        if topic.may_wait and not self._others_wait.isdisjoint(customer.keys):
            waiting = contact_log.waiting(transaction, customer, row.id)
            others = sorted({*waiting} - case_customers.parted(transaction, waiting).keys())
        history = History(partial(contact_log.sent_lately, transaction, customer), len(others))
        found = self._just_said(customer) or route(topic, row.target, to, now, history)
        if isinstance(found, NoWay):
            self._impossible.append((row.id, found.reason))
            self._no_contacts.append(row.id)
            return None
        if isinstance(found, Wait):
            self._waits.append((row.id, found.until, found.reason))
            if topic.may_wait:
                self._contacts.append(Contact(row.id, customer.key, waits=True))
            return None
        rows = [row]
        if isinstance(found, Digest):
            fitting = _sharing_route(transaction, others, to, known, found.channels[0], now)
            joining = others_waiting.join(transaction, fitting, row.token, now, self._lease)
            rows = sorted([row, *joining], key=lambda one: one.id)  # in the order they were asked for
        # A message counts once, by the first; a call is none.
        counted = 0 if found.channels[0] == _PERSON else 1
        self._contacts += [Contact(one.id, customer.key, waits=False) for one in rows[:counted]]
        self._no_contacts += [one.id for one in rows[counted:]]
        return Bundle(rows, [addressing.addressed(one, known) for one in rows], found.channels, customer.key)

    def _just_said(self, customer: Customer) -> Wait | None:
        """Until what they have just said about being reached is decided."""
        if not customer.undecided:
            return None
        moment = self._now + timedelta(seconds=_A_MOMENT)
        return Wait(moment, "the recipient has just said how to be reached, and it is not decided yet")


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
        recipient = addressing.recipient(other, known)
        alone = route(topic, asked, recipient, now)
        if (
            isinstance(alone, Go)
            and alone.channels[0] == channel
            and address_of(recipient, channel) == address
        ):
            found.append(one)
    return found
