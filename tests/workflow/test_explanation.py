"""`explain`: every deadline of a subject, told from its ledger, over each door."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from fastapi.testclient import TestClient
from typer.testing import CliRunner

from state_machines.values.instants import format_instant
from state_machines.values.retry_policy import RetryPolicy
from tests.workflow.world import World, new_world
from workflow.access import keys
from workflow.cli.commands import app
from workflow.console.site import create_site
from workflow.engine.runtime import Runtime
from workflow.errors import InvalidQuery, NotFound
from workflow.explanation import Explanation, explain
from workflow.settings import Settings

FORM = """
lifecycle: form
version: 1
data:
  customer: {type: object, required: true}
  due_at: {type: string, format: date-time, required: true}
triggers:
  mail:
    data:
      customer: {type: object, required: true}
      due_at: {type: string, format: date-time, required: true}
  wait: {}
  back: {}
  agree: {data: {due_at: {type: string, format: date-time, required: true}}}
  nudge: {}
  entry: {}
  lapse: {}
calendars:
  office: {zone: Europe/Berlin, weekly: {mon-fri: ["09:00-12:00", "13:00-17:00"]}, holidays: {country: DE}}
states: [open, waiting, {name: late, final: true}]
timeouts:
  answer: {in: [open, waiting], paused_in: waiting, after: PT16H, calendar: office, on_timeout: nudge}
  deadline: {in: [open, waiting], at: timestamp(data.due_at), on_timeout: lapse}
  daily: {in: [open, waiting], every: P1D, on_timeout: entry}
transitions:
  - {trigger: mail, source: initial, dest: open, set: event.data}
  - {trigger: wait, source: open, dest: waiting}
  - {trigger: back, source: waiting, dest: open}
  - {trigger: agree, source: open, set: {due_at: =event.data.due_at}, restart: [deadline]}
  - {trigger: nudge, source: open}
  - {trigger: entry, source: [open, waiting]}
  - {trigger: lapse, source: open, dest: late}
"""


@pytest.fixture
def world(database_url: str) -> Iterator[World]:
    world = new_world(database_url, FORM)
    world.clock.move_to(datetime(2026, 3, 26, 15, tzinfo=UTC))  # a Thursday, 16:00 in Berlin
    yield world
    world.store.close()


def mailed(world: World) -> None:
    customer = {"name": "Ada", "zone": "Europe/Berlin"}
    world.post("form.mail", "form:1", {"customer": customer, "due_at": "2026-04-02T17:00:00+02:00"})


def told(world: World, timer: str | None = None, zone: str | None = None) -> Explanation:
    return explain(world.store, world.engine.registry, "form:1", timer, zone)


def test_a_deadline_is_told_from_its_first_setting_to_its_end(world: World) -> None:
    mailed(world)
    world.advance(timedelta(hours=20))
    world.post("form.wait", "form:1")
    world.advance(timedelta(hours=80))
    world.post("form.back", "form:1")
    assert told(world, "answer").text().splitlines() == [
        "form:1 (form, version 1) is open.",
        "Times are those of Europe/Berlin.",
        "",
        "answer: pending; gives nudge; runs in open, waiting, paused in waiting.",
        "  Thu 2026-03-26 16:00 CET: set (mail, decision 1, initial to open); due Tue 2026-03-31 10:00 CEST.",
        "  Fri 2026-03-27 12:00 CET: paused (wait, decision 2, open to waiting).",
        "  Mon 2026-03-30 21:00 CEST: resumed (back, decision 7, waiting to open); "
        "due Wed 2026-04-01 15:00 CEST.",
        "  How it is reckoned:",
        "    Starts Thu 2026-03-26 16:00 CET with 16 h of business time (Europe/Berlin).",
        "    Thu 2026-03-26 16:00-17:00 CET: 1 h used, 15 h left.",
        "    Fri 2026-03-27 09:00-12:00 CET: 3 h used, 12 h left.",
        "    Paused Fri 2026-03-27 12:00 CET to Mon 2026-03-30 21:00 CEST: "
        "11 h of business time not counted.",
        "    Sat 2026-03-28 to Sun 2026-03-29: no business hours.",
        "    Sun 2026-03-29 02:00: the clocks go forward by 1 h, to Sun 2026-03-29 03:00 CEST.",
        "    Tue 2026-03-31 09:00-12:00 CEST: 3 h used, 9 h left.",
        "    Tue 2026-03-31 13:00-17:00 CEST: 4 h used, 5 h left.",
        "    Wed 2026-04-01 09:00-12:00 CEST: 3 h used, 2 h left.",
        "    Wed 2026-04-01 13:00-15:00 CEST: 2 h used, 0 min left.",
        "    Due Wed 2026-04-01 15:00 CEST (2026-04-01T13:00:00Z).",
    ]


def test_what_has_fired_and_what_was_cancelled_can_still_be_asked_about(world: World) -> None:
    mailed(world)
    world.post("form.agree", "form:1", {"due_at": "2026-03-28T09:00:00Z"})
    world.advance(timedelta(days=3))
    timers = {one.name: one for one in told(world).timers}
    assert {name: one.status for name, one in timers.items()} == {
        "answer": "cancelled",
        "daily": "cancelled",
        "deadline": "fired",
    }
    steps = [line.split(": ", 1)[1].split(";")[0] for line in timers["deadline"].steps]
    assert steps == [
        "set (mail, decision 1, initial to open)",
        "set anew (agree, decision 2, open)",
        "fired (lapse, decision 4, open to late).",
    ]


def test_every_deadline_told_is_the_one_that_is_kept(world: World) -> None:
    mailed(world)
    for _ in range(5):
        world.advance(timedelta(hours=25))
        for timer in told(world, zone="Asia/Kathmandu").timers:
            if timer.status == "pending":
                assert timer.due_at == world.timers("form:1")[timer.name]
                assert timer.due_at is not None
                assert any(format_instant(timer.due_at) in line for line in timer.reckoning[-2:])


def test_what_there_is_not_is_named(world: World) -> None:
    mailed(world)
    with pytest.raises(NotFound, match="form:2"):
        explain(world.store, world.engine.registry, "form:2")
    with pytest.raises(NotFound, match="it had: answer, deadline, daily"):
        told(world, "tea")
    with pytest.raises(InvalidQuery, match="Europe/Atlantis"):
        told(world, zone="Europe/Atlantis")


def test_it_is_answered_as_json_and_as_text_by_the_door_and_by_the_command(
    world: World, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    mailed(world)
    runtime = Runtime(
        Settings(), world.store, world.engine.registry, world.clock, world.engine, RetryPolicy()
    )
    with TestClient(create_site(runtime)) as http:
        key = keys.create(world.store, keys.Role.SYSTEM, "tests", world.clock.now())
        http.headers["Authorization"] = f"Bearer {key}"
        answer = http.get("/v1/subjects/form:1/explain", params={"timer": "deadline"}).json()
        assert (answer["zone"], [one["name"] for one in answer["timers"]]) == ("Europe/Berlin", ["deadline"])
        text = http.get("/v1/subjects/form:1/explain", headers={"Accept": "text/plain"}).text
        assert text == told(world).text() + "\n"
        assert http.get("/v1/subjects/form:2/explain").status_code == 404
        assert http.get("/v1/subjects/form:1/explain", params={"zone": "Moon"}).status_code == 422
    monkeypatch.setenv("MAKEGOOD_DATABASE_URL", database_url)
    said = CliRunner().invoke(app, ["explain", "form:1", "--zone", "Asia/Tokyo"])
    assert (said.exit_code, said.output) == (0, told(world, zone="Asia/Tokyo").text() + "\n")
