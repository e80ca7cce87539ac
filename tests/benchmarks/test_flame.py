"""Sampled stacks as a picture: what is one box, how wide it is, and what is left out."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from benchmarks.flame import read, svg

TASK = (
    "worker (workflow/cli/worker.py:9);fast_trace_task (celery/app/trace.py:1);"
    "__protected_call__ (celery/app/trace.py:2)"
)
FIRE = (
    "fire (tasks/timers.py:8);Turns.turn (workflow/engine/turns.py:7);"
    "Engine.fire (workflow/engine/engine.py:5)"
)
DECIDE = "decide (state_machines/decide.py:{})"
LINES = [
    f"{TASK};{FIRE};{DECIDE.format(1)} 60",
    f"{TASK};{FIRE};{DECIDE.format(2)} 20",
    f"{TASK};{FIRE};execute (psycopg/cursor.py:4);wait (psycopg/waiting.py:4) 15",
    f"{TASK};send (tasks/notices.py:3) 5",
    "wait (celery/worker/loops.py:1) 900",
]


def test_only_what_tasks_do_is_counted_and_a_step_stands_for_all_ways_to_it() -> None:
    whole = read(LINES)
    assert whole.share == 100
    assert {name: box.share for name, box in whole.above.items()} == {
        "Engine.fire · engine": 95,
        "send · notices": 5,
    }


def test_a_function_is_one_box_whatever_its_line_and_a_library_is_one_however_deep() -> None:
    fire = read(LINES).above["Engine.fire · engine"]
    assert {name: (box.share, box.room) for name, box in fire.above.items()} == {
        "decide · decide": (80, "state_machines"),
        "psycopg": (15, ""),
    }
    assert not fire.above["psycopg"].above


def test_boxes_are_as_wide_as_their_share_and_the_picture_is_well_formed() -> None:
    picture = ElementTree.fromstring(svg(read(LINES), "Where <time> goes", "a & b"))
    space = {"s": "http://www.w3.org/2000/svg"}
    widths = {
        box.findtext("s:title", namespaces=space): float(box.find("s:rect", space).get("width", "0"))  # type: ignore[union-attr]
        for box in picture.iterfind("s:g", space)
    }
    whole = widths["all tasks: 100.0 %"]
    assert widths["Engine.fire · engine: 95.0 %"] == pytest.approx(0.95 * whole, abs=0.1)
    assert widths["decide · decide: 80.0 %"] == pytest.approx(0.80 * whole, abs=0.1)


def test_what_would_be_too_narrow_to_see_is_left_out() -> None:
    picture = svg(read([*LINES, f"{TASK};rare (tasks/relay.py:1) 1", f"{TASK};{FIRE} 99999"]), "", "")
    assert "rare" not in picture and "Engine.fire" in picture


def test_without_samples_there_is_an_empty_picture() -> None:
    assert "all tasks" in svg(read([]), "", "")
