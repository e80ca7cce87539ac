"""A rotation over a time: who is on duty when, where nobody is, and what another one would change."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from heapq import merge
from typing import Any

from workflow.recovery.rotations.rotation import Rotation

MOST = 2_000
"""Spans of one time; what comes after them is not told."""


@dataclass(frozen=True, slots=True)
class DutySpan:
    """From `begin` up to but not including `end` (UTC) these are on duty; nobody: a gap."""

    begin: datetime
    end: datetime
    people: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class ChangedSpan:
    """From `begin` up to `end` (UTC) others are on duty than before."""

    begin: datetime
    end: datetime
    before: tuple[Any, ...]
    after: tuple[Any, ...]


def duty_spans(rotation: Rotation, begin: datetime, end: datetime) -> list[DutySpan]:
    """Who is on duty in this time, one after the other; neighbours with the same people are one."""
    return [DutySpan(first, last, people[0]) for first, last, people in _spans((rotation,), begin, end)]


def changed_spans(
    before: Rotation | None, after: Rotation, begin: datetime, end: datetime
) -> list[ChangedSpan]:
    """Where in this time others would be on duty; `before` is None where nobody was."""
    old = before or Rotation((), None, (), ())
    return [
        ChangedSpan(first, last, *people)
        for first, last, people in _spans((old, after), begin, end)
        if not _same(*people)
    ]


_Spans = Iterator[tuple[datetime, datetime, tuple[tuple[Any, ...], ...]]]


def _spans(rotations: tuple[Rotation, ...], begin: datetime, end: datetime) -> _Spans:
    """The same of several at once: a span ends where the people of one of them change."""
    first, known, number = begin, tuple(_once(one.on_duty(begin)) for one in rotations), 0
    for at in merge(*(one.changes(begin, end) for one in rotations)):
        now = tuple(_once(one.on_duty(at)) for one in rotations)
        if all(_same(some, others) for some, others in zip(now, known, strict=True)):
            continue
        yield first, at, known
        first, known, number = at, now, number + 1
        if number >= MOST:
            return
    if first < end:
        yield first, end, known


def _once(people: tuple[Any, ...]) -> tuple[Any, ...]:
    kept: list[Any] = []
    for one in people:
        if one not in kept:
            kept.append(one)
    return tuple(kept)


def _same(some: tuple[Any, ...], others: tuple[Any, ...]) -> bool:
    return len(some) == len(others) and {_known_by(one) for one in some} == {_known_by(one) for one in others}


def _known_by(person: Any) -> str:
    """By what somebody is known, whether they are written as an address or with their name beside it."""
    if isinstance(person, Mapping):
        person = next((person[name] for name in ("email", "phone", "name") if person.get(name)), "")
    return str(person).casefold()
