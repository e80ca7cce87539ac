"""Files of scenarios as somebody writes them: a lifecycle of loans, and what must be so of it."""

from __future__ import annotations

from pathlib import Path

from tests.workflow.scenarios.loans import LOAN

DUE = """\
scenario: 1
title: What is lent is due after a week
tags: [loan, time]
given:
  lifecycles: [lifecycles/loan.yaml]
  begins: 2030-01-06 09:00
  zone: Europe/Berlin
steps:
  - say: Ada borrows a drill
    send: loan.lend
    to: loan:1
    data: {customer: cat}
    then:
      loan:1: {state: lent, timers: {deadline: 2030-01-13 09:00}}
  - at: +P7D
    then:
      loan:1: overdue
"""
BACK = """\
scenario: 1
title: What is given back is back
given: {lifecycles: [lifecycles/loan.yaml], begins: 2030-01-06 09:00}
rows:
  - {customer: cat}
  - {customer: dog}
steps:
  - {send: loan.lend, to: "loan:1", data: {customer: <customer>}, then: {"loan:1": lent}}
  - {send: loan.give_back, to: "loan:1", then: {"loan:1": back}}
"""


def write_scenarios(folder: Path) -> Path:
    """The folder `scenarios` with two files of scenarios that go well, and their lifecycle."""
    scenarios = folder / "scenarios"
    (scenarios / "lifecycles").mkdir(parents=True)
    (scenarios / "lifecycles" / "loan.yaml").write_text(LOAN)
    (scenarios / "due.yaml").write_text(DUE)
    (scenarios / "back.yaml").write_text(BACK)
    return scenarios


def replace(file: Path, old: str, new: str) -> None:
    """Change a text in a file, as an editor does: a new file is put in place of the old one."""
    text = file.read_text()
    assert old in text
    part = file.with_suffix(".part")
    part.write_text(text.replace(old, new))
    part.replace(file)
