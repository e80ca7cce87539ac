"""What workers do, done for the rehearsal, where nothing leaves: what would have gone out is kept.

Notices go through the sender as a worker's do: routed by the customer's wishes, held back in quiet hours,
gathered, worded for their channel. Only the last step is another. Tasks of other programs are not called;
whoever rehearses says how they end.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tasks.channels.port import Notice, Receipt
from tasks.local_effects import LocalEffects
from workflow.engine.runtime import Runtime
from workflow.outbox import effects as outbox
from workflow.recovery.contact.addresses import address
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


class RehearsalEffects(LocalEffects):
    """Carries out effects of the rehearsal as they are published."""

    def __init__(self, runtime: Runtime) -> None:
        super().__init__(runtime, KeepingChannel())

    def call(self, effects: Sequence[EffectRow]) -> None:
        """Note that they are not called."""
        now = self.runtime.clock.now()
        outbox.settle(self.runtime.store, [(one.id, NOT_CALLED) for one in effects], now)
