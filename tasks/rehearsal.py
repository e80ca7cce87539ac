"""What workers do, done for the rehearsal, where nothing leaves: what would have gone out is kept.

Notices go through the sender as a worker's do: routed by the customer's wishes, held back in quiet hours,
gathered, worded for their channel. Only the last step is another. Tasks of other programs are not called;
whoever rehearses says how they end.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from tasks.channels.live import LiveChannel
from tasks.channels.port import Channel, Notice, Receipt
from tasks.scheduler.sweep import sweep
from tasks.sending.sender import NoticeSender
from workflow.broker.task_names import WRITE
from workflow.engine.runtime import Runtime
from workflow.outbox import effects as outbox
from workflow.outbox.receipts import record_successes
from workflow.recovery.archive.writing import write_alerts
from workflow.recovery.contact.addresses import address
from workflow.recovery.contact.channels import registered
from workflow.store.port import EffectRow

NOT_SENT = "not sent: a test key asked for it"
"""What a receipt says of a notice that a real one would have sent."""
NOT_CALLED = {"not_called": "a test key asked for it; how it ends is said on the page of what it asked for"}


@dataclass(frozen=True, slots=True)
class KeptReceipt(Receipt):
    """The receipt of what was not sent: whom it would have reached, and in which words."""

    to: str = ""
    title: str = ""
    words: str = ""

    def to_json(self) -> dict[str, Any]:
        """As it is stored with the effect."""
        # By the class: `super()` does not find it in a dataclass with slots.
        return {**Receipt.to_json(self), "to": self.to, "title": self.title, "words": self.words}


class KeepingChannel:
    """Every channel to the world: reaches nobody, and says what it would have said to whom."""

    def send(self, notice: Notice, idempotency_key: str) -> Receipt:
        """Keep it. The links in its words open nothing."""
        to = address(notice.to, notice.channel)
        return KeptReceipt(
            notice.channel, idempotency_key, NOT_SENT, to=to, title=notice.title, words=notice.words
        )


class RehearsalEffects:
    """Carries out effects of the rehearsal as they are published."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        kept = KeepingChannel()
        outside = [one.name for one in registered().values() if one.outside]
        live = LiveChannel(runtime.engine, runtime.clock, lambda subjects: None)
        channels: dict[str, Channel] = {**dict.fromkeys(outside, kept), "live": live}
        self._sender = NoticeSender(runtime, channels)

    def send_notices(
        self, ids: Sequence[int], token: str, subjects: Sequence[str], *, urgent: bool = False
    ) -> None:
        """Keep what would have been sent."""
        left: Sequence[int] = ids
        while left:
            left = self._sender.run(left, token).left

    def run_tasks(self, effects: Sequence[EffectRow], sign: Callable[[str, str], str]) -> None:
        """Do our own task; those of others are noted as not called."""
        store, now = self._runtime.store, self._runtime.clock.now()
        asked = [one.key for one in effects if one.target == WRITE]
        written = write_alerts(store, self._runtime.registry, asked)
        said = {key: {"result": one.to_json()} for key, one in zip(asked, written, strict=True)}
        record_successes(self._runtime.engine, said)
        outbox.settle(store, [(one.id, NOT_CALLED) for one in effects if one.target != WRITE], now)

    def reachable(self) -> bool:
        """Always."""
        return True

    def sweep(self) -> None:
        """Lost sends and dead letters go to people, of the rehearsal."""
        sweep(self._runtime.engine, self._runtime.clock)
