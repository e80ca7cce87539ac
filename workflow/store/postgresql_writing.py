"""The statements that write a batch of decisions to PostgreSQL: one a table, with the rows as arrays."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from workflow.store import postgresql_statements as sql
from workflow.store import rows
from workflow.store.array_literals import documents, literal, texts
from workflow.store.document_sizes import data_text, message_text
from workflow.store.keys import range_below
from workflow.store.port import Changes, Dispatch, EffectUpdate, Pending

Statement = tuple[str, Mapping[str, Any]]
"""A statement and its parameters."""


def statements(changes: Changes, now: datetime) -> Iterator[Statement]:
    """Those for everything but the effects."""
    if changes.subjects:
        yield _subjects(changes)
    if changes.timers_cancelled:
        ids, names = zip(*sorted(changes.timers_cancelled), strict=True)
        yield sql.CANCEL, {"ids": literal(ids), "names": texts(names)}
    if changes.timers_set:
        yield _timers(changes)
    if changes.moves:
        yield _moves(changes)
    if changes.figures:
        yield _figures(changes)
    if changes.places:
        yield from _places(changes)
    yield from search_statements(changes)
    if changes.dead_events:
        ids, subjects, errors = zip(*changes.dead_events, strict=True)
        yield (
            sql.BURY_EVENTS,
            {"now": now, "ids": literal(ids), "subject_ids": literal(subjects), "errors": texts(errors)},
        )
    if changes.dead_timers:
        ids, names, errors = zip(*changes.dead_timers, strict=True)
        yield (
            sql.BURY_TIMERS,
            {"now": now, "ids": literal(ids), "names": texts(names), "errors": texts(errors)},
        )


def _subjects(changes: Changes) -> Statement:
    ids = sorted(changes.subjects)  # as claims lock them
    subjects = [changes.subjects[one] for one in ids]
    closed, kept = changes.closed, changes.data_kept
    return sql.UPDATE_SUBJECTS, {
        "ids": literal(ids),
        "versions": literal([s.version for s in subjects]),
        "states": texts([s.state for s in subjects]),
        "seqs": literal([s.seq for s in subjects]),
        "data": literal(
            [None if one in kept else data_text(s.data) for one, s in zip(ids, subjects, strict=True)]
        ),
        "parents": texts([s.parent for s in subjects]),
        "opened": literal([s.opened_at for s in subjects]),
        "changed": literal([s.changed_at for s in subjects]),
        "closed": literal(
            [s.changed_at if one in closed else None for one, s in zip(ids, subjects, strict=True)]
        ),
    }


def _timers(changes: Changes) -> Statement:
    places = sorted(changes.timers_set)
    timers = [changes.timers_set[place] for place in places]
    ids, names = zip(*places, strict=True)
    return sql.SET, {
        "ids": literal(ids),
        "names": texts(names),
        "lifecycles": texts([changes.subjects[one].lifecycle for one in ids]),
        "settings": literal([t.setting for t in timers]),
        "set_ats": literal([t.set_at for t in timers]),
        "due_ats": literal([t.due_at for t in timers]),
        "budgets": literal([rows.budget_of(t) for t in timers]),
        "pauses": texts([rows.pauses_json(t) for t in timers]),
        "hops": literal([changes.timer_hops.get(place) for place in places]),
    }


def _moves(changes: Changes) -> Statement:
    columns = list(zip(*changes.moves, strict=True))
    words = {3, 6, 7, 8, 9, 10, 13, 14}  # any texts: names from definitions, and a refusal's reason
    return sql.MOVES, {
        f"c{place}": texts(column) if place in words else literal(column)
        for place, column in enumerate(columns)
    }


def _figures(changes: Changes) -> Statement:
    ids = sorted(changes.figures)
    columns = list(zip(*(changes.figures[one] for one in ids), strict=True))
    words = range(1, 8)  # any texts
    return sql.FIGURES, {
        "ids": literal(ids),
        "lifecycles": literal([changes.subjects[one].lifecycle for one in ids]),
    } | {
        f"c{place}": texts(column) if place in words else literal(column)
        for place, column in enumerate(columns)
    }


def _places(changes: Changes) -> Iterator[Statement]:
    stand = sorted((one, at) for one, at in changes.places.items() if at is not None)
    if stand:
        ids, ats = zip(*stand, strict=True)
        lifecycles = literal([changes.subjects[one].lifecycle for one in ids])
        yield sql.PLACES, {"ids": literal(ids), "lifecycles": lifecycles, "ats": literal(ats)}
    if len(stand) < len(changes.places):
        yield sql.LEAVE_LINE, {"ids": literal(sorted(changes.places.keys() - {one for one, _ in stand}))}


def search_statements(changes: Changes) -> Iterator[Statement]:
    """Those for what subjects are found and chosen by."""
    if changes.terms:
        subjects = sorted(changes.terms)
        terms = [" ".join(changes.terms[one]) for one in subjects]
        yield sql.TERMS, {"ids": literal(subjects), "terms": texts(terms)}
    if changes.standings:
        columns = list(zip(*rows.standings(changes), strict=True))
        words = {4, 5}  # any texts: whose it is
        yield (
            sql.STANDINGS,
            {
                f"c{place}": texts(column) if place in words else literal(column)
                for place, column in enumerate(columns)
            },
        )
    if states := rows.states(changes):
        ids, names, opens = zip(*states, strict=True)
        yield sql.STATES, {"ids": literal(ids), "states": literal(names), "opens": literal(opens)}
    if changes.words:
        variants, learned = zip(*rows.variants(changes), strict=True)
        yield sql.WORDS, {"variants": texts(variants), "words": texts(learned)}


def effects(changes: Changes, now: datetime, dispatch: Dispatch | None) -> Statement:
    """The statement for rows of the outbox; with `dispatch` it returns their ids and keys."""
    ids, keys, kinds, targets, queues, priorities, payloads = zip(*changes.effects, strict=True)
    return sql.EFFECTS_RETURNING if dispatch else sql.EFFECTS, {
        "now": now,
        "state": "published" if dispatch else "pending",
        "due_at": now + dispatch.lease if dispatch else now,
        "token": dispatch.token if dispatch else None,
        "ids": literal(ids),
        "keys": texts(keys),
        "kinds": literal(kinds),
        "targets": texts(targets),
        "queues": texts(queues),
        "priorities": literal(priorities),
        "payloads": literal([message_text(one) for one in payloads]),
    }


def recalls(changes: Changes) -> Statement:
    """The statement for notices that are not to go out any more, those of the same batch among them."""
    wanted = changes.recalls
    firsts, lasts = zip(*(range_below(one.key) for one in wanted), strict=True)
    return sql.RECALL_NOTICES, {
        "ids": literal([one.subject_row for one in wanted]),
        "firsts": texts(firsts),
        "lasts": texts(lasts),
        "starts": literal([len(one.key) + 2 for one in wanted]),
        "seqs": literal([one.seq for one in wanted]),
        "names": texts([one.name for one in wanted]),
        "reasons": texts([one.reason for one in wanted]),
    }


def put_back(work: Sequence[Pending]) -> Statement:
    """The statement that puts events back into the inbox."""
    return sql.PUT_BACK, {
        "ids": literal([one.event_row for one in work]),
        "subject_ids": literal([one.subject_row for one in work]),
        "hops": literal([one.hops or None for one in work]),
        "deaths": literal([one.deaths for one in work]),
    }


def effect_updates(updates: Sequence[EffectUpdate]) -> Statement:
    """The statement for the next states of effects."""
    return sql.UPDATE_EFFECTS, {
        "ids": literal([u.id for u in updates]),
        "states": literal([str(u.state) for u in updates]),
        "due_ats": literal([u.due_at for u in updates]),
        "settled_ats": literal([u.settled_at for u in updates]),
        "receipts": documents([u.receipt for u in updates]),
        "errors": texts([u.error for u in updates]),
        "tokens": texts([u.token for u in updates]),
        "helds": literal([u.held for u in updates]),
    }
