"""A sound definition, and what becomes of it by one fault each: field, rule and line are named."""

import pytest

from state_machines.check import RULES, check
from state_machines.form.source import parse

SOUND = """\
lifecycle: visit
version: 1
data:
  at: {type: string, format: date-time, required: true}
  note: {type: string}
  visits: {type: integer, default: 0}
  guest: {type: object, fields: {name: {type: string, required: true}, mail: {type: string}}}
calendars:
  office: {zone: Europe/Berlin, weekly: {mon-fri: ["09:00-17:00"]}}
triggers:
  plan: {data: {at: {type: string, format: date-time, required: true}, note: {type: string}}}
  come: {data: {by: {type: string, required: true}}}
  remind: {}
states:
  - name: planned
    on_enter:
      - notice: {to: a@b.example, title: planned, words: =data.at}
  - {name: late, timeout: PT1H, on_timeout: remind}
  - {name: done, final: true}
timeouts:
  due: {in: [planned], at: timestamp(data.at), on_timeout: miss}
transitions:
  - trigger: plan
    source: initial
    dest: planned
    set: "{'at': event.data.at, ?'note': event.data.?note}"
  - {trigger: miss, source: planned, dest: late}
  - trigger: come
    source: [planned, late]
    dest: done
    conditions: event.data.by != ''
    effects:
      - task: {name: billing.close, args: [=event.data.by], succeeded: closed}
      - open: {lifecycle: job, trigger: schedule, data: {task: t}}
  - {trigger: remind, source: late, set: {visits: =data.visits + 1}}
  - {trigger: closed, source: done}
"""

