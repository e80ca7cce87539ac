"""What a scenario says is held against what happens: what is so passes, what is not is named, once."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from rich.console import Console

from tests.workflow.scenarios.playing import played
from workflow.scenarios.report import Report

HEAD = """
scenario: 1
title: A device is lent
given:
  lifecycles: [loaner.yaml]
  begins: 2026-03-02 10:00
  zone: Europe/Berlin
  people:
    tom: {name: Tom, email: tom@example.org, phone: "+4930555", zone: Europe/Berlin}
    anna: anna@desk.example
"""
LENT = """
steps:
  - say: Tom borrows one
    mark: lent
    send: loaner.lend
    to: loaner:1
    data: {customer: <tom>, due_at: <+P1D>, deposit: 20}
"""
SEEN = LENT + "    then: {loaner:1: lent}\n"
OVERDUE = (
    LENT
    + """
  - at: +P1D
    then:
      loaner:1: overdue
      told: [{to: tom, about: question, words: It was due}]
"""
)
BACK = (
    SEEN
    + """
  - send: loaner.come_back
    to: loaner:1
"""
)

GOOD = {
    "a state, data, a timer with why, a parent, an expression": LENT
    + """
    then:
      loaner:1:
        state: lent
        data: {deposit: 20, customer: {name: Tom}, due_at: 2026-03-03 10:00:00+01:00}
        timers: {deadline: {at: tomorrow 10:00, why: "2026-03-03 10:00"}}
        explain: due Tue 2026-03-03 10:00
        holds: [data.deposit > 10, subject.state == 'lent']
""",
    "a subject that is not there": LENT + "    then: {'loaner:2': none, 'promise:*': none}\n",
    "one subject by a star": LENT + "    then: {'loaner:*': lent}\n",
    "a link pressed": OVERDUE
    + """
  - press: {to: tom, about: question}
    answers: {keep: true}
    then: {loaner:1: {state: lent, timers: {deadline: +P7D}}}
""",
    "a link opened and not pressed": OVERDUE
    + """
  - look: {to: tom}
    then: {loaner:1: overdue}
""",
    "a link pressed twice": OVERDUE
    + """
  - press: {to: tom, about: question}
    answers: {keep: false}
  - press: {to: tom, about: question}
    answers: {keep: true}
    answer: 409
    then: {loaner:1: refunding}
""",
    "a link pressed too late": OVERDUE
    + """
  - at: +P3D
    press: {to: tom, about: question}
    answers: {keep: true}
    answer: 410
    then: {loaner:1: overdue}
""",
    "an event twice, and one of the same id with other content": LENT
    + """
    id: one
  - send: loaner.lend
    to: loaner:1
    id: one
    time: 2026-03-02 10:00
    data: {customer: <tom>, due_at: <+P1D>, deposit: 20}
    answer: duplicate
  - send: loaner.come_back
    to: loaner:1
    id: one
    answer: 409
    then: {loaner:1: lent}
""",
    "an event that the door turns away": LENT
    + """
  - send: loaner.lend
    to: loaner:2
    data: {customer: <tom>}
    answer: {status: 422, field: data.due_at, rule: required}
    then: {loaner:2: none}
""",
    "an event that its subject refuses": BACK
    + """
    then: {tasks: [{task: till.refund, of: loaner:1, with: {amount: 20}}]}
  - task: till.refund
    succeeds: {paid: 20}
  - send: loaner.come_back
    to: loaner:1
    then:
      loaner:1: closed
      refused: [{subject: loaner:1, trigger: come_back, reason: closed}]
""",
    "a task that fails": BACK
    + """
    then: {tasks: [{task: till.refund}]}
  - task: till.refund
    fails: no account
    then: {loaner:1: stuck}
""",
    "a receipt that comes when its task was given up": """
steps:
  - send: job.schedule
    to: job:1
    data: {task: till.refund, repeat: ask}
    then: {job:1: running, tasks: [{task: till.refund}]}
  - at: +PT5M
    then:
      dead: [{subject: job:1, reason: no receipt came}]
  - task: till.refund
    succeeds: {paid: 20}
    then: {job:1: {state: done, data: {result: {paid: 20}}}, line: [escalation:*]}
""",
    "a channel that is busy for a while": LENT
    + """
  - channel: {email: busy PT5M}
  - at: +P1D
    then: {waiting: [{to: tom, about: question}]}
  - channel: {email: works}
  - at: +PT30M
    then: {told: [{to: tom, about: question}]}
""",
    "what waits to go out over the channel that they like best": """
steps:
  - send: appointment.book
    to: appointment:1
    data:
      about: a technician
      customer: {phone: <tom.phone>, zone: Europe/Berlin, channels: [sms], quiet_hours: "09:00-12:00"}
      window: {from: <tomorrow 08:00>, to: <tomorrow 10:00>}
      owner: <anna>
    then: {waiting: [{to: tom, about: promise, until: today 12:00}]}
""",
    "channels that refuse, so that a person calls": LENT
    + """
  - channel: {email: refuses, sms: refuses}
  - at: +P1D
    then: {"callback:*": waiting, line: ["callback:*"]}
