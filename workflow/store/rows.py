"""From rows to values and back, as both adapters do it."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import orjson

from state_machines.decision import Event
from state_machines.subject import NOTHING, Pauses, Subject, Timer
from state_machines.values.instants import format_instant, parse_instant
from workflow.store.own_sources import TIMER_SOURCE, sender_of
from workflow.store.port import Changes, Claim, EffectRow, KnownEvent, Pending

SUBJECT_COLUMNS = (
    "s.id, s.key, s.lifecycle, s.version, s.state, s.seq, s.data, s.parent, s.opened_at, s.changed_at"
)
EVENT_COLUMNS = (
    "e.id, e.subject_id, e.event_id, e.source, e.type, e.time, e.data, e.parent, e.actor, "
    "e.expected_revision, e.traceparent"
)

PENDING_COLUMNS = "hops, deaths"
"""What is known of an event or a timer only while it is pending."""

_LIFECYCLE = 7
"""Its place in a row of a due timer."""
_MICROSECOND = timedelta(microseconds=1)


def to_json(value: Any) -> str:
    """A JSON document as text."""
    return orjson.dumps(value).decode()


def from_json(value: Any) -> Any:
    """Back from text; a driver may have decoded it already."""
    return orjson.loads(value) if isinstance(value, str | bytes) else value


def utc(value: Any) -> datetime | None:
    """An instant column of either dialect, aware and in UTC."""
    if value is None:
        return None
    instant: datetime = datetime.fromisoformat(value) if isinstance(value, str) else value
    return instant if instant.tzinfo is UTC else instant.astimezone(UTC)


def instant(value: Any) -> datetime:
    """The same for a column that is never null."""
    found = utc(value)
    if found is None:
        raise ValueError("an instant column that is never null holds null")
    return found


def subject_of(row: Sequence[Any], timers: Mapping[str, Timer]) -> Subject:
    """The value of a row read with `SUBJECT_COLUMNS`; nobody has asked for its revision."""
    _, key, lifecycle, version, state, seq, data, parent, opened_at, changed_at = row
    data, opened, changed = from_json(data), utc(opened_at), utc(changed_at)
    return Subject(key, lifecycle, version, state, seq, data, parent, opened, changed, timers, revision=None)


def budget_of(timer: Timer) -> int | None:
    """A timer's budget in microseconds."""
    return None if timer.budget is None else timer.budget // _MICROSECOND


def pauses_json(timer: Timer) -> str | None:
    """A timer's pauses as JSON text, or null when there were none."""
    if not timer.pauses:
        return None
    return to_json(
        [[format_instant(begin), None if end is None else format_instant(end)] for begin, end in timer.pauses]
    )


class HeldTimers(NamedTuple):
    """The timers of some subjects, by subject row: living ones by name, and names of the dead."""

    timers: dict[int, dict[str, Timer]]
    dead: dict[int, set[str]]


def held_timers(found: Iterable[Sequence[Any]]) -> HeldTimers:
    """Timers out of rows (subject, dead_at, name, setting, set_at, due_at, budget, pauses)."""
    held = HeldTimers({}, {})
    for subject_row, dead_at, *row in found:
        if dead_at is None:
            held.timers.setdefault(subject_row, {})[row[0]] = timer_of(row)
        else:
            held.dead.setdefault(subject_row, set()).add(row[0])
    return held


def timer_of(row: Sequence[Any]) -> Timer:
    """The value of a row (name, setting, set_at, due_at, budget, pauses)."""
    name, setting, set_at, due_at, budget, pauses = row
    return Timer(
        name,
        setting,
        instant(set_at),
        utc(due_at),
        None if budget is None else timedelta(microseconds=budget),
        _pauses(from_json(pauses)) if pauses is not None else (),
    )


def _pauses(pauses: Sequence[Sequence[str | None]]) -> Pauses:
    return tuple(
        (parse_instant(begin), None if end is None else parse_instant(end))
        for begin, end in pauses
        if begin is not None
    )


def known_event(row: Sequence[Any]) -> KnownEvent:
    """An event out of a row with the fields of `KnownEvent`."""
    known = KnownEvent._make(row)
    return known._replace(
        time=instant(known.time), received_at=instant(known.received_at), data=from_json(known.data)
    )


def event_claim(
    events: Iterable[Sequence[Any]], subjects: Iterable[Sequence[Any]], held: HeldTimers, *, full: bool
) -> Claim:
    """A claim out of rows of events (`EVENT_COLUMNS`, `PENDING_COLUMNS`) and of their `SUBJECT_COLUMNS`."""
    claim = Claim(dead=held.dead, full=full)
    for row in subjects:
        claim.subjects[row[0]] = subject_of(row, held.timers.get(row[0], {}))
    claim.work = [_event_work(row) for row in events]
    return claim


def _event_work(row: Sequence[Any]) -> Pending:
    event_row, subject_row, *said, traceparent, hops, deaths = row
    return Pending(subject_row, event_of(*said), event_row, None, hops or 0, deaths, traceparent)


