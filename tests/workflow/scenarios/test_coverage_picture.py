"""The picture of what was taken: all of the lifecycle, the rest greyed and dashed, with a legend."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from state_machines import catalog
from state_machines.catalog import load_catalog
from state_machines.diagram import svg
from state_machines.diagram.drawing import drawing
from tests.workflow.scenarios.conftest import Play
from tests.workflow.scenarios.loans import LOAN, extended_too_often, forgotten, lent_and_given_back, loan
from workflow.scenarios.coverage import uncovered
from workflow.scenarios.coverage_picture import coverage_svg, pictures
from workflow.scenarios.elements import written
from workflow.scenarios.taken import LifecycleTaken, Taken, WayTaken, text_of

SVG = "{http://www.w3.org/2000/svg}"


def marked(text: str, kind: str) -> dict[str, list[str]]:
    """The texts of one kind, by whether they are `in`, `part` or `out`; each without its indent."""
    found: dict[str, list[str]] = {}
    for one in ElementTree.fromstring(text).iter(f"{SVG}text"):
        classes = (one.get("class") or "").split()
        if kind in classes:
            mark = next((word for word in classes if word in ("in", "part", "out")), "")
            found.setdefault(mark, []).append((one.text or "").strip())
    return found


@pytest.mark.parametrize("name", catalog.NAMES)
def test_a_drawing_stands_for_every_way_of_its_lifecycle(name: str) -> None:
    lifecycle = load_catalog()[name]
    drawn = drawing(lifecycle.definition)
    ways = [one.ways for one in drawn.arrows] + [one for box in drawn.boxes for one in box.ways]
    stood_for = frozenset().union(*ways, *drawn.ways_everywhere)
    assert stood_for == {(way.rule.field, way.trigger, way.source) for way in lifecycle.ways}


@pytest.mark.parametrize("name", catalog.NAMES)
def test_of_nothing_taken_all_is_greyed_and_of_all_taken_nothing(name: str) -> None:
    lifecycle = load_catalog()[name]
    nothing = coverage_svg(lifecycle, Taken())
    ways = frozenset(WayTaken(way.rule.field, way.trigger, way.source) for way in lifecycle.ways)
    of_all = LifecycleTaken(frozenset(lifecycle.states), ways, frozenset(lifecycle.timeouts))
    everything = coverage_svg(lifecycle, Taken({text_of(lifecycle): of_all}))
    for kind in ("name", "label", "stays"):
        assert marked(nothing, kind).keys() <= {"out"}
        assert marked(everything, kind).keys() <= {"in"}
    plain = svg(lifecycle.definition)
    assert marked(plain, "name").get("") == marked(nothing, "name")["out"] == list(lifecycle.states)


def test_what_was_taken_is_in_colour(play: Play) -> None:
    text = coverage_svg(loan(), play(lent_and_given_back, forgotten, extended_too_often))
    assert marked(text, "name") == {"in": ["lent", "overdue", "back", "lost"], "out": ["repaired"]}
    labels = marked(text, "label")
    assert labels["out"] == [
        "give_back [event.data.broken]",
        "give_back [event.data.broken]",
        "lose [not data.customer == 'bank']",
    ]
    assert {"lend", "extend", "due", "after P7D", "give_back"} <= set(labels["in"])
    stays = marked(text, "stays")
    assert stays == {"in": ["extend [may_extend]"], "out": ["praise", "praise every P1D", *["praise"] * 3]}
    assert "By scenarios: 4 of 5 states entered, 7 of 15 transitions taken, 1 of 2 timeouts fired" in text


def test_of_several_on_one_line_the_line_says_that_some_were_taken() -> None:
    promise = load_catalog()["promise"]
    ways = frozenset(
        WayTaken(way.rule.field, way.trigger, way.source)
        for way in promise.ways
        if (way.trigger, way.source, way.dest) in {("keep", "made", "kept"), ("thanks", "made", "made")}
    )
    text = coverage_svg(promise, Taken({text_of(promise): LifecycleTaken(frozenset(), ways)}))
    root = ElementTree.fromstring(text)
    lines = [one.get("class") for one in root.iter(f"{SVG}path")]
    assert lines.count("arrow part") == 1 + 1, "the line from made to kept, and that of the legend"
    notes = marked(text, "note")
    assert notes["part"] == ["thanks: from 1 of 7 states"]
    assert "displeasure: from 0 of 7 states" in notes["out"]
    assert {"taken by a scenario", "taken in part", "taken by none", "by a timeout"} <= set(notes[""])


def test_two_pictures_are_the_same_and_need_nothing_else(play: Play) -> None:
    taken = play(forgotten)
    assert coverage_svg(loan(), taken) == coverage_svg(loan(), taken)
    assert "href" not in coverage_svg(loan(), taken) and "url(" not in coverage_svg(loan(), taken)


def test_there_is_a_picture_of_each_lifecycle_that_is_listed(play: Play) -> None:
    taken, (of_loan,) = play(forgotten), written([(LOAN, None)])
    second = LOAN.replace("version: 1", "version: 2")
    job = written([(catalog.source("job"), None)])
    lifecycles = [of_loan, *job]
    found = dict(pictures(uncovered(taken, lifecycles), taken, lifecycles))
    assert found == {"loan.svg": coverage_svg(loan(), taken)}
    lifecycles += written([(second, None)])
    names = [name for name, _ in pictures(uncovered(taken, lifecycles, all=True), taken, lifecycles)]
    digest, other = of_loan.lifecycle.digest[:8], lifecycles[-1].lifecycle.digest[:8]
    assert names == [f"loan-1-{digest}.svg", "job.svg", f"loan-2-{other}.svg"]