# ruff: noqa: E501  (a table is read by its rows)
FAULTS = [
    # what stands there, what is put in its place, the field, the rule, and a piece of the line it is in
    ("version: 1", "version: 0", "version", "range", "version: 0"),
    ("lifecycle: visit", "lifecycle: Visit", "lifecycle", "name-form", "lifecycle: Visit"),
    ("version: 1", "version: 1\nversion: 2", "version", "doubled-key", "version: 2"),
    ("  - {name: done, final: true}", "  - {name: done, finnal: true}", "states[2].finnal", "unknown-field", "finnal"),
    ("dest: planned\n", "dest: nowhere\n", "transitions[0].dest", "unknown-state", "dest: nowhere"),
    ("[planned, late]", "[planned, lost]", "transitions[2].source[1]", "unknown-state", "lost"),
    ("in: [planned]", "in: [plannned]", "timeouts.due.in[0]", "unknown-state", "plannned"),
    ("  - {name: done, final: true}", "  - {name: done, final: true}\n  - {name: done}", "states[3].name", "doubled-state", "  - {name: done}"),
    ("source: initial", "source: late", "transitions", "never-opened", "transitions:"),
    ("  - {name: done, final: true}", "  - {name: done, final: true}\n  - {name: island, final: true}", "states[3].name", "unreachable-state", "island"),
    ("  - {name: done, final: true}", "  - {name: done}", "states[2].name", "dead-end", "name: done"),
    ("  - {trigger: remind, source: late, ", "  - {trigger: remind, source: planned, ", "states[1].on_timeout", "unanswered-timeout", "on_timeout: remind"),
    ("succeeded: closed", "succeeded: cloosed", "transitions[2].effects[0].task.succeeded", "unknown-trigger", "cloosed"),
    ("  remind: {}", "  remind: {}\n  dream: {}", "triggers.dream", "unused-trigger", "dream"),
    ("on_timeout: miss}", "on_timeout: come}", "timeouts.due.on_timeout", "demanding-timeout", "on_timeout: come"),
    ("  - {trigger: closed, source: done}", "  - {trigger: closed, source: done, dest: late}", "transitions[4].source", "final-exit", "dest: late"),
    ("  - {trigger: miss, source: planned, dest: late}", "  - {trigger: miss, source: planned, dest: late}\n  - {trigger: miss, source: planned, dest: done}", "transitions[2].trigger", "shadowed-transition", "dest: done"),
    ("set: {visits: =data.visits + 1}}", "effects: [{emit: {to: self, trigger: remind}}]}", "transitions[3].effects[0].emit", "restless-loop", "to: self"),
    ("on_timeout: miss}", "on_timeout: miss}\n  late: {in: [planned], after: PT1H, on_timeout: miss}", "states[1]", "doubled-timeout", "name: late"),
    ("at: timestamp(data.at), on", "at: timestamp(data.at), after: PT1H, on", "timeouts.due", "one-form", "after: PT1H"),
    ("at: timestamp(data.at), on", "on", "timeouts.due", "one-form", "due:"),
    ("at: timestamp(data.at), on", "after: P1M, on", "timeouts.due.after", "duration-fixed-length", "P1M"),
    ("at: timestamp(data.at), on", "after: PT1H, calendar: shop, on", "timeouts.due.calendar", "unknown-calendar", "calendar: shop"),
    ("zone: Europe/Berlin", "zone: Europe/Berlinn", "calendars.office.zone", "unknown-zone", "Berlinn"),
    ("in: [planned]", "in: [planned, done]", "timeouts.due.in[1]", "timeout-in-final-state", "planned, done"),
    ("source: late, set", "source: late, restart: [dew], set", "transitions[3].restart[0]", "unknown-timeout", "dew"),
    ("- task: {name: billing.close, ", "- task: {name: ' ', ", "transitions[2].effects[0].task.name", "no-task", "name: ' '"),
    ("succeeded: closed}", "succeeded: closed, retry: {first: 10 s}}", "transitions[2].effects[0].task.retry.first", "duration-form", "first: 10 s"),
    ("succeeded: closed}", "succeeded: closed, retry: {first: PT0S}}", "transitions[2].effects[0].task.retry.first", "retry-pause", "PT0S"),
    ("succeeded: closed}", "succeeded: closed, retry: {longest: P400D}}", "transitions[2].effects[0].task.retry.longest", "retry-pause", "P400D"),
    ("succeeded: closed}", "succeeded: closed, retry: {first: PT1M, longest: PT1S}}", "transitions[2].effects[0].task.retry.longest", "retry-order", "PT1S"),
    ("succeeded: closed}", "succeeded: closed, retry: {attempts: 0}}", "transitions[2].effects[0].task.retry.attempts", "range", "attempts: 0"),
    ("succeeded: closed}", "succeeded: closed, retry: {tries: 3}}", "transitions[2].effects[0].task.retry.tries", "unknown-field", "tries: 3"),
    ("succeeded: closed}", "succeeded: closed, retry: {not_on: [Gone!]}}", "transitions[2].effects[0].task.retry.not_on[0]", "name-form", "Gone!"),
    ("to: a@b.example, ", "to: a@b.example, retry: {longest: P1M}, ", "states[0].on_enter[0].notice.retry.longest", "duration-fixed-length", "P1M"),
    ("version: 1", "version: 1\nretry: {first: soon}", "retry.first", "duration-form", "soon"),
    ("      - open:", "      - when: 'true'\n      - open:", "transitions[2].effects[1]", "one-effect", "when: 'true'"),
    ("      - open:", "      - emit: {to: self, trigger: closed}\n        open:", "transitions[2].effects[1]", "one-effect", "emit"),
    ("to: a@b.example, ", "to: a@b.example, channel: pigeon, ", "states[0].on_enter[0].notice.channel", "unknown-channel", "pigeon"),
    ("to: a@b.example, ", "to: a@b.example, about: apology, channel: Robo-Call, ", "states[0].on_enter[0].notice.channel", "automated-voice", "Robo-Call"),
    ("to: a@b.example, ", "to: a@b.example, about: weather, ", "states[0].on_enter[0].notice.about", "unknown-about", "weather"),
    ("triggers:\n", "topics: {weather: {}}\ntriggers:\n", "topics.weather", "unused-topic", "weather"),
    ("triggers:\n", "topics: {news: {urgent: true}}\ntriggers:\n", "topics.news", "registered-topic", "news"),
    ("lifecycle: job,", "lifecycle: jobb,", "transitions[2].effects[1].open.lifecycle", "unknown-lifecycle", "jobb"),
    ("trigger: schedule", "trigger: retry", "transitions[2].effects[1].open.trigger", "unknown-trigger", "retry"),
    ("      - open:", "      - emit: {to: 'promise:P-1', trigger: keeep}\n      - open:", "transitions[2].effects[1].emit.trigger", "unknown-trigger", "keeep"),
    ("words: =data.at}", "words: =data.att}", "states[0].on_enter[0].notice.words", "missing-data", "=data.att"),
    ("words: =data.at}", "words: =data.note}", "states[0].on_enter[0].notice.words", "unguarded-data", "=data.note"),
    ("words: =data.at}", "words: =event.data.note}", "states[0].on_enter[0].notice.words", "unguarded-data", "=event.data.note"),
    ("words: =data.at}", "words: =event.data.by}", "states[0].on_enter[0].notice.words", "missing-data", "=event.data.by"),
    ("words: =data.at}", "words: '=data.?guest.name'}", "states[0].on_enter[0].notice.words", "expression", "guest.name"),
    ("conditions: event.data.by != ''", "conditions: data.by != ''", "transitions[2].conditions[0]", "missing-data", "data.by != ''"),
    ("{'at': event.data.at,", "{'at': data.at,", "transitions[0].set", "missing-data", "set:"),
    ("{'at': event.data.at,", "{?'at': event.data.?note,", "transitions[0].set", "unset-data", "set:"),
    ("event.data.by != ''", "event.data.by !=", "transitions[2].conditions[0]", "expression", "event.data.by !="),
    ("event.data.by != ''", "evnt.data.by != ''", "transitions[2].conditions[0]", "expression", "evnt"),
    ("event.data.by != ''", "size(event.data.by)", "transitions[2].conditions[0]", "not-boolean", "size(event.data.by)"),
    ("event.data.by != ''", "event.data.by > 3", "transitions[2].conditions[0]", "operand-type", "event.data.by > 3"),
    ("at: timestamp(data.at), on", "at: size(data.at), on", "timeouts.due.at", "result-type", "size(data.at)"),
    ("visits: {type: integer, default: 0}", "visits: {type: integer, default: none}", "data.visits.default", "value-type", "default: none"),
    ("note: {type: string}}}", "note: {type: string, enum: [short, long], default: brief}}}", "triggers.plan.data.note.default", "value-type", "brief"),
    ("words: =data.at}", "words: data.at}", "states[0].on_enter[0].notice.words", "forgotten-sign", "words: data.at"),
    ("words: =data.at}", "words: 'data.note + data.at'}", "states[0].on_enter[0].notice.words", "forgotten-sign", "data.note + data.at"),
    ("to: a@b.example, ", "to: data.guest, ", "states[0].on_enter[0].notice.to", "forgotten-sign", "to: data.guest"),
    ("args: [=event.data.by]", "args: [event.data.by]", "transitions[2].effects[0].task.args[0]", "forgotten-sign", "args: [event.data.by]"),
    ("args: [=event.data.by]", "args: [subject.key]", "transitions[2].effects[0].task.args[0]", "forgotten-sign", "args: [subject.key]"),
    ("data: {task: t}", "data: {task: t, kwargs: {note: data.?note}}", "transitions[2].effects[1].open.data.kwargs.note", "forgotten-sign", "kwargs"),
    ("set: {visits: =data.visits + 1}", "set: {note: data.visits}", "transitions[3].set.note", "forgotten-sign", "note: data.visits"),
    ("title: planned", "title: 'Dear {{ data.guest.name }}'", "states[0].on_enter[0].notice.title", "unfilled-words", "Dear"),
    ("words: =data.at}", "words: 'At {{ at }}{% if x %}'}", "states[0].on_enter[0].notice.words", "unfilled-words", "{{ at }}"),
    ("conditions: event.data.by != ''", "conditions: subject.state == 'lat'", "transitions[2].conditions[0]", "impossible-value", "'lat'"),
    ("conditions: event.data.by != ''", "conditions: \"subject.state in ['late', 'plannd']\"", "transitions[2].conditions[0]", "impossible-value", "plannd"),
    ("conditions: event.data.by != ''", "conditions: \"'goes' != event.trigger\"", "transitions[2].conditions[0]", "impossible-value", "goes"),
    ("visits: =data.visits + 1", "visits: =data.visits + 'x'", "transitions[3].set.visits", "operand-type", "'x'"),
]  # fmt: skip


