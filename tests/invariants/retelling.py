"""The ledger, decided again, against what is stored: states, timers, effects, and events to relatives."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import select

from state_machines.decision import EmitEvent, RecallNotice
from state_machines.subject import Subject
from tests.invariants.contents import contents
from workflow.engine.fan_out import SOURCE
from workflow.engine.ledger import decisions
from workflow.engine.registry import Registry
from workflow.store.port import NewEvent, Store
from workflow.store.schema import subjects

_LOOKED_AT = datetime(2026, 3, 2, 10, tzinfo=UTC)


class _Undone(Exception):
    pass


def stored(store: Store) -> dict[str, Subject]:
    """All subjects with their timers as a decision would find them, read without leaving a trace."""
    with store.connect() as connection:
        known = connection.execute(select(subjects.c.key, subjects.c.lifecycle)).all()
    found: dict[str, Subject] = {}
    try:
        with store.begin() as transaction:
            asked = [
                NewEvent("/look", key, key, lifecycle, 1, f"{lifecycle}.look", _LOOKED_AT, {}, None)
                for key, lifecycle in known
            ]
            transaction.accept(asked, _LOOKED_AT)
            claim = transaction.claim_events(len(asked) + 1000)
            found = {subject.key: subject for subject in claim.subjects.values()}
            raise _Undone
    except _Undone:
        return found


def check(store: Store, registry: Registry) -> int:
    """The ledger alone says what is stored; returns how many decisions it was about."""
    found = contents(store)
    assert found["inbox"] == [], "the catalog has no fault that random data would find"
    outbox = {row["key"]: row for row in found["outbox"]}
    sent = {row["event_id"]: row for row in found["events"] if row["source"] == SOURCE}
    to_children: dict[str, list[str]] = {}
    for identity in sent:
        to_children.setdefault(identity.rpartition("/")[0], []).append(identity)
    effects, emitted, taken = set[str](), set[str](), 0
    for key, subject in stored(store).items():
        if subject.seq == 0:
            continue
        rebuilt = None
        for rebuilt, decision in decisions(store, registry, key):
            for number, effect in enumerate(decision.effects):
                identity = f"{key}/{rebuilt.seq}/{number}"
                if isinstance(effect, RecallNotice):
                    continue
                if not isinstance(effect, EmitEvent):
                    target = getattr(effect, "task", getattr(effect, "channel", None))
                    assert outbox[identity]["target"] == target, identity
                    effects.add(identity)
                elif identity in sent:
                    kept = sent[identity]
                    brought = (kept["data"], kept["type"].partition(".")[2])
                    assert brought == (dict(effect.data), effect.trigger), identity
                    emitted.add(identity)
                elif effect.to == "children":
                    emitted.update(to_children.get(identity, ()))
        assert rebuilt is not None, f"the ledger has nothing of {key}"
        retold = rebuilt._replace(parent=subject.parent, revision=None)  # that is asked of the ledger
        assert retold == subject, f"{key}: {rebuilt}"
        assert rebuilt.opened_at is None or rebuilt.parent == subject.parent, key
        taken += subject.seq
    assert effects == set(outbox), "no effect too few, none too many"
    assert emitted == set(sent), "no event to a relative that no decision asked for"
    return taken
