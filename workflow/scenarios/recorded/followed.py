"""What followed of a step, as what must be so when it is played again."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from workflow.scenarios.news import News, NewsReader
from workflow.scenarios.recorded.acts import lasting_key
from workflow.scenarios.recorded.scenario_values import WrittenValues
from workflow.scenarios.stage import SeenSubject, SentNotice, Stage

_URL = re.compile(r"https?://\S+")
_BY_CHANCE = re.compile(r"effect-[0-9]+-[0-9a-z]{1,8}")
"""In keys: the number of an effect and the token under which it was sent; the next time it is another."""
_OWN_ID = re.compile(r"(step|known)-[0-9]+")
"""Ids of events of a scenario: with a step more before it, an event has another."""
_LONGEST = 4000
_FEW = 2
Defaults = Callable[[str, int], Mapping[str, Any]]


class Follower:
    """Looks at a stage after each step, and says what is new there.

    Args:
        aside: lifecycles of which only states are told: their subjects are asked by everybody.
        defaults: by lifecycle and version, the data of a subject when it is opened.
    """

    def __init__(
        self, stage: Stage, values: WrittenValues, aside: Collection[str], defaults: Defaults
    ) -> None:
        self._stage = stage
        self._values = values
        self._aside = aside
        self._defaults = defaults
        self._news = NewsReader(stage)
        self._before: dict[str, SeenSubject] = {}
        self._waiting: list[dict[str, Any]] = []
        self._line: list[str] = []
        self._described: list[Mapping[str, Any]] = []

    def begin(self) -> None:
        """From here on: what is known already is no news."""
        for move in self._news.read().moves:
            seen = self._stage.subject(move.subject)
            if seen is not None:
                self._before[move.subject] = seen

    def then(self, at: datetime) -> tuple[dict[str, Any], News]:
        """The `then` of a step at this instant (UTC), and the news that it is about."""
        news = self._news.read()
        found: dict[str, Any] = self._subjects(news, at)
        if news.notices:
            found["told"] = [self._notice(one) for one in news.notices]
        if news.refused:
            found["refused"] = [
                {"subject": self._key(one.subject), "trigger": one.trigger} | self._reason(one.reason)
                for one in news.refused
            ]
        if news.calls:
            written = self._values.fields
            found["tasks"] = [
                {"task": one.task, "of": self._key(one.subject), "with": written(one.arguments)}
                for one in news.calls
            ]
        if news.dead:
            found["dead"] = [
                {"subject": self._key(one.subject)} | self._reason(one.reason) for one in news.dead
            ]
        return found | self._standing(at), news

    def _subjects(self, news: News, at: datetime) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key in dict.fromkeys(one.subject for one in news.moves):
            seen = self._stage.subject(key)
            if seen is None:
                continue
            said = self._subject(seen, self._before.get(key), at)
            self._before[key] = seen
            if said is not None:
                found[self._key(key)] = said
        return found

    def _subject(self, seen: SeenSubject, before: SeenSubject | None, at: datetime) -> Any:
        """What changed of it; its state is always said. None: nothing did."""
        if seen.lifecycle in self._aside:
            return None if before is not None and before.state == seen.state else seen.state
        known = self._defaults(seen.lifecycle, seen.version) if before is None else before.data
        data = self._briefly(_lasting(_changed(known, seen.data)))
        timers = self._timers({} if before is None else before.timers, seen.timers, at)
        if before is not None and before.state == seen.state and not data and not timers:
            return None
        said: dict[str, Any] = {"state": seen.state}
        if before is None and seen.parent is not None:
            said["parent"] = self._key(seen.parent)
        if data:
            said["data"] = self._values.fields(data)
        if timers:
            said["timers"] = timers
        return said if len(said) > 1 else seen.state

    def _briefly(self, value: Any) -> Any:
        """The same, where of people that were told in full before only the address stands: it tells them."""
        if isinstance(value, list):
            return [self._briefly(one) for one in value]
        if not isinstance(value, Mapping):
            return value
        address = next((kind for kind in ("email", "phone") if isinstance(value.get(kind), str)), None)
        if address is None or len(value) <= _FEW or self._values.is_person(value):
            return {name: self._briefly(one) for name, one in value.items()}
        if value in self._described:
            return {address: value[address]}
        self._described.append(value)
        return value

    def _timers(
        self, before: Mapping[str, datetime | None], now: Mapping[str, datetime | None], at: datetime
    ) -> dict[str, str]:
        found = {name: "none" for name in before if name not in now}
        for name, due in now.items():
            if name not in before or before[name] != due:
                found[name] = "paused" if due is None else self._values.times.text(due, at)
        return found

    def _notice(self, notice: SentNotice) -> dict[str, Any]:
        said: dict[str, Any] = {"to": self._values.who(notice.address), "about": notice.about}
        if notice.channel != "email":
            said["channel"] = notice.channel
        if notice.title:
            said["title"] = self._words(notice.title)
        words = [self._words(one) for one in _URL.split(notice.words)]  # a link is another every time
        words = [one for one in words if one and one != said.get("title")]
        if words:
            said["words"] = words if len(words) > 1 else words[0]
        return said

    def _words(self, text: str) -> str:
        return str(self._values.written({"": text.strip()[: _LONGEST // 2]})[""])

    def _reason(self, text: str | None) -> dict[str, str]:
        """Words of a reason that are the same whenever it is given."""
        words = self._words(_BY_CHANCE.split(text or "")[0])
        return {"reason": words} if words else {}

    def _standing(self, at: datetime) -> dict[str, Any]:
        """Who waits now, if others did before."""
        found: dict[str, Any] = {}
        values = self._values
        waiting = [
            {"to": values.reached_by(one.to), "about": one.about, "until": values.times.text(one.until, at)}
            for one in self._stage.waiting()
        ]
        line = [self._key(key) for key in self._stage.line()]
        if waiting != self._waiting:
            found["waiting"] = waiting
        if line != self._line:
            found["line"] = line
        self._waiting, self._line = waiting, line
        return found

    def left(self, then: dict[str, Any]) -> dict[str, Any]:
        """The `then` of the last step: whoever still waits is named in it."""
        more: dict[str, Any] = {}
        if self._waiting and "waiting" not in then:
            more["waiting"] = self._waiting
        if self._line and "line" not in then:
            more["line"] = self._line
        return then | more

    def _key(self, key: str) -> str:
        """A subject's key; what may be another number is a ``*``, where one subject alone fits that."""
        pattern = lasting_key(key)
        if pattern == key:
            return key
        others: Sequence[SeenSubject] = self._stage.subjects(key.partition(":")[0])
        return pattern if sum(lasting_key(one.key) == pattern for one in others) == 1 else key


def _changed(before: Mapping[str, Any], now: Mapping[str, Any]) -> dict[str, Any]:
    """What is other than before: of objects any part, what is gone as null."""
    found: dict[str, Any] = {}
    for name in [*now, *(one for one in before if one not in now)]:
        value, old = now.get(name), before.get(name)
        if isinstance(value, Mapping) and isinstance(old, Mapping):
            value = _changed(old, value)
            if not value:
                continue
        elif value == old:
            continue
        found[name] = value
    return found


def _lasting(data: Mapping[str, Any]) -> dict[str, Any]:
    """What is the same whenever it is played; of lists all items are, or it is left out."""
    found: dict[str, Any] = {}
    for name, value in data.items():
        if isinstance(value, Mapping) and value:
            parts = _lasting(value)
            if parts:
                found[name] = parts
        elif not _is_by_chance(value):
            found[name] = value
    return found


def _is_by_chance(value: Any) -> bool:
    if isinstance(value, Mapping | list):
        return any(map(_is_by_chance, value.values() if isinstance(value, Mapping) else value))
    is_text = isinstance(value, str)
    return is_text and (_OWN_ID.fullmatch(value) is not None or _BY_CHANCE.search(value) is not None)
