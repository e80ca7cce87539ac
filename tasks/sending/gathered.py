"""What was gathered for one colleague, as one message: counted, the first of it listed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache

from tasks.channels.port import Notice
from workflow.recovery.translated import ENGLISH, in_languages

MOST_LISTED = 20
"""Notices of one message whose titles are listed; what is beyond is counted."""
_MOST_IN_FULL = 3
"""Notices of one message that are said in full."""


_ENGLISH: Mapping[str, str] = {
    "any": "{count} messages for you",
    "first": "The first that came:",
    "more": "And {count} more: {link}",
    "where": "All that waits for somebody: {link}",
}
_BY_TOPIC: Mapping[str, str] = {
    "approval": "{count} decisions are asked of you",
    "ended": "{count} matters have come to a good end",
    "escalation": "{count} matters need somebody to take them on",
    "hand_over": "{count} hand-overs",
    "nudge": "{count} promises are due",
}


@cache
def _spoken(context: str) -> Mapping[str, Mapping[str, str]]:
    return in_languages(context, _ENGLISH if context == "gathered" else _BY_TOPIC)


def list_of(notices: Sequence[Notice], base: str) -> Notice:
    """One notice that counts these and lists them in the order in which they were asked for.

    A few are said in full; of many, the titles of the first, and where the rest is found.

    Args:
        notices: of one topic, for one colleague; two or more.
        base: where links lead.
    """
    first = notices[0]
    language = (first.language or ENGLISH).partition("-")[0]
    said, by_topic = (
        spoken.get(language, spoken[ENGLISH]) for spoken in map(_spoken, ("gathered", "gathered by topic"))
    )
    count = by_topic.get(first.about, said["any"]).format(count=len(notices))
    if len(notices) <= _MOST_IN_FULL:
        lines = [f"{one.title}\n{one.words}" for one in notices]
        words = "\n\n".join([f"{count}.", *lines])
    else:
        titles = [f"* {' '.join(one.title.split())}" for one in notices[:MOST_LISTED]]
        more, line = len(notices) - len(titles), f"{base}/line"
        rest = [said["more"].format(count=more, link=line) if more else said["where"].format(link=line)]
        begins = said["first"]
        words = "\n".join([f"{count}. {begins}", *titles, *rest])
        first = first._replace(links={})
    context = {**first.context, "digest": [one.key for one in notices]}
    asked_at = max(one.asked_at for one in notices)
    return first._replace(title=count, words=words, variants={}, context=context, asked_at=asked_at)
