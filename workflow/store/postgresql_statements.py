"""The statements for PostgreSQL: rows travel as arrays, one statement a table and batch.

The arrays are literals (`array_literals`), so each is a text parameter that is cast. Only claims have an
order, that of an index: what is fetched by key is sorted by the caller, since connections for writing would
read a whole table in the order of its key rather than sort 500 rows (`postgresql_pools`).
"""

from sqlalchemy import Dialect, Text, and_, bindparam, func
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg

from workflow.store.event_outcomes import SAID_COLUMNS, event_outcomes
from workflow.store.rows import EVENT_COLUMNS, SUBJECT_COLUMNS
from workflow.store.schema import events

_SUBJECT = SUBJECT_COLUMNS.replace("s.data", "cast(s.data as text)")
_EVENT = EVENT_COLUMNS.replace("e.data", "cast(e.data as text)")
_TAKEN = "taken.hops, taken.deaths"

# In one statement, since it is all that an accepted event costs. Ids are drawn in the order of the batch,
# while rows are added in the order of keys. A subject is added for its first event if that is new: another
# event under a known id must not leave a subject behind. It returns those not added: duplicates, and (true)
# new events whose subject neither `known` nor `added` has, since another transaction added it after our
# snapshot, or the first event for it was no new one. These again.
ACCEPT = """
with wanted as (
  select * from unnest(cast(%(keys)s as text[]), cast(%(lifecycles)s as text[]), cast(%(versions)s as int[]),
    cast(%(parents)s as text[]), cast(%(first_sources)s as text[]), cast(%(first_ids)s as text[]))
    as w(key, lifecycle, version, parent, source, event_id)
), known as (select s.id, s.key from wanted w join subjects s on s.key = w.key
), added as (
  insert into subjects (key, lifecycle, version, state, seq, data, parent)
  select w.key, w.lifecycle, w.version, 'initial', 0, '{}', w.parent from wanted w
  where not exists (select 1 from known k where k.key = w.key)
    and not exists (select 1 from events e where e.source = w.source and e.event_id = w.event_id)
  order by w.key collate "C"
  on conflict (key) do nothing returning id, key
), ids as (select id, key from known union all select id, key from added
), numbered as (
  select nextval('events_id_seq') as id, u.* from (
    select u.*, ids.id as subject_id from unnest(cast(%(sources)s as text[]), cast(%(event_ids)s as text[]),
      cast(%(subjects)s as text[]), cast(%(types)s as text[]), cast(%(times)s as timestamptz[]),
      cast(%(data)s as text[]), cast(%(event_parents)s as text[]),
      cast(%(effects)s as text[]), cast(%(actors)s as text[]), cast(%(hops)s as int[]),
      cast(%(expected)s as int[]), cast(%(requests)s as text[]), cast(%(traces)s as text[]))
      with ordinality as u(source, event_id, subject, type, time, data, parent, effect, actor, hops,
        expected_revision, request_id, traceparent, ord)
    join ids on ids.key = u.subject order by u.ord offset 0) u
), entered as (
  insert into events (id, source, event_id, subject_id, type, time, data, parent, received_at, effect, actor,
    expected_revision, request_id, traceparent)
  select id, source, event_id, subject_id, type, time, cast(data as jsonb), parent, %(now)s, effect, actor,
    expected_revision, request_id, traceparent
  from numbered
  order by source collate "C", event_id collate "C"
  on conflict (source, event_id) do nothing returning id, subject_id
), pending as (insert into inbox (event_id, subject_id, hops)
  select e.id, e.subject_id, n.hops from entered e join numbered n on n.id = e.id)
select o.ord, n.id is null and not exists (
  select 1 from events e where e.source = o.source and e.event_id = o.event_id)
from unnest(cast(%(sources)s as text[]), cast(%(event_ids)s as text[])) with ordinality
  as o(source, event_id, ord)
left join numbered n on n.ord = o.ord left join entered e on e.id = n.id where e.id is null"""


