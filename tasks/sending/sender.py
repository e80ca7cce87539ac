"""The sender: hands notices to channels one by one, as many claimed at once as are sent in a moment.

They are settled in the transaction that claims the next: one commit for all of them. No database connection
is held while a channel is asked. A worker killed in between leaves as many messages of unknown outcome as it
sends in a moment: one where a channel is slow, never more than `pace.MOST`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import structlog

from tasks.channels.port import Channel, NobodyThere, Notice, OutcomeUnknown, Receipt, Rejected, Retry
from tasks.sending import nobody_there
from tasks.sending.claim import Bundle, NoticeClaims
from tasks.sending.digest import joined
from tasks.sending.gathered import list_of
from tasks.sending.pace import Pace
from tasks.sending.sessions import Sessions
from workflow.clock import monotonic
from workflow.engine.runtime import Runtime
from workflow.outbox import effects as outbox
from workflow.outbox.relay import SLICE
from workflow.recovery.contact import contact_log
from workflow.recovery.contact.contact_log import Contact
from workflow.recovery.contact.policy import NO_WAY
from workflow.recovery.contact.resting import address_mark
from workflow.recovery.links import LinkWriter
from workflow.recovery.links.urls import base_url

_SHARE_OF_LEASE = 0.3
_Sent = tuple[int, Mapping[str, Any]]
"""The id of an effect that was sent, and its receipt."""

log = structlog.get_logger(__name__)


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
        self._links = LinkWriter(runtime.settings)
        self._pace = pace or Pace()
        self._base = base_url(runtime.settings)

    def run(self, ids: Sequence[int], token: str, seconds: float = SLICE) -> SendResult:
        """Send the notices still claimed under `token`, for about so many seconds: bulk is sent in slices.

        A notice that another message has claimed since is left out.
        """
        store, clock = self._runtime.store, self._runtime.clock
        lease_seconds = self._runtime.settings.lease_seconds
        deadline = monotonic() + min(seconds, lease_seconds * _SHARE_OF_LEASE)
        lease, taken = timedelta(seconds=lease_seconds), 0
        held = outbox.notices_held_under(store, ids, token)
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
                outbox.settle(store, sent, clock.now())
        return SendResult(taken, tuple(one.id for one in held))

    def _send_all(self, bundles: Sequence[Bundle], sessions: Sessions, sent: list[_Sent]) -> None:
        """Send bundles that were claimed together, and add to `sent` what is to be settled.

        Where one takes long, those behind it are given back: their lease has begun, and would end meanwhile.
        """
        begun, done = monotonic(), 0
        try:
            for bundle in bundles:
                before = monotonic()
                if done and self._pace.too_long(before - begun):
                    break
                done += 1
                sent += self._send_and_record(bundle, sessions)
                self._pace.note(bundle.rows[0].target, monotonic() - before)
        finally:
            for bundle in bundles[done:]:
                self._put_back(bundle)

    def _send_and_record(self, bundle: Bundle, sessions: Sessions) -> list[_Sent]:
        """Send a bundle; the receipts, to be settled with the next claim. Other outcomes are recorded."""
        store, clock = self._runtime.store, self._runtime.clock
        held = outbox.Hold.sending(bundle.rows[0])
        try:
            said = self._send(bundle, sessions)
        except Retry as error:
            self._forget_contact(bundle, again=True)
            failures = [outbox.Failure(one, str(error), error.rules) for one in bundle.ids]
            policy, pause = self._runtime.retries, error.after or 0.0
            given_up = outbox.retry(store, failures, clock.now(), policy, held, asked_pause=pause)
            self._wait_no_more(bundle, given_up)
        except Rejected as error:
            self._forget_contact(bundle, again=False)
            outbox.bury(store, [(one, str(error)) for one in bundle.ids], clock.now(), held)
        except OutcomeUnknown as error:
            losses = [(one, str(error)) for one in bundle.ids]
            said = {"channel": error.channel, **_where(bundle, error.channel or "")}
            outbox.unknown(store, losses, held, dict(_of_one_message(said, bundle)))
        else:
            return _receipts(said, bundle)
        return []

    def _send(self, bundle: Bundle, sessions: Sessions) -> dict[str, Any]:
        """Send over the first channel that does not reject the message; the receipt.

        Raises:
            Retry, OutcomeUnknown: as that channel says; no other is tried, since it may have been sent.
            Rejected: no channel takes it.
        """
        failed: list[tuple[str, str]] = []
        nobody: list[tuple[str, str]] = []
        try:
            for channel in bundle.channels:
                notices = [self._readable(notice.over(channel)) for notice in bundle.notices]
                message = self._as_one(notices, gathered=bundle.gathered)
                try:
                    receipt = _over(message, bundle.key, sessions)
                except Rejected as error:
                    failed.append((channel, str(error)))
                    nobody += [failed[-1]] if isinstance(error, NobodyThere) else []
                except OutcomeUnknown as error:
                    error.channel = channel
                    raise
                else:
                    return _receipt(receipt, failed) | _where(bundle, channel)
        finally:
            if nobody:
                nobody_there.report(self._runtime, bundle, nobody, failed=len(failed))
        reason = failed[0][1] if len(failed) == 1 else "; ".join(f"{name}: {why}" for name, why in failed)
        raise Rejected(f"{reason} {NO_WAY}" if len(nobody) == len(failed) else reason)

    def _as_one(self, notices: Sequence[Notice], *, gathered: bool) -> Notice:
        if len(notices) == 1:
            return notices[0]
        return list_of(notices, self._base) if gathered else joined(notices)

    def _readable(self, notice: Notice) -> Notice:
        """The notice with the URLs of its links in their places."""
        if not notice.links:
            return notice
        title, words = (
            self._links.filled(text, notice.key, notice.links) for text in (notice.title, notice.words)
        )
        return notice._replace(title=title, words=words)

    def _forget_contact(self, bundle: Bundle, *, again: bool) -> None:
        """Do not count it towards a cap; if it is tried `again`, its notices may be bundled again."""
        if bundle.counted is None:
            return
        waiting = [
            row.id
            for row, one in zip(bundle.rows, bundle.notices, strict=True)
            if again and (bundle.gathered or one.topic.may_wait)
        ]
        contacts = [Contact(one, bundle.counted, waits=True) for one in waiting]
        with self._runtime.store.begin() as transaction:
            contact_log.forget(transaction, bundle.ids)
            contact_log.note(transaction, contacts, self._runtime.clock.now())

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


def _over(message: Notice, key: str, sessions: Sessions) -> Receipt:
    channel = sessions.channel(message.channel)
    if channel is None:
        raise Rejected(f"channel: nothing here carries {message.channel!r} [no-channel]")
    try:
        return channel.send(message, key)
    except (Retry, Rejected, OutcomeUnknown):
        raise
    except Exception as error:
        # An error of the channel or a time limit: it may have come after the message was sent.
        log.exception("a channel failed", channel=message.channel, effect=key)
        reason = f"{type(error).__name__} in the channel {message.channel!r}"
        raise OutcomeUnknown(reason) from error


def _receipt(receipt: Receipt, failed: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """The receipt as it is stored."""
    said = receipt.to_json()
    if failed:
        said["attempts"] = [{"channel": channel, "error": error} for channel, error in failed]
    return said


def _where(bundle: Bundle, channel: str) -> dict[str, Any]:
    """To which address of a customer it went, by its mark: they may have another when a report comes."""
    if bundle.counted is None or bundle.gathered:
        return {}
    mark = address_mark(bundle.notices[0].to, channel)
    return {"mark": mark} if mark else {}


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