def test_a_sound_definition_has_no_problems() -> None:
    assert check(SOUND, "visit.yaml") == []


@pytest.mark.parametrize(
    ("sound", "faulty", "field", "rule", "piece"), FAULTS, ids=lambda part: str(part)[:40]
)
def test_a_fault_is_found_with_field_rule_and_line(
    sound: str, faulty: str, field: str, rule: str, piece: str
) -> None:
    assert SOUND.count(sound) == 1, "the table must say what it changes"
    text = SOUND.replace(sound, faulty)
    found = {(problem.field, problem.rule): problem for problem in check(text, "visit.yaml")}
    assert (field, rule) in found, f"found only {list(found)}"
    problem = found[field, rule]
    assert problem.file == "visit.yaml"
    assert problem.line is not None and piece in text.splitlines()[problem.line - 1]
    assert str(problem).startswith(f"visit.yaml:{problem.line}: {field}: ")
    assert problem.message and not problem.message.endswith(".")


def test_every_rule_has_a_sentence_of_its_own() -> None:
    assert all((rule.__doc__ or "").strip() for rule in RULES)


def test_problems_come_in_the_order_of_the_lines_and_each_once() -> None:
    text = SOUND.replace("words: =data.at", "words: =data.x + data.x + data.y").replace(
        "version: 1", "version: 1\ntitel: v"
    )
    assert [problem.rule for problem in check(text)] == ["unknown-field"]
    text = SOUND.replace("words: =data.at", "words: =data.x + data.x + data.y").replace(
        "  remind: {}", "  remind: {}\n  dream: {}"
    )
    problems = check(text)
    assert [problem.rule for problem in problems] == ["unused-trigger", "missing-data", "missing-data"]