""",
    "nobody knows whether it went out": LENT
    + """
  - channel: {email: unknown}
  - at: +P1D
    then:
      told: [{to: tom, about: question}]
      dead: [{subject: loaner:1, reason: unknown}]
      line: ["escalation:*"]
rest: any
""",
    "a report of a bounce": OVERDUE
    + """
  - report: {to: tom, about: question}
    status: failed
    code: "550"
    rest: any
rest: any
""",
    "a report of a message that is still on its way": LENT
    + """
  - channel: {email: unknown}
  - at: +P1D
    then: {loaner:1: overdue}
  - report: {to: tom, about: question}
    status: accepted
    then: {"delivery:*": accepted}
  - report: {to: tom, about: question}
    status: delivered
    then: {"delivery:*": delivered}
  - report: {to: tom, about: question}
    status: delivered
    answer: {status: duplicate}
  - report: {to: tom, about: question}
    status: delivered
    id: another
    answer: {status: accepted}
    then: {"delivery:*": delivered}
rest: any
""",
    "the workers are gone over the deadline": LENT
    + """
  - worker: gone
  - at: +P1D
    then: {loaner:1: lent}
  - at: +PT1H
    worker: back
    then:
      loaner:1: overdue
      told: [{to: tom, about: question}]
""",
    "a promise of the catalog, and the desk": """
steps:
  - send: promise.make
    to: promise:P-1
    data:
      words: We call you
      owner: <anna>
      customer: <tom>
      due_at: <+PT4H>
      warn_before: PT1H
      ladder: [{people: [<anna>], within: PT1H}]
    then:
      promise:P-1: made
  - at: +PT4H
    then:
      promise:P-1: lapsed
      told:
        - {to: anna, about: nudge}
        - {to: tom, about: broken_promise}
        - {to: anna, about: escalation}
      line: ["escalation:*"]
      all: {promise: {lapsed: [promise:P-1], made: 0}, escalation: {notified: 1}}
      figures: {"promises?until=2026-04-01": {all: {numbers: {lapsed: 1}}}}
  - desk: claim
    of: escalation:*
    by: anna
    answer: {outcome: claimed}
    then: {line: ["callback:*"]}
  - desk: claim
    by: anna
    answer: {outcome: claimed, item: {kind: callback}}
  - desk: outcome
    of: callback:*
    by: anna
    data: {outcome: reached, result: settled}
    answer: {outcome: done}
    then:
      promise:P-1: kept_late
    rest: any
  - ask: /v1/subjects/promise:P-1
    answer: {state: kept_late, data: {words: We call you}}
""",
    "a task that the last step names, and nobody answers": BACK
    + "    then: {loaner:1: refunding, tasks: [{task: till.refund, of: loaner:1}]}\n",
    "what must always be so": LENT
    + """
  - at: +P1D
    then: {told: [{to: tom, about: question}]}
