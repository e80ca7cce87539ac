"""Subjects are moved to another version: counted before and after, each by a step that the ledger replays."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select

from state_machines.decision import Event, Outcome
from state_machines.definitions.lifecycle import load
from state_machines.migration import TRIGGER, apply_migration, migrate
from state_machines.subject import Subject, Timer
from tests.workflow.world import LAMP, NOW, World
from workflow.errors import InvalidQuery
from workflow.maintenance.migration import Migration, Progress, ask_batch, planned, preview, progress
from workflow.store.own_sources import MIGRATION_SOURCE
from workflow.store.schema import subjects

SECOND = """
lifecycle: lamp
version: 2
data:
  level: {type: integer, maximum: 100}
  colour: {type: string, default: white}
triggers:
  press: {data: {level: {type: integer, required: true}}}
  fail: {}
states:
  - name: 'on'
    timeouts:
      'on': {after: PT2H, on_timeout: burn_out}
      dim: {after: PT30M, on_timeout: turn_down}
  - {name: dark}
  - {name: broken, final: true}
transitions:
  - {trigger: press, source: initial, dest: 'on', set: {level: =event.data.level}}
  - {trigger: press, source: 'on', dest: dark, conditions: event.data.level == 0}
  - {trigger: press, source: dark, dest: 'on', set: {level: =event.data.level}}
  - {trigger: burn_out, source: 'on', dest: broken}
  - {trigger: turn_down, source: 'on'}
  - {trigger: fail, source: 'on'}
