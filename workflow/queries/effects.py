"""Effects: the work that decisions asked for, and how it stands."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, select

from workflow.errors import NotFound
from workflow.queries.cursor import fetch_page, row_of
from workflow.store import schema
from workflow.store.keys import range_below
from workflow.store.port import Store

_EFFECT = schema.outbox.c
MOST_OF_ONE = 20
"""Effects of one decision that are shown with it; `/v1/effects/{id}` shows any."""
_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class EffectView:
    """One effect.

    Attributes:
        key: its idempotency key, ``<subject>/<seq>/<n>``.
        kind, target: ``task`` and a Celery task's name, or ``notice`` and a channel.
        state: pending, published, sending, settled, dead, unknown or recalled (`EffectState`).
        due_at: when the relay looks at it again, UTC; None when it is settled, dead, unknown or recalled.
        receipt: what the other side answered.
        error: what went wrong last, or why it waits or was recalled.
    """

    id: int
    subject: str
    key: str
    kind: str
    target: str
    queue: str | None
    state: str
    attempts: int
    created_at: datetime
    due_at: datetime | None
    settled_at: datetime | None
    receipt: Any
    error: str | None
    payload: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class EffectPage:
    """Some effects, and the cursor of the next page (None: that was all)."""

    items: list[EffectView]
    next: str | None


def effects(
    store: Store, states: Collection[str], *, limit: int = 100, cursor: str | None = None
) -> EffectPage:
    """A page of effects in one of these states, the oldest first. Raises InvalidQuery for a wrong cursor."""
    wanted = (_EFFECT.state.in_(states), _EFFECT.id > row_of(cursor))
    with store.connect() as connection:
        rows, more = fetch_page(connection, effect_rows().where(*wanted).order_by(_EFFECT.id), limit)
    return EffectPage([_view(row) for row in rows], more)


def newest_effects(store: Store, *, limit: int = 50, before: int | None = None) -> list[EffectView]:
    """Effects of any state, the newest first; `before`: those older than the one with this id."""
    query = effect_rows() if before is None else effect_rows().where(_EFFECT.id < before)
    with store.connect() as connection:
        return [_view(row) for row in connection.execute(query.order_by(_EFFECT.id.desc()).limit(limit))]


def effect(store: Store, effect_id: int) -> EffectView:
    """One effect. Raises NotFound."""
    with store.connect() as connection:
        row = connection.execute(effect_rows().where(_EFFECT.id == effect_id)).first()
    if row is None:
        raise NotFound(f"effect: there is none with the id {effect_id}")
    return _view(row)


@dataclass(frozen=True, slots=True)
class Asked:
    """What one decision asked for: its first effects, at most `MOST_OF_ONE`, and how many more there are."""

    effects: list[EffectView]
    more: int


def effects_of(
    connection: Connection, subject_row: int, decisions: Collection[int], first: datetime, last: datetime
) -> dict[int, Asked]:
    """Effects of these decisions of a subject (by `seq`), all taken between these instants.

    They are found by their keys, which begin with the subject's and a slash.
    """
    key = connection.execute(
        select(schema.subjects.c.key).where(schema.subjects.c.id == subject_row)
    ).scalar_one()
    # A subject whose key goes on with a slash lies in the same range.
    first_key, last_key = range_below(key)
    own = (
        _EFFECT.key > first_key,
        _EFFECT.key < last_key,
        _EFFECT.subject_id == subject_row,
        _EFFECT.created_at.between(first, last),
    )
    ids: dict[int, list[int]] = {seq: [] for seq in decisions}
    keys = select(_EFFECT.id, _EFFECT.key).where(*own).order_by(_EFFECT.id)
    for id, effect_key in connection.execute(keys):
        if (seq := _seq_in(effect_key)) in ids:
            ids[seq].append(id)
    shown = [id for of_one in ids.values() for id in of_one[:MOST_OF_ONE]]
    found: dict[int, list[EffectView]] = defaultdict(list)
    for start in range(0, len(shown), _AT_ONCE):
        some = _EFFECT.id.in_(shown[start : start + _AT_ONCE])
        for row in connection.execute(effect_rows().where(some).order_by(_EFFECT.id)):
            found[_seq_in(row.key)].append(_view(row))
    return {seq: Asked(found[seq], len(of_one) - len(found[seq])) for seq, of_one in ids.items() if of_one}


def _seq_in(key: str) -> int:
    return int(key.rsplit("/", 2)[1])


def effect_rows() -> Select[Any]:
    """All effects, each with the key of its subject as `subject_key`."""
    return select(schema.outbox, schema.subjects.c.key.label("subject_key")).join_from(
        schema.outbox, schema.subjects, schema.subjects.c.id == _EFFECT.subject_id
    )


def _view(row: Row[*tuple[Any, ...]]) -> EffectView:
    return EffectView(
        row.id,
        row.subject_key,
        row.key,
        row.kind,
        row.target,
        row.queue,
        row.state,
        row.attempts,
        row.created_at,
        row.due_at,
        row.settled_at,
        row.receipt,
        row.error,
        row.payload,
    )
