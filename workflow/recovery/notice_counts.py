"""How many notices went over which channel, and to what end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from sqlalchemy import JSON, Connection, func, literal_column, select, type_coerce, union_all

from workflow.recovery.lost_sends import SOURCE as SWEEP
from workflow.store import schema
from workflow.store.effect_states import EffectState
from workflow.store.port import Store

_EFFECT, _EVENT = schema.outbox.c, schema.events.c
_AFTER = "unknown0"
"""What comes after all ids of events about unknown outcomes, which begin with ``unknown/``."""


def notice_counts(store: Store) -> Mapping[tuple[str, str], int]:
    """How often each channel gave each receipt, by (channel, receipt).

    What was accepted counts as such for ever, whatever is reported later: `delivered` and `failed` count
    beside it. `failed` are the dead as well, `retry` all tries after the first, `unknown` all sends that went
    to a person because nobody knew, `recalled` those that were no longer wanted before they went out. Reads
    every notice: not for every second.
    """
    counts: Counter[tuple[str, str]] = Counter()
    with store.connect() as connection:
        _sent(connection, counts)
        _unknown(connection, counts)
    return counts


def _sent(connection: Connection, counts: Counter[tuple[str, str]]) -> None:
    receipt = type_coerce(_EFFECT.receipt, JSON)
    # What is grouped stands in a query of its own: as parameters the names in two places are two values.
    notices = (
        select(
            func.coalesce(receipt["channel"].as_string(), _EFFECT.target).label("channel"),
            receipt["outcome"].as_string().label("outcome"),
            _EFFECT.state,
            _EFFECT.attempts,
        )
        .where(_EFFECT.kind == "notice")
        .subquery()
    )
    one = notices.c
    repeated = func.coalesce(func.sum(one.attempts - 1).filter(one.attempts > 1), 0)
    groups = select(one.channel, one.outcome, one.state, func.count(), repeated).group_by(
        one.channel, one.outcome, one.state
    )
    for name, reported, state, count, tries in connection.execute(groups):
        counts[name, "retry"] += int(tries)
        if state == EffectState.SETTLED:
            counts[name, "accepted"] += count
        if reported in ("delivered", "failed"):
            counts[name, reported] += count
        elif state == EffectState.DEAD:
            counts[name, "failed"] += count
        elif state == EffectState.RECALLED:
            counts[name, "recalled"] += count


def _unknown(connection: Connection, counts: Counter[tuple[str, str]]) -> None:
    """From the ledger, since a person may have settled them; those that have no person from the outbox."""
    said = type_coerce(_EVENT.data, JSON)
    asked = select(said["channel"].as_string().label("channel")).where(
        _EVENT.source == SWEEP,
        _EVENT.event_id >= "unknown/",
        _EVENT.event_id < _AFTER,
        said["about"].as_string() == "unknown_outcome",
    )
    receipt = type_coerce(_EFFECT.receipt, JSON)
    alone = select(func.coalesce(receipt["channel"].as_string(), _EFFECT.target).label("channel")).where(
        literal_column("outbox.state = 'unknown'"),
        type_coerce(_EFFECT.payload, JSON)["about"].as_string() == "escalation",
    )
    found = union_all(asked, alone).subquery()
    query = select(found.c.channel, func.count()).where(found.c.channel.is_not(None))
    for channel, count in connection.execute(query.group_by(found.c.channel)):
        counts[channel, "unknown"] += count
