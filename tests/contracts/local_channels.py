"""Channels that speak over no wire, made so that the contract suite can count what they were given."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from tasks.channels.live import LiveChannel
from tasks.channels.port import Channel
from tasks.channels.recording import RecordingChannel
from tests.workflow.world import World
from workflow.clock import SystemClock
from workflow.recovery.contact.recording import recorded, recording_file
from workflow.recovery.links import LinkWriter
from workflow.settings import Settings

Counter = Callable[[], int]
Made = tuple[Channel, Counter]


def _recording(directory: Path, _: World) -> Made:
    file = recording_file(directory)
    return RecordingChannel(file, SystemClock(), LinkWriter(Settings())), lambda: len(recorded(file))


def _live(_: Path, world: World) -> Made:
    return LiveChannel(world.engine, world.clock, [].extend), lambda: world.counts()["events"]


LOCAL: Mapping[str, Callable[[Path, World], Made]] = {"recording": _recording, "live": _live}
"""By name: from an empty directory and a world to the channel and how many notices it has taken."""