"""
OFF = {"off": "dark"}
LIT = NOW + timedelta(hours=1)


@pytest.fixture
def lit(world: World) -> World:
    """Twelve lamps: seven are on, two of them too bright for the new version; three are off; two broken."""
    for number in (7, 8):
        world.post("lamp.press", f"lamp:{number}", {"level": 5})
    world.move_to(LIT)
    for number in (0, 1, 2, 3, 4, 5, 6, 9, 10, 11):
        world.post("lamp.press", f"lamp:{number}", {"level": 500 if number in (3, 4) else 5})
    for number in (9, 10, 11):
        world.post("lamp.press", f"lamp:{number}", {"level": 0})
    world.engine.registry.register([(SECOND, "lamp2.yaml")], NOW)
    return world


def wanted(world: World, **states: str) -> Migration:
    """From the first version to the second."""
    return planned(world.engine.registry, "lamp", 1, 2, states)


def carried_out(world: World, migration: Migration, limit: int = 5) -> Progress:
    """Asked for to the end, and decided."""
    after = 0
    while (batch := ask_batch(world.engine, migration, "person:ola@desk.example", after, limit)).last:
        after = batch.last
        world.settle()
    return progress(world.store, migration)


def living_by(world: World, version: int) -> int:
    """How many subjects live by a version."""
    with world.store.connect() as connection:
        query = select(func.count()).where(subjects.c.version == version, subjects.c.lifecycle == "lamp")
        return connection.scalar(query) or 0


def test_what_would_become_of_them_is_said_by_state(lit: World) -> None:
    on, off = preview(lit.store, wanted(lit))
    assert (on.state, on.number, on.dest, on.refusal) == ("on", 7, "on", None)
    assert on.timers is not None and on.timers.anew == ("on",) and on.timers.first == ("dim",)
    assert (off.state, off.number) == ("off", 3) and off.refusal and "no-such-state" in off.refusal
    assert preview(lit.store, wanted(lit, **OFF))[1].refusal is None
    assert living_by(lit, 2) == 0, "nothing was done"


def test_nobody_is_left_out_in_silence(lit: World) -> None:
    migration = wanted(lit)
    before = progress(lit.store, migration).left
    done = carried_out(lit, migration)
    assert before == 10 == done.moved + done.refused
    assert (done.moved, done.refused, done.left, done.waiting) == (5, 5, 5, 0)
    reasons = {one.subject: one.reason.partition(":")[0] for one in done.refusals}
    assert reasons == {
        "lamp:3": "misfits", "lamp:4": "misfits",
        "lamp:9": "no-such-state", "lamp:10": "no-such-state", "lamp:11": "no-such-state",
    }  # fmt: skip
    assert "500" not in str(done.refusals), "a reason quotes nothing of the data"
    again = carried_out(lit, wanted(lit, **OFF))
    assert (again.moved, again.left) == (3, 2), "those for which a state is named now"
    assert living_by(lit, 1) == 4, "two that were refused, and two that have ended"


def test_a_subject_lives_on_by_the_new_version_and_is_rebuilt_as_it_stands(lit: World) -> None:
    lit.move_to(LIT + timedelta(minutes=50))
    carried_out(lit, wanted(lit, **OFF))
    on = lit.stored("lamp:0")
    assert (on.version, on.state, on.data["colour"]) == (2, "on", "white")
    assert on.timers["on"].due_at == LIT + timedelta(minutes=50 + 120), "it says something else: anew"
    assert on.timers["dim"].due_at == LIT + timedelta(minutes=50 + 30)
    assert lit.stored("lamp:9").state == "dark"
    lit.move_to(LIT + timedelta(hours=2))
    assert lit.stored("lamp:0").state == "on", "the hour of the first version is no more"
    lit.post("lamp.press", "lamp:9", {"level": 7})
    lit.move_to(LIT + timedelta(hours=5))
    assert {lit.stored(f"lamp:{one}").state for one in (0, 1, 9)} == {"broken"}
    for one in range(12):
        key = f"lamp:{one}"
        assert lit.rebuilt(key) == lit.stored(key)._replace(revision=None)


def test_a_run_that_was_ended_goes_on_and_asks_nobody_twice(lit: World) -> None:
    migration = wanted(lit, **OFF)
    first = ask_batch(lit.engine, migration, "cli:ola", limit=4)
    assert first.asked == 4, "killed here: nothing is decided, and where it stood is forgotten"
    assert progress(lit.store, migration).waiting == 4
    assert ask_batch(lit.engine, migration, "cli:ola", limit=4).asked == 0
    done = carried_out(lit, migration)
    assert (done.moved, done.refused, done.waiting) == (8, 2, 0)
    before = lit.counts()["moves"]
    assert carried_out(lit, migration).moved == 8
    assert lit.counts()["moves"] == before + 2, "only the two that were refused are asked for once more"


def test_an_event_that_waits_is_decided_by_the_version_of_its_turn(lit: World) -> None:
    lit.engine.accept([lit.event("lamp.press", "lamp:0", {"level": 0})])
    ask_batch(lit.engine, wanted(lit, **OFF), "cli:ola")
    lit.engine.accept([lit.event("lamp.press", "lamp:0", {"level": 9})])
    lit.settle()
    assert (lit.stored("lamp:0").state, lit.stored("lamp:0").version) == ("on", 2)


@pytest.mark.parametrize(
    ("old", "new", "states", "field"),
    [(1, 9, {}, "to"), (7, 2, {}, "from"), (1, 1, {}, "to"), (1, 2, {"off": "x"}, "states"),
     (1, 2, {"x": "on"}, "states")],
)  # fmt: skip
def test_what_makes_no_sense_is_refused_with_its_field(
    lit: World, old: int, new: int, states: dict[str, str], field: str
) -> None:
    with pytest.raises(InvalidQuery) as caught:
        planned(lit.engine.registry, "lamp", old, new, states)
    assert caught.value.problems[0].field == field


def test_nobody_outside_can_send_such_an_event(lit: World) -> None:
    event = lit.event("lamp.migrate", "lamp:0", {"from": 1, "to": 2})
    with pytest.raises(Exception, match="no trigger"):
        lit.engine.accept([event])


_FIRST, _SECOND = load(LAMP), load(SECOND)


@given(
    state=st.sampled_from(["on", "off", "broken", "initial"]),
    version=st.sampled_from([1, 2]),
    level=st.integers(0, 300),
    named=st.sampled_from([{}, {"off": "dark"}, {"off": "on"}, {"on": "dark"}, {"on": "broken"}]),
    timed=st.booleans(),
)
def test_it_is_moved_whole_or_not_at_all(
    state: str, version: int, level: int, named: dict[str, str], timed: bool
) -> None:
    timers = {"on": Timer("on", 1, NOW, NOW + timedelta(hours=1))} if timed and state == "on" else {}
    subject = Subject("lamp:1", "lamp", version, state, 3, {"level": level}, None, NOW, NOW, timers)
    event = Event(TRIGGER, "1", MIGRATION_SOURCE, NOW, {"from": 1, "to": 2, "states": named})
    decision = migrate(_FIRST, _SECOND, subject, event, NOW)
    assert decision == migrate(_FIRST, _SECOND, subject, event, NOW), "the same again"
    after = apply_migration(subject, event, decision, _SECOND, NOW)
    assert not decision.effects
    if decision.outcome is Outcome.REFUSED:
        assert decision.reason
        kept = ("version", "state", "data", "timers")
        assert [getattr(after, one) for one in kept] == [getattr(subject, one) for one in kept]
        return
    assert after.version == 2 and after.state in _SECOND.states and after.state not in _SECOND.final_states
    assert {**after.data, **subject.data} == after.data, "what it knew it knows"
    assert all(after.state in _SECOND.timeouts[name].scope for name in after.timers)
