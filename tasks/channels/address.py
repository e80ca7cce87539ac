"""Out of what a notice is addressed to, the address for one channel."""

from __future__ import annotations

from collections.abc import Mapping

from tasks.channels.port import Notice, Rejected


def address_for(notice: Notice, field: str) -> str:
    """The recipient's address: `to` itself when it is text, else its `field`, such as ``email``.

    Raises Rejected, naming the field and the rule, when there is none.
    """
    found = notice.to.get(field) if isinstance(notice.to, Mapping) else notice.to
    if not isinstance(found, str) or not found.strip():
        raise Rejected(f"to.{field}: the recipient has no address for {notice.channel!r} [no-address]")
    return found.strip()
