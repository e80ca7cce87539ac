"""What of a subject is searched: read from its data, as its definition declares them.

The type of a field says as what it is searched; where that is not meant, `search` in its declaration does. A
product says the same of definitions that cannot be changed any more (`SEARCHED`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from state_machines.form.definition import Definition
from state_machines.form.fields import FieldDeclaration
from state_machines.subject import is_key
from state_machines.values.instants import parse_instant
from state_machines.values.searched import Said, SearchedAs, Standing
from state_machines.values.time_errors import TimeError

MOST_CHARACTERS = 8_000
"""Of all texts of one subject: what comes later is not found by words."""
_MOST_DEPTH = 6
_PARTS: Mapping[str, SearchedAs] = {
    "name": SearchedAs.NAME,
    "account": SearchedAs.ACCOUNT,
    "email": SearchedAs.EMAIL,
    "phone": SearchedAs.PHONE,
}
"""What somebody is known by, by the names under which a person's object has it."""
_BY_NAME: Mapping[str, SearchedAs] = {
    "owner": SearchedAs.OWNER,
    "team": SearchedAs.TEAM,
    "due_at": SearchedAs.DUE,
}
"""What fields of these names are, at the top of the data."""
_OF_STANDING = frozenset((SearchedAs.OWNER, SearchedAs.TEAM, SearchedAs.DUE, SearchedAs.RISK))
_INSTANT = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d.*")
_NUMBER = re.compile(r"[+(]?[\d\s()/.+-]{5,24}")
_ADDRESS = re.compile(r"[^\s@]+@[^\s@]+")
_NOWHERE: Any = object()
_Reader = Callable[[Any, int], Iterator[Said]]


class SearchedFields:
    """What a product says of fields whose definitions say nothing; before the first one is compiled."""

    def __init__(self) -> None:
        self._left_out: frozenset[str] = frozenset()
        self._said: dict[str, Mapping[str, SearchedAs]] = {}
        self.parts: Mapping[str, SearchedAs] = _PARTS

    def known_by(self, **parts: SearchedAs) -> None:
        """By what else somebody is known: parts of a person's object, by their names there."""
        self.parts = {**self.parts, **parts}

    def register(self, lifecycle: str, **fields: SearchedAs) -> None:
        """As what fields of a lifecycle are searched; ``a__b`` is the field b of the object a."""
        self._said[lifecycle] = {name.replace("__", "."): said for name, said in fields.items()}

    def leave_out(self, *fields: str) -> None:
        """Fields of no lifecycle by which anything is found, such as which colleague did something."""
        self._left_out |= frozenset(fields)

    def of(self, lifecycle: str) -> Mapping[str, SearchedAs]:
        """What is registered for a lifecycle, by field."""
        return self._said.get(lifecycle, {})

    def is_left_out(self, field: str) -> bool:
        """Whether nothing is found by a field of this name, unless its declaration says so."""
        return field in self._left_out or field.endswith("_by")


SEARCHED = SearchedFields()
"""What this process's product says."""