def _known_events() -> str:
    arrays = (bindparam("sources", type_=ARRAY(Text)), bindparam("event_ids", type_=ARRAY(Text)))
    wanted = func.unnest(*arrays).table_valued("source", "event_id").render_derived("wanted")
    same = and_(events.c.source == wanted.c.source, events.c.event_id == wanted.c.event_id)
    dialect: Dialect = PGDialect_psycopg()  # type: ignore[no-untyped-call]
    query = event_outcomes(wanted.join(events, same)).add_columns(*SAID_COLUMNS)
    return str(query.compile(dialect=dialect))


KNOWN_EVENTS = _known_events()

CLAIM_EVENTS = f"""
select i.event_id, {_SUBJECT} from inbox i join subjects s on s.id = i.subject_id
where i.dead_at is null order by i.event_id limit %(limit)s for update of s, i skip locked"""
CLAIM_EVENTS_FROM_OUTSIDE = CLAIM_EVENTS.replace("i.dead_at is null", "i.dead_at is null and i.hops is null")
_NOT_LEFT = "s.lifecycle || '.v' || s.version <> all(cast(%(leaving)s as text[]))"


def leaving(claim: str) -> str:
    """A claim that leaves subjects to others which live by a version of `leaving`: seldom is there one."""
    return claim.replace(" order by ", f" and {_NOT_LEFT} order by ", 1)


# By subject, not by the ids just read: a subject that got free half way through the claim would else be
# given with its later events and without its first. (+ 0: found by subject, never by walking all before.)
# Of those, the first so many: of what came from outside last, all that came before may be very much.
TAKE_EVENTS = f"""
with taken as (delete from inbox where event_id = any(array(
    select event_id from inbox where subject_id = any(cast(%(ids)s as bigint[]))
    and event_id + 0 <= %(last)s and dead_at is null order by event_id + 0 limit %(limit)s))
  returning event_id, hops, deaths)
select {_EVENT}, {_TAKEN} from taken join events e on e.id = taken.event_id"""

# Lifecycles with something due take turns: a flood of one must not make another's deadlines late. Their names
# come from the definitions, a handful of rows; every pending timer's lifecycle has one. The inner limit is
# written out ({most}): of one that must be worked out, the planner takes a tenth of all there is.
CLAIM_TIMERS = f"""
with waiting as materialized (
  select d.lifecycle from (select distinct lifecycle from definitions) d cross join lateral (
    select 1 from timers t where t.lifecycle = d.lifecycle and t.due_at <= %(now)s limit 1) one)
select due.*, (select count(*) from waiting) from waiting cross join lateral (
  select first.* from (
    select t.name, t.setting, t.due_at, t.hops, t.deaths, {_SUBJECT}
    from timers t join subjects s on s.id = t.subject_id
    where t.lifecycle = waiting.lifecycle and t.due_at <= %(now)s order by t.due_at, t.subject_id, t.name
    limit {{most}} for update of s, t skip locked) first
  limit 1 + ({{most}} - 1) / (select count(*) from waiting)) due"""
# The events that a due timer must wait for: those of its subject up to the last that came in by then.
TAKE_EVENTS_BEFORE = f"""
with mine as materialized (
  select event_id, subject_id from inbox where subject_id = any(cast(%(ids)s as bigint[])) and dead_at is null
), last as (
  select m.subject_id, max(m.event_id) as event_id from mine m join events e on e.id = m.event_id
  join unnest(cast(%(ids)s as bigint[]), cast(%(dues)s as timestamptz[])) as w(id, due_at)
    on w.id = m.subject_id
  where e.received_at <= w.due_at group by m.subject_id
), taken as (
  delete from inbox where event_id = any(array(
    select m.event_id from mine m join last l on l.subject_id = m.subject_id and m.event_id <= l.event_id))
  returning event_id, hops, deaths)
select {_EVENT}, {_TAKEN}, e.received_at from taken join events e on e.id = taken.event_id"""
NEXT_DUE = """
select min(t.due_at) from (select distinct lifecycle from definitions) d cross join lateral (
  select due_at from timers where lifecycle = d.lifecycle and due_at > %(now)s order by due_at limit 1) t"""
