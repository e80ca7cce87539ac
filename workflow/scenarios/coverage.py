"""Coverage: what no scenario took of the lifecycles that scenarios opened."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from workflow.scenarios.coverage_exceptions import Excepted, Exceptions
from workflow.scenarios.elements import KINDS, Element, Kind, WrittenLifecycle, elements_of
from workflow.scenarios.taken import LifecycleTaken, LifecycleText, Taken, text_of


@dataclass(frozen=True, slots=True)
class Missing:
    """One thing that no scenario took.

    Attributes:
        element: which.
        lack: what was not taken of it: ``never entered``, ``never taken``, ``never fired``; of a condition
            ``never held``, ``always held`` or ``never asked``.
        line: of the definition, where it is known.
        reason: why nobody takes it, by the list of exceptions; None where it is not there.
        implied: whether it follows from what else is missing: a condition of what is not taken.
    """

    element: Element
    lack: str
    line: int | None
    reason: str | None = None
    implied: bool = False


@dataclass(frozen=True, slots=True)
class LifecycleCoverage:
    """What was and what was not taken of one lifecycle.

    Attributes:
        lifecycle, version, title: which.
        file: in which it is written, where that is known.
        opened: whether any scenario opened a subject of it.
        counts: by kind, how many of how many were taken; of conditions, gave both answers.
        missing: the rest, by kind, and in the order of the definition.
    """

    lifecycle: str
    version: int
    title: str
    file: str | None
    opened: bool
    counts: Mapping[Kind, tuple[int, int]]
    missing: tuple[Missing, ...]

    @property
    def open(self) -> tuple[Missing, ...]:
        """What is missing without a reason, and does not follow from something else."""
        return tuple(one for one in self.missing if one.reason is None and not one.implied)


@dataclass(frozen=True, slots=True)
class Coverage:
    """What was not taken, lifecycle by lifecycle.

    Attributes:
        lifecycles: those that were opened, were named, or all of them, by name and version.
        aside: names of those that were opened only along the way, and are not listed.
        unopened: names of the others.
    """

    lifecycles: tuple[LifecycleCoverage, ...] = ()
    unopened: tuple[str, ...] = ()
    aside: tuple[str, ...] = ()

    @property
    def complete(self) -> bool:
        """Whether nothing is missing without a reason in what is listed."""
        return not self.not_taken()

    def not_taken(self, *kinds: Kind) -> list[tuple[str, str]]:
        """Lifecycle and words of what is missing without a reason, of these kinds or of all."""
        return [
            (each.lifecycle, one.element.words)
            for each in self.lifecycles
            for one in each.open
            if one.element.kind in (kinds or KINDS)
        ]


@dataclass(frozen=True, slots=True)
class _Measured:
    """One lifecycle beside what was taken of it."""

    of: WrittenLifecycle
    taken: LifecycleTaken
    elements: list[Element] = field(default_factory=list)

    def coverage(self, excepted: Excepted) -> LifecycleCoverage:
        missing, counts = [], dict.fromkeys(KINDS, (0, 0))
        for one in self.elements:
            lack = one.lack(self.taken)
            reached, all_of_them = counts[one.kind]
            counts[one.kind] = (reached + (lack is None), all_of_them + 1)
            if lack is not None:
                reason = excepted.reason(one)
                line = self.of.line(one.field)
                missing.append(Missing(one, lack, line, reason, not one.reached(self.taken)))
        lifecycle = self.of.lifecycle
        return LifecycleCoverage(
            lifecycle.name,
            lifecycle.version,
            lifecycle.definition.title or lifecycle.name,
            self.of.file,
            self.taken != LifecycleTaken(),
            counts,
            tuple(missing),
        )


def uncovered(
    taken: Taken,
    lifecycles: Iterable[WrittenLifecycle],
    exceptions: Exceptions | None = None,
    named: Collection[str] = (),
    *,
    all: bool = False,
    aside: Collection[LifecycleText] = (),
) -> Coverage:
    """What scenarios did not take.

    Args:
        taken: by all of them together.
        lifecycles: what there was to take, as `written` reads it.
        exceptions: what nobody takes, and why.
        named: names of lifecycles that are listed even if nobody opened one.
        all: whether every lifecycle is.
        aside: what is not what these scenarios are about: it is listed if it is named, else its name at most.

    Raises:
        CoverageError: an exception is taken after all, or names nothing; or there is no lifecycle of a name.
    """
    measured = [
        _Measured(one, taken.of(one.lifecycle), elements_of(one.lifecycle))
        for one in sorted(lifecycles, key=lambda one: text_of(one.lifecycle))
    ]
    excepted = (exceptions or Exceptions()).held_against(
        {text_of(one.of.lifecycle): (one.elements, one.taken) for one in measured}, named
    )
    found = [one.coverage(excepted[text_of(one.of.lifecycle)]) for one in measured]
    about: list[LifecycleCoverage] = []
    others: list[LifecycleCoverage] = []
    for one, each in zip(found, measured, strict=True):
        (others if text_of(each.of.lifecycle) in aside and one.lifecycle not in named else about).append(one)
    listed = [one for one in about if one.opened or all or one.lifecycle in named]
    names = {one.lifecycle for one in listed}
    unopened = dict.fromkeys(one.lifecycle for one in about if one.lifecycle not in names)
    along = dict.fromkeys(one.lifecycle for one in others if one.opened)
    return Coverage(tuple(listed), tuple(unopened), tuple(along))
