"""Coverage as it is read: as text for a terminal, and as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import Any

from rich.text import Text

from workflow.scenarios.coverage import Coverage, LifecycleCoverage, Missing
from workflow.scenarios.elements import KINDS, Kind

_COUNTED: dict[Kind, str] = {
    "state": "states",
    "transition": "transitions",
    "timeout": "timeouts",
    "condition": "conditions asked both ways",
}
_HEADED: dict[Kind, str] = {
    "state": "States that no scenario entered",
    "transition": "Transitions that none took",
    "timeout": "Timeouts that never fired",
    "condition": "Conditions that never made a difference",
}


def coverage_text(coverage: Coverage) -> Text:
    """What no scenario took, line by line. Rich prints it in colour; `str` of it is plain text.

    The words of each line, up to the two blanks behind them, are what a list of exceptions calls it.
    """
    text = Text()
    for one in coverage.lifecycles:
        _add_lifecycle(text, one)
    if coverage.aside:
        text.append(f"Of the catalog, opened along the way: {', '.join(coverage.aside)}\n", style="dim")
    if coverage.unopened:
        text.append(f"Opened by no scenario: {', '.join(coverage.unopened)}\n", style="dim")
    missing = [one for each in coverage.lifecycles for one in each.open]
    if missing:
        text.append(f"{len(missing)} not taken by any scenario\n", style="bold red")
    elif coverage.lifecycles:
        reasons = any(one.reason for each in coverage.lifecycles for one in each.missing)
        text.append(f"Everything is taken{' but what has a reason' if reasons else ''}\n", style="bold green")
    else:
        text.append("No scenario opened a subject\n", style="bold red")
    return text


def _add_lifecycle(text: Text, one: LifecycleCoverage) -> None:
    text.append(f"{one.lifecycle} version {one.version}", style="bold")
    text.append(f"  {one.title}\n" if one.title != one.lifecycle else "\n")
    counts = [f"{_COUNTED[kind]} {taken} of {every}" for kind, (taken, every) in one.counts.items() if every]
    text.append(f"  {' · '.join(counts)}\n", style="red" if one.open else "green")
    for kind in KINDS:
        of_kind = [missing for missing in one.missing if missing.element.kind == kind]
        shown = [missing for missing in of_kind if not missing.implied or missing.reason]
        if shown:
            text.append(f"  {_HEADED[kind]}\n")
        for said, first in _lines(shown):
            _add_missing(text, one, said, first)
        if len(of_kind) > len(shown):
            rest = len(of_kind) - len(shown)
            text.append(f"    and {rest} {kind}{'s' * (rest > 1)} of what was not taken\n", style="dim")
    text.append("\n")


def _lines(shown: list[Missing]) -> Iterator[tuple[str, Missing]]:
    """The words of each line: what one declaration lacks from several sources stands on one."""

    def place(one: Missing) -> tuple[str, str, str | None]:
        return one.element.field, _from(one)[0], one.reason

    for _, alike in groupby(sorted(shown, key=shown.index), key=place):
        all_of_them = list(alike)
        trigger, conditions = _from(all_of_them[0])
        if all_of_them[0].element.way is None:
            yield from ((one.element.words, one) for one in all_of_them)
        else:
            sources = ", ".join(one.element.source for one in all_of_them)
            yield f"{trigger} from {sources}{conditions}", all_of_them[0]


def _from(one: Missing) -> tuple[str, str]:
    """The words before and behind the source of a transition; all of them where it is none."""
    if one.element.way is None:
        return one.element.words, ""
    return one.element.way.trigger, one.element.words.removeprefix(
        f"{one.element.way.trigger} from {one.element.source}"
    )


def _add_missing(text: Text, of: LifecycleCoverage, words: str, one: Missing) -> None:
    place = f"{of.file or of.lifecycle}:{one.line}" if one.line else one.element.field
    style = "" if one.reason is None and not one.implied else "dim"
    text.append(f"    {words}", style=style or "yellow")
    said = [one.lack if one.element.kind == "condition" else "", one.reason and f"since: {one.reason}"]
    text.append("".join(f"  {part}" for part in said if part), style=style)
    text.append(f"  {place}\n", style="dim")


def coverage_json(coverage: Coverage) -> dict[str, Any]:
    """The same as a JSON object."""
    return {
        "complete": coverage.complete,
        "unopened": list(coverage.unopened),
        "aside": list(coverage.aside),
        "lifecycles": [
            {
                "lifecycle": one.lifecycle,
                "version": one.version,
                "file": one.file,
                "opened": one.opened,
                **{
                    _COUNTED[kind].partition(" ")[0]: {"taken": taken, "of": every}
                    for kind, (taken, every) in one.counts.items()
                },
                "missing": [_missing_json(missing) for missing in one.missing],
            }
            for one in coverage.lifecycles
        ],
    }


def _missing_json(one: Missing) -> dict[str, Any]:
    way = one.element.way
    said: dict[str, Any] = {"kind": one.element.kind, "words": one.element.words}
    if way is not None:
        said |= {"trigger": way.trigger, "source": way.source}
    return said | {
        "lack": one.lack,
        "field": one.element.field,
        "line": one.line,
        "reason": one.reason,
        "implied": one.implied,
    }
