"""What no scenario takes, and why: a file of exceptions, each with its reason.

    loan:
      lose from overdue: the shop sells what is overdue, it is never lost
      give_back from lent, overdue if event.data.broken: no device of ours breaks
      state repaired: as nothing breaks

A transition is named by its trigger, its sources (`any` for all of them) and, where there are several, its
conditions; whatever else by the words in which its coverage names it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from state_machines.errors import DefinitionError, Problem
from state_machines.form.sources import ANY
from state_machines.form.yaml_document import Lines, read_yaml
from workflow.scenarios.elements import Element, one_line
from workflow.scenarios.errors import ScenarioError
from workflow.scenarios.taken import LifecycleTaken, LifecycleText

NAME = "coverage-exceptions.yaml"
_TRANSITION = re.compile(r"(?P<trigger>\w+) from (?P<sources>\w+(?: ?, ?\w+)*)(?: if (?P<conditions>.+))?")
Known = Mapping[LifecycleText, tuple[list[Element], LifecycleTaken]]


class CoverageError(ScenarioError):
    """A list of exceptions is wrong, be it that it cannot be read or that it does not fit what was played."""


@dataclass(frozen=True, slots=True)
class Excepted:
    """The reasons that hold for one lifecycle."""

    reasons: Mapping[Element, str] = field(default_factory=dict)

    def reason(self, element: Element) -> str | None:
        """Why nobody takes this; None where that is not said."""
        return self.reasons.get(element)


@dataclass(frozen=True, slots=True)
class _Entry:
    """One exception: of which lifecycle, what, why, and where that is written."""

    lifecycle: str
    words: str
    reason: str
    line: int | None
    file: str

    @property
    def field(self) -> str:
        return f"{self.lifecycle}.{self.words}"


@dataclass(frozen=True, slots=True)
class Exceptions:
    """A list of exceptions, as it was read; empty: there are none."""

    entries: tuple[_Entry, ...] = ()

    def held_against(self, known: Known, named: Collection[str] = ()) -> Mapping[LifecycleText, Excepted]:
        """The exceptions of each lifecycle.

        Args:
            known: everything that can be taken of each lifecycle, and what was.
            named: names of lifecycles that somebody asks for.

        Raises:
            CoverageError: an exception is taken after all, or names nothing; or a lifecycle is unknown.
        """
        problems: list[Problem] = []
        reasons: dict[LifecycleText, dict[Element, str]] = {text: {} for text in known}
        names = {text.lifecycle for text in known}
        for one in sorted(set(named) - names):
            problems.append(Problem("lifecycle", "unknown-lifecycle", _no_lifecycle(one, names)))
        for entry in self.entries:
            texts = [text for text in known if text.lifecycle == entry.lifecycle]
            if not texts:
                message = _no_lifecycle(entry.lifecycle, names)
                problems.append(_problem(entry, "unknown-lifecycle", message))
                continue
            found = {text: _meant(entry.words, known[text][0]) for text in texts}
            fault = _fault(entry.words, found, known)
            if fault is not None:
                problems.append(_problem(entry, *fault))
            for text, elements in found.items():
                reasons[text] |= dict.fromkeys(elements, entry.reason)
        if problems:
            raise CoverageError(problems)
        return {text: Excepted(of_text) for text, of_text in reasons.items()}


def exceptions_in(paths: Iterable[Path]) -> Exceptions:
    """The exceptions of all files called `NAME` in these directories and beside these files.

    Raises:
        CoverageError: as `read_exceptions`.
    """
    found: dict[Path, None] = {}
    for path in paths:
        files = path.rglob(NAME) if path.is_dir() else path.parent.glob(NAME)
        found |= dict.fromkeys(sorted(file.resolve() for file in files))
    return Exceptions(tuple(entry for file in found for entry in read_exceptions(file).entries))


def read_exceptions(path: Path) -> Exceptions:
    """The exceptions in a file.

    Raises:
        CoverageError: it cannot be read, or is not of the form.
    """
    file = str(path)
    try:
        document, lines = read_yaml(path.read_text(encoding="utf-8"), file)
    except (OSError, UnicodeDecodeError) as error:
        said = getattr(error, "strerror", None) or "it is not UTF-8"
        raise CoverageError([Problem("document", "no-file", f"cannot be read: {said}", None, file)]) from None
    except DefinitionError as error:
        raise CoverageError(error.problems) from None
    problems = list(_problems(document, lines, file))
    if problems:
        raise CoverageError(problems)
    return Exceptions(
        tuple(
            _Entry(lifecycle, one_line(words), one_line(reason), lines.of(f"{lifecycle}.{words}"), file)
            for lifecycle, said in document.items()
            for words, reason in said.items()
        )
    )


def _problem(entry: _Entry, rule: str, message: str) -> Problem:
    return Problem(entry.field, rule, message, entry.line, entry.file)


def _problems(document: object, lines: Lines, file: str) -> Iterator[Problem]:
    """What is not of the form ``lifecycle: {what: reason}``."""
    if not isinstance(document, dict):
        message = "exceptions are a mapping from names of lifecycles"
        yield Problem("document", "type", message, lines.of(""), file)
        return
    for lifecycle, said in document.items():
        if not isinstance(said, dict):
            message = "the exceptions of a lifecycle are a mapping from what is not taken to the reason"
            yield Problem(lifecycle, "type", message, lines.of(lifecycle), file)
            continue
        for words, reason in said.items():
            if not isinstance(reason, str) or not reason.strip():
                field = f"{lifecycle}.{words}"
                yield Problem(field, "reason", "say why nobody takes it", lines.of(field), file)


def _meant(words: str, elements: Sequence[Element]) -> list[Element]:
    """What an exception names."""
    said = [one for one in elements if one.words == words]
    if said:
        return said
    named = _TRANSITION.fullmatch(words)
    if named is None:
        return []
    ways = [one for one in elements if one.way is not None and one.way.trigger == named["trigger"]]
    sources = {one.strip() for one in named["sources"].split(",")}
    if sources == {ANY}:
        sources = {one.source for one in ways}
    ways = [one for one in ways if one.source in sources]
    alike = [one for one in ways if one.words.partition(" if ")[2] == (named["conditions"] or "")]
    for found in (alike, ways if named["conditions"] is None else []):
        if {one.source for one in found} == sources:
            return found
    return []


def _fault(words: str, found: Mapping[LifecycleText, list[Element]], known: Known) -> tuple[str, str] | None:
    """Rule and sentence of what is wrong with an exception."""
    elements = [one for of_text in found.values() for one in of_text]
    if not elements:
        return "names-nothing", f"there is nothing called {words!r}; copy the words from what is not taken"
    for of_text in found.values():
        if len({one.source for one in of_text}) < len(of_text) and of_text[0].way is not None:
            choices = ", ".join(repr(one.words) for one in of_text)
            return "ambiguous", f"that may be any of {choices}; say which"
    opened = [
        (text, of_text) for text, of_text in found.items() if of_text and known[text][1] != LifecycleTaken()
    ]
    taken = [[one.words for one in of_text if one.lack(known[text][1]) is None] for text, of_text in opened]
    most = [len(of_text) if f" from {ANY}" in words else 1 for _, of_text in opened]
    if taken and all(len(said) >= least for said, least in zip(taken, most, strict=True)):
        return "taken", f"a scenario takes {', '.join(map(repr, taken[0]))}; take it out of the exceptions"
    return None


def _no_lifecycle(name: str, names: Collection[str]) -> str:
    return f"there is no lifecycle {name!r} here; there are {', '.join(sorted(names)) or 'none'}"
