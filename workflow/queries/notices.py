"""How many notices went over which channel, and to what end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from sqlalchemy import JSON, Connection, func, literal_column, select, type_coerce

from workflow.outbox import EffectState
from workflow.store import schema
from workflow.store.port import Store
from workflow.sweep import SOURCE as SWEEP

_EFFECT, _EVENT = schema.outbox.c, schema.events.c
_AFTER = "unknown0"
"""What comes after all ids of events about unknown outcomes, which begin with ``unknown/``."""


def notice_counts(store: Store) -> Mapping[tuple[str, str], int]:
    """How often each channel gave each receipt, by (channel, receipt).

    What was accepted counts as such for ever, whatever is reported later: `delivered` and `failed` count
    beside it. `failed` are the dead as well, `retry` all tries after the first, `unknown` all sends that went
    to a person because nobody knew. Reads every notice: not for every second.
    """
    counts: Counter[tuple[str, str]] = Counter()
    with store.connect() as connection:
        _sent(connection, counts)
        _unknown(connection, counts)
    return counts


def _sent(connection: Connection, counts: Counter[tuple[str, str]]) -> None:
    receipt = type_coerce(_EFFECT.receipt, JSON)
    channel = func.coalesce(receipt["channel"].as_string(), _EFFECT.target).label("channel")
    outcome = receipt["outcome"].as_string().label("outcome")
    repeated = func.sum(_EFFECT.attempts - 1).filter(_EFFECT.attempts > 1)
    groups = (
        select(channel, outcome, _EFFECT.state, func.count(), func.coalesce(repeated, 0))
        .where(_EFFECT.kind == "notice")
        .group_by(channel, outcome, _EFFECT.state)
    )
    for name, reported, state, count, tries in connection.execute(groups):
        counts[name, "retry"] += int(tries)
        if state == EffectState.SETTLED:
            counts[name, "accepted"] += count
        if reported in ("delivered", "failed"):
            counts[name, reported] += count
        elif state == EffectState.DEAD:
            counts[name, "failed"] += count


def _unknown(connection: Connection, counts: Counter[tuple[str, str]]) -> None:
    """From the ledger, since a person may have settled them; those that have no person from the outbox."""
    said = type_coerce(_EVENT.data, JSON)
    asked = (
        select(said["channel"].as_string(), func.count())
        .where(
            _EVENT.source == SWEEP,
            _EVENT.event_id >= "unknown/",
            _EVENT.event_id < _AFTER,
            said["about"].as_string() == "unknown_outcome",
        )
        .group_by(said["channel"].as_string())
    )
    alone = (
        select(_EFFECT.target, func.count())
        .where(
            literal_column("outbox.state = 'unknown'"),
            type_coerce(_EFFECT.payload, JSON)["about"].as_string() == "escalation",
        )
        .group_by(_EFFECT.target)
    )
    for query in (asked, alone):
        for channel, count in connection.execute(query):
            if channel is not None:
                counts[channel, "unknown"] += count