@dataclass(frozen=True, slots=True)
class SearchRule:
    """What of a lifecycle's subjects is searched, compiled.

    Attributes:
        texts: by field of the data, how texts by which a subject is found are read out of it.
        standing: what the subject is chosen by: owner, team, due and risk, with the way to it in the data.
    """

    texts: tuple[tuple[str, _Reader], ...]
    standing: tuple[tuple[SearchedAs, tuple[str, ...]], ...]

    def texts_differ(self, before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
        """Whether a decision has changed something by which a subject is found."""
        return any(_differs(name, before, after) for name, _ in self.texts)

    def standing_differs(self, before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
        """Whether it has changed something by which the subject is chosen."""
        return any(_differs(way[0], before, after) for _, way in self.standing)

    def read_texts(self, data: Mapping[str, Any]) -> list[Said]:
        """The texts by which a subject with these data is found, each once, as they are written."""
        found: dict[Said, None] = {}
        room = MOST_CHARACTERS
        for name, read in self.texts:
            value = data.get(name)
            if value is None:
                continue
            for said in read(value, 0):
                if said in found:
                    continue
                room -= len(said.text)
                if room < 0:
                    return list(found)
                found[said] = None
        return list(found)

    def read_standing(self, data: Mapping[str, Any]) -> Standing:
        """What a subject with these data is chosen by."""
        found: dict[SearchedAs, Any] = {}
        for kind, way in self.standing:
            value: Any = data
            for name in way:
                value = value.get(name) if isinstance(value, Mapping) else None
            if value is not None and found.get(kind) is None:
                found[kind] = value
        return Standing(
            _owner(found.get(SearchedAs.OWNER)),
            _word(found.get(SearchedAs.TEAM)),
            _instant(found.get(SearchedAs.DUE)),
            bool(found.get(SearchedAs.RISK)),
        )


def _differs(name: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    was, now = before.get(name, _NOWHERE), after.get(name, _NOWHERE)
    return was is not now and was != now


def compile_search(definition: Definition) -> SearchRule:
    """What a definition says of it, by its declared data."""
    registered = SEARCHED.of(definition.lifecycle)
    texts: list[tuple[str, _Reader]] = []
    standing: list[tuple[SearchedAs, tuple[str, ...]]] = [
        (kind, tuple(place.split("."))) for place, kind in registered.items() if kind in _OF_STANDING
    ]
    for name, declared in definition.data.items():
        kind = declared.search or registered.get(name) or _by_name(name, declared)
        if kind in _OF_STANDING:
            if (kind, (name,)) not in standing:
                standing.append((kind, (name,)))
            continue
        if kind is None and SEARCHED.is_left_out(name):
            continue
        reader = _reader(declared, kind)
        if reader is not None:
            texts.append((name, reader))
    return SearchRule(tuple(texts), tuple(standing))


def _by_name(name: str, declared: FieldDeclaration) -> SearchedAs | None:
    kind = _BY_NAME.get(name)
    if kind is SearchedAs.DUE and declared.format != "date-time":
        return None
    return kind


def _reader(declared: FieldDeclaration, kind: SearchedAs | None) -> _Reader | None:
    """How the texts of such a field are read; None if nothing is found by it."""
    kind = kind or declared.search
    if kind is not None:
        return None if kind is SearchedAs.NO or kind in _OF_STANDING else _leaves(kind)
    if declared.meaning == "people":
        return None  # colleagues who took part
    if declared.meaning == "person":
        return _person
    if declared.fields is not None:
        return _parts(declared.fields)
    if declared.items is not None:
        inner = _reader(declared.items, None)
        return None if inner is None else _each(inner)
    if declared.meaning == "words":
        return _leaves(SearchedAs.WORDS)
    if declared.type == "string":
        if declared.format == "email":
            return _leaves(SearchedAs.EMAIL)
        return None if declared.format is not None or declared.enum is not None else _text
    return _anything if declared.personal and declared.type in ("object", "array", "any") else None


def _parts(fields: Mapping[str, FieldDeclaration]) -> _Reader | None:
    readers = {
        name: reader
        for name, one in fields.items()
        if (one.search is not None or not SEARCHED.is_left_out(name))
        and (reader := _reader(one, one.search or SEARCHED.parts.get(name))) is not None
    }

    def read(value: Any, depth: int) -> Iterator[Said]:
        if isinstance(value, Mapping) and depth < _MOST_DEPTH:
            for name, reader in readers.items():
                if value.get(name) is not None:
                    yield from reader(value[name], depth + 1)

    return read if readers else None


def _each(inner: _Reader) -> _Reader:
    def read(value: Any, depth: int) -> Iterator[Said]:
        if depth < _MOST_DEPTH:
            for one in value if isinstance(value, list) else (value,):
                yield from inner(one, depth + 1)

    return read


def _leaves(kind: SearchedAs) -> _Reader:
    """Whatever texts and numbers there are, as one kind."""

    def read(value: Any, depth: int) -> Iterator[Said]:
        if isinstance(value, str):
            if value.strip():
                yield Said(kind, value)
        elif isinstance(value, Mapping | list) and depth < _MOST_DEPTH:
            for one in value.values() if isinstance(value, Mapping) else value:
                yield from read(one, depth + 1)
        elif isinstance(value, int) and not isinstance(value, bool):
            yield Said(kind, str(value))

    return read


def _text(value: Any, depth: int) -> Iterator[Said]:
    """A text that people have written, or a word; keys and instants are neither."""
    if isinstance(value, str) and value.strip() and not _INSTANT.fullmatch(value) and not is_key(value):
        yield Said(SearchedAs.WORDS, value)


def _person(value: Any, depth: int) -> Iterator[Said]:
    """What somebody is known by: all that their object says, or the one text that they are."""
    if isinstance(value, str):
        if value.strip() and not is_key(value):
            address = _ADDRESS.fullmatch(value.strip())
            number = _NUMBER.fullmatch(value.strip())
            kind = SearchedAs.EMAIL if address else SearchedAs.PHONE if number else SearchedAs.NAME
            yield Said(kind, value)
    elif isinstance(value, Mapping):
        for name, kind in SEARCHED.parts.items():
            part = value.get(name)
            if part is not None:
                yield from _leaves(kind)(part, _MOST_DEPTH - 1)
    elif isinstance(value, list) and depth < _MOST_DEPTH:
        for one in value:
            yield from _person(one, depth + 1)


def _anything(value: Any, depth: int) -> Iterator[Said]:
    """All that is written in data of which nothing is declared but that they are personal."""
    if isinstance(value, str):
        if not _ADDRESS.fullmatch(value.strip()):
            yield from _text(value, depth)
    elif depth >= _MOST_DEPTH:
        return
    elif isinstance(value, Mapping):
        for name, one in value.items():
            kind = SEARCHED.parts.get(name)
            if kind is not None and isinstance(one, str):
                yield from _leaves(kind)(one, depth + 1)
            elif not SEARCHED.is_left_out(name):
                yield from _anything(one, depth + 1)
    elif isinstance(value, list):
        for one in value:
            yield from _anything(one, depth + 1)


def _owner(value: Any) -> str | None:
    """Who somebody is, in one text: their address, else their key or name."""
    if isinstance(value, Mapping):
        parts: Iterable[Any] = (value.get(name) for name in ("email", "key", "name", "phone"))
        value = next((one for one in parts if isinstance(one, str) and one.strip()), None)
    return plain_owner(value) if isinstance(value, str) else None


def plain_owner(text: str) -> str | None:
    """Who an owner is, however it is written; None for an empty text."""
    return " ".join(text.split()).casefold()[:200] or None


def _word(value: Any) -> str | None:
    return value[:200] if isinstance(value, str) and value else None


def _instant(value: Any) -> datetime | None:
    if isinstance(value, str):
        try:
            return parse_instant(value)
        except TimeError:
            return None
    return value if isinstance(value, datetime) else None
