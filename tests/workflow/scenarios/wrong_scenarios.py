"""A right scenario, and what is wrong with it after one change each: file, line, field, rule."""

from __future__ import annotations

from typing import NamedTuple

LOAN = """\
edition: 2
lifecycle: loan
version: 1
data:
  due_at: instant
  owner: email personal
  paid: integer
triggers:
  lend: {data: {due_at: required, owner: required}}
  refunded: {data: {result: object}}
topics:
  overdue: {for: colleagues}
states: [lent, overdue, {name: returned, final: true}]
timeouts:
  deadline: {in: lent, at: data.due_at, on_timeout: lapse}
transitions:
  - {trigger: lend, source: initial, dest: lent, change: {copy: [due_at, owner]}}
  - {trigger: lapse, source: lent, dest: overdue,
     effects: {notice: {to: =data.owner, about: overdue, title: Overdue, words: Please call.}}}
  - trigger: bring_back
    source: [lent, overdue]
    dest: returned
    effects: {task: {name: billing.refund, kwargs: {loan: =subject.key}, succeeded: refunded}}
  - {trigger: refunded, source: returned}
"""

BEGINNING = """\
beginning: 1
given:
  begins: 2026-03-02 10:00
  zone: Europe/Berlin
  people:
    olga: olga@shop.example
steps:
  - mark: opened
    send: team.set
    to: team:desk
    as: operator
    data: {members: [<olga>]}
"""

RIGHT = """\
scenario: 1
title: A loan that is late is brought back
after: beginning.yaml
given:
  lifecycles: [loan.yaml]
  people:
    ada: {name: Ada, email: ada@example.org, zone: Asia/Tokyo}
  values: {lent_for: <begin +P2D>}
  tasks: {billing.refund: {succeeds: {paid: 20}}}
rows:
  - {number: 17, choice: 1}
  - {number: 18, choice: 0}
steps:
  - say: Ada takes it with her
    mark: lent
    send: loan.lend
    to: loan:<number>
    data: {due_at: <lent_for>, owner: <olga>}
    then:
      loan:<number>: {state: lent, timers: {deadline: lent +P2D}, data: {owner: <olga>}}
  - at: tomorrow 09:00 in ada's zone
    then:
      loan:*: {holds: data.due_at > now, timers: {deadline: {at: lent +P2D, why: due_at}}}
  - at: +P4D
    then:
      loan:<number>: overdue
      told: [{to: olga, about: overdue, title: Overdue}]
      all: {loan: {overdue: [loan:<number>]}}
  - at: +PT1H
    send: loan.bring_back
    to: loan:<number>
    then:
      loan:<number>: {state: returned}
      tasks: [{task: billing.refund, of: loan:<number>, with: {loan: loan:<number>}}]
  - send: loan.bring_back
    to: loan:<number>
    id: again
    then:
      refused: [{subject: loan:<number>, trigger: bring_back}]
always:
  - {because: whoever lent it is known, each: loan, holds: "data.owner != ''"}
  - {because: at night people sleep, never_told: {to: ada, between: ["21:00", "08:00"]}}
"""


class Wrong(NamedTuple):
    """One wrong scenario: what stands in `RIGHT`, what stands there instead, and what is said of it."""

    name: str
    right: str
    wrong: str
    expected: tuple[tuple[int | None, str, str], ...]


def _wrong(name: str, right: str, wrong: str, line: int | None, field: str, rule: str) -> Wrong:
    return Wrong(name, right, wrong, ((line, field, rule),))


_THEN_LENT = "{state: lent, timers: {deadline: lent +P2D}, data: {owner: <olga>}}"
_TOLD = "told: [{to: olga, about: overdue, title: Overdue}]"
_SEND = "    send: loan.lend\n"

WRONG = [
    # its form
    _wrong("no YAML", "rows:\n", "rows: [\n", 13, "document", "yaml"),
    _wrong("another version", "scenario: 1", "scenario: 2", 1, "scenario", "version"),
    _wrong("no scenario", "scenario: 1", "senario: 1", 1, "document", "no-scenario"),
    _wrong("both", "scenario: 1", "scenario: 1\nbeginning: 1", 1, "document", "form"),
    _wrong("unknown field", "title:", "titel:", 2, "titel", "unknown-field"),
    _wrong("unknown field of a step", "    say:", "    said:", 14, "steps[0].said", "unknown-field"),
    _wrong("unknown field of then", "      told:", "      tolld:", 27, "steps[2].then.tolld", "unknown-field"),
    _wrong(
        "unknown field of a subject", "{holds: data", "{hold: data", 23, "steps[1].then.loan:*.hold",
        "unknown-field",
    ),
    _wrong("unknown field of a notice", "title: Overdue", "titles: Overdue", 27,
        "steps[2].then.told[0].titles", "unknown-field"),
    _wrong("a notice about nothing", "about: overdue, ", "", 27, "steps[2].then.told[0].about", "required"),
    _wrong("no trigger", "send: loan.lend", "send: lend", 16, "steps[0].send", "name-form"),
    _wrong("no mark", "mark: lent", "mark: Lent", 15, "steps[0].mark", "name-form"),
    _wrong("no list", "steps:\n", "steps: 5\nothers:\n", 13, "steps", "type"),
    _wrong("a task that does both", "{succeeds: {paid: 20}}", "{succeeds: {}, fails: x}", 9,
        "given.tasks.billing.refund", "form"),
    _wrong("a person of no kind", "olga}\n", "olga}\n", None, "", ""),
]
