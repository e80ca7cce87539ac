"""How late timers were: what is counted of those that fired, and that a fault does not go unseen."""

from __future__ import annotations

from pathlib import Path
from time import time

import pytest

from benchmarks.burst import TooLate, in_time
from benchmarks.dues import summed, told
from benchmarks.peers import sink
from benchmarks.peers.port import paced


def test_rate_counts_from_the_first_due_instant_to_the_last_that_fired() -> None:
    found = summed([(1, 100.0, 100.5), (2, 101.0, 101.1), (3, 102.0, 104.0)], t0=100.0)
    assert found["fired"] == 3 and found["seconds"] == 4.0 and found["rate"] == 0.75
    assert found["p50"] == pytest.approx(500) and found["max"] == pytest.approx(2000)
    assert found["early"] == 0 and found["twice"] == 0


def test_who_fires_early_or_twice_is_found_out() -> None:
    found = summed([(1, 100.0, 99.999), (2, 101.0, 101.1), (2, 101.0, 101.2)], t0=100.0)
    assert found["early"] == 1 and found["twice"] == 1 and found["fired"] == 2
    assert "1 early, 1 twice, only 2 of 3" in told({"somebody": [found]}, 3)


def test_nothing_fired_is_said_and_not_divided_by() -> None:
    assert "none fired" in told({"somebody": [summed([], 0.0)]}, 10)


def test_lines_of_a_sink_are_read_as_they_were_noted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "sink"
    monkeypatch.setenv(sink.VARIABLE, str(path))
    for number in range(3):
        sink.note(number, 5.25)
    assert sink.count(path) == 3
    rows = sink.read(path)
    assert [(one.number, one.due) for one in rows] == [(0, 5.25), (1, 5.25), (2, 5.25)]
    assert rows[0].at <= rows[1].at <= rows[2].at


def test_an_open_loop_sends_at_its_pace_and_never_ahead() -> None:
    sent: list[tuple[int, float]] = []
    begun = time() + 0.01
    paced(lambda number: sent.append((number, time())), count=5, rate=200.0, begun=begun)
    assert [number for number, _ in sent] == [0, 1, 2, 3, 4]
    assert all(at >= begun + number / 200.0 for number, at in sent)


def test_a_worker_that_is_not_ready_gets_more_time_once() -> None:
    starts: list[float] = []

    def run(start: float) -> dict[str, float]:
        starts.append(start)
        if len(starts) == 1:
            raise TooLate("not ready")
        return {"p50": 1.0}

    assert in_time(run) == {"p50": 1.0} and starts[0] < starts[1]
