"""The sender: hands notices to channels, as many claimed at once as are sent in a moment.

They are settled in the transaction that claims the next: one commit for all of them. No database connection
is held while a channel is asked. A worker killed in between leaves as many messages of unknown outcome as it
sends in a moment: where a channel is slow as many as it takes at once, never more than `pace.MOST`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from tasks.channels.port import Channel, ChannelError, NotAsked, OutcomeUnknown, Retry
from tasks.sending import nobody_there
from tasks.sending.attempts import Attempt, Attempts, where
from tasks.sending.bundle import Bundle
from tasks.sending.claim import NoticeClaims
from tasks.sending.pace import Pace
from tasks.sending.sessions import Sessions
from workflow.clock import monotonic
from workflow.engine.runtime import Runtime
from workflow.outbox import effects as outbox
from workflow.outbox.held_notices import notices_held_under
from workflow.outbox.noting import note
from workflow.outbox.relay import SLICE
from workflow.recovery.contact import contact_log

_SHARE_OF_LEASE = 0.3
_Sent = tuple[int, Mapping[str, Any]]
"""The id of an effect that was sent, and its receipt."""


@dataclass(frozen=True, slots=True)
class SendResult:
    """What a run did: how many notices it looked at, and the outbox ids there was no time for."""

    taken: int
    left: tuple[int, ...]


class NoticeSender:
    """Sends notices of one store over its channels, as many at once as its pace says."""

    def __init__(self, runtime: Runtime, channels: Mapping[str, Channel], pace: Pace | None = None) -> None:
        self._runtime = runtime
        self._channels = channels
        self._claims = NoticeClaims(runtime)
        self._attempts = Attempts(runtime.settings)
        self._pace = pace or Pace()

    def run(self, ids: Sequence[int], token: str, seconds: float = SLICE) -> SendResult:
        """Send the notices still claimed under `token`, for about so many seconds: bulk is sent in slices.

        A notice that another message has claimed since is left out.
        """
        store = self._runtime.store
        lease_seconds = self._runtime.settings.lease_seconds
        deadline = monotonic() + min(seconds, lease_seconds * _SHARE_OF_LEASE)
        lease, taken = timedelta(seconds=lease_seconds), 0
        held = notices_held_under(store, ids, token)
        sent: list[_Sent] = []
        try:
            with Sessions(self._channels) as sessions:
                while held and monotonic() <= deadline:
                    number = self._pace.together(held)
                    now_or_later, held = held[:number], held[number:]
                    claimed = self._claims.claim(now_or_later, token, lease, sent)
                    sent = []  # those are settled
                    held = [*claimed.later, *held]
                    taken += number - len(claimed.later)
                    self._send_all(claimed.bundles, sessions, sent)
        finally:
            if sent:
                self._settle(sent)
        return SendResult(taken, tuple(one.id for one in held))

    def _settle(self, sent: Sequence[_Sent]) -> None:
        """Note what went out."""
        store, clock = self._runtime.store, self._runtime.clock
        note(lambda: outbox.settle(store, sent, clock.now()), "what was sent is not noted yet", len(sent))

    def _send_all(self, bundles: Sequence[Bundle], sessions: Sessions, sent: list[_Sent]) -> None:
        """Send bundles that were claimed together, and add to `sent` what is to be settled.

        Where one takes long, those behind it are given back: their lease has begun, and would end meanwhile.
        """
        begun, waiting = monotonic(), list(bundles)
        try:
            while waiting:
                before = monotonic()
                if len(waiting) < len(bundles) and self._pace.too_long(before - begun):
                    break
                at_once = sessions.at_once(waiting[0].channels[0])
                part, waiting = _parted(waiting, at_once)
                for attempt in self._attempts.at_once(part, sessions):
                    sent += self._record(attempt)
                seconds = (monotonic() - before) / len(part)
                self._pace.note(part[0].rows[0].target, seconds, at_once)
        finally:
            for bundle in waiting:
                self._put_back(bundle)

    def _record(self, attempt: Attempt) -> list[_Sent]:
        """The receipts of an attempt, to be settled with the next claim. Other outcomes are recorded."""
        bundle, outcome = attempt.bundle, attempt.outcome
        store, clock = self._runtime.store, self._runtime.clock
        held = outbox.Hold.sending(bundle.rows[0])
        if attempt.nobody:
            nobody_there.report(self._runtime, bundle, attempt.nobody, failed=attempt.failed)
        match outcome:
            case NotAsked():
                self._forget_contact(bundle, again=True)
                until = clock.now() + timedelta(seconds=outcome.after or 0.0)
                with store.begin() as transaction:
                    waits = [(one, until, str(outcome)) for one in bundle.ids]
                    outbox.defer(transaction, waits, held)
            case Retry():
                self._forget_contact(bundle, again=True)
                failures = [outbox.Failure(one, str(outcome), outcome.rules) for one in bundle.ids]
                policy, pause = self._runtime.retries, outcome.after or 0.0
                given_up = outbox.retry(store, failures, clock.now(), policy, held, asked_pause=pause)
                self._wait_no_more(bundle, given_up)
            case OutcomeUnknown():
                losses = [(one, str(outcome)) for one in bundle.ids]
                said = {"channel": outcome.channel, **where(bundle, outcome.channel or "")}
                outbox.unknown(store, losses, held, dict(_of_one_message(said, bundle)))
            case ChannelError():
                self._forget_contact(bundle, again=False)
                outbox.bury(store, [(one, str(outcome)) for one in bundle.ids], clock.now(), held)
            case receipt:
                return _receipts(receipt, bundle)
        return []

    def _forget_contact(self, bundle: Bundle, *, again: bool) -> None:
        """Do not count it towards a cap; if it is tried `again`, its notices may be bundled again."""
        if bundle.counted is not None:
            with self._runtime.store.begin() as transaction:
                now = self._runtime.clock.now()
                bundle.forget_contact(transaction, now, again=again, of=bundle.ids)

    def _put_back(self, bundle: Bundle) -> None:
        """It certainly did not go out, and is claimed again."""
        self._forget_contact(bundle, again=True)
        held = outbox.Hold.sending(bundle.rows[0])
        outbox.put_back(self._runtime.store, bundle.ids, self._runtime.clock.now(), held)

    def _wait_no_more(self, bundle: Bundle, given_up: Sequence[int]) -> None:
        """What is given up does not wait for others to go together with."""
        if bundle.counted is not None and given_up:
            with self._runtime.store.begin() as transaction:
                contact_log.forget(transaction, given_up)


def _parted(bundles: list[Bundle], at_once: int) -> tuple[list[Bundle], list[Bundle]]:
    """The first and, up to so many, others that go over the same channel first; and the rest."""
    if at_once == 1:
        return bundles[:1], bundles[1:]
    part: list[Bundle] = []
    rest: list[Bundle] = []
    for one in bundles:
        joins = len(part) < at_once and one.channels[0] == bundles[0].channels[0]
        (part if joins else rest).append(one)
    return part, rest


def _receipts(said: dict[str, Any], bundle: Bundle) -> list[_Sent]:
    """The receipt of each effect of the bundle. Of a customer's, which are few, each lists all of them."""
    if bundle.gathered:
        return _of_one_message(said, bundle)
    return [(one, _with_digest(said, bundle)) for one in bundle.ids]


def _of_one_message(said: dict[str, Any], bundle: Bundle) -> list[_Sent]:
    """A report names the message, so the first lists the keys of all; the others name the first."""
    first, *others = bundle.ids
    return [(first, _with_digest(said, bundle)), *((one, said | {"gathered": bundle.key}) for one in others)]


def _with_digest(said: dict[str, Any], bundle: Bundle) -> dict[str, Any]:
    """Add the keys of all notices of the message, so that a report on it is recorded for each."""
    return said if len(bundle.rows) == 1 else said | {"digest": bundle.keys}
