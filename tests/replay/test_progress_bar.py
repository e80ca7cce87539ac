"""How far it is: a bar at a terminal, and elsewhere a line now and then."""

import io
from datetime import UTC, datetime

from rich.console import Console

from workflow.cli.replay_display import ReplayBar
from workflow.replay.progress_bar import ProgressBar


def test_without_a_terminal_a_line_now_and_then() -> None:
    out = io.StringIO()
    with ProgressBar(Console(file=out), "reading", None, seconds=0) as bar:
        bar.show(1000, "rows")
        bar.begin("applying", 2500)
        bar.show(2000, "2016-03-01, 3 timers")
    assert out.getvalue() == "reading 1,000, rows\napplying 2,000 of 2,500, 2016-03-01, 3 timers\n"


def test_not_more_often_than_that() -> None:
    out = io.StringIO()
    with ProgressBar(Console(file=out), "reading", None, seconds=3600) as bar:
        bar.show(1000, "rows")
    assert out.getvalue() == ""


def test_the_bar_of_a_replay_has_the_virtual_date() -> None:
    out = io.StringIO()
    with ReplayBar(Console(file=out, force_terminal=True, width=120)) as bar:
        bar.reading(3)
        bar.planned(3)
        bar.at(datetime(2112, 3, 2, tzinfo=UTC))
        bar.applied(2)
    assert "2/3" in out.getvalue()
    assert "2112-03-02, 0 timers" in out.getvalue()
