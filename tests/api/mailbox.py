"""What people of a story receive: every notice as it leaves, by address, subject matter and channel."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tasks.channels.port import Notice, Receipt

Heard = tuple[str, str, str]
"""Who was told, what it was about, and over which channel."""
FIELDS = {
    "email": "email",
    "sms": "phone",
    "dial": "phone",
    "chat": "chat",
    "social": "social",
    "webhook": "url",
}
"""The field of a recipient that a channel sends to."""
_LINK = re.compile(r"https?://[^\s/]+(/l/[^\s\"'<>)]+)")


@dataclass
class Mailbox:
    """A channel that keeps what it is given."""

    notices: list[Notice] = field(default_factory=list)

    def send(self, notice: Notice, idempotency_key: str) -> Receipt:
        """Never fails."""
        self.notices.append(notice)
        return Receipt(notice.channel, idempotency_key)


def heard(notice: Notice) -> Heard:
    """A notice as a story expects it."""
    return address(notice.to, notice.channel), notice.about, notice.channel


def address(to: Any, channel: str) -> str:
    """Where a channel reaches somebody; an address given as text is that."""
    return str(to[FIELDS[channel]] if isinstance(to, Mapping) else to)


def links_in(notice: Notice) -> list[str]:
    """The paths of the signed links in its words, in the order in which they stand there."""
    return _LINK.findall(notice.words)
