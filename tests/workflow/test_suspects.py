"""Invariant 16: a decision that ends its process, or takes all of its memory, harms nobody else."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from state_machines.decide import decide
from tests.workflow.world import World
from workflow.engine import deciding, decision_marks
from workflow.engine.decision_marks import DecisionMarks, MarkedWork
from workflow.engine.engine import Engine
from workflow.engine.suspects import DEATHS, suspect
from workflow.maintenance.backlog import full_count
from workflow.queries.dead_letters import first_dead_letters
from workflow.store.schema import inbox, timers

DIE = """
import os, signal, sys
from datetime import UTC, datetime
from pathlib import Path
from state_machines.decision import Event
from workflow.engine.decision_marks import DecisionMarks
from workflow.store.port import Pending

marks = DecisionMarks(Path(sys.argv[1]))
marks.open()
event = Event("press", "e", "/crm", datetime.now(UTC))
timer = Event("", "t", "/makegood/timers", datetime.now(UTC), timer="on", setting=1)
marks.begin([Pending(7, event, number) for number in range(3)] + [Pending(8, timer)] + [
    Pending(9, event, number) for number in range(3, 5000)])
exec(sys.argv[2])
os.kill(os.getpid(), signal.SIGKILL)
"""
FIRST = [MarkedWork(number, 7, None, None) for number in range(3)]


def died(file: Path, last: str) -> None:
    """A process has died after it did this with its marks."""
    process = get_context("fork").Process(target=_die, args=(str(file), last))  # it need not import anything
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL


def _die(file: str, last: str) -> None:
    sys.argv = ["", file, last]
    exec(DIE, {})


def left(file: Path) -> list[list[MarkedWork]]:
    """What another process finds, and forgets."""
    marks = DecisionMarks(file)
    marks.open()
    try:
        with marks.taken() as notes:
            return notes
    finally:
        marks.close()


@pytest.mark.parametrize(
    ("last", "found"),
    [
        ("marks.deciding(1)", [FIRST[1]]),
        ("marks.deciding(3)", [MarkedWork(None, 8, "on", 1)]),
        ("marks.deciding(4998)", [MarkedWork(4997, 9, None, None)]),
        ("marks.deciding(1); marks.deciding(2)", [FIRST[2]]),
    ],
)
def test_the_note_of_a_dead_process_says_which_decision_it_was(
    tmp_path: Path, last: str, found: list[MarkedWork]
) -> None:
    died(tmp_path / "marks", last)
    assert left(tmp_path / "marks") == [found]
    assert left(tmp_path / "marks") == []


def test_who_dies_over_the_writing_leaves_the_batch_as_far_as_it_fits(tmp_path: Path) -> None:
    died(tmp_path / "marks", "marks.deciding(4998); marks.writing()")
    (note,) = left(tmp_path / "marks")
    assert note[:3] == FIRST and len(note) > 500


@pytest.mark.parametrize("last", ["marks.clear()", "marks.deciding(1); marks.clear()", "marks.close()"])
def test_who_had_nothing_in_hand_leaves_nothing(tmp_path: Path, last: str) -> None:
    died(tmp_path / "marks", last)
    assert left(tmp_path / "marks") == []


def test_who_lives_is_no_suspect_and_is_one_as_soon_as_it_is_killed(tmp_path: Path) -> None:
    file, marks = tmp_path / "marks", DecisionMarks(tmp_path / "marks")
    marks.open()
    wait = "marks.deciding(1); print(flush=True); sys.stdin.read()"
    argv = [sys.executable, "-c", DIE, str(file), wait]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        assert not marks.left_behind()
        process.kill()
        process.wait()
    assert marks.left_behind()
    marks.close()


def test_notes_that_cannot_be_taken_over_stay(tmp_path: Path) -> None:
    """The database was away when a death was to be counted."""
    file = tmp_path / "marks"
    died(file, "marks.deciding(1)")
    marks = DecisionMarks(file)
    marks.open()
    with pytest.raises(OSError, match="away"), marks.taken():
        raise OSError("away")
    with marks.taken() as notes:
        assert notes == [[FIRST[1]]]
    marks.close()


COUNT = """
import sys, time
from pathlib import Path
from workflow.engine.decision_marks import DecisionMarks

marks = DecisionMarks(Path(sys.argv[1]))
marks.open()
with marks.taken() as notes:
    print(len(notes), flush=True)
    sys.stdin.read()
