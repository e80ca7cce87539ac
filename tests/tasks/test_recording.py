"""A recording of notices for which there is no room: each is in it as a whole, or waits."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tasks.channels.port import NotAsked
from tasks.channels.recording import RecordingChannel
from tests.tasks.test_webhook import KEY, NOW, notice
from workflow.clock import VirtualClock
from workflow.recovery.contact.recording import recorded
from workflow.recovery.links import LinkWriter
from workflow.settings import Settings

TO = notice("https://receiver.example")


@contextmanager
def room_for(size: int) -> Iterator[None]:
    """No file grows beyond so many bytes meanwhile: the last write is cut off, as on a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("room", [0, 10])
def test_what_has_no_room_waits_and_leaves_no_half_of_a_line(tmp_path: Path, room: int) -> None:
    file = tmp_path / "notices.jsonl"
    channel = RecordingChannel(file, VirtualClock(NOW), LinkWriter(Settings()))
    channel.send(TO, KEY)
    with room_for(file.stat().st_size + room), pytest.raises(NotAsked) as raised:
        channel.send(TO, KEY)
    assert raised.value.after and "the recording cannot be written" in str(raised.value)
    assert len(recorded(file)) == 1
    channel.send(TO, KEY)
    assert len(recorded(file)) == 2


def test_what_cannot_be_opened_is_waited_for(tmp_path: Path) -> None:
    channel = RecordingChannel(
        tmp_path / "missing" / "notices.jsonl", VirtualClock(NOW), LinkWriter(Settings())
    )
    with pytest.raises(NotAsked, match="No such file or directory"):
        channel.send(TO, KEY)
