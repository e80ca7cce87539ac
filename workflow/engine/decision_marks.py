"""Decision marks: what a process is deciding stands in a small file that outlives it.

A process that is killed in the middle of a decision (for want of memory, by a hard time limit, by a fault in
compiled code) takes its transaction with it, and nothing in the database says what it was at. So each process
that decides has a place in a file that all processes of an installation on one machine map into their memory:
it notes there which batch it has, and before each decision which one that is. Its death leaves the note, and
the kernel frees the lock on its place: by that the others know that whoever wrote it is gone.

A note costs some microseconds a batch and a fraction of one a decision, and no SQL (docs/adr/0024).
"""

from __future__ import annotations

import fcntl
import mmap
import os
import struct
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

import orjson
import structlog

from workflow.clock import monotonic
from workflow.store.port import Pending

_PLACES = 248
"""Processes of a machine that can note what they decide. The file begins with a byte each: is it deciding?"""
_TROUBLE = struct.Struct("=d")
"""Behind these: when a process last came to its end over a decision, in seconds of the machine's counter."""
_HEADER = _PLACES + _TROUBLE.size
_BYTES = 32_768
"""A place. What of a batch does not fit is noted when its turn comes."""
_HEAD = struct.Struct("=iI")
"""Which of the noted work is being decided (all of it, if less than zero), and the length of the note."""
_NUMBER = 4
_ALL = -1
_FREE, _BUSY, _COUNTED = 0, 1, 2
"""What the byte of a place says. _COUNTED: its process is gone, and another is counting its death."""
CALM = 2.0
"""Seconds after which what ended a process is taken to be over, and not to come for the others, too."""

log = structlog.get_logger(__name__)


class MarkedWork(NamedTuple):
    """One event (`event_row`) or setting of a timer that was being decided.

    `deaths` is how many processes had ended over it alone as far as was known when it was taken.
    """

    event_row: int | None
    subject_row: int
    timer: str | None
    setting: int | None
    deaths: int = 0


class _MarksFile:
    """The file as this process has it open: once, since closing it anywhere would free all of its places."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.pid = os.getpid()
        self.held: set[int] = set()
        self.descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            size = _HEADER + _PLACES * _BYTES
            if os.fstat(self.descriptor).st_size < size:
                os.ftruncate(self.descriptor, size)  # all zero, and on the disk only what is written
            self._allocate(0, _HEADER)
            self.map = mmap.mmap(self.descriptor, size)
        except (OSError, ValueError):
            os.close(self.descriptor)
            raise

    def close(self) -> None:
        """In a forked process: leave what its parent had opened, whose places stay the parent's."""
        with suppress(BufferError):  # its parent had a place, of which there is a view
            self.map.close()
        os.close(self.descriptor)

    def hold(self, place: int, *, wait: bool = False) -> bool:
        """Hold a place; False when somebody holds it, for whom it may `wait`.

        The kernel frees it however its holder ends.
        """
        if place in self.held:
            return False
        try:
            fcntl.lockf(self.descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB), 1, place)
        except OSError:
            return False
        self.held.add(place)
        return True

    def allocate(self, place: int) -> None:
        """Have room for a place on the disk. Raises OSError when there is none."""
        self._allocate(_HEADER + place * _BYTES, _BYTES)

    def _allocate(self, start: int, length: int) -> None:
        """Who touches what has no room on a full disk is ended by a signal: in tmpfs also by reading."""
        if hasattr(os, "posix_fallocate"):
            os.posix_fallocate(self.descriptor, start, length)

    def release(self, place: int) -> None:
        """Let others hold it."""
        fcntl.lockf(self.descriptor, fcntl.LOCK_UN, 1, place)
        self.held.discard(place)


_open_files: dict[Path, _MarksFile] = {}


def _file_at(path: Path) -> _MarksFile:
    file = _open_files.get(path)
    if file is None or file.pid != os.getpid():
        if file is not None:
            file.close()
        file = _open_files[path] = _MarksFile(path)
    return file


