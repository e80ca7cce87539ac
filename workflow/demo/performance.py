"""A performance of a story: processes up, story played, verdict given, processes down."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from threading import Event, Timer

from rich.console import Console
from rich.text import Text

from makegood import Client, ClientError
from workflow.access.first_key import first_key
from workflow.clock import CompressedClock, clock_from, monotonic
from workflow.demo.deeds import Deeds
from workflow.demo.ending import Ending, FlowerSeen, gather, see_flower
from workflow.demo.errors import Interrupted, StoryStuck, TookTooLong
from workflow.demo.installation import own_directory, own_settings
from workflow.demo.machinery import at_rest, flower_result
from workflow.demo.player import PATIENCE_SECONDS, Player
from workflow.demo.scene import Scene, Stage
from workflow.demo.script import Story
from workflow.demo.summary import print_links, print_results
from workflow.demo.timeline import Timeline
from workflow.demo.verdict import verdict
from workflow.errors import MakegoodError
from workflow.recovery.contact.recording import recording_file
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


def perform(settings: Settings, console: Console, story: Story, *, stay: bool) -> bool:
    """Start everything, play a story, give the verdict, and with `stay` remain up until ctrl-C.

    Whatever happens, every process has ended on return. The directory of a performance that failed is kept.

    Returns:
        Whether the story ended as it should.

    Raises:
        Interrupted: ctrl-C before the verdict. TookTooLong: the time limit.
        MakegoodError: something did not start, or the story got stuck.
        ClientError: the API did not answer, or refused an event.
    """
    with own_directory(settings) as (directory, keep), sole_supervisor(directory):
        stack = plan_stack(own_settings(settings, directory, story))
        keep.directory = True
        try:
            well = _supervised(stack, console, story, stay)
        except Interrupted:
            keep.directory = False
            raise
        except (MakegoodError, ClientError):
            _print_logs(stack, console)
            raise
        if well:
            keep.directory = False
        else:
            _print_logs(stack, console)
        return well


def _supervised(stack: Stack, console: Console, story: Story, stay: bool) -> bool:
    supervisor = stack.supervisor(lambda report: _tell(console, report))
    with supervisor.listening():
        try:
            with _time_limit(supervisor.interrupted):
                supervisor.start()
                results = verdict(story, _played(stack, console, story, supervisor.interrupted))
            print_results(console, results)
            if stay:
                print_links(console, stack, story)
                console.print("It stays up until ctrl-C.")
                supervisor.interrupted.wait()
        finally:
            supervisor.stop()
    return all(result.well for result in results)


def _played(stack: Stack, console: Console, story: Story, interrupted: Event) -> Ending:
    if interrupted.is_set():
        raise Interrupted()
    clock = clock_from(stack.settings.clock)
    assert isinstance(clock, CompressedClock)
    with Client(stack.api_url, _key(stack.settings), proxies=False) as client:
        stage = Stage(client, recording_file(stack.settings.data_dir), story.roots)
        player = Player(stage, Deeds(stage, stack.api_url), Timeline(console, story), clock, interrupted)
        console.print(Text(f"\nStory {story.number}: {story.title}", "bold"))
        console.print(
            Text(f"An hour takes {3600 / clock.speed:g} seconds; it begins {_begin(story)}.\n", "dim")
        )
        player.rest(story.begin)
        player.play(story.steps(clock.now()))
        scene = _last_scene(player, story)
        return gather(scene, client, _flower(stack, story, interrupted))


def _begin(story: Story) -> str:
    return f"{story.begin:%A, %H:%M}, in the zone {story.begin.tzinfo}"


def _key(settings: Settings) -> str:
    """The installation is fresh, so that its first key is always made."""
    key = first_key(settings)
    assert key is not None
    return key


def _last_scene(player: Player, story: Story) -> Scene:
    """The scene once nothing is left to be done; or after a while, and then the verdict will say what is."""
    stage = player.stage
    with suppress(StoryStuck):
        player.watch(
            lambda scene: at_rest(story, scene) and at_rest(story, stage.look(anew=True)),
            PATIENCE_SECONDS,
            "everything to be done",
        )
    return stage.look(anew=True)


def _flower(stack: Stack, story: Story, interrupted: Event) -> FlowerSeen:
    """Flower hears of tasks a little later than they are done."""
    settings = stack.settings
    password = flower_password(settings, settings.data_dir)
    deadline = monotonic() + _FLOWER_SECONDS
    while True:
        seen = see_flower(stack.flower_url, settings, password)
        if flower_result(seen, story.people).well or monotonic() > deadline:
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
