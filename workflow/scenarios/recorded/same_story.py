"""Whether what a recording plays is what really happened: the decisions about each subject, in order."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, func, select

from workflow.scenarios.recorded.acts import lasting_key
from workflow.scenarios.recorded.cast import Recorded
from workflow.scenarios.stage import SeenMove
from workflow.store import schema

_MOVE, _EFFECT = schema.moves.c, schema.outbox.c
_BY_ADDRESS = "identity:"
"""How keys begin that are others where addresses are."""
_MOST_TOLD = 20


class Turn(NamedTuple):
    """One decision about a subject."""

    trigger: str
    source: str
    dest: str
    outcome: str

    def __str__(self) -> str:
        return f"{self.trigger} {self.outcome} in {self.source}" + (
            "" if self.source == self.dest else f", now {self.dest}"
        )


Story = Mapping[str, Sequence[Turn]]
"""By the subject's key, the decisions about it."""


def story_in(connection: Connection, subjects: Iterable[Recorded]) -> Story:
    """What the ledger tells of those that are close."""
    close = {one.row: one.key for one in subjects if one.close}
    columns = (_MOVE.subject_id, _MOVE.trigger, _MOVE.source, _MOVE.dest, _MOVE.outcome)
    rows = connection.execute(
        select(*columns).where(_MOVE.subject_id.in_(close)).order_by(_MOVE.subject_id, _MOVE.seq)
    )
    story: dict[str, list[Turn]] = {key: [] for key in close.values()}
    for row, *turn in rows:
        story[close[row]].append(Turn(*turn))
    return story


def story_of(moves: Iterable[SeenMove]) -> Story:
    """What was played."""
    story: dict[str, list[Turn]] = defaultdict(list)
    for move in moves:
        story[move.subject].append(Turn(move.trigger, move.source, move.dest, move.outcome))
    return story


def differences(real: Story, played: Story) -> list[str]:
    """The first difference of each subject, in words; none: it is the same story."""
    found = []
    for key, turns in real.items():
        if key.startswith(_BY_ADDRESS) or lasting_key(key) != key:
            continue
        others = played.get(key, ())
        for place in range(max(len(turns), len(others))):
            one = turns[place] if place < len(turns) else None
            other = others[place] if place < len(others) else None
            if one != other:
                found.append(
                    f"{key}, decision {place + 1}: then {one or 'nothing'}; here {other or 'nothing'}"
                )
                break
    more = len(found) - _MOST_TOLD
    return found if more <= 0 else [*found[:_MOST_TOLD], f"and {more} subjects more"]


def last_instant(connection: Connection, subjects: Iterable[Recorded]) -> datetime | None:
    """When something last happened to those that are close, UTC."""
    rows = [one.row for one in subjects if one.close]
    moved = select(func.max(_MOVE.at)).where(_MOVE.subject_id.in_(rows))
    settled = select(func.max(_EFFECT.settled_at)).where(_EFFECT.subject_id.in_(rows))
    found = [one for one in (connection.scalar(moved), connection.scalar(settled)) if one is not None]
    return max(found, default=None)
