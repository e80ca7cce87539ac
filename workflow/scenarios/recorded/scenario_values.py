"""Values as a scenario writes them: people by their names, instants by the clock of its zone."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from state_machines.values.durations import format_duration
from state_machines.values.instants import format_instant, localize, parse_instant
from state_machines.values.time_errors import TimeError
from workflow.scenarios.times import RESERVED

_A_DAY, _AN_HOUR = timedelta(days=1), timedelta(hours=1)
_REACHED_BY = ("email", "phone")
_ADDRESS = re.compile(r"[\w.+%'-]+@[\w-]+(?:\.[\w-]+)+|\+[0-9][0-9 ()/.-]{6,20}[0-9]")


class WrittenTimes:
    """Times as they read best in a zone."""

    def __init__(self, zone: ZoneInfo) -> None:
        self.zone = zone

    def text(self, instant: datetime, since: datetime | None = None) -> str:
        """``2026-03-02 10:00``; with seconds rather ``+PT40S`` after `since`, if short or whole hours.

        Local times that the clocks show twice are RFC 3339.
        """
        local = instant.astimezone(self.zone)
        if (local.second or local.microsecond) and since is not None and instant >= since:
            length = instant - since
            if not length.microseconds and (length < _A_DAY or not length % _AN_HOUR):
                return f"+{format_duration(length)}"
        return self.local(instant) or format_instant(instant)

    def local(self, instant: datetime) -> str | None:
        """By the clock of the zone; None where that does not say which instant is meant."""
        local = instant.astimezone(self.zone).replace(tzinfo=None)
        if local.microsecond:
            return None
        try:
            localize(local, self.zone)
        except TimeError:
            return None
        return local.isoformat(" ", "seconds" if local.second else "minutes")


class WrittenValues:
    """Values of one scenario, with the people in them.

    Args:
        times: how instants are written.
        given: data in which its people are mentioned.
    """

    def __init__(self, times: WrittenTimes, given: Iterable[Any]) -> None:
        self.times = times
        self.people: dict[str, Any] = {}
        self._named: dict[str, str] = {}
        """By what somebody is reached, how that is written."""
        data = list(given)
        for said in (one for each in data for one in (_themselves(each), *_objects(each))):
            if any(isinstance(said.get(kind), str) for kind in _REACHED_BY):
                self._meet(said)
        for text in (one for each in data for one in _addresses(each)):
            if text not in self._named:
                self._called(text, text)

    def written(self, value: Any) -> Any:
        """The value as it stands in the YAML: what is filled in there gives it back."""
        if isinstance(value, str):
            return self._text(value)
        if isinstance(value, Mapping):
            if self.is_person(value):
                return next(f"<{name}>" for name, said in self.people.items() if said == value)
            return self.fields(value)
        return [self.written(one) for one in value] if isinstance(value, list | tuple) else value

    def fields(self, said: Mapping[str, Any]) -> dict[str, Any]:
        """The same of each field: a scenario wants a mapping there, and nobody's name."""
        return {_escaped(str(name)): self.written(one) for name, one in said.items()}

    def is_person(self, value: Any) -> bool:
        """Whether this is all that is said of one of its people."""
        return value in self.people.values()

    def who(self, address: Any) -> str:
        """Somebody, where a scenario wants a person's name or an address."""
        written = self._named.get(str(address))
        return written.partition(".")[0] if written is not None else _escaped(str(address))

    def reached_by(self, to: Any) -> str:
        """The address of a recipient, whatever channel it will be."""
        if isinstance(to, Mapping):
            texts = [*(to.get(kind) for kind in _REACHED_BY), *to.values()]
            to = next((one for one in texts if isinstance(one, str)), "")
        return str(self._text(str(to)))

    def _text(self, text: str) -> str:
        named = self._named.get(text)
        if named is not None:
            return f"<{named}>"
        try:
            instant = parse_instant(text)
        except TimeError:
            return _escaped(text)
        local = self.times.local(instant)
        return text if local is None or format_instant(instant) != text else f"<{local}>"

    def _meet(self, said: Mapping[str, Any]) -> None:
        reached = {kind: said[kind] for kind in _REACHED_BY if isinstance(said.get(kind), str)}
        if not any(text in self._named for text in reached.values()):
            self._called(next(iter(reached.values())), dict(said))

    def _called(self, address: str, said: Any) -> None:
        name = _name(address, self.people)
        self.people[name] = said
        if isinstance(said, str):
            self._named[said] = name
        else:
            parts = {said[kind]: f"{name}.{kind}" for kind in _REACHED_BY if isinstance(said.get(kind), str)}
            self._named |= parts


def _escaped(text: str) -> str:
    return text.replace("<", "<<")


def _themselves(data: Any) -> dict[str, Any]:
    """Who an event is about, where it says that in fields of its own."""
    said = data if isinstance(data, Mapping) else {}
    return {name: said[name] for name in ("name", *_REACHED_BY, "zone", "language") if name in said}


def _objects(value: Any, *, within: bool = False) -> Iterator[Mapping[str, Any]]:
    """Objects within a value; the value itself says what happened, and is nobody."""
    if isinstance(value, Mapping):
        if within:
            yield value
        for one in value.values():
            yield from _objects(one, within=True)
    elif isinstance(value, list):
        for one in value:
            yield from _objects(one, within=True)


def _addresses(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        if _ADDRESS.fullmatch(value):
            yield value
    elif isinstance(value, Mapping | list):
        for one in value.values() if isinstance(value, Mapping) else value:
            yield from _addresses(one)


def _name(address: str, taken: Mapping[str, Any]) -> str:
    """A short name that nobody has yet: what stands before the @."""
    local = re.sub(r"[^a-z0-9]+", "_", address.partition("@")[0].lower()).strip("_")
    name = local if local[:1].isalpha() and local not in RESERVED else f"person_{local}"
    number, found = 1, name
    while found in taken:
        number += 1
        found = f"{name}_{number}"
    return found