always:
  - {because: whoever borrows leaves a deposit, each: loaner, holds: data.deposit > 0}
  - {because: it is Tom's, subject: "loaner:1", data: {customer: {name: Tom}}}
  - {because: Tom sleeps, never_told: {to: tom, between: ["21:00", "08:00"]}}
""",
}


@pytest.mark.sampled(one_in=3)
@pytest.mark.parametrize("name", GOOD)
def test_what_is_so_passes(name: str, tmp_path: Path) -> None:
    outcome = played(tmp_path, HEAD + GOOD[name])
    assert [str(one) for one in outcome.differences] == []
    assert outcome.step is None


BAD: dict[str, tuple[str, tuple[str, object, object]]] = {
    "another state": (
        LENT + "    then: {loaner:1: overdue}\n",
        ("then.loaner:1", "overdue", "lent"),
    ),
    "other data": (
        LENT + "    then: {loaner:1: {data: {deposit: 30}}}\n",
        ("then.loaner:1.data", {"deposit": 30}, {"deposit": 20}),
    ),
    "an instant that is another one": (
        LENT + "    then: {loaner:1: {timers: {deadline: +P2D}}}\n",
        ("then.loaner:1.timers.deadline", "2026-03-04T09:00:00Z", "2026-03-03T09:00:00Z"),
    ),
    "a timer that must not be": (
        LENT + "    then: {loaner:1: {timers: {deadline: none}}}\n",
        ("then.loaner:1.timers.deadline", "none", "2026-03-03T09:00:00Z"),
    ),
    "a timer that stands still": (
        LENT + "    then: {loaner:1: {timers: {deadline: paused}}}\n",
        ("then.loaner:1.timers.deadline", "paused", "2026-03-03T09:00:00Z"),
    ),
    "an expression that is not so": (
        LENT + "    then: {loaner:1: {holds: data.deposit > 20}}\n",
        ("then.loaner:1.holds", "is so", "is not so"),
    ),
    "a subject that is there": (
        LENT + "    then: {loaner:1: none}\n",
        ("then.loaner:1", "is not there", "lent"),
    ),
    "a subject that is not there": (
        LENT + "    then: {loaner:2: lent}\n",
        ("then.loaner:2", "is there", "is not there"),
    ),
    "a notice that did not go out": (
        LENT + "    then: {told: [{to: tom, about: question}]}\n",
        ("then.told[0]", {"to": "tom@example.org", "about": "question", "channel": "email"}, None),
    ),
    "an answer of the door that is another": (
        LENT + "    answer: duplicate\n",
        ("answer", "duplicate", ...),
    ),
    "a refusal that nobody named": (
        BACK
        + """
    then: {tasks: [{task: till.refund}]}
  - send: loaner.come_back
    to: loaner:1
""",
        ("then.refused", None, ...),
    ),
    "a refusal that did not happen": (
        LENT + "    then: {refused: [{subject: loaner:1, trigger: lend}]}\n",
        ("then.refused[0]", {"subject": "loaner:1", "trigger": "lend"}, None),
    ),
    "a task that nobody named": (BACK, ("then.tasks", None, ...)),
    "a task with other arguments": (
        BACK + "    then: {tasks: [{task: till.refund, with: {amount: 30}}]}\n",
        ("then.tasks[0]", {"task": "till.refund", "with": {"amount": 30}}, ...),
    ),
    "a task that is not answered at the end": (
        BACK + "    then: {tasks: [{task: till.refund}]}\n  - {at: +PT1M, then: {loaner:1: refunding}}\n",
        ("then.tasks", None, ...),
    ),
    "a door that turns away what nobody says it does": (
        SEEN + "  - {ask: '/v1/subjects/loaner:2', then: {loaner:1: lent}}\n",
        ("answer", {"status": 200}, ...),
    ),
    "a star that fits two": (
        SEEN
        + LENT.removeprefix("\nsteps:\n").replace("loaner:1", "loaner:2").replace("mark: lent", "mark: two")
        + "    then: {'loaner:*': lent}\n",
        ("steps[1].then.loaner:*", None, ["loaner:1", "loaner:2"]),
    ),
    "a link that no notice has": (
        SEEN + "  - press: {to: tom}\n    answers: {keep: true}\n",
        ("press", None, []),
    ),
    "a task that does not wait": (SEEN + "  - task: till.refund\n    succeeds: {}\n", ("task", None, [])),
    "what must always be so": (
        LENT
        + """
always:
  - {because: it is dear, each: loaner, holds: data.deposit > 50}
""",
        ("holds", "is so", "is not so"),
    ),
    "a notice that must never go out": (
        LENT
        + """
  - at: +P1D
    rest: any
always:
  - {because: Tom is at work, never_told: {to: tom, between: ["09:00", "17:00"]}}
""",
        ("never_told", None, ...),
    ),
}


@pytest.mark.sampled(one_in=3)
@pytest.mark.parametrize("name", BAD)
def test_what_is_not_so_is_named_once_with_what_was_expected_and_found(name: str, tmp_path: Path) -> None:
    text, (field, expected, found) = BAD[name]
    outcome = played(tmp_path, HEAD + text)
    (difference,) = outcome.differences
    assert difference.field.endswith(field)
    assert difference.line is not None
    assert difference.expected == expected
    assert found is ... or difference.found == found


def test_a_notice_that_nobody_named_is_a_fault_unless_the_rest_is_let_pass(tmp_path: Path) -> None:
    unnamed = LENT + "  - at: +P1D\n    then: {loaner:1: overdue}\n"
    (difference,) = played(tmp_path, HEAD + unnamed).differences
    assert (difference.expected, difference.found["to"]) == (None, "tom@example.org")
    assert played(tmp_path, HEAD + unnamed + "    rest: any\n").well
    assert played(tmp_path, HEAD + unnamed + "rest: any\n").well


def test_it_ends_at_the_step_that_differs_and_tells_the_story_so_far(tmp_path: Path) -> None:
    text = OVERDUE + "  - at: +P1D\n    then: {loaner:1: lent}\n  - at: +P1D\n    then: {loaner:1: closed}\n"
    outcome = played(tmp_path, HEAD + text)
    assert (outcome.step, len(outcome.differences)) == (2, 1)
    assert [one.words for one in outcome.story] == [
        "Tom borrows one",
        "loaner:1 initial -> lent, lend",
        "loaner:1 lent -> overdue, timer deadline",
        "email to tom@example.org about question: Do you want to keep it?",
    ]


def test_what_a_person_reads_of_a_step_has_the_values_of_its_row(tmp_path: Path) -> None:
    text = (
        "scenario: 1\ntitle: A row\ngiven: {begins: 2026-03-02 10:00, people: {tom: tom@example.org}}\n"
        'steps: [{say: "Tom, <tom.email>, waits <how> (<<)", then: {team:desk: staffed}}]\n'
        "rows: [{how: an hour}]\n"
    )
    outcome = played(tmp_path, text)
    assert [one.words for one in outcome.story] == ["Tom, tom@example.org, waits an hour (<)"]
    said = io.StringIO()
    Report(Console(file=said, width=300)).tell(outcome)
    assert said.getvalue().count("Tom, tom@example.org, waits an hour (<)") == 2
