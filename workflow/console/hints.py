"""Hints: which open pages have something to show anew. They say that something has changed, and not what.

A page names what its parts are about: lifecycles by their names, single subjects by a digest of their keys.
"""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256
from typing import TypedDict

from workflow.access.principal import Principal
from workflow.queries.changes import Change

_MOST = 500
"""Subjects that one hint names; where more have changed at once, it names lifecycles alone."""


class Hint(TypedDict):
    """What has changed: lifecycles by name, subjects by topic; `all`: too many to be named."""

    lifecycles: list[str]
    subjects: list[str]
    all: bool


def topic(key: str) -> str:
    """What a page calls a subject that it watches: its key cannot be read out of it."""
    return f"k{sha256(key.encode()).hexdigest()[:16]}"


def hint_of(changes: Iterable[Change], holder: Principal) -> Hint | None:
    """The hint about these changes for whoever may read what they are about; None: there is none."""
    may_read = holder.bounds.may_read
    seen = [one for one in changes if may_read(one.lifecycle)]
    if not seen:
        return None
    keys = {one.subject for one in seen}
    many = len(keys) > _MOST
    return Hint(
        lifecycles=sorted({one.lifecycle for one in seen}),
        subjects=[] if many else sorted(map(topic, keys)),
        all=many,
    )
