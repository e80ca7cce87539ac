"""The story as it went: what happened, told in lines."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from workflow.scenarios.news import News
from workflow.scenarios.outcome import StoryEntry


def entries_of(news: News, now: datetime) -> list[StoryEntry]:
    """What happened until now (UTC), in the order of time."""
    return sorted(_told(news, now), key=lambda entry: entry.at)


def _told(news: News, now: datetime) -> Iterator[StoryEntry]:
    for move in news.moves:
        by = f"timer {move.timer}" if move.timer else move.trigger
        if move.outcome == "refused":
            yield StoryEntry(
                move.at, "refused", f"{move.subject} refused {by} in {move.source}: {move.reason}"
            )
        elif move.source == move.dest:
            yield StoryEntry(
                move.at, "timer" if move.timer else "event", f"{move.subject} stays {move.dest}, {by}"
            )
        else:
            words = f"{move.subject} {move.source} -> {move.dest}, {by}"
            yield StoryEntry(move.at, "timer" if move.timer else "event", words)
    for notice in news.notices:
        words = f"{notice.channel} to {notice.address} about {notice.about}: {notice.title}"
        yield StoryEntry(notice.at, "notice", words)
    for call in news.calls:
        yield StoryEntry(call.at, "task", f"{call.subject} calls {call.task}")
    for dead in news.dead:
        yield StoryEntry(now, "dead", f"{dead.subject}: {dead.reason}")