TIMERS = """
select subject_id, dead_at, name, setting, set_at, due_at, budget, cast(pauses as text) from timers
where subject_id = any(cast(%(ids)s as bigint[]))"""

CHILDREN = "select id, parent, key from subjects where parent = any(cast(%(parents)s as text[]))"

UPDATE_SUBJECTS = """
update subjects s set state = u.state, seq = u.seq, data = coalesce(cast(u.data as jsonb), s.data),
  parent = u.parent, version = u.version, opened_at = u.opened_at, changed_at = u.changed_at,
  closed_at = u.closed_at
from unnest(cast(%(ids)s as bigint[]), cast(%(versions)s as int[]), cast(%(states)s as text[]),
  cast(%(seqs)s as int[]), cast(%(data)s as text[]), cast(%(parents)s as text[]),
  cast(%(opened)s as timestamptz[]), cast(%(changed)s as timestamptz[]), cast(%(closed)s as timestamptz[]))
  as u(id, version, state, seq, data, parent, opened_at, changed_at, closed_at) where s.id = u.id"""
MOVES = """
insert into moves (subject_id, seq, event_id, timer, setting, due_at, trigger, source, dest, outcome,
  reason, version, at, team, traceparent)
select * from unnest(cast(%(c0)s as bigint[]), cast(%(c1)s as int[]), cast(%(c2)s as bigint[]),
  cast(%(c3)s as text[]), cast(%(c4)s as int[]),
  cast(%(c5)s as timestamptz[]), cast(%(c6)s as text[]), cast(%(c7)s as text[]), cast(%(c8)s as text[]),
    cast(%(c9)s as text[]),
  cast(%(c10)s as text[]), cast(%(c11)s as int[]), cast(%(c12)s as timestamptz[]),
  cast(%(c13)s as text[]), cast(%(c14)s as text[]))"""
CANCEL = """delete from timers t using unnest(cast(%(ids)s as bigint[]), cast(%(names)s as text[]))
  as u(id, name)
where t.subject_id = u.id and t.name = u.name"""
SET = """
insert into timers (subject_id, name, lifecycle, setting, set_at, due_at, budget, pauses, hops)
select id, name, lifecycle, setting, set_at, due_at, budget, cast(pauses as jsonb), hops
from unnest(cast(%(ids)s as bigint[]), cast(%(names)s as text[]), cast(%(lifecycles)s as text[]),
  cast(%(settings)s as int[]), cast(%(set_ats)s as timestamptz[]), cast(%(due_ats)s as timestamptz[]),
  cast(%(budgets)s as bigint[]), cast(%(pauses)s as text[]), cast(%(hops)s as int[]))
  as u(id, name, lifecycle, setting, set_at, due_at, budget, pauses, hops)
on conflict (subject_id, name) do update set setting = excluded.setting, set_at = excluded.set_at,
  due_at = excluded.due_at, budget = excluded.budget, pauses = excluded.pauses, hops = excluded.hops,
  dead_at = null, error = null, deaths = null"""
EFFECTS = """
insert into outbox (subject_id, key, kind, target, queue, priority, payload, state, due_at, token, attempts,
  created_at)
select id, key, kind, target, queue, priority, cast(payload as jsonb), %(state)s, %(due_at)s, %(token)s,
  case when cast(%(token)s as text) is not null and kind = 'task' then 1 else 0 end, %(now)s
from unnest(cast(%(ids)s as bigint[]), cast(%(keys)s as text[]), cast(%(kinds)s as text[]),
  cast(%(targets)s as text[]), cast(%(queues)s as text[]), cast(%(priorities)s as smallint[]),
  cast(%(payloads)s as text[])) as u(id, key, kind, target, queue, priority, payload)"""
