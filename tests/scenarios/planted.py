"""Faults that are planted in the catalog, one at a time, and the scenario that must find each.

``python -m tests.scenarios.planted`` plants each and shows what is said of it.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from pathlib import Path

from state_machines import catalog
from workflow.scenarios.reading import read_scenarios
from workflow.scenarios.report import plain
from workflow.scenarios.running import RunOptions, run
from workflow.scenarios.scenario import Scenario

FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Fault:
    """One fault.

    Attributes:
        lifecycle: of the catalog, in which it is planted.
        right, wrong: what stands there, once, and what is put in its place.
        found_by: path of a scenario, below `tests/scenarios`.
        said: words of its report.
    """

    lifecycle: str
    right: str
    wrong: str
    found_by: str = ""
    said: str = ""

    def planted_in(self, scenario: Scenario) -> Scenario:
        """The same scenario in a house with this fault. Raises ValueError if the place is not there once."""
        text = catalog.source(self.lifecycle)
        if text.count(self.right) != 1:
            raise ValueError(f"{self.lifecycle}: {self.right!r} stands there {text.count(self.right)} times")
        spoilt = text.replace(self.right, self.wrong)
        return replace(scenario, sources=(*scenario.sources, (spoilt, f"{self.lifecycle}.yaml")))


FAULTS: dict[str, Fault] = {
    "a wrong state: what lapses is withdrawn": Fault(
        "promise",
        "source: [made, at_risk], dest: lapsed, if:",
        "source: [made, at_risk], dest: withdrawn, if:",
        found_by="promise/late_stays_late.yaml",
        said="withdrawn",
    ),
    "a missing notice: the customer is not told that a promise broke": Fault(
        "promise",
        'calendar: "=data.?hours"}}\n    when: has(data.customer)\n',
        'calendar: "=data.?hours"}}\n    when: "!has(data.customer)"\n',
        found_by="case/a_promise_in_a_case.yaml",
        said="about: broken_promise",
    ),
    "a deadline by another clock: an hour late": Fault(
        "promise",
        "  deadline: timestamp(data.due_at)\n",
        "  deadline: timestamp(data.due_at) + duration('1h')\n",
        found_by="promise/the_deadline_is_the_customers.yaml",
        said="timer",
    ),
    "a ladder that ends: its last level is not told again": Fault(
        "escalation",
        "  - {trigger: not_acknowledged, source: notified, dest: notified, if: next_has_people, change: climb}\n",
        "  - {trigger: not_acknowledged, source: notified, dest: notified, if: [next_has_people, is_next_above], change: climb}\n"
        "  - {trigger: not_acknowledged, source: notified, dest: withdrawn}\n",
        found_by="stories/the_last_level_repeats.yaml",
        said="about: escalation",
    ),
    "late is forgotten: what is kept late counts as kept": Fault(
        "promise",
        "{trigger: keep, source: lapsed, dest: kept_late, change: keep_as_said}",
        "{trigger: keep, source: lapsed, dest: kept, change: keep_as_said}",
        found_by="promise/late_stays_late.yaml",
        said="kept_late",
    ),
    "a timer that is not set anew: the old deadline stays": Fault(
        "promise",
        "change: {move_deadline: =event.data.due_at}, restart: [warn_before_deadline, warn_at_three_quarters, deadline]",
        "change: {move_deadline: =event.data.due_at}, restart: [warn_before_deadline, warn_at_three_quarters]",
        found_by="promise/a_new_deadline_is_agreed.yaml",
        said="timer deadline",
    ),
    "a clock that does not stand still: a promise lapses while the customer is waited for": Fault(
        "promise",
        "deadline: {in: [made, at_risk], at: deadline, calendar: =hours, on_timeout: lapse}",
        "deadline: {in: [made, at_risk, waiting], at: deadline, calendar: =hours, on_timeout: lapse}",
        found_by="promise/a_waiting_promise_is_kept.yaml",
        said="lapse",
    ),
    "the wrong person: the nudge goes to the customer": Fault(
        "promise",
        "  nudge_owner:\n    notice:\n      name: nudge\n      to: =colleagues(data.owner)\n",
        "  nudge_owner:\n    notice:\n      name: nudge\n      to: =customer\n",
        found_by="promise/a_new_deadline_is_agreed.yaml",
        said="about: nudge",
    ),
    "a guard that lets all pass: somebody prolongs their own acknowledgement": Fault(
        "escalation",
        "dest: acknowledged, if: is_taken_by_another, change:",
        "dest: acknowledged, change:",
        found_by="escalation/taken_on_and_not_ended.yaml",
        said="act_in_time",
    ),
    "given away in silence: whoever it was given to is not told": Fault(
        "escalation",
        "on_enter: {ask_to_take: {to: =data.assigned_to, template: given,",
        "on_enter: {ask_to_take: {to: =data.?assigned_by.orValue(data.assigned_to), template: given,",
        found_by="escalation/given_to_somebody.yaml",
        said="about: escalation",
    ),
    "who takes part is forgotten: thanks reach the owner alone": Fault(
        "promise",
        "  everyone: colleagues(data.participants)\n",
        "  everyone: colleagues(data.owner)\n",
        found_by="escalation/the_call_settles_it.yaml",
        said="about: ended",
    ),
}


def report_of(fault: Fault) -> str:
    """What `makegood test` says of the scenario that must find a fault, in a house with it; empty: nothing."""
    for scenario in read_scenarios([FOLDER / fault.found_by]):
        (outcome,) = run([fault.planted_in(scenario)], RunOptions(jobs=1))
        if not outcome.well:
            return plain(outcome)
    return ""


if __name__ == "__main__":
    for name, planted in FAULTS.items():
        sys.stdout.write(f"== {name}\n\n{report_of(planted) or 'NOT FOUND'}\n\n")
