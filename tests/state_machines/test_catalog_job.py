"""A task at a time, told with `decide` alone; and what holds for the whole catalog."""

import pytest

from state_machines import catalog
from state_machines.decision import Outcome, RunTask
from tests.state_machines.story_world import World, in_

KEY = "job:J-1"
REFUND = {"task": "billing.refund", "queue": "billing", "args": [17], "kwargs": {"why": "late"}}


def test_a_task_runs_at_its_time_with_its_arguments() -> None:
    world = World()
    world.send(KEY, "schedule", at=in_("P400D"), **REFUND)
    world.wait("P399D")
    assert world.tasks == [] and world.state(KEY) == "scheduled"
    world.wait("P1D")
    assert world.tasks == [
        RunTask(
            "billing.refund",
            "billing",
            (17,),
            {"why": "late"},
            "task_succeeded",
            "task_failed",
            computed=True,
        )
    ]
    world.send(KEY, "task_succeeded", result={"refunded": 1})
    assert world.state(KEY) == "done" and world.data(KEY)["result"] == {"refunded": 1}


def test_without_a_time_it_runs_at_once_and_without_arguments_with_none() -> None:
    world = World()
    world.send(KEY, "schedule", task="reports.nightly")
    world.wait("PT0S")
    assert world.tasks == [
        RunTask("reports.nightly", None, (), {}, "task_succeeded", "task_failed", computed=True)
    ]


@pytest.mark.parametrize(
    ("said", "repeatable"), [({}, True), ({"repeat": "safe"}, True), ({"repeat": "ask"}, False)]
)
def test_who_schedules_it_says_whether_it_may_be_sent_again(said: dict[str, str], repeatable: bool) -> None:
    world = World()
    world.send(KEY, "schedule", **REFUND, **said)
    world.wait("PT0S")
    (task,) = world.tasks
    assert task.repeatable is repeatable


def test_a_failed_one_waits_for_a_person_who_retries_or_cancels() -> None:
    world = World()
    world.send(KEY, "schedule", **REFUND)
    world.wait("PT0S")
    world.send(KEY, "task_failed", error="no such account")
    assert world.state(KEY) == "failed" and world.data(KEY)["error"] == "no such account"
    world.send(KEY, "retry")
    assert world.state(KEY) == "running" and len(world.tasks) == 2 and world.data(KEY)["runs"] == 2
    world.send(KEY, "task_failed", error="again")
    world.send(KEY, "cancel", reason="paid by hand")
    assert world.state(KEY) == "cancelled"


def test_until_it_starts_it_can_be_moved_and_cancelled() -> None:
    world = World()
    world.send(KEY, "schedule", at=in_("PT1H"), **REFUND)
    world.send(KEY, "reschedule", at=in_("PT3H"))
    world.wait("PT2H59M")
    assert world.state(KEY) == "scheduled"
    world.send(KEY, "cancel")
    world.wait("P1D")
    assert world.state(KEY) == "cancelled" and world.tasks == []


def test_once_handed_over_it_cannot_be_called_back() -> None:
    world = World()
    world.send(KEY, "schedule", **REFUND)
    world.wait("PT0S")
    assert world.send(KEY, "cancel").outcome is Outcome.REFUSED
    assert world.send(KEY, "withdraw").outcome is Outcome.STAYED


@pytest.mark.parametrize("name", catalog.NAMES)
def test_the_catalog_holds_what_it_names(name: str) -> None:
    assert catalog.load_catalog()[name].name == name


def test_the_catalog_says_what_it_has() -> None:
    with pytest.raises(KeyError, match="promise"):
        catalog.source("appointments")


def test_a_task_without_a_name_is_refused_at_once_and_not_when_its_time_has_come() -> None:
    world = World()
    decision = world.send(KEY, "schedule", task="", at=in_("P1D"))
    assert decision.outcome is Outcome.REFUSED
    assert KEY not in world.subjects