EFFECTS_RETURNING = f"{EFFECTS} returning id, key"
# What may be on its way by now keeps its state, and is recalled if it comes back to be sent again.
RECALL_NOTICES = """
with found as (
  select o.id, u.reason
  from unnest(cast(%(ids)s as bigint[]), cast(%(firsts)s as text[]), cast(%(lasts)s as text[]),
    cast(%(starts)s as int[]), cast(%(seqs)s as int[]), cast(%(names)s as text[]),
    cast(%(reasons)s as text[])) as u(subject_id, first, last, start, seq, name, reason)
  cross join lateral (
    select id, key, payload ->> 'name' as name from outbox
    where key > u.first and key < u.last and subject_id = u.subject_id and kind = 'notice'
      and state not in ('settled', 'recalled') order by key) o
  where o.name = u.name and cast(split_part(substr(o.key, u.start), '/', 1) as int) < u.seq),
locked as (
  select o.id, found.reason from outbox o join found on found.id = o.id order by o.id for update of o)
update outbox o set
  state = case when o.state in ('pending', 'published') then 'recalled' else o.state end,
  due_at = case when o.state in ('pending', 'published') then null else o.due_at end,
  error = case when o.state in ('pending', 'published') then f.reason else o.error end,
  payload = case when o.state in ('pending', 'published') then o.payload
    else o.payload || jsonb_build_object('recalled', f.reason) end
from locked f where f.id = o.id and o.state not in ('settled', 'recalled')"""
PUT_BACK = """
insert into inbox (event_id, subject_id, hops, deaths)
select * from unnest(cast(%(ids)s as bigint[]), cast(%(subject_ids)s as bigint[]), cast(%(hops)s as int[]),
  cast(%(deaths)s as smallint[]))"""
BURY_EVENTS = """
insert into inbox (event_id, subject_id, dead_at, error) select id, subject_id, %(now)s, error
from unnest(cast(%(ids)s as bigint[]), cast(%(subject_ids)s as bigint[]), cast(%(errors)s as text[]))
  as u(id, subject_id, error)
on conflict (event_id) do update set dead_at = excluded.dead_at, error = excluded.error"""
BURY_TIMERS = """
update timers t set due_at = null, dead_at = %(now)s, error = u.error
from unnest(cast(%(ids)s as bigint[]), cast(%(names)s as text[]), cast(%(errors)s as text[]))
  as u(id, name, error)
where t.subject_id = u.id and t.name = u.name"""

# Nothing is written where nothing has changed: most decisions leave a subject's figures as they are.
FIGURES = """
insert into figures as f (subject_id, lifecycle, at, outcome, kind, team, cause, part, channel, case_key,
  minutes, count)
select * from unnest(cast(%(ids)s as bigint[]), cast(%(lifecycles)s as text[]),
  cast(%(c0)s as timestamptz[]), cast(%(c1)s as text[]), cast(%(c2)s as text[]), cast(%(c3)s as text[]),
  cast(%(c4)s as text[]), cast(%(c5)s as text[]), cast(%(c6)s as text[]), cast(%(c7)s as text[]),
  cast(%(c8)s as int[]), cast(%(c9)s as int[]))
on conflict (subject_id) do update set at = excluded.at, outcome = excluded.outcome, kind = excluded.kind,
  team = excluded.team, cause = excluded.cause, part = excluded.part, channel = excluded.channel,
  case_key = excluded.case_key, minutes = excluded.minutes, count = excluded.count
where (f.at, f.outcome, f.kind, f.team, f.cause, f.part, f.channel, f.case_key, f.minutes, f.count)
  is distinct from (excluded.at, excluded.outcome, excluded.kind, excluded.team, excluded.cause,
    excluded.part, excluded.channel, excluded.case_key, excluded.minutes, excluded.count)"""

PLACES = """
insert into line as l (subject_id, lifecycle, at)
select * from unnest(cast(%(ids)s as bigint[]), cast(%(lifecycles)s as text[]),
  cast(%(ats)s as timestamptz[]))
on conflict (subject_id) do update set at = excluded.at where l.at <> excluded.at"""
LEAVE_LINE = "delete from line where subject_id = any(cast(%(ids)s as bigint[]))"

