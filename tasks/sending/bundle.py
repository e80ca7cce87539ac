"""A bundle: the notices that are sent as one message, mostly one, or all that waited for one customer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from tasks.channels.port import Notice
from workflow.recovery.vocabulary import NEWS
from workflow.store.port import EffectRow

_LONGEST_TITLE = 120


@dataclass(frozen=True, slots=True)
class Bundle:
    """Notices that this worker has claimed and sends as one message.

    Attributes:
        rows: their effects; the idempotency key of the first is that of the message.
        notices: the same, addressed as the recipient is known now.
        channels: over which they may be sent, in the order in which they are to be tried.
        customer: key of the customer whose contacts are counted, if it is for one.
    """

    rows: Sequence[EffectRow]
    notices: Sequence[Notice]
    channels: Sequence[str]
    customer: str | None = None

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


def joined(notices: Sequence[Notice]) -> Notice:
    """One notice with the words of all of these, in their order; a single one is returned as it is."""
    first, *others = notices
    if not others:
        return first
    abouts = {notice.about for notice in notices}
    return replace(
        first,
        about=first.about if len(abouts) == 1 else NEWS,
        declared=first.declared if len(abouts) == 1 else None,
        title=_title(list(dict.fromkeys(notice.title for notice in notices))),
        words="\n\n".join(f"{notice.title}\n{notice.words}" for notice in notices),
        context={**first.context, "digest": [notice.key for notice in notices]},
    )


def _title(titles: Sequence[str]) -> str:
    """The titles that fit, and how many more there are; it holds no words of any language."""
    shown = titles[:1]
    for title in titles[1:]:
        if len(" · ".join([*shown, title])) > _LONGEST_TITLE:
            break
        shown = [*shown, title]
    more = len(titles) - len(shown)
    return " · ".join(shown) + (f" (+{more})" if more else "")
