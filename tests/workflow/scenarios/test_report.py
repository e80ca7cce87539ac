"""What is said of scenarios that were played, as a person reads it."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from typing import Any

import pytest
from rich.console import Console

from tests.workflow.scenarios.outcomes import STORY, difference, entry, failed, scenario
from workflow.scenarios.outcome import Difference, Outcome
from workflow.scenarios.progress_bar import ScenarioBar
from workflow.scenarios.report import WIDTH, Report, console_for, plain

GOLDEN: dict[str, tuple[Callable[[], Outcome], str]] = {
    "another state, and what explain says": (
        lambda: failed(
            Difference(
                "steps[1].then.loan:1",
                11,
                "scenarios/loan.yaml",
                "loan:1: state",
                "overdue",
                "lost",
                ("loan:1 (loan, version 1) is lost.",),
            )
        ),
        """\
✗ What is lent is due after a week
  scenarios/loan.yaml:9  step 2 of 2

  It begins 2030-01-06 09:00 +01:00, Europe/Berlin
        09:00          Ada borrows a drill
        09:00  event   loan:1 initial -> lent, lend
     +7 09:00  timer   loan:1 lent -> lost, timer deadline
  +7 09:00:08  notice  email to ada@example.org about reminder: Where is our drill?

  loan:1: state  scenarios/loan.yaml:11 steps[1].then.loan:1
       expected                                            found
    ~  overdue                                             lost
      loan:1 (loan, version 1) is lost.""",
    ),
    "an hour late": (
        lambda: failed(
            difference("2030-01-14T08:00:00Z", "2030-01-14T09:00:00Z", "loan:1.timers.x", "loan:1: timer x")
        ),
        """\
  loan:1: timer x  scenarios/loan.yaml:11 steps[1].then.loan:1.timers.x
       expected                                            found
    ~  2030-01-14T08:00:00Z (2030-01-14 09:00 +01:00)      2030-01-14T09:00:00Z (2030-01-14 10:00 +01:00)""",
    ),
    "a notice with another title; the words that were expected stand in it": (
        lambda: failed(
            difference(
                {"to": "ada@example.org", "title": "Our drill", "words": "bring it back"},
                {"to": "ada@example.org", "title": "Where is it?", "words": "Dear Ada,\nbring it back\nNow"},
                "told[0]",
                "a notice",
            )
        ),
        """\
  a notice  scenarios/loan.yaml:11 steps[1].then.told[0]
       expected                                            found
       to: ada@example.org                                 to: ada@example.org
    ~  title: Our drill                                    title: Where is it?
       words: bring it back                                words: |
                                                             Dear Ada,
                                                             bring it back
                                                             Now""",
    ),
    "words that may not stand in it": (
        lambda: failed(
            difference(
                {"to": "ada@example.org", "without": "sorry"},
                {"to": "ada@example.org", "words": "We are sorry"},
                "told[0]",
                "a notice",
            )
        ),
        """\
  a notice  scenarios/loan.yaml:11 steps[1].then.told[0]
       expected                                            found
       to: ada@example.org                                 to: ada@example.org
    ~  without: sorry                                      words: We are sorry""",
    ),
    "a notice that nobody named": (
        lambda: failed(
            difference(None, {"to": "bob@example.org", "about": "news"}, "told", "a notice too many")
        ),
        """\
  a notice too many  scenarios/loan.yaml:11 steps[1].then.told
       expected                                            found
    +  nothing                                             to: bob@example.org
    +                                                      about: news""",
    ),
    "a call that was not made": (
        lambda: failed(difference({"task": "shop.remind"}, None, "tasks[0]", "a call of a task")),
        """\
  a call of a task  scenarios/loan.yaml:11 steps[1].then.tasks[0]
       expected                                            found
    -  task: shop.remind                                   nothing""",
    ),
    "the line in another order": (
        lambda: failed(difference(["call:*", "case:2"], ["case:2", "call:1", "case:3"], "line", "the line")),
        """\
  the line  scenarios/loan.yaml:11 steps[1].then.line
       expected                                            found
    -  - call:*
       - case:2                                            - case:2
    +                                                      - call:1
    +                                                      - case:3""",
    ),
    "deep in the data": (
        lambda: failed(
            difference(
                {"late": True, "parts": [{"name": "drill", "n": 1}, {"name": "bit", "n": "2"}], "gone": None},
                {"late": False, "parts": [{"name": "bit", "n": 2}], "other": []},
                "loan:1.data",
                "loan:1: data",
            )
        ),
        """\
  loan:1: data  scenarios/loan.yaml:11 steps[1].then.loan:1.data
       expected                                            found
    ~  late: true                                          late: false
       parts:                                              parts:
    -    - name: drill
    -      n: 1
         - name: bit                                         - name: bit
    ~      n: "2"                                              n: 2
       gone: null
                                                           other: []""",
    ),
    "a step that cannot be taken": (
        lambda: failed(
            Difference("steps[1].press", 9, "scenarios/loan.yaml", "no notice to ada", None, ["x"])
        ),
        """\
  no notice to ada  scenarios/loan.yaml:9 steps[1].press
       expected                                            found
    +                                                      - x""",
    ),
    "a fault of makegood itself": (
        lambda: Outcome(scenario(), error="Traceback (most recent call last):\n  …\nKeyError: 'x'\n"),
        """\
