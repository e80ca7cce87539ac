"""The statements for SQLite: one row a statement, many rows a call."""

from sqlalchemy import bindparam
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite

from workflow.store.event_outcomes import SAID_COLUMNS, event_outcomes
from workflow.store.rows import EVENT_COLUMNS, SUBJECT_COLUMNS
from workflow.store.schema import events

# Only for events that are new: another event under a known id must not leave a subject behind.
ADD_SUBJECT = """insert into subjects (key, lifecycle, version, parent, state, seq, data)
select ?, ?, ?, ?, 'initial', 0, '{}'
where not exists (select 1 from events where source = ? and event_id = ?)
on conflict (key) do nothing"""
ADD_EVENT = """insert into events
(source, event_id, subject_id, type, time, data, parent, received_at, effect, actor,
  expected_revision, request_id, traceparent)
select ?, ?, id, ?, ?, ?, ?, ?, ?, ?, ?, ?, ? from subjects where key = ?
on conflict (source, event_id) do nothing returning id, subject_id"""
ADD_INBOX = "insert into inbox (event_id, subject_id, hops) values (?, ?, ?)"
PUT_BACK = "insert into inbox (event_id, subject_id, hops, deaths) values (?, ?, ?, ?)"
_ONE_EVENT = (
    event_outcomes()
    .add_columns(*SAID_COLUMNS)
    .where(events.c.source == bindparam("source"), events.c.event_id == bindparam("event_id"))
)
KNOWN_EVENT = str(_ONE_EVENT.compile(dialect=SQLiteDialect_pysqlite()))
_UNDECIDED = f"""select {EVENT_COLUMNS}, i.hops, i.deaths, {SUBJECT_COLUMNS}
from inbox i join events e on e.id = i.event_id join subjects s on s.id = i.subject_id
where i.dead_at is null"""
CLAIM_EVENTS = f"{_UNDECIDED} order by i.event_id limit ?"
FROM_OUTSIDE = """select event_id, subject_id from inbox where hops is null and dead_at is null
order by event_id limit ?"""
CLAIM_EVENTS_OF = f"""{_UNDECIDED} and i.subject_id in (select value from json_each(?))
and i.event_id <= ? order by i.event_id limit ?"""
_NOT_LEFT = "s.lifecycle || '.v' || s.version not in (select value from json_each(?))"
FROM_OUTSIDE_LEAVING = f"""select i.event_id, i.subject_id from inbox i join subjects s on s.id = i.subject_id
where i.hops is null and i.dead_at is null and {_NOT_LEFT} order by i.event_id limit ?"""
EVENT_WIDTH = len(EVENT_COLUMNS.split(",")) + 2
WAITING_LIFECYCLES = """select d.lifecycle from (select distinct lifecycle from definitions) d
where exists (select 1 from timers t where t.lifecycle = d.lifecycle and t.due_at <= ?)"""
CLAIM_TIMERS = f"""select t.name, t.setting, t.due_at, t.hops, t.deaths, {SUBJECT_COLUMNS}
from timers t join subjects s on s.id = t.subject_id
where t.lifecycle = ? and t.due_at <= ? order by t.due_at, t.subject_id, t.name limit ?"""


def leaving(claim: str) -> str:
    """A claim that leaves subjects to others which live by a version of the last but one parameter."""
    return claim.replace(" order by ", f" and {_NOT_LEFT} order by ", 1)


SOME_EVENT = "select 1 from inbox where dead_at is null limit 1"
EVENTS_BEFORE = f"""select {EVENT_COLUMNS}, i.hops, i.deaths, e.received_at
from inbox i join events e on e.id = i.event_id
where i.subject_id = ? and i.dead_at is null and i.event_id <= (
  select max(b.event_id) from inbox b join events f on f.id = b.event_id
  where b.subject_id = ? and b.dead_at is null and f.received_at <= ?)
order by i.event_id"""
NEXT_DUES = """select (select min(due_at) from timers where lifecycle = d.lifecycle and due_at > ?)
from (select distinct lifecycle from definitions) d"""
TIMERS = """select subject_id, dead_at, name, setting, set_at, due_at, budget, pauses from timers
where subject_id in (select value from json_each(?)) order by subject_id, name"""
UPDATE_SUBJECT = """update subjects set version = ?, state = ?, seq = ?, data = coalesce(?, data), parent = ?,
  opened_at = ?, changed_at = ?, closed_at = ?
where id = ?"""
ADD_MOVE = """insert into moves
(subject_id, seq, event_id, timer, setting, due_at, trigger, source, dest, outcome, reason, version, at,
  team, traceparent)
values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"""
CANCEL_TIMER = "delete from timers where subject_id = ? and name = ?"
SET_TIMER = """insert into timers (subject_id, name, lifecycle, setting, set_at, due_at, budget, pauses, hops)
  values (?, ?, ?, ?, ?, ?, ?, ?, ?)
on conflict (subject_id, name) do update set setting = excluded.setting, set_at = excluded.set_at,
  due_at = excluded.due_at,
  budget = excluded.budget, pauses = excluded.pauses, hops = excluded.hops,
  dead_at = null, error = null, deaths = null"""
