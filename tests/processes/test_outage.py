"""An outage on the real stack, with few customers; and that its judge finds what is planted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.processes.installation import Installation
from tests.processes.outage.figures import table
from tests.processes.outage.playing import play
from tests.processes.outage.records import Message, Records
from tests.processes.outage.rules import RULES, broken
from tests.processes.outage.story import SAYS

CUSTOMERS = 60


@pytest.mark.exhaustive
@pytest.mark.timeout(240)
def test_everybody_hears_in_time_colleagues_once_in_a_while_and_the_judge_sees_what_is_planted(
    installation: Installation,
) -> None:
    played = play(installation, CUSTOMERS, 2.0)
    assert broken(played.outage) == [], "\n".join(table(played))
    assert f"first word in time {CUSTOMERS} of {CUSTOMERS}" in "\n".join(table(played))
    assert {name for name, _ in PLANTED} == RULES.keys(), "each rule is one that can be broken"
    for name, plant in PLANTED:
        records = plant(played.outage.records)
        found = {one.partition(":")[0] for one in broken(replace(played.outage, records=records))}
        assert name in found, f"{name} is not found: {found}"


def _first_word(records: Records) -> Message:
    return next(one for one in records.messages if SAYS in one.words and not one.is_to_a_colleague)


def _a_case_is_missing(records: Records) -> Records:
    return replace(records, states={**records.states, "case/listening": 0})


def _one_is_not_joined(records: Records) -> Records:
    return replace(records, joined=records.joined - {min(records.joined)})


def _a_first_word_is_missing(records: Records) -> Records:
    first = _first_word(records)
    return replace(records, messages=[one for one in records.messages if one is not first])


def _a_first_word_is_late(records: Records) -> Records:
    first = _first_word(records)
    late = replace(first, at=records.first_words[first.subject].due_at + timedelta(seconds=1))
    return replace(records, messages=[late if one is first else one for one in records.messages])


def _a_promise_lapsed(records: Records) -> Records:
    case, promise = next(iter(records.first_words.items()))
    lapsed = replace(promise, state="lapsed", kept_at=None)
    return replace(records, first_words={**records.first_words, case: lapsed})


def _a_first_word_is_said_twice(records: Records) -> Records:
    first = _first_word(records)
    return replace(records, messages=[*records.messages, first])


def _somebody_is_woken(records: Records) -> Records:
    waits = records.waiting[0]
    first = _first_word(records)
    woken = replace(first, subject=waits.subject, at=waits.until - timedelta(hours=1))
    return replace(records, messages=[*records.messages, woken])


def _two_mails_in_a_minute(records: Records) -> Records:
    first = next(one for one in records.messages if one.is_to_a_colleague and one.about == "hand_over")
    return replace(records, messages=[*records.messages, replace(first, at=first.at + timedelta(seconds=5))])


def _a_colleague_is_not_told(records: Records) -> Records:
    last = next(one for one in reversed(records.messages) if len(one.of) > 1)
    told = [replace(one, of=one.of[1:]) if one is last else one for one in records.messages]
    return replace(records, messages=told)


PLANTED: Sequence[tuple[str, Callable[[Records], Records]]] = (
    ("a-case-each", _a_case_is_missing),
    ("joined", _one_is_not_joined),
    ("first-word-in-time", _a_first_word_is_missing),
    ("first-word-in-time", _a_first_word_is_late),
    ("first-word-in-time", _a_promise_lapsed),
    ("each-word-once", _a_first_word_is_said_twice),
    ("in-their-hours", _somebody_is_woken),
    ("once-in-a-quarter", _two_mails_in_a_minute),
    ("nothing-untold", _a_colleague_is_not_told),
    ("one-ladder", lambda records: replace(records, states={**records.states, "escalation/notified": 1})),
    ("one-alert", lambda records: replace(records, alerts=[*records.alerts, "case:c-0"])),
    ("nothing-given-up", lambda records: replace(records, given_up=["effects: an unknown outcome"])),
    ("nothing-refused", lambda records: replace(records, refused=["incident.join"])),
    ("nothing-left", lambda records: replace(records, left=["1 events"])),
)
"""Faults, each with the rule that it breaks."""
