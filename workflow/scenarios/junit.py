"""Results as JUnit XML, in the form that GitLab, Jenkins and GitHub's actions read."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path
from xml.etree import ElementTree as ET

from workflow.scenarios.outcome import Outcome
from workflow.scenarios.report import place_of, plain, shown_path
from workflow.scenarios.scenario import Scenario

_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 cannot carry (https://www.w3.org/TR/xml/#charsets)."""


def write_junit(file: Path, outcomes: Iterable[Outcome], began: datetime) -> None:
    """Write the results to a file: as a whole, or not at all.

    Args:
        file: whose folder is there; what it held is replaced. A device or a pipe is written into.
        outcomes: in any order; they are written by file and row.
        began: when they began to be played.

    Raises:
        OSError: it cannot be written there.
    """
    tree = ET.ElementTree(junit(outcomes, began))
    ET.indent(tree)
    if file.exists() and not file.is_file():  # to put a file in its place would take it from everybody
        with file.open("wb") as stream:
            tree.write(stream, encoding="utf-8", xml_declaration=True)
        return
    part = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        tree.write(part, encoding="utf-8", xml_declaration=True)
        part.replace(file)
    finally:
        part.unlink(missing_ok=True)


def junit(outcomes: Iterable[Outcome], began: datetime) -> ET.Element:
    """`testsuites` with a `testsuite` for each file and a `testcase` for each scenario, or row of one."""
    told = sorted(outcomes, key=lambda one: (str(one.scenario.file), one.scenario.row or 0))
    suites = ET.Element("testsuites", {"name": "makegood", **_counts(told)})
    for file, of_file in groupby(told, key=lambda one: shown_path(one.scenario.file)):
        cases = list(of_file)
        timestamp = began.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")
        about = {"name": _text(file), **_counts(cases), "skipped": "0", "timestamp": timestamp}
        suites.append(suite := ET.Element("testsuite", about))
        suite.extend(map(_case, cases))
    return suites


def _case(outcome: Outcome) -> ET.Element:
    scenario = outcome.scenario
    about = {
        "name": _text(_name(scenario)),
        "classname": _text(_class(scenario)),
        "time": f"{outcome.seconds:.3f}",
        "file": _text(shown_path(scenario.file)),
    }
    case = ET.Element("testcase", about)
    properties = ET.SubElement(case, "properties")
    file, line = (shown_path(scenario.file), None) if outcome.well else place_of(outcome)
    for name, value in (("file", file), ("line", line)):
        if value is not None:
            ET.SubElement(properties, "property", {"name": name, "value": _text(str(value))})
    if outcome.error is not None:
        last = outcome.error.strip().splitlines()[-1:]
        _fault(case, "error", "makegood itself", "".join(last), outcome)
    elif outcome.differences:
        first, *more = outcome.differences
        also = f", and {len(more)} more" if more else ""
        words = f"{first.what}: expected {_short(first.expected)}, found {_short(first.found)}{also}"
        _fault(case, "failure", "difference", words, outcome)
    return case


def _fault(case: ET.Element, tag: str, kind: str, message: str, outcome: Outcome) -> None:
    fault = ET.SubElement(case, tag, {"message": _text(message), "type": kind})
    fault.text = _text(plain(outcome))


def _counts(outcomes: Sequence[Outcome]) -> dict[str, str]:
    errors = sum(one.error is not None for one in outcomes)
    failures = sum(not one.well for one in outcomes) - errors
    seconds = sum(one.seconds for one in outcomes)
    return {
        "tests": str(len(outcomes)),
        "failures": str(failures),
        "errors": str(errors),
        "time": f"{seconds:.3f}",
    }


def _name(scenario: Scenario) -> str:
    return scenario.title if scenario.row is None else f"{scenario.title}[{scenario.row}]"


def _class(scenario: Scenario) -> str:
    """Such as ``scenarios.night.quiet_hours``."""
    path = Path(shown_path(scenario.file)).with_suffix("")
    return ".".join(part for part in path.parts if part not in ("/", "..", path.anchor))


def _short(value: object) -> str:
    """A value in few words."""
    text = "nothing" if value is None else str(value)
    return text if len(text) <= 100 else f"{text[:97]}..."


def _text(text: str) -> str:
    """The text with U+FFFD in place of what XML cannot carry."""
    return _NO_XML.sub("\ufffd", text)