✗ What is lent is due after a week
  scenarios/loan.yaml

  makegood itself failed here, not the scenario:
    Traceback (most recent call last):
      …
    KeyError: 'x'""",
    ),
}


@pytest.mark.parametrize("name", GOLDEN)
def test_what_is_told_of_one_that_failed(name: str) -> None:
    outcome, text = GOLDEN[name]
    told = plain(outcome())
    assert told.endswith(text), told


def test_a_line_for_one_that_went_well() -> None:
    assert plain(Outcome(scenario(row=3))) == "✓ What is lent is due after a week  scenarios/loan.yaml[3]"


def test_that_line_is_one_line_however_long_the_title_is() -> None:
    outcome = Outcome(scenario(title="long " * 40, row=3))
    told = plain(outcome)
    assert len(told) == WIDTH and re.fullmatch(r"✓ (long )+.*…  scenarios/loan\.yaml\[3\]", told)
    whole = said(lambda report: report.tell(outcome), verbose=True)
    assert whole.count("long") == 40


def test_the_whole_story_when_it_is_asked_for() -> None:
    told = said(lambda report: report.tell(Outcome(scenario(), list(STORY))), verbose=True)
    assert "+7 09:00  timer   loan:1 lent -> lost, timer deadline" in told


def test_a_long_story_is_shortened_in_the_middle() -> None:
    story = [entry(number, "event", f"loan:{number} moves") for number in range(100)]
    outcome = Outcome(scenario(), story, [difference("a", "b")], step=1)
    told = plain(outcome)
    shown = [int(number) for number in re.findall(r"loan:(\d+) moves", told)]
    assert shown == [*range(10), *range(75, 100)]
    assert "… 65 more …" in told
    assert len(re.findall(r"moves", said(lambda report: report.tell(outcome), verbose=True))) == 100


def test_the_story_is_in_the_order_of_time() -> None:
    outcome = failed(difference("a", "b"))
    outcome.story.insert(0, entry(8, "person", "later"))
    assert plain(outcome).index("later") > plain(outcome).index("Where is our drill?")


def test_what_is_as_it_must_be_is_left_out_of_a_long_value() -> None:
    expected = {f"name{number:02}": number for number in range(40)}
    told = plain(
        failed(difference({**expected, "inner": {"a": 1}}, {**expected, "name20": 0, "inner": {"a": 2}}))
    )
    rows = re.findall(r"(?:name\d\d|a): \d+|inner:|… .* …", told.partition("found\n")[2])
    assert rows[:2] == ["… 18 more as it must be …", "name18: 18"]
    assert "name20: 20" in rows and "name23: 23" not in rows
    assert rows[-4:] == ["inner:", "inner:", "a: 1", "a: 2"]


def test_what_has_no_end_is_counted() -> None:
    told = plain(failed(difference([], [f"case:{number}" for number in range(1000)], "line", "the line")))
    assert told.count("- case:") == 200 and "… 800 more lines …" in told
    told = plain(failed(*(difference(number, -1) for number in range(100))))
    assert told.count("~ ") == 30 and "… 70 more that are not as they must be …" in told


@pytest.mark.parametrize("width", [60, 80, 110, 200])
def test_at_any_width_nothing_is_cut(width: int) -> None:
    words = " ".join(f"word{number}" for number in range(60))
    outcome = failed(difference(words, f"{words} more", "told[0].words", "x" * 90), title=f"Title {words}")
    out = io.StringIO()
    Report(Console(file=out, width=width)).tell(outcome)
    lines = out.getvalue().splitlines()
    assert max(map(len, lines)) <= width
    told = re.split(r"found +\n", out.getvalue())[1]
    assert told.count("word") == 120 and told.count("word59") == 2
    assert sum(line.count("x") for line in lines) >= 90


def test_no_codes_of_colours_where_there_is_no_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    out = io.StringIO()
    console = console_for(out)
    Report(console).tell(failed(difference("a", "b")))
    assert "\x1b" not in out.getvalue() and console.width == WIDTH
    monkeypatch.setenv("FORCE_COLOR", "1")  # as some CI does
    assert "\x1b" not in plain(failed(difference("a", "b")))


def test_colours_at_a_terminal() -> None:
    out = io.StringIO()
    Report(Console(file=out, force_terminal=True, width=80)).tell(failed(difference("open", "late")))
    assert "\x1b[32mopen" in out.getvalue() and "\x1b[31mlate" in out.getvalue()


@pytest.mark.parametrize("value", ["\x1b[2J", "[bold]x[/]", "a\rb", ":smile:", "‮gnirts"])
def test_no_value_is_obeyed_by_the_terminal(value: str) -> None:
    outcome = failed(difference("a", value), title=f"t {value}")
    outcome.story.append(entry(8, "notice", value))
    shown = value.replace("\x1b", "\\x1b").replace("\r", "\\r").replace("\u202e", "\\u202e")
    assert plain(outcome).count(shown) == 3


def test_the_summary_counts_and_names_those_that_failed() -> None:
    def all_of_them(report: Report) -> None:
        for outcome in (Outcome(scenario()), failed(difference(1, 2)), failed(difference(1, 2), row=1)):
            report.tell(outcome)
        report.close(3.21, 71)

    lines = said(all_of_them).splitlines()
    assert [line.strip() for line in lines[-4:]] == [
        "Failed:",
        "scenarios/loan.yaml:9  What is lent is due after a week",
        "scenarios/loan.yaml:9  What is lent is due after a week",
        "2 failed, 1 went well, 3.2 s, in random order, --seed 71",
    ]


def test_the_summary_of_what_went_well() -> None:
    def one(report: Report) -> None:
        report.tell(Outcome(scenario()))
        report.close(0.04)

    assert said(one).splitlines()[-1] == "1 went well, 0.0 s"


def test_signs_that_the_output_cannot_write_are_written_as_numbers() -> None:
    bytes_out = io.BytesIO()
    out = io.TextIOWrapper(bytes_out, encoding="ascii")
    Report(console_for(out)).tell(Outcome(scenario()))
    out.flush()
    assert bytes_out.getvalue().startswith(b"\\u2713 What is lent")


def test_a_bar_is_shown_at_a_terminal_alone_and_is_gone_in_the_end() -> None:
    shown = {}
    for terminal in (True, False):
        out = io.StringIO()
        console = Console(file=out, force_terminal=terminal, width=80)
        with ScenarioBar(console, 3) as bar:
            bar.advance(failed=0)
            bar.advance(failed=1)
        shown[terminal] = out.getvalue()
    assert "2/3" in shown[True] and "1 failed" in shown[True]
    assert shown[True].endswith("\x1b[2K")  # the line is erased
    assert shown[False] == ""


def said(act: Callable[[Report], Any], *, verbose: bool = False) -> str:
    """What a report says during this."""
    out = io.StringIO()
    act(Report(console_for(out), verbose=verbose))
    return out.getvalue()
