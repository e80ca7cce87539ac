"""JUnit XML: its structure, and that anything can be said in it."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.workflow.scenarios.outcomes import difference, failed, scenario
from workflow.scenarios.junit import junit, write_junit
from workflow.scenarios.outcome import Outcome

BEGAN = datetime(2030, 1, 6, 8, tzinfo=UTC)


class Form(NamedTuple):
    """What an element may have: attributes that it must and may, and its children in their order."""

    must: frozenset[str]
    may: frozenset[str]
    children: tuple[str, ...]


def form(must: str, may: str = "", children: str = "") -> Form:
    return Form(frozenset(must.split()), frozenset(may.split()), tuple(children.split()))


FORMS: Mapping[str, Form] = {
    "testsuites": form("name tests failures errors time", "skipped assertions timestamp", "testsuite"),
    "testsuite": form(
        "name tests failures errors time",
        "skipped timestamp assertions file hostname id package",
        "properties testcase system-out system-err",
    ),
    "testcase": form(
        "name classname time", "assertions file line", "properties skipped error failure system-out"
    ),
    "properties": form("", "", "property"),
    "property": form("name value"),
    "failure": form("message type"),
    "error": form("message type"),
}
"""The common form, https://github.com/testmoapp/junitxml, which those of Jenkins and GitLab agree with."""


def check(element: ET.Element) -> None:
    """Fail where an element is not of the form."""
    wanted = FORMS[element.tag]
    names = set(element.attrib)
    assert wanted.must <= names <= wanted.must | wanted.may, element.attrib
    order = [wanted.children.index(child.tag) for child in element]
    assert order == sorted(order), [child.tag for child in element]
    for name in ("tests", "failures", "errors", "skipped"):
        assert element.get(name, "0").isdigit()
    assert float(element.get("time", "0")) >= 0
    for child in element:
        check(child)


def written(file: Path, *outcomes: Outcome) -> ET.Element:
    """What a reader finds in the file."""
    write_junit(file, outcomes, BEGAN)
    root = ET.parse(file).getroot()
    check(root)
    return root


def test_counts_names_and_places(tmp_path: Path) -> None:
    other = Path("scenarios/night/calls.yaml")
    root = written(
        tmp_path / "out.xml",
        failed(difference("overdue", "lost"), difference(1, 2), row=1),
        Outcome(scenario(row=0), seconds=0.5),
        Outcome(scenario(other), error="Traceback …\nKeyError: 'x'"),
    )
    assert [suite.get("name") for suite in root] == ["scenarios/loan.yaml", "scenarios/night/calls.yaml"]
    counts = [[one.get(name) for name in ("tests", "failures", "errors")] for one in (root, *root)]
    assert counts == [["3", "1", "1"], ["2", "1", "0"], ["1", "0", "1"]]
    assert [case.get("name") for case in root.iter("testcase")] == [
        "What is lent is due after a week[0]",
        "What is lent is due after a week[1]",
        "What is lent is due after a week",
    ]
    assert [case.get("classname") for case in root.iter("testcase")] == [
        "scenarios.loan",
        "scenarios.loan",
        "scenarios.night.calls",
    ]
    assert root.get("time") == "0.750"
    places = [
        {one.get("name"): one.get("value") for one in case.iter("property")} for case in root.iter("testcase")
    ]
    assert places == [
        {"file": "scenarios/loan.yaml"},
        {"file": "scenarios/loan.yaml", "line": "9"},
        {"file": "scenarios/night/calls.yaml"},
    ]


def test_a_failure_says_what_the_report_says(tmp_path: Path) -> None:
    root = written(tmp_path / "out.xml", failed(difference("overdue", "lost"), difference(1, 2)))
    (failure,) = root.iter("failure")
    assert failure.get("message") == "loan:1: state: expected overdue, found lost, and 1 more"
    assert "~  overdue" in str(failure.text) and "loan:1 lent -> lost" in str(failure.text)


def test_an_error_says_its_last_line(tmp_path: Path) -> None:
    root = written(tmp_path / "out.xml", Outcome(scenario(), error="Traceback …\nKeyError: 'x'\n"))
    (error,) = root.iter("error")
    assert error.get("message") == "KeyError: 'x'" and "Traceback" in str(error.text)


@given(st.text(), st.text())
def test_any_text_can_be_read_again(title: str, words: str) -> None:
    root = junit([failed(difference("a", words), title=f"t{title}"), Outcome(scenario(), error=words)], BEGAN)
    check(ET.fromstring(ET.tostring(root, encoding="utf-8")))


def test_what_xml_cannot_carry_is_replaced(tmp_path: Path) -> None:
    root = written(tmp_path / "out.xml", Outcome(scenario(title="a\x00b\x1bc\ud800d\uffffe")))
    (case,) = root.iter("testcase")
    assert case.get("name") == "a\ufffdb\ufffdc\ufffdd\ufffde"


def test_what_an_earlier_run_wrote_is_replaced(tmp_path: Path) -> None:
    file = tmp_path / "out.xml"
    written(file, *(Outcome(scenario(row=row)) for row in range(20)))
    assert written(file, Outcome(scenario())).get("tests") == "1"
    assert [path.name for path in tmp_path.iterdir()] == ["out.xml"]


def test_where_it_cannot_be_written_nothing_is_left(tmp_path: Path) -> None:
    folder = tmp_path / "out.xml"
    folder.mkdir()
    with pytest.raises(OSError, match=r"out\.xml"):
        write_junit(folder, [Outcome(scenario())], BEGAN)
    assert [path.name for path in tmp_path.iterdir()] == ["out.xml"]


def test_a_pipe_is_written_into_and_stays_one(tmp_path: Path) -> None:
    """To put a file in place of a device would take it from the whole machine."""
    pipe = tmp_path / "results"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        write_junit(pipe, [Outcome(scenario())], BEGAN)
        assert ET.fromstring(os.read(reader, 65536)).tag == "testsuites"
    finally:
        os.close(reader)
    assert stat.S_ISFIFO(pipe.stat().st_mode)
    assert list(tmp_path.iterdir()) == [pipe]
