"""What has happened to a subject, for people: who did what, in which words, and what became of notices."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from workflow.errors import NotFound
from workflow.queries.effects import EffectView
from workflow.queries.subjects import find_subject
from workflow.queries.timeline import Entry, end_of, timeline
from workflow.recovery.contact.addresses import address
from workflow.recovery.contact.colleagues import name_of
from workflow.store.port import Store

_SHOWN = 30
_PERSON = "person:"
_WORDS = (
    "words",
    "note",
    "reason",
    "step",
    "result",
    "outcome",
    "evidence",
    "understood",
    "fix",
    "prevent",
    "fact",
    "value",
)
"""Fields of an event's data that are told, in this order."""


@dataclass(frozen=True, slots=True)
class ToldNotice:
    """A notice: to whom, over which channel, what about, and what became of it."""

    to: str
    channel: str
    about: str
    state: str
    why: str


@dataclass(frozen=True, slots=True)
class Told:
    """One entry.

    Attributes:
        id: names it among the entries of its subject.
        at: when it was decided, UTC; until then when it came.
        trigger: what happened. by: who, as it was said; empty: it happened by itself.
        actor: who sent it, if that is somebody else.
        timer: the name of the timer whose time it was.
        source, dest: the states before and after; the same: it stayed.
        outcome: moved, stayed, refused, pending, dead, discarded. reason: why it did not happen.
        words: what was said, by the name of the field.
        notices: what was sent of it; `more` effects are not told.
    """

    id: str
    at: datetime
    trigger: str
    by: str
    actor: str
    timer: str
    source: str | None
    dest: str | None
    outcome: str
    reason: str | None
    words: list[tuple[str, str]]
    notices: list[ToldNotice]
    more: int


def story_of(store: Store, key: str, history: str | None) -> tuple[list[Told], int, str | None]:
    """The newest entries, the newest first, and how many came before; or from the beginning on.

    Args:
        history: None: the newest; empty: from the beginning; else the cursor of the page before.

    Returns:
        Entries, how many earlier ones there are, and the cursor of the next page.

    Raises:
        NotFound: no event ever named the subject. InvalidQuery: the cursor is none.
    """
    if history is not None:
        found = timeline(store, key, _SHOWN, history or None)
        return [_told(one) for one in found.items], 0, found.next
    with store.connect() as connection:
        subject = find_subject(connection, key)
        if subject is None:
            raise NotFound(f"subject: no event ever named {key!r}")
        end = end_of(connection, subject[0], _SHOWN)
    return [_told(one) for one in reversed(end.entries)], end.earlier, None


def _told(entry: Entry) -> Told:
    event = entry["event"]
    data: Mapping[str, Any] = event.data if event is not None else {}
    by = name_of(data.get("by"))
    actor = (event.actor or "") if event is not None else ""
    notices = [_notice(one) for one in entry["effects"] if one.kind == "notice"]
    timer = entry["timer"]
    return Told(
        id=event.id if event is not None else f"{timer.name}/{timer.setting}" if timer is not None else "",
        at=entry["at"],
        trigger=entry["trigger"],
        by=by,
        actor="" if _is_said(actor, data) else actor.removeprefix(_PERSON),
        timer=timer.name if timer is not None else "",
        source=entry["from"],
        dest=entry["to"],
        outcome=entry["outcome"],
        reason=entry["reason"],
        words=[(name, text) for name in _WORDS if (text := _text(data.get(name)))],
        notices=notices,
        more=entry["more_effects"],
    )


def _is_said(actor: str, data: Mapping[str, Any]) -> bool:
    """Whether who sent it is nobody, or whom the event itself names as who acted."""
    return not actor or actor.partition(":")[2] == address(data.get("by"), "email")


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, Mapping):
        return " / ".join(text for text in value.values() if isinstance(text, str))
    return "" if value is None else str(value)


def _notice(effect: EffectView) -> ToldNotice:
    said = effect.payload
    return ToldNotice(
        to=name_of(said.get("to")),
        channel=effect.target,
        about=str(said.get("about") or ""),
        state=effect.state,
        why=effect.error or "",
    )
