"""What was gathered for one colleague, as one message: counted, the first of it listed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tasks.channels.port import Notice

MOST_LISTED = 20
"""Notices of one message whose titles are listed; what is beyond is counted."""
_MOST_IN_FULL = 3
"""Notices of one message that are said in full."""


@dataclass(frozen=True, slots=True)
class _Language:
    """How a message says how many there are: by topic, or of any other topic."""

    any: str
    first: str
    more: str
    where: str
    by_topic: Mapping[str, str] = field(default_factory=dict)


_SPOKEN: Mapping[str, _Language] = {
    "en": _Language(
        any="{count} messages for you",
        first="The first that came:",
        more="And {count} more: {link}",
        where="All that waits for somebody: {link}",
        by_topic={
            "approval": "{count} decisions are asked of you",
            "ended": "{count} matters have come to a good end",
            "escalation": "{count} matters need somebody to take them on",
            "hand_over": "{count} hand-overs",
            "nudge": "{count} promises are due",
        },
    ),
    "de": _Language(
        any="{count} Nachrichten für Sie",
        first="Was zuerst kam:",
        more="Und {count} weitere: {link}",
        where="Alles, was auf jemanden wartet: {link}",
        by_topic={
            "approval": "{count} Entscheidungen werden von Ihnen erbeten",
            "ended": "{count} Vorgänge sind gut ausgegangen",
            "escalation": "{count} Vorgänge brauchen jemanden, der sie übernimmt",
            "hand_over": "{count} Übergaben",
            "nudge": "{count} Zusagen werden fällig",
        },
    ),
}


def list_of(notices: Sequence[Notice], base: str) -> Notice:
    """One notice that counts these and lists them in the order in which they were asked for.

    A few are said in full; of many, the titles of the first, and where the rest is found.

    Args:
        notices: of one topic, for one colleague; two or more.
        base: where links lead.
    """
    first = notices[0]
    said = _SPOKEN.get((first.language or "en").partition("-")[0], _SPOKEN["en"])
    count = said.by_topic.get(first.about, said.any).format(count=len(notices))
    if len(notices) <= _MOST_IN_FULL:
        lines = [f"{one.title}\n{one.words}" for one in notices]
        words = "\n\n".join([f"{count}.", *lines])
    else:
        titles = [f"* {' '.join(one.title.split())}" for one in notices[:MOST_LISTED]]
        more, line = len(notices) - len(titles), f"{base}/v1/desk/line"
        rest = [said.more.format(count=more, link=line) if more else said.where.format(link=line)]
        words = "\n".join([f"{count}. {said.first}", *titles, *rest])
        first = first._replace(links={})
    context = {**first.context, "digest": [one.key for one in notices]}
    asked_at = max(one.asked_at for one in notices)
    return first._replace(title=count, words=words, variants={}, context=context, asked_at=asked_at)