def test_a_definition_beside_it_may_be_opened() -> None:
    text = SOUND.replace("lifecycle: job, trigger: schedule", "lifecycle: errand, trigger: go")
    assert [problem.rule for problem in check(text)] == ["unknown-lifecycle"]
    commit_request = (
        SOUND.replace("lifecycle: visit", "lifecycle: errand")
        .replace("trigger: plan", "trigger: go")
        .replace("  plan:", "  go:")
    )
    known = {"errand": parse(commit_request)[0]}
    (problem,) = check(text, None, known)
    assert (problem.rule, problem.field) == ("unknown-data", "transitions[2].effects[1].open.data.task")
    assert check(text.replace("data: {task: ", "data: {note: "), None, known) == []


@pytest.mark.parametrize(
    "guarded",
    [
        "has(data.note) ? data.note : ''",
        "data.?note.orValue('')",
        "'note' in data ? data.note : ''",
    ],
)
def test_what_is_asked_for_first_may_be_read(guarded: str) -> None:
    assert check(SOUND.replace("words: =data.at", f'words: "={guarded}"')) == []


def test_what_guards_an_effect_a_transition_or_a_timeout_guards_what_it_reads() -> None:
    note = "{to: a@b.example, title: planned, words: =data.at}"
    effect = SOUND.replace(
        note, "{to: a@b.example, title: planned, words: =data.note}\n        when: has(data.note)"
    )
    assert check(effect) == []
    timeout = SOUND.replace("at: timestamp(data.at)", "at: timestamp(data.note), when: has(data.note)")
    assert check(timeout) == []
    transition = SOUND.replace("event.data.by != ''", "[has(data.note), data.note != '']")
    assert check(transition) == []


def test_what_every_way_into_a_state_has_set_may_be_read_there() -> None:
    note = SOUND.replace("words: =data.at", "words: =data.note")
    assert [problem.rule for problem in check(note)] == ["unguarded-data"]
    assert check(note.replace("?'note': event.data.?note", "'note': 'a note'")) == []