ADD_EFFECT = """insert into outbox (subject_id, key, kind, target, queue, priority, payload, state, due_at,
  token, attempts, created_at)
values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"""
# What may be on its way by now keeps its state, and is recalled if it comes back to be sent again.
RECALL_NOTICES = """update outbox set
  state = case when state in ('pending', 'published') then 'recalled' else state end,
  due_at = case when state in ('pending', 'published') then null else due_at end,
  error = case when state in ('pending', 'published') then ?1 else error end,
  payload = case when state in ('pending', 'published') then payload
    else json_set(payload, '$.recalled', ?1) end
where key > ?2 and key < ?3 and subject_id = ?4 and kind = 'notice' and state not in ('settled', 'recalled')
  and json_extract(payload, '$.name') = ?5 and cast(substr(key, ?6) as integer) < ?7"""
BURY_EVENT = """insert into inbox (event_id, subject_id, dead_at, error) values (?, ?, ?, ?)
on conflict (event_id) do update set dead_at = excluded.dead_at, error = excluded.error"""
BURY_TIMER = "update timers set due_at = null, dead_at = ?, error = ? where subject_id = ? and name = ?"
SET_FIGURES = """insert into figures (subject_id, lifecycle, at, outcome, kind, team, cause, part, channel,
  case_key, minutes, count)
values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
on conflict (subject_id) do update set at = excluded.at, outcome = excluded.outcome, kind = excluded.kind,
  team = excluded.team, cause = excluded.cause, part = excluded.part, channel = excluded.channel,
  case_key = excluded.case_key, minutes = excluded.minutes, count = excluded.count"""

SET_PLACE = """insert into line (subject_id, lifecycle, at) values (?, ?, ?)
on conflict (subject_id) do update set at = excluded.at"""
LEAVE_LINE = "delete from line where subject_id = ?"

SET_TERMS = """insert into search_terms (subject_id, terms) values (?, ?)
on conflict (subject_id) do update set terms = excluded.terms where terms <> excluded.terms"""
SET_STANDING = """insert into standing (subject_id, lifecycle, state, is_open, owner, team, due_at, at_risk)
values (?, ?, ?, ?, ?, ?, ?, ?)
on conflict (subject_id) do update set state = excluded.state, is_open = excluded.is_open,
  owner = excluded.owner, team = excluded.team, due_at = excluded.due_at, at_risk = excluded.at_risk"""
SET_STATE = """update standing set state = ?, is_open = ?, due_at = case when ? then due_at end,
  at_risk = at_risk and ?
where subject_id = ?"""
ADD_VARIANT = "insert into word_variants (variant, word) values (?, ?) on conflict do nothing"

EFFECT_COLUMNS = """id, (select s.key from subjects s where s.id = outbox.subject_id), key, kind,
  target, queue, priority, payload,
  attempts, token, created_at"""
CLAIM_EFFECTS = f"""update outbox set state = 'published', token = ?, due_at = ?,
  attempts = attempts + (kind = 'task')
where id in (select o.id from outbox o where o.due_at <= ? and o.state in ('pending', 'published')
  order by o.priority, o.due_at limit ?)
returning {EFFECT_COLUMNS}"""
BEGIN_EFFECTS = f"""update outbox set state = 'sending', due_at = ?, attempts = attempts + 1
where id in (select value from json_each(?)) and token = ? and state = 'published' returning
  {EFFECT_COLUMNS}"""
UPDATE_EFFECT = """update outbox set state = ?, due_at = ?, settled_at = ?, receipt = ?, error = ?
where id = ? and state <> 'settled' and (? is null or (token = ? and state = ?))"""
