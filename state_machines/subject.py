"""A subject and its timers, as the ledger leaves them and as `decide` takes them.

Named tuples, here and in `decision`: a frozen dataclass takes five times as long to make.
"""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple

INITIAL = "initial"
"""The pseudo-state of a subject that no event has opened yet (UML's initial pseudostate)."""

_NO_CHARACTERS = "".join(
    f"{chr(0x10000 * plane + 0xFFFE)}{chr(0x10000 * plane + 0xFFFF)}" for plane in range(17)
)
UNPRINTABLE = r"\x00-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef" + _NO_CHARACTERS
"""What no text of a CloudEvent may hold, for a class of a regular expression: control characters, halves of
surrogate pairs and what Unicode will never make a character (CloudEvents 1.0.2, section "Type system")."""
KEY = re.compile(rf"[a-z][a-z0-9_]{{0,62}}:[^\s{UNPRINTABLE}]{{1,200}}")
"""The form of a subject's key."""
ID_FORM = "1 to 200 printable characters without white space"
"""The form of the id in it, in words."""
KEY_FORM = f"'<lifecycle>:<id>', the id of {ID_FORM}"
"""The form of the whole key, in words."""

NOTHING: Mapping[str, Any] = {}
"""An object without fields. Shared, and never changed: nobody changes a mapping that he was given."""

Pauses = tuple[tuple[datetime, datetime | None], ...]


class Timer(NamedTuple):
    """One pending or paused timer of a subject.

    Attributes:
        name: its name in the definition; a subject has at most one timer of a name.
        setting: the subject's `seq` of the move that set it; tells a newer setting from a stale one.
        set_at: when it was set, UTC.
        due_at: when it fires, UTC; None while it is paused.
        budget: the (business) time it was given, for timers that can pause; else None.
        pauses: (from, to) in UTC, oldest first; the last `to` is None while it is paused.
    """

    name: str
    setting: int
    set_at: datetime
    due_at: datetime | None
    budget: timedelta | None = None
    pauses: Pauses = ()


class Subject(NamedTuple):
    """One thing living through a lifecycle, at one moment.

    Attributes:
        key: its address, ``<lifecycle>:<id>``.
        lifecycle, version: the definition it lives through, kept until it is migrated on purpose.
        state: a state of that definition, or `INITIAL`.
        seq: how many decisions have been taken about it; the next decision is `seq + 1`.
        data: what it knows, JSON values.
        parent: key of the subject that opened it, or None.
        opened_at, changed_at: UTC; None before it is opened.
        timers: its pending and paused timers by name.
        revision: `seq` of the last decision that changed it, which is one that refused nothing; 0 before the
            first. None where nobody has asked for it.
    """

    key: str
    lifecycle: str
    version: int
    state: str = INITIAL
    seq: int = 0
    data: Mapping[str, Any] = NOTHING
    parent: str | None = None
    opened_at: datetime | None = None
    changed_at: datetime | None = None
    timers: Mapping[str, Timer] = NOTHING
    revision: int | None = 0


def is_key(text: str) -> bool:
    """``is_key('promise:P-17')``: whether a text has the form of a subject's key."""
    return KEY.fullmatch(text) is not None


def split_key(key: str) -> tuple[str, str]:
    """Split ``promise:P-17`` into ``("promise", "P-17")``. Without a colon the id is empty."""
    lifecycle, _, identity = key.partition(":")
    return lifecycle, identity
