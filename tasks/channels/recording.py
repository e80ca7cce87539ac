"""The recording channel keeps notices to be read, one JSON object a line. For demonstrations and tests."""

from __future__ import annotations

import os
from pathlib import Path

import orjson

from tasks.channels.port import Notice, Receipt
from tasks.channels.setup import Setup
from workflow.clock import Clock
from workflow.recovery.contact.recording import recording_file
from workflow.recovery.links import LinkWriter
from workflow.settings import ensure_data_dir


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
        """Write the notice down; returns once the line is in the file."""
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
        descriptor = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            # One write a line: with O_APPEND lines of several processes do not mix.
            os.write(descriptor, orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE | orjson.OPT_UTC_Z))
        finally:
            os.close(descriptor)
        return Receipt(notice.channel, idempotency_key, "recorded")