"""


@pytest.mark.parametrize("killed", [False, True])
def test_while_another_counts_a_death_it_is_waited_for(tmp_path: Path, killed: bool) -> None:
    file, marks = tmp_path / "marks", DecisionMarks(tmp_path / "marks")
    died(file, "marks.deciding(1)")
    marks.open()
    argv = [sys.executable, "-c", COUNT, str(file)]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as counting:
        assert counting.stdin is not None and counting.stdout is not None
        assert counting.stdout.readline() == b"1\n"
        assert marks.left_behind()
        counting.kill() if killed else counting.stdin.close()
        with marks.taken() as notes:
            assert notes == ([[FIRST[1]]] if killed else [])
    assert not marks.left_behind()
    marks.close()


def test_without_a_file_decisions_go_on(world: World, tmp_path: Path) -> None:
    """A directory that cannot be: a file stands in its place."""
    (tmp_path / "file").touch()
    marks = DecisionMarks(tmp_path / "file" / "marks")
    world.engine = Engine(world.store, world.engine.registry, world.clock, marks=marks)
    world.post("lamp.press", "lamp:1", {"level": 1})
    assert world.state("lamp:1") == "on"


def test_on_a_full_disk_decisions_go_on(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Writing to a mapped file for which there is no room would end the process, in tmpfs also reading."""

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "posix_fallocate", full)
    monkeypatch.setattr(decision_marks.mmap, "mmap", lambda *_: pytest.fail("it was mapped"))
    marks = DecisionMarks(tmp_path / "marks")
    assert not marks.can_be_shared()
    world.engine = Engine(world.store, world.engine.registry, world.clock, marks=marks)
    world.post("lamp.press", "lamp:1", {"level": 1})
    assert world.state("lamp:1") == "on"


def exhausting(monkeypatch: pytest.MonkeyPatch, fails: Callable[[Any, Any], bool]) -> None:
    """Decisions for which `fails(subject, event)` take all the memory there is, and no rest in between."""
    monkeypatch.setattr(decision_marks, "CALM", 0.0)

    def decide_or_fail(lifecycle: Any, subject: Any, event: Any, now: Any, **asking: bool) -> Any:
        if fails(subject, event):
            raise MemoryError
        return decide(lifecycle, subject, event, now, **asking)

    monkeypatch.setattr(deciding, "decide", decide_or_fail)


def _taken_out(some: set[str], one: str) -> bool:
    """Whether it was in there."""
    there = one in some
    some.discard(one)
    return there


def settled_after(world: World) -> int:
    """Apply and fire until nothing waits; how often that failed."""
    failures = 0
    while True:
        try:
            if not world.engine.fire().decided + world.engine.apply().decided:
                return failures
        except MemoryError:
            failures += 1
            assert failures < 10, "for ever"


def test_whoever_is_killed_with_it_before_the_first_death_is_known_does_not_count_again(world: World) -> None:
    """All of a house is killed at once: one after another takes what the one before has let go."""
    world.post("lamp.press", "lamp:1", {"level": 1})
    world.engine.accept([world.event("lamp.press", "lamp:2", {"level": 2})])
    with world.store.connect() as connection:
        event, of_event = connection.execute(select(inbox.c.event_id, inbox.c.subject_id)).one()
        of_timer, name, setting = connection.execute(
            select(timers.c.subject_id, timers.c.name, timers.c.setting)
        ).one()

    def die(known: int) -> tuple[Any, ...]:
        work = [
            MarkedWork(event, of_event, None, None, known),
            MarkedWork(None, of_timer, name, setting, known),
        ]
        for one in work:
            suspect(world.store, [one], world.clock.now())
        with world.store.connect() as connection:
            return (
                *connection.execute(select(inbox.c.deaths, inbox.c.dead_at)).one(),
                *connection.execute(select(timers.c.deaths, timers.c.dead_at)).one(),
            )

    for _ in range(3):
        assert die(0) == (1, None, 1, None)
    assert die(1) == (DEATHS, world.clock.now(), DEATHS, world.clock.now())


DECIDE = """
import os, signal, sys
from pathlib import Path
from unittest.mock import patch
from state_machines.decide import decide
from tests.workflow.world import NOW
from workflow.clock import VirtualClock
from workflow.engine import deciding, decision_marks
from workflow.engine.decision_marks import DecisionMarks
from workflow.engine.engine import Engine
from workflow.engine.registry import Registry
from workflow.store import open_store

def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)

def decide_or_die(lifecycle, subject, event, now, **asking):
    return die() if subject.key == over else decide(lifecycle, subject, event, now, **asking)

url, file, over = sys.argv[1:]
patch.object(deciding, "decide", decide_or_die).start()
patch.object(decision_marks, "CALM", 3600.0).start()
store = open_store(url)
decider = Engine(store, Registry(store), VirtualClock(NOW), marks=DecisionMarks(Path(file)))
while decider.apply().decided:
    pass
"""


