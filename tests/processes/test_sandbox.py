"""A sandbox with real workers: its clock is moved, and everything happens at its own instant."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.processes.installation import Installation
from workflow.clock import SandboxClock
from workflow.sandbox.advance import AdvanceStatus, Standing, ask, sandbox_clock, standing, target_of
from workflow.settings import Settings

MORNING = datetime(2026, 3, 2, 9, tzinfo=UTC)
REFUND = """
lifecycle: refund
version: 1
triggers: {ask: {}, paid: {}, unpaid: {}}
states: [asked, {name: paid, final: true}, {name: unpaid, final: true}]
transitions:
  - trigger: ask
    source: initial
    dest: asked
    effects: [{task: {name: billing.refund, queue: billing, succeeded: paid, failed: unpaid}}]
  - {trigger: paid, source: asked, dest: paid}
  - {trigger: unpaid, source: asked, dest: unpaid}
"""


def _become_a_sandbox(installation: Installation, **settings: object) -> None:
    """Before anything of it has run."""
    clock = SandboxClock(installation.directory / "clock")
    clock.begin(MORNING)
    installation.configure(clock=clock.spec(), **settings)


def _now(installation: Installation) -> Standing:
    runtime = installation.runtime
    return standing(runtime.store, sandbox_clock(runtime.clock))


def _advance(installation: Installation, by: str, *, leave_tasks: bool = False) -> None:
    now, store = installation.runtime.clock.now(), installation.runtime.store
    ask(store, now, target_of(now, by, None), "operator:tests", leave_tasks=leave_tasks)


def _wait_ended(installation: Installation) -> Standing:
    ended = lambda: _now(installation).status is not AdvanceStatus.ADVANCING  # noqa: E731
    installation.wait(ended, what="the clock to be moved")
    return _now(installation)


def test_a_promise_lapses_and_those_concerned_hear_of_it_at_its_instant(installation: Installation) -> None:
    """With two workers, each of which passes time."""
    _become_a_sandbox(installation)
    workers = [installation.workers.start("--concurrency", "1") for _ in range(2)]
    for worker in workers:
        worker.wait_ready()
    due_in = timedelta(hours=4).total_seconds()
    installation.send(installation.promise("P-1", due_in=due_in, customer={"email": "customer@example.com"}))
    _advance(installation, "PT6H")
    found = _wait_ended(installation)
    assert (found.status, found.now) == (AdvanceStatus.READY, MORNING + timedelta(hours=6))
    (lapse,) = installation.moves("lapse")
    assert lapse.at == lapse.due_at == MORNING + timedelta(hours=4)
    told = {one["about"]: (one["at"], one["to"]) for one in installation.notices()}
    assert told["nudge"] == ("2026-03-02T12:00:00Z", "sam@example.com")
    assert told["broken_promise"] == ("2026-03-02T13:00:00Z", {"email": "customer@example.com"})
    assert {effect.state for effect in installation.effects()} == {"settled"}
    decided = [one.at for one in installation.moves("remind")]
    assert decided == sorted(decided)


@pytest.mark.exhaustive
def test_a_worker_that_is_killed_on_the_way_is_made_good_by_another(
    sqlite_installation: Installation,
) -> None:
    installation = sqlite_installation
    _become_a_sandbox(installation, lease_seconds=3.0)
    first = installation.workers.start("--concurrency", "1")
    first.wait_ready()
    for number in range(20):
        due_in = timedelta(hours=1 + number).total_seconds()
        installation.send(installation.promise(f"P-{number}", due_in=due_in))
    _advance(installation, "P1D")
    installation.wait(lambda: _now(installation).now > MORNING + timedelta(hours=2), what="some stops")
    first.kill_group()
    stood_at = _now(installation).now
    assert stood_at < MORNING + timedelta(days=1)
    installation.workers.start("--concurrency", "1").wait_ready()
    found = _wait_ended(installation)
    assert (found.status, found.now) == (AdvanceStatus.READY, MORNING + timedelta(days=1))
    lapsed = sorted(one.at for one in installation.moves("lapse"))
    assert lapsed == [MORNING + timedelta(hours=1 + number) for number in range(20)]
    assert [one for one in installation.effects() if one.state == "dead"] == []


def test_a_task_that_nobody_carries_out_halts_the_clock_and_is_named(
    sqlite_installation: Installation,
) -> None:
    installation = sqlite_installation
    lifecycles = installation.directory / "lifecycles"
    lifecycles.mkdir()
    (lifecycles / "refund.yaml").write_text(REFUND)
    _become_a_sandbox(installation, sandbox_patience_seconds=0.5, lifecycles=lifecycles)
    installation.workers.start("--concurrency", "1").wait_ready()
    installation.send(installation.event("refund.ask", "refund:1", {}))
    _advance(installation, "PT1H")
    found = _wait_ended(installation)
    assert (found.status, found.now) == (AdvanceStatus.HALTED, MORNING)
    assert found.advance is not None
    assert "task billing.refund of refund:1 is published" in str(found.advance.reason)

    _advance(installation, "P2D", leave_tasks=True)  # as if it took two days
    found = _wait_ended(installation)
    assert (found.status, found.now) == (AdvanceStatus.READY, MORNING + timedelta(days=2))
    (task,) = installation.effects()
    assert (task.state, task.attempts) == ("published", 1)


def test_no_worker_runs_on_a_sandboxs_store_in_earnest(sqlite_installation: Installation) -> None:
    installation = sqlite_installation
    _become_a_sandbox(installation)
    installation.runtime.close()
    earnest = Settings(**{**installation.settings.model_dump(), "clock": "system"})
    installation.settings = earnest
    worker = installation.workers.start("--concurrency", "1")
    assert worker.wait_ended(60) != 0
    assert "[sandbox]" in worker.log.read_text()