class DecisionMarks:
    """The notes of one process, and what others left. For one thread; opened with the first use after a fork.

    Without a file, or where it cannot be used, the notes are this process's alone and end with it.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._path = None if path is None else path.absolute()
        self._pid: int | None = None
        self._file: _MarksFile | None = None
        self._map: Any = None
        self._place = -1
        self._number: Any = None
        self._work: list[tuple[Any, ...]] = []
        self._first = self._end = 0

    def open(self) -> None:
        """Map the file and take a place of one's own."""
        if self._pid == os.getpid():
            return
        self._pid, self._file = os.getpid(), None
        self._map, self._place = bytearray(_HEADER + _BYTES), 0
        try:
            if self._path is not None:
                self._take_place(self._path)
        except (OSError, ValueError) as error:
            log.error(
                "what ends a process in a decision will not be known", file=str(self._path), error=str(error)
            )
        self._number = memoryview(self._map)[self._start : self._start + _NUMBER].cast("i")

    def _take_place(self, path: Path) -> None:
        file = _file_at(path)
        free = (place for place in range(_PLACES) if file.map[place] == _FREE and file.hold(place))
        place = next(free, None)
        if place is None:
            raise OSError(f"{_PLACES} processes note here what they decide")
        try:
            file.allocate(place)
        except OSError:
            file.release(place)
            raise
        self._file, self._map, self._place = file, file.map, place

    def close(self) -> None:
        """Let another process have the place."""
        if self._pid == os.getpid():
            self.clear()
            if self._file is not None:
                self._file.release(self._place)
        self._pid = self._file = None

    def can_be_shared(self) -> bool:
        """Whether others would see what this process notes: its file can be used. Leaves nothing open."""
        self.open()
        try:
            return self._file is not None
        finally:
            self.close()

    def now_deciding(self) -> list[MarkedWork]:
        """What this process itself is deciding."""
        return self._read(self._place) if self._map[self._place] == _BUSY else []

    def begin(self, work: Sequence[Pending]) -> None:
        """Note a batch; its decisions follow."""
        self._work = [
            (one.event_row, one.subject_row, one.event.timer, one.event.setting, one.deaths or 0)
            for one in work
        ]  # the fields of `MarkedWork`, in a form that becomes JSON
        self._note(0)

    def deciding(self, number: int) -> None:
        """The decision number `number` of the batch begins."""
        if number >= self._end:
            self._note(number)
        self._number[0] = number - self._first

    def writing(self) -> None:
        """All is decided, and what it changes is being written and committed."""
        if self._first:
            self._note(0)
        self._number[0] = _ALL

    def clear(self) -> None:
        """Nothing is being decided."""
        self._map[self._place] = _FREE
        self._work, self._first, self._end = [], 0, 0

    def left_behind(self) -> bool:
        """Whether a process that is gone has left a note, and its death may not be counted yet.

        Whoever asks with what it decides in hand knows of each death over it: that was held until then, and
        whoever counts waits for it. It costs next to nothing while no other decides.
        """
        busy = self._map[:_PLACES]
        if busy.count(_COUNTED):
            return True
        if busy.count(_BUSY) == busy[self._place]:
            return False
        with self._held(busy) as places:
            return bool(places)

    def note_trouble(self) -> None:
        """Note that a process of this machine was found dead, or has run out of memory or time."""
        _TROUBLE.pack_into(self._map, _PLACES, monotonic())

    def is_calm(self) -> bool:
        """Whether that was some time ago. Before a reboot is long ago."""
        (noted,) = _TROUBLE.unpack_from(self._map, _PLACES)
        return not 0 <= monotonic() - noted < CALM

    @contextmanager
    def taken(self) -> Iterator[list[list[MarkedWork]]]:
        """What processes that are gone were deciding, one list each; forgotten unless the block raises.

        No two processes take the same: what another has taken is waited for. One that dies in the block
        leaves it to the next.
        """
        with self._held(self._map[:_PLACES]) as places:
            if places:
                self.note_trouble()
            self._set(places, _COUNTED)
            try:
                yield [self._read(place) for place in places]
            except BaseException:
                self._set(places, _BUSY)
                raise
            self._set(places, _FREE)

    def _set(self, places: Sequence[int], byte: int) -> None:
        for place in places:
            self._map[place] = byte

    @property
    def _start(self) -> int:
        return _HEADER + self._place * _BYTES

    def _note(self, first: int) -> None:
        """Note the batch from its `first` on, as far as it fits."""
        some = self._work[first:]
        note = orjson.dumps(some)
        while len(note) > _BYTES - _HEAD.size and len(some) > 1:
            some = some[: len(some) // 2]
            note = orjson.dumps(some)
        note = note if len(note) <= _BYTES - _HEAD.size else b"[]"
        self._map[self._place] = _FREE  # whoever dies over the writing leaves no half of a note
        self._first, self._end = first, first + max(1, len(some))
        _HEAD.pack_into(self._map, self._start, _ALL, len(note))
        self._map[self._start + _HEAD.size : self._start + _HEAD.size + len(note)] = note
        self._map[self._place] = _BUSY

    def _read(self, place: int) -> list[MarkedWork]:
        start = _HEADER + place * _BYTES
        number, length = _HEAD.unpack_from(self._map, start)
        text = self._map[start + _HEAD.size : start + _HEAD.size + min(length, _BYTES)]
        try:
            work = [MarkedWork(*one) for one in orjson.loads(text)]
        except (ValueError, TypeError):  # the power failed while it was written
            return []
        return work if number < 0 else work[number : number + 1]

    @contextmanager
    def _held(self, busy: bytes) -> Iterator[list[int]]:
        """Hold the places with a note whose process is gone, once nobody counts its death."""
        file = self._file
        if file is None:
            yield []
            return
        places = [
            place
            for place in range(_PLACES)
            if busy[place] != _FREE and file.hold(place, wait=busy[place] == _COUNTED)
        ]
        try:
            yield [place for place in places if self._map[place] != _FREE]
        finally:
            for place in places:
                file.release(place)
