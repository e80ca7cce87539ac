"""Sixty mistakes that people make in a definition: `check` finds each, and says where and which rule it breaks."""  # noqa: E501

from __future__ import annotations

import pytest

from state_machines.check import check
from tests.state_machines.second_edition.loans import loan_text

EXTEND = (
    "change: {increment: extended, set: {due_at: =event.data.due_at}, add: {participants: =event.data.by}}"
)
MISTAKES = {
    # names and places
    "a state that is not there": ("dest: back}", "dest: returned}", "unknown-state"),
    "a source that is not there": ("source: lent, dest: back", "source: lend, dest: back", "unknown-state"),
    "a state twice": ("  - lent\n", "  - lent\n  - lent\n", "doubled-state"),
    "the name of the beginning for a state": ("  - lent\n", "  - lent\n  - initial\n", "reserved-state"),
    "nothing opens it": ("source: initial", "source: lent", "never-opened"),
    "a state that nothing leads to": ("  - lent\n", "  - lent\n  - lost\n", "unreachable-state"),
    "a state without a way out": ("    final: true\n", "", "dead-end"),
    "a way out of the end": ("source: any, change", "source: back, dest: lent, change", "final-exit"),
    "a trigger that nothing takes": ("  remind: {}\n", "  remind: {}\n  renew: {}\n", "unused-trigger"),
    "a timer that nobody takes": ("on_timeout: remind", "on_timeout: remind_them", "unanswered-timeout"),
    "a timeout of no kind": ("before: data.due_at, lead: P1D, ", "", "one-form"),
    "a timeout of two kinds": ("lead: P1D", "lead: P1D, after: P3D", "one-form"),
    "a timeout in a state that is not there": ("{in: lent,", "{in: lend,", "unknown-state"),
    "a restart of a timeout that is not there": ("    if: may_extend", "    restart: [return]\n    if: may_extend", "unknown-timeout"),  # noqa: E501
    "an indent too far": ("  give_back: {}", "   give_back: {}", "yaml"),
    "a field that is no field": ("title: A book", "titel: A book", "unknown-field"),
    "a field in the wrong place": ("    dest: lent\n    if", "    final: true\n    dest: lent\n    if", "unknown-field"),  # noqa: E501
    "a name in capitals": ("lifecycle: loan", "lifecycle: Loan", "name-form"),
    "no version": ("version: 1\n", "", "required"),
    "a version that is a text": ("version: 1\n", "version: one\n", "type"),
    "a key twice": ("version: 1\n", "version: 1\nversion: 2\n", "doubled-key"),
    "an edition that there is not": ("edition: 2", "edition: 4", "choice"),
    # data
    "a type that there is not": ("due_at: instant", "due_at: datetime", "field-words"),
    "a word that says nothing": ("by: person required", "by: person needed", "field-words"),
    "a field that nobody declared": ("now - data.due_at", "now - data.due_on", "missing-data"),
    "a field that the event does not bring": ("=event.data.words,", "=event.data.text,", "missing-data"),
    "a change of a field that nobody declared": ("increment: extended", "increment: extensions", "missing-data"),  # noqa: E501
    "a copy of a field that nobody declared": ("{copy: [customer, due_at]}", "{copy: [customer, due_on]}", "missing-data"),  # noqa: E501
    "what may be absent": ("{data: {customer: required, due_at: required}}", "{data: {customer: required, due_at:}}", "unguarded-data"),  # noqa: E501
    "a text for a number": (EXTEND, "change: {set: {extended: data.extended + 1}}", "value-type"),
    "a number for an instant": (EXTEND, "change: {set: {due_at: 14}}", "value-type"),
    "a text to count by": ("increment: extended", "increment: {extended: twice}", "value-type"),
    "a set for a text": ("{told: {words", "{tolds: {words", "missing-data"),
    # expressions
    "a bracket that is open": ("data.extended < 2", "(data.extended < 2", "expression"),
    "one equals sign": ("data.extended < 2", "data.extended = 2", "expression"),
    "and in words": ("data.extended < 2", "data.extended < 2 and data.extended > 0", "expression"),
    "a function that there is not": ("duration('1h')", "hours(1)", "expression"),
    "a variable that there is not": ("now - data.due_at", "today - data.due_at", "expression"),
    "a condition that is none": ("data.extended < 2", "data.extended + 2", "not-boolean"),
    "a text and a number": ("data.extended < 2", "data.extended < '2'", "operand-type"),
    "an instant and a number": ("now - data.due_at", "now - 3", "expression"),
    "an expression that is too long": ("data.extended < 2", "data.extended < 2" + " && data.extended < 2" * 8, "long-expression"),  # noqa: E501
    "a bound value": ("data.extended < 2", "cel.bind(n, data.extended, n < 2)", "bind"),
    "a whole expression for all fields": ("change: {copy: [customer, due_at]}", "set: event.data", "whole-set"),  # noqa: E501
    # names
    "a guard that there is not": ("if: may_extend", "if: may_renew", "expression"),
    "a guard that nothing uses": ("    if: may_extend\n", "", "unused-name"),
    "a name that is a word of the language": ("  late:", "  now:", "reserved-name"),
    "a name that needs itself": ("overdue_by > duration('1h')", "late", "named-by-itself"),
    "a macro that there is not": ("[{tell: soon,", "[{say: soon,", "unknown-effect"),
    "a macro with one too many": ("[{tell: extended}]", "[{tell: {template: extended, to: me}}]", "macro-parameters"),  # noqa: E501
    "a verb that there is not": ("change: {increment: extended,", "change: {count: extended,", "unknown-change"),  # noqa: E501
    "a sender that there is not": ("from: [desk, link]", "from: [customer]", "choice"),
    # effects, notices, words
    "a template that there is not": ("{tell: extended}", "{tell: extension}", "unknown-template"),
    "a value that no template uses": ("values: {due_at: =data.due_at}", "values: {due_at: =data.due_at, n: 1}", "unused-value"),  # noqa: E501
    "a hole that nothing fills": ("It is due {{ due_at", "It is due {{ day", "missing-value"),
    "a filter that there is not": ("due_at | day }} now", "due_at | weekday }} now", "unknown-filter"),
    "a language that lacks words": ('  soon: {title: Bald fällig, words: "Bitte bringen Sie es bis {{ due_at | day }} zurück."}', "", "template-language"),  # noqa: E501
    "a topic that there is not": ("about: reminder", "about: remind", "unknown-about"),
    "a channel that there is not": ("channel: preferred", "channel: fax", "unknown-channel"),
    "a machine that apologises": ("channel: preferred, about: reminder", "channel: robocall, about: apology", "automated-voice"),  # noqa: E501
    "an event for nobody": ("dest: back}", "dest: back, effects: [{emit: {to: parent, trigger: lone_book}}]}", "unknown-trigger"),  # noqa: E501
    "what opens nothing": ("dest: back}", "dest: back, effects: [{open: {lifecycle: promise, trigger: keep}}]}", "unknown-trigger"),  # noqa: E501
    "a misspelt field for another": ("dest: back}", "dest: back, effects: [{open: {lifecycle: promise, trigger: make, data: {word: a}}}]}", "unknown-data"),  # noqa: E501
    "a text where another wants an object": ("dest: back}", "dest: back, effects: [{open: {lifecycle: promise, trigger: make, data: {words: a, owner: b, call: soon}}}]}", "value-type"),  # noqa: E501
    "an event passed on that nobody takes": ("dest: back}", "dest: back, effects: {forward: 'promise:1'}}", "unknown-trigger"),  # noqa: E501
    "a figure of a field that nobody declared": ("title: A book on loan", "title: A book on loan\nbarometer: {outcome: subject.state, share: team}", "missing-data"),  # noqa: E501
    "a field to share that nobody declared": ("dest: back}", "dest: back, effects: [{open: {lifecycle: promise, trigger: make, share: [custommer]}}]}", "missing-data"),  # noqa: E501
    "a field to share that the other one has not": ("dest: back}", "dest: back, effects: [{open: {lifecycle: promise, trigger: make, share: [extended]}}]}", "unknown-data"),  # noqa: E501
    "a list to share where a text is wanted": ("dest: back}", "dest: back, effects: [{open: {lifecycle: promise, trigger: make, share: {words: told}}}]}", "value-type"),  # noqa: E501
    "a field to copy that the event does not bring": ("{tell: extended}]", "{tell: extended}, {open: {lifecycle: promise, trigger: make, copy: [words]}}]", "missing-data"),  # noqa: E501
    "a field to copy that the other one has not": ("{tell: extended}]", "{tell: extended}, {open: {lifecycle: promise, trigger: make, copy: [by]}}]", "unknown-data"),  # noqa: E501
    "a change that copies what no event brings": ("copy: [customer, due_at]", "copy: {customer: customer, due_at: due}", "missing-data"),  # noqa: E501
    "a change that copies a text into a list": (EXTEND, "change: {copy: {told: due_at}}", "value-type"),
    "a field to remove from that nobody declared": (EXTEND, "change: {remove: {tolds: x}}", "missing-data"),
    "a share that is an expression": ("dest: back}", "dest: back, effects: [{open: {lifecycle: promise, trigger: make, share: {words: =data.words}}}]}", "name-form"),  # noqa: E501
    "an optional value for a condition": ("    if: may_extend", "    if: event.data.?by", "expression"),
    "an optional value for a title": ("to: =data.customer,", "to: '=data.?customer',", "expression"),
    "what is only set if it is there": ("change: {copy: [customer, due_at]}", "change: {copy: due_at, set: {customer: '=data.?customer'}}", "unguarded-data"),  # noqa: E501
    # time
    "days in letters": ("lead: P1D", "lead: 1d", "duration-form"),
    "days in words": ("lead: P1D", "lead: 10 days", "duration-form"),
    "months, which have no length": ("lead: P1D", "lead: P1M", "duration-fixed-length"),
}  # fmt: skip


@pytest.mark.parametrize(("old", "new", "rule"), MISTAKES.values(), ids=MISTAKES.keys())
def test_a_mistake_is_found(old: str, new: str, rule: str) -> None:
    text = loan_text()
    assert old in text
    found = check(text.replace(old, new, 1), "loan.yaml")
    assert rule in [one.rule for one in found], [str(one) for one in found]
    assert all(one.line and one.file for one in found)


def test_there_are_sixty_of_them() -> None:
    assert len(MISTAKES) >= 60
