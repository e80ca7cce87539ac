"""Files of scenarios: which there are below a path, and what stands in one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from state_machines.errors import DefinitionError, Problem
from state_machines.form.yaml_document import LARGEST, Lines, read_yaml
from workflow.scenarios.document import VERSION
from workflow.scenarios.errors import ScenarioError

__all__ = ["ScenarioFile", "read_file", "read_text", "scenarios_below"]

_KINDS = ("scenario", "beginning")
_IS_SCENARIO = re.compile(rb"^(?:\xef\xbb\xbf)?(?:\{\s*)?[\"']?scenario[\"']?\s*:", re.MULTILINE)
_ENDINGS = ("*.yaml", "*.yml")
_WHOLE = "document"


@dataclass(frozen=True)
class ScenarioFile:
    """What stands in a file of a scenario or a beginning, before its form is looked at.

    Attributes:
        path: as it was named.
        value: its fields, plain values.
        lines: of its fields.
    """

    path: Path
    value: dict[str, Any]
    lines: Lines

    @property
    def is_scenario(self) -> bool:
        """Whether it is played; else it is a beginning, only there for others."""
        return "scenario" in self.value

    def problem(self, field: str, rule: str, message: str) -> Problem:
        """One thing that is wrong in it."""
        return Problem(field or _WHOLE, rule, message, self.lines.of(field), str(self.path))


def scenarios_below(folder: Path) -> Iterator[Path]:
    """The files in a folder, however deep, that are scenarios, by name; hidden folders are passed over."""
    for path in sorted(path for ending in _ENDINGS for path in folder.rglob(ending)):
        if any(part.startswith(".") for part in path.relative_to(folder).parts):
            continue
        try:
            if path.is_file() and _IS_SCENARIO.search(path.read_bytes()):
                yield path
        except OSError:
            continue  # what cannot be read is told where it is named


def read_file(path: Path) -> ScenarioFile:
    """What stands in a file.

    Raises:
        ScenarioError: with one problem: it cannot be read, is no YAML, is neither a scenario nor a beginning,
            or is of a version that is not known here.
    """
    text = read_text(path)
    try:
        value, lines = read_yaml(text, str(path))
    except DefinitionError as error:
        raise ScenarioError(error.problems) from None
    file = ScenarioFile(path, value if isinstance(value, dict) else {}, lines)
    kind = next((one for one in _KINDS if one in file.value), None)
    if kind is None:
        message = (
            f"a scenario begins with `scenario: {VERSION}`, what others share with `beginning: {VERSION}`"
        )
        raise ScenarioError([file.problem("", "no-scenario", message)])
    if file.value[kind] != VERSION or isinstance(file.value[kind], bool):
        message = f"version {VERSION} of scenarios can be read here, not {file.value[kind]!r}"
        raise ScenarioError([file.problem(kind, "version", message)])
    return file


def read_text(path: Path) -> str:
    """The text of a file.

    Raises:
        ScenarioError: with one problem, its rule being ``no-file``, ``too-large`` or ``utf-8``.
    """
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST + 1)
    except OSError as error:
        raise _unreadable(path, "no-file", f"cannot be read: {error.strerror}") from None
    if len(content) > LARGEST:
        raise _unreadable(path, "too-large", f"a file has at most {LARGEST // 1024} KiB")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise _unreadable(path, "utf-8", f"not UTF-8: byte 0x{content[error.start]:02X}", line) from None


def _unreadable(path: Path, rule: str, message: str, line: int | None = None) -> ScenarioError:
    return ScenarioError([Problem(_WHOLE, rule, message, line, str(path))])
