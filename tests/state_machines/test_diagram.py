"""What a lifecycle looks like: complete, the same every time, and nothing upon anything else."""

import re
from itertools import combinations, pairwise
from xml.etree import ElementTree

import pytest

from state_machines import catalog
from state_machines.diagram import mermaid, svg
from state_machines.diagram.drawing import drawing
from state_machines.diagram.layout import LINE, SMALL, place, text_width
from state_machines.form.definition import Definition
from state_machines.form.source import parse
from tests.state_machines.test_check import SOUND

SVG = "{http://www.w3.org/2000/svg}"
Area = tuple[float, float, float, float]


def of_catalog(name: str) -> Definition:
    """A definition of the catalog."""
    return parse(catalog.source(name))[0]


def test_mermaid_has_every_state_and_every_way() -> None:
    text = mermaid(of_catalog("promise"))
    lines = [line.strip() for line in text.splitlines()]
    assert lines[:4] == [
        "---",
        'title: "A promise to a customer (promise, version 7)"',
        "---",
        "stateDiagram-v2",
    ]
    assert any(line.startswith("[*] --> made : make") for line in lines)
    assert "made --> lapsed : lapse [is_due] ⏱ at deadline" in lines
    assert "at_risk --> lapsed : lapse [is_due] ⏱ at deadline" in lines
    assert "lapsed --> kept_late : keep" in lines
    assert {f"{state} --> [*]" for state in ("kept", "kept_late", "withdrawn")} <= set(lines)
    assert "made : ↻ renegotiate [new_deadline_is_ahead]" in lines
    assert "thanks" in lines[lines.index("note right of made") :]


def test_nothing_in_a_label_can_end_it_or_begin_something_else() -> None:
    guard = '"; }\\n note: <b>#x</b> {" != event.id'
    text = SOUND.replace("conditions: event.data.by != ''", f"conditions: '{guard}'").replace(
        "name: late", "name: note"
    )
    text = (
        text.replace("dest: late", "dest: note")
        .replace("late]", "note]")
        .replace("source: late", "source: note")
    )
    drawn = mermaid(parse(text)[0])
    (line,) = [line for line in drawn.splitlines() if line.strip().startswith("planned --> done")]
    label = line.split(" : ", 1)[1]
    assert re.fullmatch(r"(?:[^:;#<>\"{}]|#\w+;)*", label)
    assert 'state "note" as note_' in drawn


def test_two_drawings_are_the_same() -> None:
    assert svg(of_catalog("callback")) == svg(of_catalog("callback"))
    assert mermaid(of_catalog("callback")) == mermaid(of_catalog("callback"))


@pytest.mark.parametrize("name", catalog.NAMES)
def test_the_svg_is_whole_and_needs_nothing_else(name: str) -> None:
    definition = of_catalog(name)
    text = svg(definition)
    root = ElementTree.fromstring(text)
    names = [one.text for one in root.iter(f"{SVG}text") if one.get("class") == "name"]
    assert names == [state.name for state in definition.states]
    finals = [one for one in root.iter(f"{SVG}rect") if one.get("class") == "final"]
    assert len(finals) == sum(state.final for state in definition.states)
    assert sum(one.get("class") == "begin" for one in root.iter(f"{SVG}circle")) == 1
    said = {one.text for one in root.iter(f"{SVG}text")}
    for trigger in (name for transition in definition.transitions for name in transition.triggers):
        assert any(trigger in (text or "") for text in said), trigger
    timed = [one for one in root.iter(f"{SVG}path") if one.get("class") == "timed arrow"]
    given = {timeout.on_timeout for timeout in definition.timeouts.values()}
    leads = [one for one in definition.transitions if given & {*one.triggers} and one.dest is not None]
    assert bool(timed) == bool(leads), "timeouts are dashed"
    assert "href" not in text and "<script" not in text and "url(" not in text


@pytest.mark.parametrize("name", catalog.NAMES)
def test_no_box_and_no_label_lies_upon_another_or_outside(name: str) -> None:
    placed = place(drawing(of_catalog(name)))
    areas = {box.box.name: _area(box.x, box.y, box.width, box.height) for box in placed.boxes}
    for n, arrow in enumerate(placed.arrows):
        size = text_width(arrow.labels, SMALL), LINE * len(arrow.labels)
        areas[f"{n}: {' / '.join(arrow.labels)}"] = _area(*arrow.label_at, *size)
    for (one, first), (other, second) in combinations(areas.items(), 2):
        assert not _overlap(first, second), f"{one} lies upon {other}"
    for name_, (left, top, right, bottom) in areas.items():
        assert left >= 0 and top >= 0 and right <= placed.width and bottom <= placed.height, name_


@pytest.mark.parametrize("name", catalog.NAMES)
def test_no_arrow_runs_through_a_state_and_each_runs_through_its_label(name: str) -> None:
    placed = place(drawing(of_catalog(name)))
    for arrow in placed.arrows:
        for (ax, ay), (bx, by) in pairwise(arrow.points):
            line = (min(ax, bx), min(ay, by), max(ax, bx), max(ay, by))
            for box in placed.boxes:
                inside = _area(box.x, box.y, box.width - 2, box.height - 2)
                assert not _overlap(line, inside), f"{arrow.labels} runs through {box.box.name}"
        xs = [x for x, y in arrow.points if abs(y - arrow.label_at[1]) < LINE * (len(arrow.labels) + 4)]
        assert min(abs(x - arrow.label_at[0]) for x in xs) < text_width(arrow.labels, SMALL) / 2 + 5


def test_what_a_user_writes_is_text_and_never_markup() -> None:
    text = SOUND.replace("version: 1", "version: 1\ntitle: '<script>alert(1)</script> & co'")
    drawn = svg(parse(text)[0])
    assert "<script" not in drawn and "&lt;script&gt;" in drawn
    ElementTree.fromstring(drawn)


def _area(x: float, y: float, width: float, height: float) -> Area:
    return x - width / 2, y - height / 2, x + width / 2, y + height / 2


def _overlap(one: Area, other: Area) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]
