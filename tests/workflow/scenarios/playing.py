"""Plays a scenario that stands in a test, and says what differed."""

from __future__ import annotations

from pathlib import Path

from workflow.scenarios.outcome import Outcome
from workflow.scenarios.reading import read_scenarios
from workflow.scenarios.running import RunOptions, run

LOAN = """
edition: 2
lifecycle: loaner
version: 1
title: A device is lent
data:
  customer: person
  due_at: instant
  deposit: {type: integer, default: 0}
triggers:
  lend: {data: {customer: required, due_at: required, deposit: integer}}
  answer: {data: {keep: {type: boolean, required: true}}}
states: [lent, overdue, refunding, stuck, {name: closed, final: true}]
timeouts:
  deadline: {in: lent, at: data.due_at, on_timeout: lapse}
transitions:
  - trigger: lend
    source: initial
    dest: lent
    change: {copy: [customer, due_at, deposit]}
  - trigger: lapse
    source: lent
    dest: overdue
    effects:
      notice:
        to: =data.customer
        about: question
        title: Do you want to keep it?
        words: "It was due. {{link.keep}}"
        links:
          keep:
            trigger: answer
            title: Keep it?
            words: Say whether you want to keep it.
            expires: P2D
            ask: {keep: {type: boolean, required: true}}
  - trigger: answer
    source: overdue
    dest: lent
    if: event.data.keep
    change: {set: {due_at: "=now + iso_duration('P7D')"}}
  - {trigger: answer, source: overdue, dest: refunding}
  - trigger: come_back
    source: [lent, overdue]
    dest: refunding
    effects:
      task: {name: till.refund, queue: till, kwargs: {amount: =data.deposit}, succeeded: paid, failed: unpaid}
  - {trigger: paid, source: refunding, dest: closed}
  - {trigger: unpaid, source: refunding, dest: stuck}
"""


def played(directory: Path, text: str, lifecycle: str = LOAN) -> Outcome:
    """How the one scenario of this text goes, with a lifecycle beside it."""
    (directory / "loaner.yaml").write_text(lifecycle, encoding="utf-8")
    file = directory / "scenario.yaml"
    file.write_text(text, encoding="utf-8")
    (outcome,) = run(read_scenarios([file]), RunOptions(jobs=1))
    assert outcome.error is None, outcome.error
    return outcome
