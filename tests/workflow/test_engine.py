"""What the engine owes: each event once, in order, all or nothing; each timer at most once, never early."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from state_machines.errors import DefinitionError
from tests.workflow.world import LAMP, NOW, World
from workflow.engine.acceptance import Acceptance
from workflow.engine.cloudevent import CloudEvent
from workflow.engine.engine import Engine
from workflow.errors import DefinitionChanged, InvalidEvent, NotFound, NotPermitted
from workflow.maintenance.dead_letters import retry_timer
from workflow.store.port import Changes, Transaction
from workflow.store.schema import subjects

HOUR = timedelta(hours=1)
BULB = """
lifecycle: bulb
version: 1
data: {}
triggers: {light: {}, burn: {}, mend: {}}
states: [{name: lit, timeout: PT1H, on_timeout: fade}, {name: dark, final: true}]
transitions:
  - {trigger: light, source: initial, dest: lit}
  - {trigger: fade, source: lit, dest: dark, set: {x: =data.nowhere}}
  - {trigger: burn, source: lit, dest: dark}
  - {trigger: mend, source: dark, dest: lit}
"""


def promise(**changes: Any) -> dict[str, Any]:
    due = (NOW + 4 * HOUR).isoformat()
    return {"words": "the manager calls", "owner": "manager@shop.example", "due_at": due} | changes


def test_an_event_opens_a_subject_and_sets_its_timer(world: World) -> None:
    assert world.post("lamp.press", "lamp:1", {"level": 3}) == Acceptance(
        "e1", "/crm", "lamp:1", "accepted", "pending"
    )
    assert (world.state("lamp:1"), world.data("lamp:1")) == ("on", {"level": 3})
    assert world.timers("lamp:1") == {"on": NOW + HOUR}


def test_a_timer_fires_at_its_instant_and_not_before(world: World) -> None:
    world.post("lamp.press", "lamp:1", {"level": 3})
    world.clock.move_to(NOW + HOUR - timedelta(microseconds=1))
    assert world.engine.fire().decided == 0
    world.move_to(NOW + HOUR)
    assert world.state("lamp:1") == "broken"
    assert world.engine.fire().decided == 0
    assert [(row.kind, row.target, row.queue, row.key) for row in world.effects()] == [
        ("task", "shop.order_bulb", "shop", "lamp:1/2/0")
    ]
    assert world.effects()[0].payload["kwargs"] == {"lamp": "lamp:1"}


def test_leaving_the_state_cancels_its_timer(world: World) -> None:
    world.post("lamp.press", "lamp:1", {"level": 3})
    world.post("lamp.press", "lamp:1", {"level": 0})
    world.advance(2 * HOUR)
    assert (world.state("lamp:1"), world.timers("lamp:1"), world.effects()) == ("off", {}, [])


def test_a_newer_setting_counts_from_its_own_instant(world: World) -> None:
    world.post("lamp.press", "lamp:1", {"level": 3})
    world.advance(HOUR / 2)
    world.post("lamp.press", "lamp:1", {"level": 0})
    world.post("lamp.press", "lamp:1", {"level": 2})
    world.advance(HOUR * 0.75)
    assert world.state("lamp:1") == "on"
    world.advance(HOUR)
    assert world.state("lamp:1") == "broken"


def test_an_event_that_cancels_an_overdue_timer_wins_if_it_is_applied_first(world: World) -> None:
    """The worker comes late: the event is applied first, the stale timer decides nothing."""
    world.post("lamp.press", "lamp:1", {"level": 3})
    world.clock.advance(2 * HOUR)
    world.post("lamp.press", "lamp:1", {"level": 0})
    assert world.engine.fire().decided == 0
    assert world.state("lamp:1") == "off"


def test_the_same_source_and_id_again_is_a_duplicate_with_the_first_outcome(world: World) -> None:
    world.post("lamp.press", "lamp:1", {"level": 3}, id="same")
    again = world.post("lamp.press", "lamp:1", {"level": 3}, id="same")
    assert (again.status, again.outcome) == ("duplicate", "moved")
    other = world.post("lamp.press", "lamp:1", {"level": 0}, id="same", source="/other")
    assert other.status == "accepted"
    assert world.state("lamp:1") == "off"


def test_an_event_that_cannot_apply_now_is_kept_as_refused_with_the_reason(world: World) -> None:
    world.post("lamp.press", "lamp:1", {"level": 3})
    before = world.timers("lamp:1")
    world.post("lamp.press", "lamp:1", {"level": 7}, id="guarded")
    again = world.post("lamp.press", "lamp:1", {"level": 7}, id="guarded")
    assert again.outcome == "refused"
    assert again.reason is not None and "level == 0" in again.reason
    assert world.timers("lamp:1") == before
    assert world.data("lamp:1") == {"level": 3}


def test_the_events_of_a_subject_are_applied_in_order_whatever_the_batch(world: World) -> None:
    levels = [5, 0, 4, 0, 3]
    world.engine.accept([world.event("lamp.press", "lamp:1", {"level": level}) for level in levels])
    while world.engine.apply(limit=2).decided:
        pass
    assert [move[2] for move in world.moves("lamp:1")] == ["on", "off", "on", "off", "on"]
    assert world.data("lamp:1") == {"level": 3}


def test_a_decision_that_fails_is_a_dead_letter_and_the_rest_goes_on(world: World) -> None:
    world.engine.accept(
        [
            world.event("lamp.press", "lamp:1", {"level": 3}),
            world.event("lamp.fail", "lamp:1", id="bad"),
            world.event("lamp.press", "lamp:2", {"level": 2}),
        ]
    )
    world.settle()
    assert (world.state("lamp:1"), world.state("lamp:2")) == ("on", "on")
    again = world.post("lamp.fail", "lamp:1", id="bad")
    assert (again.status, again.outcome) == ("duplicate", "dead")
    assert again.reason is not None and "nowhere" in again.reason
    assert world.counts()["inbox"] == 1


def test_a_failing_write_leaves_everything_as_it_was(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.engine.accept([world.event("lamp.press", "lamp:1", {"level": 3})])
    before = world.counts()

    class PowerFailure(Exception):
        pass

    def fail(self: Transaction, changes: Changes, now: object) -> None:
        original(self, changes, now)
        raise PowerFailure

    with world.store.begin() as transaction:
        kind = type(transaction)
    original = kind.write
    monkeypatch.setattr(kind, "write", fail)
    with pytest.raises(PowerFailure):
        world.engine.apply()
    monkeypatch.undo()
    assert world.counts() == before
    assert world.state("lamp:1") == "initial"
    world.settle()
    assert world.state("lamp:1") == "on"


@pytest.mark.parametrize(
    ("change", "field", "rule"),
    [
        ({"type": "lantern.press", "subject": "lantern:1"}, "type", "unknown-lifecycle"),
        ({"type": "lamp.kick"}, "type", "unknown-trigger"),
        ({"data": {}}, "data.level", "required"),
        ({"data": {"level": "high"}}, "data.level", "type"),
    ],
)
def test_events_that_can_never_apply_are_refused_at_the_door(
    world: World, change: dict[str, Any], field: str, rule: str
) -> None:
    before = world.counts()
    given = {
        "id": "x",
        "source": "/crm",
        "type": "lamp.press",
        "subject": "lamp:1",
        "time": NOW,
        "data": {"level": 1},
    }
    with pytest.raises(InvalidEvent) as refusal:
        world.engine.accept([CloudEvent(**(given | change))])
    (problem,) = refusal.value.problems
    assert (problem.field, problem.rule) == (field, rule)
    assert world.counts() == before


def test_one_bad_event_refuses_its_whole_batch_and_names_the_place(world: World) -> None:
    before = world.counts()
    good, twice = (
        world.event("lamp.press", "lamp:1", {"level": 1}),
        world.event("lamp.press", "lamp:2", {"level": 1}),
    )
    with pytest.raises(InvalidEvent) as refusal:
        world.engine.accept([good, twice, twice])
    assert [(one.field, one.rule) for one in refusal.value.problems] == [("[2].id", "doubled-id")]
    assert world.counts() == before


def test_a_lapse_opens_an_escalation_that_names_the_promise(world: World) -> None:
    world.post("promise.make", "promise:P-17", promise())
    world.advance(5 * HOUR)
    assert world.state("promise:P-17") == "lapsed"
    assert world.data("escalation:promise-P-17")["promise"] == "promise:P-17"
    assert world.state("escalation:promise-P-17") == "notified"


def test_a_promise_kept_in_the_batch_of_its_lapse_calls_its_escalation_off(world: World) -> None:
    world.post("promise.make", "promise:P-17", promise())
    world.clock.advance(5 * HOUR)
    world.engine.fire()
    world.engine.accept([world.event("promise.keep", "promise:P-17")])
    world.settle()
    assert world.state("promise:P-17") == "kept_late"
    assert world.state("escalation:promise-P-17") in ("resolved", "withdrawn")


def test_the_ledger_alone_gives_the_same_subject(world: World) -> None:
    world.post("promise.make", "promise:P-17", promise(warn_before="PT1H"))
    world.post("promise.make", "promise:P-17", promise())  # impossible now, refused
    world.advance(3.5 * HOUR)
    world.post(
        "promise.renegotiate", "promise:P-17", {"due_at": (NOW + 9 * HOUR).isoformat(), "reason": "agreed"}
    )
    world.advance(HOUR)
    rebuilt, stored = world.rebuilt("promise:P-17"), world.stored("promise:P-17")
    assert rebuilt == stored
    assert rebuilt.timers.keys() == {"deadline", "warn_before_deadline"}


def test_a_version_never_changes(world: World) -> None:
    with pytest.raises(DefinitionChanged, match="version"):
        world.engine.registry.register([(LAMP + "\n# changed", None)], NOW)
    with pytest.raises(DefinitionError):
        world.engine.registry.register([("lifecycle: lamp\nversion: two\n", None)], NOW)


def test_a_subject_keeps_the_version_it_started_with(world: World) -> None:
    world.post("lamp.press", "lamp:1", {"level": 3})
    newer = LAMP.replace("version: 1", "version: 2").replace("PT1H", "PT5H")
    world.engine.registry.register([(newer, None)], NOW)
    world.post("lamp.press", "lamp:2", {"level": 3})
    world.advance(2 * HOUR)
    assert (world.state("lamp:1"), world.state("lamp:2")) == ("broken", "on")


def test_nobody_can_make_a_promise_lapse_before_its_time(world: World) -> None:
    world.post("promise.make", "promise:P-17", promise())
    with pytest.raises(NotPermitted) as refusal:
        world.post("promise.lapse", "promise:P-17", id="impatient")
    assert [(one.field, one.rule) for one in refusal.value.problems] == [("type", "from")]
    world.settle()
    assert world.state("promise:P-17") == "made"


@pytest.mark.parametrize("levels", [[0, 5], [0, 5, 0]])
def test_data_that_only_some_decisions_of_a_batch_change_are_written(world: World, levels: list[int]) -> None:
    """Switching off changes none; where nothing has changed, data are not written at all."""
    world.post("lamp.press", "lamp:1", {"level": 3})
    world.engine.accept([world.event("lamp.press", "lamp:1", {"level": level}) for level in levels])
    assert world.engine.apply().decided == len(levels)
    assert world.data("lamp:1") == {"level": 5}


def test_a_subject_that_leaves_a_final_state_within_a_batch_is_open(world: World) -> None:
    """`makegood check` warns of such a definition, and it runs all the same."""
    world.engine.registry.register([(BULB, None)], NOW)
    world.engine.accept([world.event(f"bulb.{trigger}", "bulb:1") for trigger in ("light", "burn", "mend")])
    world.engine.accept([world.event(f"bulb.{trigger}", "bulb:2") for trigger in ("light", "burn")])
    assert world.engine.apply().decided == 5
    closed = select(subjects.c.key).where(subjects.c.closed_at.is_not(None))
    with world.store.connect() as connection:
        assert list(connection.execute(closed).scalars()) == ["bulb:2"]


def test_a_timer_that_its_own_batch_set_anew_leaves_no_trace(world: World) -> None:
    """Who switched it off and on in time has a lamp that burns for another hour."""
    world.post("lamp.press", "lamp:1", {"level": 3})
    world.advance(HOUR / 2)
    world.engine.accept([world.event("lamp.press", "lamp:1", {"level": level}) for level in (0, 2)])
    world.clock.advance(HOUR / 2)
    assert world.engine.fire().decided == 3
    assert [trigger for trigger, *_ in world.moves("lamp:1")] == ["press"] * 3
    assert (world.state("lamp:1"), world.timers("lamp:1")) == ("on", {"on": NOW + 2 * HOUR})


def test_a_dead_timer_goes_when_its_subject_leaves_the_state(world: World) -> None:
    """Nobody may bring it back to life where it has no business."""
    world.engine.registry.register([(BULB, None)], NOW)
    world.post("bulb.light", "bulb:1")
    world.advance(HOUR)
    assert (world.state("bulb:1"), world.timers("bulb:1")) == ("lit", {"lit": None})
    world.post("bulb.burn", "bulb:1")
    assert world.timers("bulb:1") == {}
    with pytest.raises(NotFound):
        retry_timer(world.store, "bulb:1", "lit", world.clock.now())


def test_a_batch_that_takes_long_is_decided_in_smaller_ones(world: World) -> None:
    """Here every decision is the last for which there is time."""
    world.engine = Engine(world.store, world.engine.registry, world.clock, longest=-1.0)
    world.engine.accept([world.event("lamp.press", f"lamp:{n}", {"level": n}) for n in range(1, 5)])
    done = []
    while (progress := world.engine.apply()).decided:
        done.append((progress.decided, progress.full))
    assert done == [(1, True)] * 3 + [(1, False)], "whoever reads `full` comes again"
    assert [world.state(f"lamp:{n}") for n in range(1, 5)] == ["on"] * 4
    world.clock.move_to(NOW + HOUR)
    fired = 0
    while world.engine.fire().decided:
        fired += 1
    assert fired == 4
    assert [world.state(f"lamp:{n}") for n in range(1, 5)] == ["broken"] * 4
