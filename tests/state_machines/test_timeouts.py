"""Timeouts in a life: when a timer is set, due, kept, paused, cancelled, and set again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from state_machines.decision import Outcome
from state_machines.errors import DecisionError
from tests.state_machines.life import NOON, Life, taken

STATES = """
states: [{name: open}, {name: asked}, {name: busy}, {name: done, final: true}]
transitions:
  - {trigger: make, source: initial, dest: open, set: event.data}
  - {trigger: ask, source: [open, busy], dest: asked}
  - {trigger: answer, source: asked, dest: open}
  - {trigger: work, source: [open, asked], dest: busy}
  - {trigger: again, source: "*", dest: "="}
  - {trigger: change, source: "*", set: event.data}
  - {trigger: reset, source: "*", set: event.data, restart: [late]}
  - {trigger: end, source: "*", dest: done}
  - {trigger: lapse, source: open, dest: busy}
  - {trigger: nudge, source: "*"}
"""


def life(timeout: str, now: datetime = NOON, extra: str = "", **data: Any) -> Life:
    """A thing that was made just now, with one timeout, `late`."""
    lived = Life(f"lifecycle: thing\nversion: 1\n{extra}\ntimeouts:\n  late: {timeout}\n{STATES}", now=now)
    taken(lived.happens("make", **data))
    return lived


def at(hours: float) -> datetime:
    return NOON + timedelta(hours=hours)


@pytest.mark.parametrize(
    ("timeout", "due_at"),
    [
        ("{after: PT4H}", at(4)),
        ("{after: data.patience}", at(2)),
        ("{after: duration('90m')}", at(1.5)),
        ("{at: data.due_at}", at(8)),
        ("{at: timestamp(data.due_at) - duration('1h')}", at(7)),
        ("{before: data.due_at, lead: PT1H}", at(7)),
        ("{before: data.due_at, lead: data.patience}", at(6)),
        ("{before: data.due_at, share: 0.75}", at(6)),
        ("{every: PT3H}", at(3)),
        ("{at: data.past}", at(-1)),
        ("{before: data.due_at, lead: P1D}", at(-16)),
        ("{after: 'data.?gone.orValue(null)'}", None),
        ("{at: 'data.?gone.orValue(null)'}", None),
        ("{before: data.due_at, lead: 'data.?gone.orValue(null)'}", None),
        ("{after: PT1H, when: has(data.gone)}", None),
        ("{after: PT1H, when: data.patience == 'PT2H'}", at(1)),
    ],
)
def test_when_a_timer_is_due(timeout: str, due_at: datetime | None) -> None:
    written = timeout.replace("{", "{in: open, on_timeout: lapse, ", 1)
    lived = life(written, patience="PT2H", due_at="2026-07-01T20:00:00Z", past="2026-07-01T11:00:00Z")
    timers = lived.subject.timers
    assert (timers["late"].due_at if timers else None) == due_at
    if timers:
        assert (timers["late"].setting, timers["late"].set_at, timers["late"].budget) == (1, NOON, None)


@pytest.mark.parametrize(
    ("timeout", "rule"),
    [
        ("{after: data.words}", "duration-form"),
        ("{after: '1'}", "not-a-duration"),
        ("{at: data.words}", "instant-form"),
        ("{at: data.local}", "no-zone"),
        ("{at: 'true'}", "not-an-instant"),
        ("{every: data.zero}", "interval-positive"),
        ("{after: duration('-1h')}", "duration-sign"),
        ("{after: PT1H, calendar: desk, zone: data.words}", "unknown-zone"),
        ("{after: PT1H, calendar: desk, zone: '1'}", "not-a-text"),
    ],
)
def test_a_time_that_cannot_be_reckoned_with_is_a_fault_of_the_definition(timeout: str, rule: str) -> None:
    written = timeout.replace("{", "{in: open, on_timeout: lapse, ", 1)
    extra = "calendars: {desk: {weekly: {mon-fri: ['09:00-17:00']}}}"
    with pytest.raises(DecisionError) as caught:
        life(written, extra=extra, words="soon", local="2026-07-01T20:00:00", zero="PT0S")
    assert caught.value.problem.rule == rule
    assert caught.value.problem.field.startswith("timeouts.late")


def test_business_hours_are_those_of_the_customers_zone() -> None:
    extra = "calendars: {desk: {weekly: {mon-fri: ['09:00-17:00']}}}"
    written = "{in: open, after: PT8H, calendar: desk, zone: data.zone, on_timeout: lapse}"
    # 12:00 UTC is 14:00 in Berlin: three hours on Wednesday, five on Thursday from 9:00.
    lived = life(written, extra=extra, zone="Europe/Berlin")
    assert lived.timer("late").due_at == datetime(2026, 7, 2, 12, tzinfo=UTC)
    # 12:00 UTC is 8:00 in New York: from 9:00 on, all of Wednesday.
    assert life(written, extra=extra, zone="America/New_York").timer("late").due_at == at(9)


def test_moving_inside_the_scope_keeps_the_timer_and_leaving_it_cancels() -> None:
    lived = life("{in: [open, asked], after: PT4H, on_timeout: lapse}")
    before = lived.timer("late")
    lived.passes(hours=1)
    taken(lived.happens("ask"))
    assert lived.timer("late") is before
    decision = taken(lived.happens("work"))
    assert decision.timers_cancelled == ("late",)
    assert lived.subject.timers == {}
    lived.passes(hours=1)
    taken(lived.happens("ask"))
    assert lived.timer("late").due_at == at(6) and lived.timer("late").setting == 4


def test_an_internal_transition_leaves_timers_alone() -> None:
    lived = life("{in: open, at: data.due_at, on_timeout: lapse}", due_at="2026-07-01T20:00:00Z")
    lived.passes(hours=1)
    decision = taken(lived.happens("change", due_at="2026-07-01T22:00:00Z"))
    assert decision.outcome is Outcome.STAYED
    assert decision.timers_set == () and lived.timer("late").due_at == at(8)


def test_restart_sets_anew_what_the_new_data_say() -> None:
    lived = life("{in: open, at: data.due_at, on_timeout: lapse}", due_at="2026-07-01T20:00:00Z")
    lived.passes(hours=1)
    decision = taken(lived.happens("reset", due_at="2026-07-01T22:00:00Z"))
    assert decision.outcome is Outcome.STAYED
    assert lived.timer("late").due_at == at(10)
    assert (lived.timer("late").setting, lived.timer("late").set_at) == (2, at(1))


def test_restart_outside_the_scope_sets_nothing_and_with_when_false_cancels() -> None:
    lived = life("{in: open, after: PT4H, when: '!has(data.hold)', on_timeout: lapse}")
    assert taken(lived.happens("reset", hold=True)).timers_cancelled == ("late",)
    taken(lived.happens("work"))
    assert taken(lived.happens("reset")).timers_set == ()


def test_a_reflexive_transition_restarts_only_what_belongs_to_that_state_alone() -> None:
    lived = life("{in: open, after: PT4H, on_timeout: lapse}")
    lived.passes(hours=1)
    taken(lived.happens("again"))
    assert lived.timer("late").due_at == at(5)
    wide = life("{in: [open, asked], after: PT4H, on_timeout: lapse}")
    wide.passes(hours=1)
    taken(wide.happens("again"))
    assert wide.timer("late").due_at == at(4) and wide.timer("late").setting == 1


def test_a_timer_that_fired_is_gone_although_its_scope_is_not_left() -> None:
    lived = life("{in: [open, busy], after: PT4H, on_timeout: lapse}")
    assert lived.passes(hours=5) == ["late"]
    assert lived.state == "busy" and lived.subject.timers == {}


def test_a_timer_that_was_set_anew_meanwhile_decides_nothing() -> None:
    lived = life("{in: open, after: PT4H, on_timeout: lapse}")
    taken(lived.happens("again"))
    before = lived.subject
    assert lived.timer("late").setting == 2
    decision = lived.fires("late", setting=1)
    assert decision.outcome is Outcome.REFUSED
    assert decision.reason is not None and decision.reason.startswith("stale-timer")
    assert decision.timers_cancelled == decision.timers_set == ()
    assert (lived.state, lived.data, lived.subject.timers) == (before.state, before.data, before.timers)


def test_a_paused_timer_and_one_that_is_no_more_decide_nothing() -> None:
    lived = life("{in: [open, asked], paused_in: asked, after: PT4H, on_timeout: lapse}")
    setting = lived.timer("late").setting
    taken(lived.happens("ask"))
    assert lived.fires("late").reason == lived.fires("late", setting=setting).reason
    assert lived.timer("late").due_at is None
    taken(lived.happens("work"))
    refused = lived.fires("late", setting=setting)
    assert refused.reason is not None and refused.reason.startswith("stale-timer")


def test_a_pause_adds_its_length_to_the_deadline() -> None:
    lived = life("{in: [open, asked, busy], paused_in: asked, after: PT4H, on_timeout: lapse}")
    assert lived.timer("late").budget == timedelta(hours=4)
    lived.passes(hours=1)
    taken(lived.happens("ask"))
    paused = lived.timer("late")
    assert (paused.due_at, paused.pauses, paused.set_at) == (None, ((at(1), None),), NOON)
    assert lived.passes(hours=48) == []
    taken(lived.happens("work"))
    assert lived.timer("late").due_at == at(52)
    assert lived.timer("late").pauses == ((at(1), at(49)),)
    lived.passes(hours=1)
    taken(lived.happens("ask"))
    lived.passes(hours=2)
    taken(lived.happens("answer"))
    assert lived.timer("late").due_at == at(54)
    assert lived.timer("late").pauses == ((at(1), at(49)), (at(50), at(52)))
    assert lived.passes(hours=1.9) == [] and lived.passes(hours=0.1) == ["late"]


def test_moving_from_pause_to_pause_is_one_pause() -> None:
    lived = life("{in: [open, asked, busy], paused_in: [asked, busy], after: PT4H, on_timeout: lapse}")
    taken(lived.happens("ask"))
    paused = lived.timer("late")
    lived.passes(hours=1)
    taken(lived.happens("work"))
    assert lived.timer("late") is paused


def test_entering_the_scope_in_a_pause_sets_the_timer_paused() -> None:
    lived = life("{in: [asked, busy], paused_in: busy, after: PT4H, on_timeout: nudge}")
    taken(lived.happens("work"))
    assert lived.timer("late").due_at is None and lived.timer("late").budget == timedelta(hours=4)
    lived.passes(hours=3)
    taken(lived.happens("ask"))
    assert lived.timer("late").due_at == at(7)


def test_only_business_time_inside_a_pause_counts_as_paused() -> None:
    extra = "calendars: {desk: {zone: UTC, weekly: {mon-fri: ['09:00-17:00']}}}"
    lived = life(
        "{in: [open, asked], paused_in: asked, after: PT8H, calendar: desk, on_timeout: lapse}", extra=extra
    )
    lived.passes(hours=4)  # Wednesday 16:00, four hours used
    taken(lived.happens("ask"))
    lived.passes(hours=18)  # Thursday 10:00; of the pause one hour on each day was open
    taken(lived.happens("answer"))
    assert lived.timer("late").due_at == datetime(2026, 7, 2, 14, tzinfo=UTC)


def test_a_pause_moves_an_instant_of_the_data_too() -> None:
    lived = life(
        "{in: [open, asked], paused_in: asked, at: data.due_at, on_timeout: lapse}",
        due_at="2026-07-01T20:00:00Z",
    )
    assert lived.timer("late").budget == timedelta(hours=8)
    lived.passes(hours=1)
    taken(lived.happens("ask"))
    lived.passes(hours=5)
    taken(lived.happens("answer"))
    assert lived.timer("late").due_at == at(13)


def test_a_clock_that_was_set_back_during_a_pause_makes_no_pause_of_negative_length() -> None:
    lived = life("{in: [open, asked], paused_in: asked, after: PT4H, on_timeout: lapse}")
    lived.passes(hours=1)
    taken(lived.happens("ask"))
    lived.now = at(0.5)
    taken(lived.happens("answer"))
    assert lived.timer("late").due_at == at(4)


def test_every_ticks_from_where_it_was_set_however_late_it_fires() -> None:
    lived = life("{in: open, every: PT1H, on_timeout: nudge}")
    assert lived.passes(hours=2.5) == ["late", "late"]
    lived.now = at(4.25)
    assert taken(lived.fires("late")).outcome is Outcome.STAYED
    timer = lived.timer("late")
    assert (timer.due_at, timer.set_at, timer.setting) == (at(5), NOON, lived.subject.seq)


def test_every_goes_on_although_its_trigger_is_refused() -> None:
    lived = life("{in: [open, asked], every: PT1H, on_timeout: answer}")
    decision = lived.fires("late") if lived.passes(hours=0.5) == [] else None
    assert decision is not None and decision.outcome is Outcome.REFUSED
    assert lived.timer("late").due_at == at(1) and lived.timer("late").setting == lived.subject.seq
    assert lived.passes(hours=3) == ["late"] * 3


def test_a_one_shot_timer_whose_trigger_is_refused_is_used_up() -> None:
    lived = life("{in: [open, asked], after: PT1H, on_timeout: answer}")
    lived.passes(hours=2)
    assert lived.decisions[-1].outcome is Outcome.REFUSED
    assert lived.decisions[-1].timers_cancelled == ("late",)
    assert lived.subject.timers == {}


def test_every_is_silent_in_a_pause_and_keeps_its_beat() -> None:
    lived = life("{in: [open, asked], paused_in: asked, every: PT1H, on_timeout: nudge}")
    lived.passes(hours=1.5)
    taken(lived.happens("ask"))
    assert lived.passes(hours=3) == [] and lived.timer("late").due_at is None
    taken(lived.happens("answer"))
    assert lived.timer("late").due_at == at(5)


def test_every_that_fires_on_the_way_into_a_pause_is_silent_there() -> None:
    lived = life("{in: [open, asked], paused_in: asked, every: PT1H, on_timeout: ask}")
    assert lived.passes(hours=1) == ["late"]
    assert (lived.state, lived.timer("late").due_at) == ("asked", None)
    assert lived.timer("late").pauses == ((at(1), None),)
    assert lived.passes(hours=1.5) == []
    taken(lived.happens("answer"))
    assert lived.timer("late").due_at == at(3)


def test_a_final_state_ends_every_timer() -> None:
    lived = Life(
        f"lifecycle: thing\nversion: 1\ntimeouts: {{late: {{after: P1D, on_timeout: nudge}}}}\n{STATES}"
    )
    taken(lived.happens("make"))
    taken(lived.happens("ask"))
    assert lived.timer("late").due_at == at(24)
    assert taken(lived.happens("end")).timers_cancelled == ("late",)
    assert lived.subject.timers == {}