TERMS = """
insert into search_terms as t (subject_id, terms)
select id, array_to_tsvector(string_to_array(terms, ' '))
from unnest(cast(%(ids)s as bigint[]), cast(%(terms)s as text[])) as u(id, terms)
on conflict (subject_id) do update set terms = excluded.terms where t.terms <> excluded.terms"""
STANDINGS = """
insert into standing (subject_id, lifecycle, state, is_open, owner, team, due_at, at_risk)
select * from unnest(cast(%(c0)s as bigint[]), cast(%(c1)s as text[]), cast(%(c2)s as text[]),
  cast(%(c3)s as boolean[]), cast(%(c4)s as text[]), cast(%(c5)s as text[]),
  cast(%(c6)s as timestamptz[]), cast(%(c7)s as boolean[]))
on conflict (subject_id) do update set state = excluded.state, is_open = excluded.is_open,
  owner = excluded.owner, team = excluded.team, due_at = excluded.due_at, at_risk = excluded.at_risk"""
STATES = """
update standing s set state = u.state, is_open = u.is_open, due_at = case when u.is_open then s.due_at end,
  at_risk = s.at_risk and u.is_open
from unnest(cast(%(ids)s as bigint[]), cast(%(states)s as text[]), cast(%(opens)s as boolean[]))
  as u(id, state, is_open)
where s.subject_id = u.id"""
# In their order, so that two who learn the same words do not wait for each other.
WORDS = """
insert into word_variants (variant, word)
select * from unnest(cast(%(variants)s as text[]), cast(%(words)s as text[])) on conflict do nothing"""

EFFECT_COLUMNS = """o.id, (select s.key from subjects s where s.id = o.subject_id), o.key, o.kind,
  o.target, o.queue, o.priority,
  cast(o.payload as text), o.attempts, o.token, o.created_at"""
CLAIM_EFFECTS = f"""
with due as (
  select o.id from (values (0), (1), (2)) as u(priority) cross join lateral (
    select id from outbox
    where priority = u.priority and due_at <= %(now)s and state in ('pending', 'published')
    order by due_at limit %(limit)s for update skip locked) o limit %(limit)s)
update outbox o set state = 'published', token = %(token)s, due_at = %(lease_until)s,
  attempts = o.attempts + cast(o.kind = 'task' as int)
from due where o.id = due.id returning {EFFECT_COLUMNS}"""
BEGIN_EFFECTS = f"""
update outbox o set state = 'sending', due_at = %(lease_until)s, attempts = o.attempts + 1
where o.id = any(cast(%(ids)s as bigint[])) and o.token = %(token)s and o.state = 'published' returning
  {EFFECT_COLUMNS}"""
LOCK_EFFECTS = "select 1 from outbox where id = any(cast(%(ids)s as bigint[])) order by id for update"
UPDATE_EFFECTS = """
update outbox o set state = u.state, due_at = u.due_at, settled_at = u.settled_at,
  receipt = cast(u.receipt as jsonb),
  error = u.error
from unnest(cast(%(ids)s as bigint[]), cast(%(states)s as text[]), cast(%(due_ats)s as timestamptz[]),
  cast(%(settled_ats)s as timestamptz[]), cast(%(receipts)s as text[]), cast(%(errors)s as text[]),
  cast(%(tokens)s as text[]), cast(%(helds)s as text[]))
  as u(id, state, due_at, settled_at, receipt, error, token, held)
where o.id = u.id and o.state <> 'settled'
  and (u.token is null or (o.token = u.token and o.state = u.held))"""

HOLD = """
select pg_advisory_xact_lock(hashtextextended(name, 0)) from (
  select name from unnest(cast(%(names)s as text[])) with ordinality as u(name, place) order by place
  offset 0) named"""
"""Its rows: one a name, of nothing."""
