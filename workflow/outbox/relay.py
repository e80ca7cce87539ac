"""The relay: puts effects from the outbox on the broker, after the transaction that claims them.

Notices are sent in batches of ids, since the worker that sends them claims the rows again; an effect that
names somebody's task is one message with its arguments.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol

from state_machines.notices.topics import Priority
from state_machines.values.backoff import Backoff
from state_machines.values.retry_policy import GiveUp, decide_retry
from workflow.clock import monotonic
from workflow.engine.runtime import Runtime
from workflow.errors import BrokerUnreachable, MessageRefused
from workflow.outbox import effects as outbox
from workflow.outbox.even_parts import even_part
from workflow.outbox.receipt_signatures import ReceiptSignatures
from workflow.store.port import EffectRow

NOTICES_PER_MESSAGE = 300
"""What a quick channel is given in a moment. Whoever is slower passes on half of what is left."""
SLICE = 0.1
"""Seconds that one run takes at most, about: between two of them deadlines are decided."""
_BROKER_PAUSE = 2.0
_LONGEST_LEASES = 256
"""Leases for which the receipt of a task is waited for, at most."""
_REFUSED = frozenset({"message-refused"})
_NO_RECEIPT = frozenset({"no-receipt"})


@dataclass(frozen=True, slots=True)
class Relayed:
    """What a run of the relay did: effects published, keys of some subjects, and whether more waits."""

    published: int = 0
    subjects: tuple[str, ...] = ()
    more: bool = False


class Publisher(Protocol):
    """Puts messages on a broker."""

    def send_notices(
        self, ids: Sequence[int], token: str, subjects: Sequence[str], *, urgent: bool = False
    ) -> None:
        """Have the notices with these outbox ids sent, if `token` still holds. Raises BrokerUnreachable."""

    def run_tasks(self, effects: Sequence[EffectRow], sign: Callable[[str, str], str]) -> None:
        """Send the messages of effects that name tasks. Raises BrokerUnreachable, MessageRefused.

        `sign` gives the signature of a receipt, by the name of its task and the effect's idempotency key.
        """

    def reachable(self) -> bool:
        """Whether the broker takes messages now; asks for some seconds at most."""


class Relay:
    """Publishes due effects of one store to one broker. Any number of relays may run at once."""

    def __init__(
        self, runtime: Runtime, publisher: Publisher, new_token: Callable[[], str] = outbox.new_token
    ) -> None:
        """`new_token` gives a dispatch token for each batch, never the same twice in one store."""
        self._runtime = runtime
        self._new_token = new_token
        self._publisher = publisher
        signatures = ReceiptSignatures(runtime.store, runtime.clock)
        signatures.prepare()  # before anything is claimed, whose attempt would be lost if that failed
        self._sign = signatures.sign
        seconds = runtime.settings.lease_seconds
        self._lease = timedelta(seconds=seconds)
        # Twice as long with every message: a worker that was away for hours finds few copies.
        self._receipts = replace(runtime.retries, backoff=Backoff(seconds, seconds * _LONGEST_LEASES))

    def run(self, seconds: float = SLICE) -> Relayed:
        """Publish batch after batch until none is due, for about so many seconds; what was done.

        Effects that cannot be published are pending again, for a later run; what was published stays so.
        """
        runtime = self._runtime
        deadline = monotonic() + seconds
        published, subjects = 0, dict[str, None]()
        while monotonic() < deadline:
            limit = runtime.settings.effect_batch
            rows = outbox.claim(runtime.store, runtime.clock.now(), self._lease, limit, self._new_token())
            if not rows or not self.publish(rows):
                return Relayed(published, tuple(subjects)[:5])
            published += len(rows)
            subjects |= dict.fromkeys(row.subject for row in rows[:5])
            if len(rows) < limit:  # others are claimed by another relay, which publishes them
                return Relayed(published, tuple(subjects)[:5])
        return Relayed(published, tuple(subjects)[:5], more=True)

    def publish(self, rows: Sequence[EffectRow]) -> bool:
        """Put effects that were claimed together on the broker, the urgent first; whether it took them.

        If the broker is lost on the way, what it did not take is pending again. A message that the broker
        refuses while it takes others does not delay them.
        """
        waiting = {row.id: row for row in self._alive(rows)}
        refused: list[outbox.Failure] = []
        try:
            self._send_notices(waiting, urgent=True)
            refused += self._run_once(waiting)
            others = [row for row in waiting.values() if row.kind != "notice" and not must_ask(row)]
            for queue in dict.fromkeys(row.queue for row in others):
                refused += self._run_tasks(waiting, [row for row in others if row.queue == queue])
            self._send_notices(waiting, urgent=False)
            if refused:
                self._try_again(rows, waiting, refused)
        except BrokerUnreachable as error:
            until = self._runtime.clock.now() + timedelta(seconds=_BROKER_PAUSE)
            outbox.release(self._runtime.store, list(waiting.values()), until, str(error))
            return False
        return True

    def _send_notices(self, waiting: dict[int, EffectRow], *, urgent: bool) -> None:
        """Send those that somebody must act on, or the others: the urgent have the preferred queue."""
        notices = [
            row
            for row in waiting.values()
            if row.kind == "notice" and (row.priority == Priority.ACT) is urgent
        ]
        size = even_part(len(notices), NOTICES_PER_MESSAGE)
        for start in range(0, len(notices), size):
            part = notices[start : start + size]
            subjects = list(dict.fromkeys(row.subject for row in part))
            self._publisher.send_notices([row.id for row in part], part[0].token, subjects, urgent=urgent)
            for row in part:
                del waiting[row.id]

    def _run_tasks(self, waiting: dict[int, EffectRow], tasks: Sequence[EffectRow]) -> list[outbox.Failure]:
        """All of these in one go; where that is refused, one by one, to know which."""
        refused: list[outbox.Failure] = []
        try:
            self._publisher.run_tasks(tasks, self._sign)
        except MessageRefused as error:
            if len(tasks) == 1:
                return [outbox.Failure(tasks[0].id, str(error), _REFUSED)]
            for row in tasks:
                try:
                    self._publisher.run_tasks([row], self._sign)
                except MessageRefused as alone:
                    refused.append(outbox.Failure(row.id, str(alone), _REFUSED))
        for one in {row.id for row in tasks} - {one.id for one in refused}:
            del waiting[one]
        return refused

    def _run_once(self, waiting: dict[int, EffectRow]) -> list[outbox.Failure]:
        """Those that must not be sent again unasked, one by one; what was refused is certainly not sent.

        Where the broker is lost over one, nobody knows whether it took that.
        """
        refused: list[outbox.Failure] = []
        once = [row for row in waiting.values() if must_ask(row)]
        if once and not self._publisher.reachable():
            raise BrokerUnreachable("the broker cannot be reached")
        for row in once:
            try:
                self._publisher.run_tasks([row], self._sign)
            except MessageRefused as error:
                refused.append(outbox.Failure(row.id, str(error), _REFUSED))
                continue
            except BrokerUnreachable as error:
                lost = f"nobody knows whether the broker took it: {error}"
                outbox.unknown(self._runtime.store, [(row.id, lost)], outbox.Hold.relaying(row))
                del waiting[row.id]
                raise
            del waiting[row.id]
        return refused

    def _try_again(
        self, rows: Sequence[EffectRow], waiting: Mapping[int, EffectRow], refused: Sequence[outbox.Failure]
    ) -> None:
        """Count an attempt of those refused. If no other was taken either, the broker is at fault: raise."""
        if len(waiting) == len(rows):
            raise BrokerUnreachable(refused[0].error)
        runtime, held = self._runtime, outbox.Hold.relaying(rows[0])
        outbox.retry(runtime.store, refused, runtime.clock.now(), runtime.retries, held)

    def _alive(self, rows: Sequence[EffectRow]) -> list[EffectRow]:
        """Less the tasks without a receipt after all attempts; those sent again get a longer lease.

        Tasks with a retry rule of their own get the lease that it says. One that must not be sent again
        unasked is of unknown outcome once its message has brought no receipt.
        """
        runtime, now = self._runtime, self._runtime.clock.now()
        spent: dict[int, str] = {}
        unclear: list[tuple[int, str]] = []
        leases: list[tuple[int, str, datetime]] = []
        for row in rows:
            rule = row.payload.get("retry")
            if row.kind != "task" or (row.attempts <= 1 and not rule):
                continue  # the lease under which it was claimed will do
            policy, before = self._receipts.with_rule(rule), row.attempts - 1
            if before and must_ask(row):
                unclear.append((row.id, "no receipt came, and it is not to be sent again unasked"))
            elif before and isinstance(decide_retry(policy, before, _NO_RECEIPT), GiveUp):
                spent[row.id] = _without_receipt(before)
            else:
                lease = timedelta(seconds=policy.backoff.pause(row.attempts))
                leases.append((row.id, row.token, now + lease))
        if spent:
            outbox.bury_unsent(runtime.store, list(spent.items()), now, outbox.Hold.relaying(rows[0]))
        if unclear:
            outbox.unknown(runtime.store, unclear, outbox.Hold.relaying(rows[0]))
        if leases:
            outbox.extend(runtime.store, leases)
        gone = spent.keys() | {one for one, _ in unclear}
        return [row for row in rows if row.id not in gone]


def must_ask(row: EffectRow) -> bool:
    """Whether its definition says that it must not be sent again without a person's word."""
    return row.kind == "task" and row.payload.get("repeat") == "ask"


def _without_receipt(messages: int) -> str:
    said = f"{messages} message{'s' if messages != 1 else ''}"
    return f"no receipt after {said}: does a worker consume its queue and know the task?"
