"""Faults that are planted in the catalog, one at a time, and the scenario that must find each."""

from __future__ import annotations

from dataclasses import dataclass, replace

from state_machines import catalog
from workflow.scenarios.scenario import Scenario


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
    said: tuple[str, ...] = ()

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
    ),
    "a missing notice: the customer is not told that a promise broke": Fault(
        "promise",
        'call: "=data.?call.orValue({})"}}\n    when: has(data.customer)\n',
        'call: "=data.?call.orValue({})"}}\n    when: "!has(data.customer)"\n',
    ),
    "a deadline by another clock: an hour late": Fault(
        "promise",
        "  deadline: timestamp(data.due_at)\n",
        "  deadline: timestamp(data.due_at) + duration('1h')\n",
    ),
    "a ladder that ends: its last level is not told again": Fault(
        "escalation",
        "  - {trigger: not_acknowledged, source: notified, dest: notified, if: next_has_people, change: climb}\n",
        "  - {trigger: not_acknowledged, source: notified, dest: notified, if: [next_has_people, is_next_above], change: climb}\n"
        "  - {trigger: not_acknowledged, source: notified, dest: withdrawn}\n",
    ),
    "late is forgotten: what is kept late counts as kept": Fault(
        "promise",
        "{trigger: keep, source: lapsed, dest: kept_late, change: keep_as_said}",
        "{trigger: keep, source: lapsed, dest: kept, change: keep_as_said}",
    ),
    "a timer that is not set anew: the old deadline stays": Fault(
        "promise",
        "change: {move_deadline: =event.data.due_at}, restart: [warn_before_deadline, warn_at_three_quarters, deadline]",
        "change: {move_deadline: =event.data.due_at}, restart: [warn_before_deadline, warn_at_three_quarters]",
    ),
    "a clock that does not stand still: a promise lapses while the customer is waited for": Fault(
        "promise",
        "deadline: {in: [made, at_risk], at: deadline, on_timeout: lapse}",
        "deadline: {in: [made, at_risk, waiting], at: deadline, on_timeout: lapse}",
    ),
    "the wrong person: the nudge goes to the customer": Fault(
        "promise",
        "nudge_owner: {notice: {to: \"=address(data.owner, 'email')\"",
        "nudge_owner: {notice: {to: =customer",
    ),
    "a guard that lets all pass: somebody prolongs their own acknowledgement": Fault(
        "escalation",
        'dest: acknowledged, unless: "same_person(event.data.by, data.acknowledged_by)", change:',
        "dest: acknowledged, change:",
    ),
    "nobody is told that it is theirs now": Fault(
        "escalation",
        "on_enter: {tell: {to: \"=address(data.assigned_to, 'email')\", template: given,",
        "on_enter: {tell: {to: \"=address(data.?owner.orValue(data.assigned_to), 'email')\", template: given,",
    ),
    "a call that goes on: who called first is called again": Fault(
        "promise", "      - end: {to: =promised_call, reason: the promise was kept}\n", ""
    ),
}
