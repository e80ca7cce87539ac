"""A recording as a scenario file: comments with the time of day, then its parts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from textwrap import wrap
from typing import Any

from workflow.scenarios.document import VERSION, ScenarioDocument
from workflow.scenarios.recorded.enactment import EnactedStep
from workflow.scenarios.recorded.scenario_values import WrittenTimes
from workflow.scenarios.recorded.yaml_text import WIDTH, list_item, yaml_lines

_FIRST = ("say", "at")
"""Fields of a step that come before all others."""


@dataclass(frozen=True, slots=True)
class Recording:
    """All that a scenario file says.

    Attributes:
        given: its `given` but for `begins` and `zone`.
        notes: what its reader must know, for comments at its head.
    """

    title: str
    begins: datetime
    times: WrittenTimes
    given: Mapping[str, Any]
    steps: Sequence[EnactedStep]
    notes: Sequence[str] = ()

    def document(self) -> dict[str, Any]:
        """As docs/testing.md has it. Raises ValidationError if it is not of that form."""
        found = self._head() | {"steps": [step for _, step in self._steps()]}
        ScenarioDocument.model_validate(found)
        return found

    def text(self) -> str:
        """As YAML."""
        return "\n".join([*self._lines(), ""])

    def write(self, file: Path) -> None:
        """Write it, whole or not at all."""
        self.document()
        part = file.with_name(f"{file.name}.part")
        try:
            part.write_text(self.text(), encoding="utf-8")
            part.replace(file)
        finally:
            part.unlink(missing_ok=True)

    def _head(self) -> dict[str, Any]:
        zone = {} if self.times.zone.key == "UTC" else {"zone": self.times.zone.key}
        given = {"begins": self.times.text(self.begins), **zone, **self.given}
        return {"scenario": VERSION, "title": self.title, "tags": ["recorded"], "given": given}

    def _steps(self) -> Iterator[tuple[datetime, dict[str, Any]]]:
        """Each step with its instant; `at` is left out where no time passes."""
        before = self.begins
        for one in self.steps:
            fields = dict(one.fields)
            if one.at != before:
                fields["at"] = self.times.text(one.at, before)
            before = one.at
            ordered = {name: fields[name] for name in _FIRST if name in fields}
            yield one.at, ordered | fields

    def _lines(self) -> Iterator[str]:
        for note in self.notes:
            first, *rest = wrap(note, WIDTH - 4) or [""]
            yield f"# {first}"
            yield from (f"#   {line}" for line in rest)
        yield from yaml_lines(self._head())
        yield "steps:"
        shown = None
        for at, step in self._steps():
            if at != shown:
                yield f"  # {self._spoken(at)}"
            shown = at
            yield from list_item(step, 2, in_block=True)

    def _spoken(self, at: datetime) -> str:
        """The day and the time of day, as people say them."""
        local = at.astimezone(self.times.zone)
        clock = local.strftime("%H:%M:%S" if local.second else "%H:%M")
        days = (local.date() - self.begins.astimezone(self.times.zone).date()) // timedelta(days=1)
        later = "" if not days else ", a day later" if days == 1 else f", {days} days later"
        return f"{local:%A} {local.day} {local:%B %Y}, {clock}{later}"
