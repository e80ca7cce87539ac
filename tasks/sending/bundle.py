"""A bundle: notices that go out as one message."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from tasks.channels.port import Notice
from workflow.recovery.contact import contact_log
from workflow.recovery.contact.contact_log import Contact
from workflow.store.port import EffectRow, Transaction


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

    def forget_contact(
        self, transaction: Transaction, now: datetime, *, again: bool, of: Collection[int]
    ) -> None:
        """Do not count those with the ids `of` towards a cap; tried `again`, they may be bundled again."""
        if self.counted is None:
            return
        waiting = [
            row.id
            for row, one in zip(self.rows, self.notices, strict=True)
            if again and row.id in of and (self.gathered or one.topic.may_wait)
        ]
        contact_log.forget(transaction, list(of))
        contact_log.note(transaction, [Contact(one, self.counted, waits=True) for one in waiting], now)