def decides(world: World, file: Path, over: str) -> bool:
    """Another process decides what waits, and is killed over this subject; whether it was."""
    url = world.store.engine.url.render_as_string(hide_password=False)
    argv = [sys.executable, "-c", DECIDE, url, str(file), over]
    return subprocess.run(argv, check=False).returncode == -signal.SIGKILL


@pytest.fixture
def marked(world: World, tmp_path: Path) -> World:
    """Where others of the machine decide, too."""
    marks = DecisionMarks(tmp_path / "marks")
    world.engine = Engine(world.store, world.engine.registry, world.clock, marks=marks)
    return world


def test_who_dies_just_before_it_is_taken_counts_before_it_is_decided(
    marked: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its locks are gone, and its death is not counted yet."""
    world, file = marked, tmp_path / "marks"
    world.engine.accept([world.event("lamp.press", "lamp:1", {"level": 1})])
    with world.store.begin() as transaction:
        kind = type(transaction)
        event, subject = transaction.connection.execute(select(inbox.c.event_id, inbox.c.subject_id)).one()
    claim, dying = kind.claim_events, {"first"}

    def claim_after_a_death(*args: Any, **kwargs: Any) -> Any:
        if _taken_out(dying, "first"):
            died(file, f"marks.begin([Pending({subject}, event, {event})]); marks.deciding(0)")
        return claim(*args, **kwargs)

    monkeypatch.setattr(kind, "claim_events", claim_after_a_death)
    assert world.engine.apply().decided == 0
    with world.store.connect() as connection:
        assert connection.execute(select(inbox.c.deaths, inbox.c.dead_at)).one() == (1, None)
    monkeypatch.setattr(decision_marks, "CALM", 0.0)
    world.settle()
    assert world.state("lamp:1") == "on"


def test_who_is_killed_over_many_counts_against_none_of_them(
    marked: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever takes them then decides them one by one, and is killed by the same hand over one of them."""
    world, file = marked, tmp_path / "marks"
    world.engine.accept([world.event("lamp.press", f"lamp:{n}", {"level": n}) for n in range(4)])
    with world.store.connect() as connection:
        rows = connection.execute(select(inbox.c.event_id, inbox.c.subject_id)).all()
    suspect(world.store, [MarkedWork(*row, None, None) for row in rows], world.clock.now())
    assert decides(world, file, "lamp:0")
    assert decides(world, file, "lamp:1")
    assert decides(world, file, "lamp:2")
    monkeypatch.setattr(decision_marks, "CALM", 0.0)
    assert settled_after(world) == 0
    assert first_dead_letters(world.store).events == []
    assert {world.state(f"lamp:{n}") for n in range(4)} == {"on"}


def test_what_a_process_was_killed_over_is_left_alone_until_it_is_calm(
    marked: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else the next one would be killed over it by the same hand. Nothing about this lamp overtakes it."""
    world, file = marked, tmp_path / "marks"
    world.engine.accept([world.event("lamp.press", f"lamp:{n}", {"level": 1}) for n in range(3)])
    assert decides(world, file, "lamp:1")
    world.engine.accept([world.event("lamp.press", "lamp:1", {"level": 0})])
    assert not decides(world, file, "lamp:1"), "it had only the others"
    assert [world.state(f"lamp:{n}") for n in range(3)] == ["on", "initial", "on"]

    monkeypatch.setattr(decision_marks, "CALM", 3_600.0)
    assert settled_after(world) == 0
    assert world.state("lamp:1") == "initial"
    monkeypatch.setattr(decision_marks, "CALM", 0.0)
    assert settled_after(world) == 0
    assert [move[2] for move in world.moves("lamp:1")] == ["on", "off"]
    assert first_dead_letters(world.store).events == []


def test_a_timer_that_a_process_was_killed_over_rests_and_others_do_not(
    marked: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = marked
    for number in range(3):
        world.post("lamp.press", f"lamp:{number}", {"level": 1})
    world.clock.advance(timedelta(seconds=3_600))
    of_timers = select(timers.c.subject_id, timers.c.name, timers.c.setting).order_by(timers.c.subject_id)
    with world.store.connect() as connection:
        rows = connection.execute(of_timers).all()
    suspect(world.store, [MarkedWork(None, *rows[1])], world.clock.now())
    died(tmp_path / "marks", "marks.deciding(1)")
    monkeypatch.setattr(decision_marks, "CALM", 3_600.0)
    assert settled_after(world) == 0
    assert [world.state(f"lamp:{n}") for n in range(3)] == ["broken", "on", "broken"]
    monkeypatch.setattr(decision_marks, "CALM", 0.0)
    assert settled_after(world) == 0
    assert world.state("lamp:1") == "broken"


def test_an_event_that_takes_all_memory_twice_is_a_dead_letter_among_good_ones(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    exhausting(monkeypatch, lambda subject, event: event.data.get("level") == 13)
    lamps = [world.event("lamp.press", f"lamp:{n}", {"level": n}) for n in range(20)]
    same = world.event("lamp.press", "lamp:13", {"level": 5})
    world.engine.accept([*lamps, same])
    assert settled_after(world) == DEATHS
    (dead,) = first_dead_letters(world.store).events
    assert (dead.subject, dead.error) == ("lamp:13", "ended-processes: its decision ended 2 processes")
    assert {world.state(f"lamp:{n}") for n in range(20)} == {"on"}, "the later event of lamp:13 is decided"
    found = full_count(world.store, world.clock.now())
    assert (found.dead, found.ended_processes, found.endless_chains, found.suspects) == (1, 1, 0, 0)


def test_a_moment_without_memory_makes_no_dead_letters(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each decision failed for want of it, until nothing was left that a process had not ended over."""
    missing = [True]
    exhausting(monkeypatch, lambda subject, event: missing[0])
    world.engine.accept([world.event("lamp.press", f"lamp:{n}", {"level": 1}) for n in range(5)])
    monkeypatch.setattr(decision_marks, "CALM", 3_600.0)
    assert settled_after(world) == 5
    missing[0] = False
    monkeypatch.setattr(decision_marks, "CALM", 0.0)
    assert settled_after(world) == 0
    assert {world.state(f"lamp:{n}") for n in range(5)} == {"on"}
    assert first_dead_letters(world.store).events == []


def test_a_suspect_is_counted_while_it_waits(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    exhausting(monkeypatch, lambda subject, event: True)
    world.engine.accept([world.event("lamp.press", "lamp:1", {"level": 1})])
    with pytest.raises(MemoryError):
        world.engine.apply()
    found = full_count(world.store, world.clock.now())
    assert (found.dead, found.suspects) == (0, 1)


def test_a_timer_that_takes_all_memory_twice_is_a_dead_letter_among_good_ones(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(5):
        world.post("lamp.press", f"lamp:{number}", {"level": 1})
    exhausting(monkeypatch, lambda subject, event: bool(event.timer) and subject.key == "lamp:2")
    world.clock.advance(timedelta(seconds=3_600))
    assert settled_after(world) == DEATHS
    (dead,) = first_dead_letters(world.store).timers
    assert dead.subject == "lamp:2" and str(dead.error).startswith("ended-processes")
    assert [world.state(f"lamp:{n}") for n in range(5)] == ["broken", "broken", "on", "broken", "broken"]


def test_one_death_is_forgotten_with_the_decision(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    still_to_fail = {"lamp:1", "lamp:2"}
    world.post("lamp.press", "lamp:1", {"level": 1})
    exhausting(monkeypatch, lambda subject, event: _taken_out(still_to_fail, subject.key))
    world.clock.advance(timedelta(seconds=3_600))
    world.engine.accept([world.event("lamp.press", "lamp:2", {"level": 1})])
    assert settled_after(world) == 2
    assert (world.state("lamp:1"), world.state("lamp:2")) == ("broken", "on")
    with world.store.connect() as connection:
        assert list(connection.scalars(select(inbox.c.deaths))) == []
        assert set(connection.scalars(select(timers.c.deaths))) == {None}


def test_events_of_a_subject_stay_in_order_around_a_suspect(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first fails once; what came after it about the same lamp must still come after it."""
    still_to_fail = {"first"}
    exhausting(monkeypatch, lambda subject, event: _taken_out(still_to_fail, event.id))
    first = world.event("lamp.press", "lamp:1", {"level": 4}, id="first")
    then = [
        world.event("lamp.press", "lamp:1", {"level": 0}),
        world.event("lamp.press", "lamp:1", {"level": 9}),
    ]
    world.engine.accept([first, *then])
    assert settled_after(world) == 1
    assert [move[2] for move in world.moves("lamp:1")] == ["on", "off", "on"]
    assert world.data("lamp:1") == {"level": 9}
