"""A house of a million subjects in the midst of a day: what the pages of people are measured before.

What is open was decided by the engine itself: every tenth subject is an open promise with its deadline;
beside them lie cases, calls in the line, escalations, approvals and service alerts. What has ended is
written as rows, as the engine leaves them: customers, closed cases, kept promises, each with its moves,
events, notice, figures, and all by which it is searched.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from random import Random
from typing import Any

from sqlalchemy import bindparam, insert, select, text

from benchmarks.search_population import Population, Somebody, people_and_words, picking
from state_machines.catalog import load_catalog
from state_machines.subject import Subject
from state_machines.values.instants import format_instant
from workflow.clock import VirtualClock
from workflow.engine.cloudevent import CloudEvent
from workflow.engine.engine import Engine
from workflow.engine.registry import Registry
from workflow.recovery.archive.writing import write_alerts
from workflow.search.noting import note_texts
from workflow.search.spelling import KnownWords
from workflow.store.columns import Instant
from workflow.store.port import Changes, Store
from workflow.store.schema import outbox, subjects

_AT_ONCE = 2_000
_BATCH = 500
_TEAMS, _OWNERS = 20, 200
ALERTED = tuple(f"B-alert-{number}" for number in range(200))
_ENDED = (
    """moves (subject_id, seq, trigger, source, dest, outcome, version, at)
    select id, n, case n when 1 then 'make' else 'keep' end, case n when 1 then 'initial' else 'made' end,
      case n when 1 then 'made' else state end, 'moved', version,
      opened_at + n * interval '1 hour' from subjects cross join generate_series(1, 2) as n
    where id > :after and lifecycle = 'promise'""",
    """moves (subject_id, seq, trigger, source, dest, outcome, version, at)
    select id, n, (array['open', 'acknowledge', 'close'])[n], (array['initial', 'opened', 'verified'])[n],
      (array['opened', 'acknowledged', 'closed'])[n], 'moved', version, opened_at + n * interval '1 hour'
    from subjects cross join generate_series(1, 3) as n where id > :after and lifecycle = 'case'""",
    """events (source, event_id, subject_id, type, time, data, received_at)
    select '/crm', 'ended-' || id, id, 'promise.keep', closed_at, '{"evidence": "We called and told them."}',
      closed_at from subjects where id > :after and lifecycle = 'promise'""",
    """outbox (subject_id, key, kind, target, payload, priority, state, attempts, created_at, settled_at)
    select id, key || '/2/0', 'notice', 'email',
      '{"about": "thanks", "title": "Done", "words": "It is kept.", "to": {"email": "a@b.example"}}',
      1, 'settled', 1, closed_at, closed_at from subjects where id > :after and lifecycle = 'promise'""",
    """figures
      (subject_id, lifecycle, at, outcome, kind, team, cause, part, channel, case_key, minutes, count)
    select id, 'promise', opened_at, case when id % 12 = 0 then 'late' else 'kept' end,
      (array['first_word', 'daily_word', 'callback', 'plan'])[1 + id % 4], 'team-' || id % 20,
      'cause-' || id % 60, 'part-' || id % 40, (array['email', 'sms', 'live'])[1 + id % 3], parent,
      id * 7919 % 6000, id % 5 from subjects where id > :after and lifecycle = 'promise'""",
)


@dataclass(frozen=True, slots=True)
class Filled:
    """What there is: subjects in all, and of them open promises."""

    subjects: int
    open_promises: int


def fill(store: Store, registry: Registry, count: int, now: datetime) -> Filled:
    """Put so many subjects into an empty store: a tenth are open promises, due from tomorrow on.

    Args:
        now: the instant at which it is opened; deadlines and ages are reckoned from it.
    """
    random = Random(11)
    population = people_and_words(random, count)
    _open(store, registry, population, count, now, random)
    with store.begin() as transaction:
        transaction.connection.execute(text("drop index ix_search_terms"))
        after, have = transaction.connection.execute(text("select max(id), count(*) from subjects")).one()
    rows = enumerate(_ended(population, count - have, now, random), after + 1)
    known = KnownWords()
    while some := list(islice(rows, _AT_ONCE)):
        _write(store, registry, some, known, now)
    with store.begin() as transaction:
        connection = transaction.connection
        connection.execute(
            text("select setval(pg_get_serial_sequence('subjects', 'id'), max(id)) from subjects")
        )
        for rows_of in _ENDED:
            connection.execute(text(f"insert into {rows_of}").bindparams(bindparam("after", after)))
        connection.execute(
            text("create index ix_search_terms on search_terms using gin (terms) with (fastupdate = off)")
        )
    with store.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("vacuum (analyze)"))
        connection.execute(text("checkpoint"))
    return counted(store)


def counted(store: Store) -> Filled:
    """How many there are."""
    query = (
        "select count(*), count(*) filter (where lifecycle = 'promise' and closed_at is null) from subjects"
    )
    with store.connect() as connection:
        return Filled(*connection.execute(text(query)).one())


def _open(
    store: Store, registry: Registry, population: Population, count: int, now: datetime, random: Random
) -> None:
    """What is open, each by its events."""
    clock = VirtualClock(now - timedelta(days=1))
    engine = Engine(store, registry, clock)
    began = clock.now()
    pick = picking(random, population.words)
    events = iter(_beginnings(population, pick, count, began, now, random))
    while some := list(islice(events, _BATCH)):
        engine.accept(some)
        while engine.apply().decided:
            pass
    asked = select(outbox.c.key).where(outbox.c.kind == "task", outbox.c.key.startswith("case:B-alert-"))
    with store.connect() as connection:
        keys = list(connection.scalars(asked.order_by(outbox.c.id)))
    for start in range(0, len(keys), _BATCH):
        write_alerts(store, registry, keys[start : start + _BATCH])
    with store.begin() as transaction:  # all of that was carried out yesterday
        transaction.connection.execute(
            text(
                "update outbox set state = 'settled', due_at = null, attempts = 1, settled_at = :at"
            ).bindparams(bindparam("at", now, type_=Instant()))
        )


def _beginnings(
    population: Population, pick: Any, count: int, began: datetime, now: datetime, random: Random
) -> Iterator[CloudEvent]:
    def said(words: int) -> str:
        return " ".join(pick() for _ in range(words)).capitalize()

    def event(type_: str, subject: str, **data: Any) -> CloudEvent:
        return CloudEvent(f"{type_}/{subject}/{len(data)}", "/crm", type_, subject, began, data)

    def due(first: float, last: float) -> str:
        return format_instant(now + timedelta(hours=random.uniform(first, last)))

    def owner() -> str:
        return f"agent{random.randrange(_OWNERS)}@shop.example"

    def who() -> dict[str, str]:
        return population.somebody(random).profile()

    for number, key in enumerate(ALERTED):
        yield from _documented(f"case:{key}", number, who(), owner(), said, event)
    for number in range(count // 500):
        key, answers = f"case:B-{number}", owner()
        yield event("case.open", key, customer=who(), words=said(25), owner=answers, by=answers,
                    team=f"team-{number % _TEAMS}", part=f"part-{number % 40}",
                    pace={"first_word": "P2D", "plan": "P9D"})  # fmt: skip
        yield event("case.step", key, step="reboot", result=said(5), by=answers)
        yield event("case.tell_fact", key, fact="serial_number", value=f"A-{number}", by=answers)
    for number in range(count // 10):
        yield event("promise.make", f"promise:B-{number}", customer=who(), words=said(12), owner=owner(),
                    team=f"team-{number % _TEAMS}", due_at=due(30, 24 * 30), warn_before="PT1H")  # fmt: skip
    for number in range(count // 2_000):
        yield event("callback.request", f"callback:B-{number}", customer=who(), words=said(10),
                    desk=f"team-{number % _TEAMS}", due_at=due(30, 24 * 7))  # fmt: skip
    ladder = [
        {"people": ["bea@desk.example"], "within": "P3D"},
        {"people": ["omar@desk.example"], "within": "P3D"},
    ]
    for number in range(count // 5_000):
        yield event("escalation.open", f"escalation:B-{number}", customer=who(), words=said(9), ladder=ladder)
    for number in range(count // 20_000):
        yield event("approval.request", f"approval:B-{number}", words=said(8), what="refund", amount=40,
                    by=owner(), ladder=ladder, reason=said(6))  # fmt: skip
    shifts = [
        {
            "from": format_instant(now + timedelta(days=7 * week - 3)),
            "to": format_instant(now + timedelta(days=7 * week + 4)),
            "people": [f"agent{week % _OWNERS}@shop.example"],
        }
        for week in range(20)
    ]
    yield event("rotation.set", "rotation:support", shifts=shifts, until=shifts[-1]["to"])


def _documented(
    key: str, number: int, customer: dict[str, str], owner: str, said: Any, event: Any
) -> Iterator[CloudEvent]:
    """A case from its first word to what was learned."""
    yield event("case.open", key, customer=customer, words=said(25), owner=owner, by=owner, team="team-1",
                part=f"part-{number % 40}", pace={"check_in": "P9D", "close": "P9D"})  # fmt: skip
    yield event("case.acknowledge", key, by=owner, understood=said(4))
    yield event("case.calm", key, by=owner)
    yield event("case.plan", key, by=owner, fix=said(5), prevent=said(5))
    yield event("case.agree", key, by=owner)
    yield event("case.deliver", key, by=owner, evidence=said(3))
    yield event("case.check_in_answered", key, by=owner, ok=True, words=said(3))
    what = {"part": f"part-{number % 40}"} | {
        name: said(8) for name in ("when", "tried", "answered", "not_enough")
    }
    asked = ("expectations", "checked_in", "answered_at_once", "verified", "over_promised")
    why = {"cause": f"cause-{number % 60}"} | {name: said(6) for name in asked}
    different = {name: said(9) for name in ("process", "empowered", "right_people")}
    yield event("case.document", key, by=owner, what=what, why=why, different=different)


def _ended(
    population: Population, count: int, now: datetime, random: Random
) -> Iterator[tuple[Subject, str | None]]:
    """Customers, cases that are closed and promises that were kept, with their parents."""
    pick = picking(random, population.words)
    versions = {name: load_catalog()[name].version for name in ("customer", "case", "promise")}
    case = "case:E-0"

    def said(words: int) -> str:
        return " ".join(pick() for _ in range(words)).capitalize()

    def subject(key: str, state: str, data: dict[str, Any]) -> Subject:
        lifecycle = key.partition(":")[0]
        return Subject(key, lifecycle, versions[lifecycle], state, 3, data)

    for number in range(count):
        customer: Somebody = population.people[number % len(population.people)]
        profile = customer.profile()
        owner, team = f"agent{random.randrange(_OWNERS)}@shop.example", f"team-{number % _TEAMS}"
        if number % 9 == 0:
            key = f"customer:E-{number}"
            yield subject(key, "known", {**profile, "customer": profile, "since": format_instant(now)}), None
        elif number % 9 in (1, 5):
            case = f"case:E-{number}"
            contacts = [{"words": said(8), "channel": "phone", "by": owner, "at": format_instant(now)}]
            data = {
                "customer": profile,
                "words": said(25),
                "owner": owner,
                "team": team,
                "contacts": contacts,
            }
            yield subject(case, "closed", data), None
        else:
            data = {"customer": profile, "words": said(12), "owner": owner, "team": team, "case": case,
                    "due_at": format_instant(now - timedelta(hours=random.uniform(30, 9_000)))}  # fmt: skip
            state = "kept_late" if number % 12 == 2 else "kept"
            yield subject(f"promise:E-{number}", state, data), case


def _write(
    store: Store,
    registry: Registry,
    some: Sequence[tuple[int, tuple[Subject, str | None]]],
    known: KnownWords,
    now: datetime,
) -> None:
    changes = Changes()
    written = []
    for row, (one, parent) in some:
        rule = registry.get(one.lifecycle, one.version).search
        note_texts(changes, row, rule, one, known)
        changes.subjects[row] = one
        changes.standings[row] = rule.read_standing(one.data)
        opened = now - timedelta(minutes=500_000 * (1 - row % 9_973 / 10_000) + 3_000)
        closed = None
        if one.lifecycle != "customer":
            closed = opened + timedelta(hours=30)
            changes.closed.add(row)
        written.append({
            "id": row, "key": one.key, "lifecycle": one.lifecycle, "version": one.version, "state": one.state,
            "seq": one.seq, "data": one.data, "parent": parent, "opened_at": opened, "changed_at": opened,
            "closed_at": closed,
        })  # fmt: skip
    with store.begin() as transaction:
        transaction.connection.execute(insert(subjects), written)
        transaction.write_search(changes)
    known.committed(changes.words.keys())
