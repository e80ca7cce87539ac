"""The recording channel keeps notices to be read, one JSON object a line. For demonstrations and tests."""

from __future__ import annotations

import errno
import fcntl
import os
from pathlib import Path

import orjson

from tasks.channels.port import NotAsked, Notice, Receipt
from tasks.channels.setup import Setup
from workflow.clock import Clock
from workflow.recovery.contact.recording import recording_file
from workflow.recovery.links import LinkWriter
from workflow.settings import ensure_data_dir

_AGAIN_SECONDS = 10.0
"""Until a notice is tried again for which there was no room."""


def make(setup: Setup) -> RecordingChannel:
    """The channel into the file of the data directory, which is created where it is missing."""
    file = recording_file(ensure_data_dir(setup.settings))
    return RecordingChannel(file, setup.clock, LinkWriter(setup.settings))


class RecordingChannel:
    """Appends to a file that several processes may append to at once."""

    def __init__(self, path: Path, clock: Clock, links: LinkWriter) -> None:
        """`path` is created, readable by its owner alone, with the first notice."""
        self._path = path
        self._clock = clock
        self._links = links

    def send(self, notice: Notice, idempotency_key: str) -> Receipt:
        """Write the notice down; returns once the line is in the file.

        Raises:
            NotAsked: there is no room for it, or the file cannot be written; nothing of the line is in it.
        """
        line = {
            "at": self._clock.now(),
            "key": idempotency_key,
            "subject": notice.subject,
            "channel": notice.channel,
            "to": notice.to,
            "about": notice.about,
            "title": notice.title,
            "words": notice.words,
            "context": dict(notice.context),
            "language": notice.language,
            "links": self._links.urls(notice.key, notice.words, notice.links),
        }
        text = orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE | orjson.OPT_UTC_Z)
        try:
            _append(self._path, text)
        except OSError as error:
            reason = f"the recording cannot be written: {error.strerror}"
            raise NotAsked(reason, _AGAIN_SECONDS) from error
        return Receipt(notice.channel, idempotency_key, "recorded")


def _append(path: Path, line: bytes) -> None:
    """Add a whole line or nothing, one process at a time. Raises OSError."""
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        before = os.fstat(descriptor).st_size
        if os.write(descriptor, line) < len(line):  # what a full disk had room for
            os.ftruncate(descriptor, before)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), path)
    finally:
        os.close(descriptor)