def event_of(
    identity: str,
    source: str,
    kind: str,
    time: Any,
    data: Any,
    parent: str | None,
    actor: str | None,
    expected_revision: int | None,
) -> Event:
    """An event of the ledger as a decision takes it; of its type the trigger."""
    trigger = kind.partition(".")[2]
    at, said = instant(time), from_json(data)
    kind = sender_of(source)
    return Event(
        trigger,
        identity,
        source,
        at,
        said,
        parent,
        sender=kind,
        actor=actor,
        expected_revision=expected_revision,
    )


def timer_claim(
    due: Sequence[Sequence[Any]],
    before: Sequence[Sequence[Any]],
    held: HeldTimers,
    *,
    share: int,
    next_due: datetime | None,
) -> Claim:
    """A claim of due timers, and of the events that come before them.

    Args:
        due: rows (name, setting, due_at, `PENDING_COLUMNS`, `SUBJECT_COLUMNS`); stale timers are left out.
        before: rows (`EVENT_COLUMNS`, `PENDING_COLUMNS`, received_at) of events of these subjects, by id.
        share: how many timers of one lifecycle were claimed at most.

    The trigger of a timer is left empty: only the subject's definition knows it.
    """
    most = max(Counter(row[_LIFECYCLE] for row in due).values(), default=0)
    claim = Claim(dead=held.dead, full=most >= share, next_due=next_due)
    for name, setting, due_at, hops, deaths, *subject in due:
        subject_row = subject[0]
        timers = held.timers.get(subject_row, {})
        if subject_row not in claim.subjects:
            claim.subjects[subject_row] = subject_of(subject, timers)
        timer = timers.get(name)
        if timer is None or timer.setting != setting or timer.due_at != utc(due_at):
            continue
        identity = f"{claim.subjects[subject_row].key}/{name}/{setting}"
        at = instant(due_at)
        event = Event("", identity, TIMER_SOURCE, at, NOTHING, None, name, setting)
        claim.work.append(Pending(subject_row, event, None, at, hops or 0, deaths))
    claim.work.sort(key=_due_at)  # lifecycles took turns
    if before:
        claim.work = _in_order(claim.work, before)
    return claim


def _due_at(work: Pending) -> datetime:
    return work.event.time


def _in_order(timers: list[Pending], before: Sequence[Sequence[Any]]) -> list[Pending]:
    """Order work by time: an event comes before timers due later; a subject's events stay as accepted."""
    placed: list[tuple[datetime, int, int, Pending]] = []
    latest: dict[int, datetime] = {}
    for place, (*row, received) in enumerate(before):
        work = _event_work(row)
        at = max(instant(received), latest.get(work.subject_row, instant(received)))
        latest[work.subject_row] = at
        placed.append((at, 0, place, work))
    placed += [(_due_at(work), 1, place, work) for place, work in enumerate(timers)]
    placed.sort(key=lambda one: one[:3])
    return [work for *_, work in placed]


def dispatched(changes: Changes, ids: Mapping[str, int], token: str, now: datetime) -> list[EffectRow]:
    """The effects that were just written as published, as a relay would have claimed them; `ids` by key."""
    return [
        EffectRow(
            ids[one.key],
            changes.subjects[one.subject_row].key,
            one.key,
            one.kind,
            one.target,
            one.queue,
            one.priority,
            dict(one.payload),
            int(one.kind == "task"),
            token,
            now,
        )
        for one in changes.effects
    ]


def effects_of(found: Iterable[Sequence[Any]]) -> list[EffectRow]:
    """Effects out of rows with the fields of `EffectRow`, in the order they were asked for."""
    effects = []
    for one, subject, key, kind, target, queue, priority, payload, attempts, token, created_at in found:
        effect = EffectRow(
            one,
            subject,
            key,
            kind,
            target,
            queue,
            priority,
            from_json(payload),
            attempts,
            token,
            instant(created_at),
        )
        effects.append(effect)
    return sorted(effects, key=lambda effect: effect.id)


class StandingRow(NamedTuple):
    """A row of `standing`."""

    row: int
    lifecycle: str
    state: str
    is_open: bool
    owner: str | None
    team: str | None
    due_at: datetime | None
    at_risk: bool


def standings(changes: Changes) -> list[StandingRow]:
    """What subjects are chosen by from now on, by row. One that has ended is due no more, and at no risk."""
    found = []
    for row in sorted(changes.standings):
        owner, team, due_at, at_risk = changes.standings[row]
        subject, is_open = changes.subjects[row], row not in changes.closed
        place = (row, subject.lifecycle, subject.state, is_open)
        found.append(StandingRow(*place, owner, team, due_at if is_open else None, at_risk and is_open))
    return found


def states(changes: Changes) -> list[tuple[int, str, bool]]:
    """States that subjects are chosen by from now on, sorted: (row, state, whether it is open).

    Of those alone of which nothing else changes.
    """
    alone = sorted(changes.states - changes.standings.keys())
    return [(row, changes.subjects[row].state, row not in changes.closed) for row in alone]


def variants(changes: Changes) -> list[tuple[str, str]]:
    """Words that may be mistyped: (variant, word), sorted."""
    return sorted((variant, word) for word, some in changes.words.items() for variant in some)
