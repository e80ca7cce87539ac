"""The relay: what waits in the outbox is put on the broker, never inside the transaction that claims it.

Notices travel in batches of ids, since whoever sends them claims the rows again; an effect that names
somebody's task is one message with its arguments.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from state_machines.notices.topics import topic_of
from workflow.clock import monotonic
from workflow.engine.priority import Priority, priority_of
from workflow.engine.runtime import Runtime
from workflow.errors import BrokerUnreachable, MessageRefused
from workflow.outbox import effects as outbox
from workflow.store.port import EffectRow

NOTICES_PER_MESSAGE = 25
"""Few enough to share out among the processes of a pool, enough to make a message worth its millisecond."""
SLICE = 0.1
"""Seconds that one run takes at most, about: what has a deadline comes between two of them."""
_BROKER_PAUSE = 2.0
_DOUBLINGS = 8


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

    def run_tasks(self, effects: Sequence[EffectRow]) -> None:
        """Send the messages of effects that name tasks. Raises BrokerUnreachable, MessageRefused."""


class Relay:
    """Publishes due effects of one store to one broker. Any number of relays may run at once."""

    def __init__(self, runtime: Runtime, publisher: Publisher) -> None:
        self._runtime = runtime
        self._publisher = publisher
        self._lease = runtime.clock.real(runtime.settings.lease_seconds)

    def run(self, seconds: float = SLICE) -> Relayed:
        """Publish batch after batch until none is due.

        Effects that cannot be published go back, for a later run; what was published stays so.
        """
        runtime = self._runtime
        deadline = monotonic() + seconds
        published, subjects = 0, dict[str, None]()
        while monotonic() < deadline:
            limit = runtime.settings.effect_batch
            rows = outbox.claim(runtime.store, runtime.clock.now(), self._lease, limit)
            if not rows or not self.publish(rows):
                return Relayed(published, tuple(subjects)[:5])
            published += len(rows)
            subjects |= dict.fromkeys(row.subject for row in rows[:5])
            if (
                len(rows) < limit
            ):  # what another relay holds, it publishes; what is new has a relay of its own
                return Relayed(published, tuple(subjects)[:5])
        return Relayed(published, tuple(subjects)[:5], more=True)

    def publish(self, rows: Sequence[EffectRow]) -> bool:
        """Put effects that were claimed together on the broker, those that concern a deadline first.

        False when the broker was lost on the way; what it did not take waits again. One message that the
        broker refuses, while it takes others, holds up none of them.
        """
        waiting = {row.id: row for row in self._alive(rows)}
        refused: list[tuple[int, str]] = []
        try:
            self._send_notices(waiting, urgent=True)
            for queue in dict.fromkeys(row.queue for row in waiting.values() if row.kind != "notice"):
                refused += self._run_tasks(waiting, queue)
            self._send_notices(waiting, urgent=False)
            if refused:
                self._try_again(rows, waiting, refused)
        except BrokerUnreachable as error:
            until = self._runtime.clock.now() + self._runtime.clock.real(_BROKER_PAUSE)
            outbox.release(self._runtime.store, list(waiting.values()), until, str(error))
            return False
        return True

    def _send_notices(self, waiting: dict[int, EffectRow], *, urgent: bool) -> None:
        """Those that cannot wait go by the preferred queue, past whatever bulk is on its way."""
        notices = [row for row in waiting.values() if row.kind == "notice" and _is_urgent(row) is urgent]
        for start in range(0, len(notices), NOTICES_PER_MESSAGE):
            part = notices[start : start + NOTICES_PER_MESSAGE]
            subjects = list(dict.fromkeys(row.subject for row in part))
            self._publisher.send_notices([row.id for row in part], part[0].token, subjects, urgent=urgent)
            for row in part:
                del waiting[row.id]

    def _run_tasks(self, waiting: dict[int, EffectRow], queue: str | None) -> list[tuple[int, str]]:
        """All for one queue in one go; where that is refused, one by one, to know which."""
        tasks = [row for row in waiting.values() if row.kind != "notice" and row.queue == queue]
        refused = []
        try:
            self._publisher.run_tasks(tasks)
        except MessageRefused as error:
            if len(tasks) == 1:
                return [(tasks[0].id, str(error))]
            for row in tasks:
                try:
                    self._publisher.run_tasks([row])
                except MessageRefused as alone:
                    refused.append((row.id, str(alone)))
        for one in {row.id for row in tasks} - {one for one, _ in refused}:
            del waiting[one]
        return refused

    def _try_again(
        self, rows: Sequence[EffectRow], waiting: Mapping[int, EffectRow], refused: Sequence[tuple[int, str]]
    ) -> None:
        """Those refused: a fault of theirs, an attempt each, where the broker took any other."""
        if len(waiting) == len(rows):
            raise BrokerUnreachable(refused[0][1])
        runtime, held = self._runtime, outbox.Hold.relaying(rows[0])
        outbox.retry(runtime.store, refused, runtime.clock.now(), runtime.clock, runtime.retries, held)

    def _alive(self, rows: Sequence[EffectRow]) -> list[EffectRow]:
        """Less the tasks without a receipt after all attempts; those sent again get a longer lease."""
        limit = self._runtime.retries.max_attempts
        repeated = [row for row in rows if row.kind == "task" and row.attempts > 1]
        spent = {row.id for row in repeated if row.attempts > limit}
        if spent:
            reason = f"no receipt after {limit} messages: does a worker consume its queue and know the task?"
            outbox.bury(
                self._runtime.store, [(one, reason) for one in spent], held=outbox.Hold.relaying(rows[0])
            )
        if repeated:
            now = self._runtime.clock.now()
            leases = [
                (row.id, row.token, now + self._patience(row)) for row in repeated if row.id not in spent
            ]
            outbox.extend(self._runtime.store, leases)
        return [row for row in rows if row.id not in spent]

    def _patience(self, row: EffectRow) -> timedelta:
        """Twice as long with every message: a worker that was away for hours finds few copies."""
        return self._lease * float(2 ** min(row.attempts - 1, _DOUBLINGS))


def _is_urgent(notice: EffectRow) -> bool:
    """Somebody must act on it: a person is to call, or its topic says so."""
    return priority_of(notice.kind, notice.target, topic_of(notice.payload)) == Priority.ACT
