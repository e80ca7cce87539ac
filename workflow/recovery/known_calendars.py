"""Which calendars there are, and which are asked for although nobody has set them."""

from __future__ import annotations

from sqlalchemy import select

from workflow.store.port import Store
from workflow.store.schema import subjects

HOUSE = "calendar:house"
"""The calendar of whoever names none."""
_MOST_SAID = 50


def known_calendars(store: Store) -> tuple[bool, str]:
    """Whether something is wrong with them, and words about it.

    Nothing ever is: a house may be open round the clock, and a name that nobody has set is said.
    """
    found = select(subjects.c.key, subjects.c.state).where(subjects.c.lifecycle == "calendar")
    with store.connect() as connection:
        states: dict[str, str] = {
            key: state for key, state in connection.execute(found.order_by(subjects.c.key))
        }
    kept = [key for key, state in states.items() if state == "kept"]
    others = [key for key, state in states.items() if state == "unset" and key != HOUSE]
    words = f"set: {_said(kept) or 'none'}"
    if others:
        words += f"; asked for and never set, so that clocks run round the clock: {_said(others)}"
    if HOUSE not in kept:
        words += (
            f"; {HOUSE} is not set, so that what is promised within some time runs round the clock: "
            "docs/calendars.md says in one line how to set office hours"
        )
    return True, words


def _said(keys: list[str]) -> str:
    more = f" and {len(keys) - _MOST_SAID} more" if len(keys) > _MOST_SAID else ""
    return ", ".join(keys[:_MOST_SAID]) + more
