"""A performance of a story: processes up, story played, verdict given, processes down."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Event, Timer

import httpx
from rich.console import Console
from rich.text import Text

from workflow.access.first_key import first_key
from workflow.clock import monotonic
from workflow.demo.errors import Interrupted, TookTooLong
from workflow.demo.flower import flower_result, see_flower
from workflow.demo.installation import own_directory, own_settings
from workflow.demo.stage import ProcessStage
from workflow.demo.summary import print_ending, print_links
from workflow.demo.telling import Telling, addresses
from workflow.errors import MakegoodError
from workflow.maintenance.check_result import CheckResult
from workflow.scenarios.outcome import Outcome
from workflow.scenarios.player import Player
from workflow.scenarios.scenario import Scenario
from workflow.scenarios.story_table import beginning
from workflow.settings import Settings
from workflow.supervisor.child import last_lines
from workflow.supervisor.flower import flower_password
from workflow.supervisor.lock import sole_supervisor
from workflow.supervisor.service import Report
from workflow.supervisor.stack import Stack, plan_stack

LIMIT_SECONDS = 180.0
"""Real time for everything but staying up."""
_FLOWER_SECONDS = 15.0
"""How long Flower may take to show what the workers said."""
_PAUSE_SECONDS = 0.25


def perform(
    settings: Settings, console: Console, scenario: Scenario, *, stay: bool, broker_as_set: bool = False
) -> bool:
    """Start everything, play a story, give the verdict, and with `stay` remain up until ctrl-C.

    It has a broker of its own, or with `broker_as_set` that of the settings.

    Whatever happens, every process has ended on return. The directory of a performance that failed is kept.

    Returns:
        Whether the story ended as it should.

    Raises:
        Interrupted: ctrl-C before the verdict. TookTooLong: the time limit.
        MakegoodError: something did not start, or that broker is none that can be used.
        httpx.HTTPError: the API did not answer.
    """
    with own_directory(settings) as (directory, keep), sole_supervisor(directory):
        own = own_settings(settings, directory, scenario.begins, broker_as_set=broker_as_set)
        stack = plan_stack(own)
        keep.directory = True
        try:
            well = _supervised(stack, console, scenario, stay)
        except Interrupted:
            keep.directory = False
            raise
        except (MakegoodError, httpx.HTTPError):
            _print_logs(stack, console)
            raise
        if well:
            keep.directory = False
        else:
            _print_logs(stack, console)
        return well


def _supervised(stack: Stack, console: Console, scenario: Scenario, stay: bool) -> bool:
    supervisor = stack.supervisor(lambda report: _tell(console, report))
    with supervisor.listening():
        try:
            with _time_limit(supervisor.interrupted):
                supervisor.start()
                outcome, flower = _played(stack, console, scenario, supervisor.interrupted)
            print_ending(console, outcome, flower)
            if stay:
                print_links(console, stack, scenario)
                console.print("It stays up until ctrl-C.")
                supervisor.interrupted.wait()
        finally:
            supervisor.stop()
    return outcome.well and flower.well


def _played(
    stack: Stack, console: Console, scenario: Scenario, interrupted: Event
) -> tuple[Outcome, CheckResult]:
    first_key(stack.settings)
    stage = ProcessStage(stack.settings, stack.api_url, interrupted)
    try:
        console.print(Text(f"\n{scenario.title}", "bold"))
        console.print(
            Text(f"It begins {beginning(scenario)}; the clock stands still between steps.\n", "dim")
        )
        outcome = Player(scenario, stage, Telling(console, scenario, interrupted)).play()
    finally:
        stage.close()
    return outcome, _flower(stack, scenario, interrupted)


def _flower(stack: Stack, scenario: Scenario, interrupted: Event) -> CheckResult:
    """Flower hears of tasks a little later than they are done."""
    settings = stack.settings
    password = flower_password(settings, settings.data_dir)
    deadline = monotonic() + _FLOWER_SECONDS
    while True:
        seen = flower_result(see_flower(stack.flower_url, settings, password), addresses(scenario.people))
        if seen.well or monotonic() > deadline:
            return seen
        if interrupted.wait(_PAUSE_SECONDS):
            raise Interrupted()


@contextmanager
def _time_limit(interrupted: Event) -> Iterator[None]:
    """Interrupt what takes longer than everything may. Raises TookTooLong in place of that interruption."""
    limit = _Limit()
    timer = Timer(LIMIT_SECONDS, limit.reach, [interrupted])
    timer.daemon = True
    timer.start()
    try:
        yield
    except Interrupted:
        if limit.reached:
            raise TookTooLong(f"it took longer than {LIMIT_SECONDS:g} s") from None
        raise
    finally:
        timer.cancel()


@dataclass
class _Limit:
    reached: bool = False

    def reach(self, interrupted: Event) -> None:
        self.reached = True
        interrupted.set()


def _tell(console: Console, report: Report) -> None:
    if report.status not in ("starting", "stopping", "stopped"):
        console.print(Text(str(report), "dim"))


def _print_logs(stack: Stack, console: Console) -> None:
    console.print(
        Text(f"\nEverything is kept in {stack.settings.data_dir}. The ends of the logs:", "bold red")
    )
    for log in sorted(stack.log_dir.glob("*.log")):
        console.print(Text(f"--- {log.name}\n{last_lines(log, 8)}"), soft_wrap=True)
