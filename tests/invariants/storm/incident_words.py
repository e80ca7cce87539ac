"""Words of incidents: each customer of a case that is joined hears each of them once, and nobody else does.

Whose they are is reckoned from what was said to the incident alone. Each word bears a mark (see `marks`), by
which it is found again in what customers are told.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from tests.invariants.storm.hours import is_quiet
from tests.invariants.storm.marks import marks_in
from tests.invariants.storm.post import Letter
from tests.invariants.storm.sight import Known, Move, Seen
from tests.invariants.storm.world import StormyWorld

_LISTENING = ("open", "planned")
_CONDITIONS: Mapping[str, tuple[str, str]] = {
    "facts.part == 'power'": ("part", "power"),
    "facts.?account.orValue('') == 'A-1'": ("account", "A-1"),
}
CONDITIONS = tuple(_CONDITIONS)
"""Conditions of incidents in the storm, which are judged here without their language."""
_HOUR = 3600
_BY_ITSELF = "/makegood/sweep"


class IncidentWords:
    """Which cases each incident has, and who must have heard what how often."""

    def __init__(self) -> None:
        self._joined: dict[str, dict[str, bool]] = defaultdict(dict)
        self._hello: dict[str, list[str]] = defaultdict(list)
        self._fix: dict[str, list[str]] = defaultdict(list)
        self._due: Counter[tuple[str, str]] = Counter()
        self._heard: Counter[tuple[str, str]] = Counter()
        self._said: dict[str, Mapping[str, Any]] = {}
        self._letters: set[str] = set()

    def look(self, world: StormyWorld, seen: Seen) -> Iterator[str]:
        """What customers heard too often, not at all, late or in another language."""
        touched: set[tuple[str, str]] = set()
        for move in seen.moves:
            if move.key.startswith("incident:") and move.outcome != "refused":
                for mark, case in self._follow(world, move):
                    self._due[mark, case] += 1
                    touched.add((mark, case))
        for letter in seen.letters:
            if (
                letter.key in self._letters
                or letter.is_for_colleague
                or not letter.subject.startswith("case:")
            ):
                continue
            self._letters.add(letter.key)
            marks = marks_in(letter.payload.get("words"))
            for mark in marks:
                self._heard[mark, letter.subject] += 1
                touched.add((mark, letter.subject))
            if any(map(_is_theirs, marks)):
                yield from _about_language(world, seen, letter)
                yield from _at_once(world, seen, letter)
        for mark, case in sorted(touched):
            yield from self._as_often(world, seen, mark, case)
        if seen.moves and world.works:
            yield from self._as_the_condition_says(world, seen)

    def _follow(self, world: StormyWorld, move: Move) -> Iterator[tuple[str, str]]:
        """What this brings, as (mark, case) for each that must hear it."""
        key, said, joined = move.key, move.said, self._joined[move.key]
        marks = marks_in(said.get("words"))
        if move.trigger == "declare" and move.before == "initial":
            self._said[key] = said
            self._hello[key] = marks_in(said.get("says"))
            world.tally["weather: incidents declared"] += 1
        elif move.trigger == "join" and move.before in _LISTENING:
            case, was = str(said.get("case")), joined.get(str(said.get("case")))
            if was is None or (was is False and not said.get("rule")):
                joined[case] = True
                world.tally[
                    "weather: incidents, cases joined" + (" by match" if said.get("rule") else "")
                ] += 1
                yield from ((mark, case) for mark in self._hello[key])
        elif move.trigger == "split" and move.before in (*_LISTENING, "solved"):
            case, was = str(said.get("case")), joined.get(str(said.get("case")))
            joined[case] = False  # whether it was or not: no condition joins it from now on
            if was:
                world.tally["weather: incidents, cases split"] += 1
                yield from ((mark, case) for mark in marks)
        elif move.trigger == "plan":
            self._fix[key] = marks_in(said.get("fix")) or self._fix[key]
            if (move.before, move.after) == ("open", "planned"):
                heard = marks if "words" in said else self._fix[key]
                self._hello[key] = [*self._hello[key], *heard]
                world.tally["weather: incidents planned"] += 1
                yield from self._to_all(key, heard)
        elif move.trigger in ("tell", "solve") and move.before in (*_LISTENING, "solved"):
            world.tally[f"weather: incidents, {move.trigger}"] += 1
            yield from self._to_all(key, marks)

    def _to_all(self, incident: str, marks: list[str]) -> Iterator[tuple[str, str]]:
        yield from ((mark, case) for case, there in self._joined[incident].items() if there for mark in marks)

    def _as_often(self, world: StormyWorld, seen: Seen, mark: str, case: str) -> Iterator[str]:
        if not _is_theirs(mark):
            return
        known = world.subjects.get(case)
        due, heard = self._due[mark, case], self._heard[mark, case]
        if known is None or known.closed or seen.before.get(case, known).closed:
            due = min(due, heard)  # whoever's case is over hears no more of it
        if heard != due:
            yield f"incident: the customer of {case} hears {mark} {heard} times and not {due}"
        self._due[mark, case] = due

    def _as_the_condition_says(self, world: StormyWorld, seen: Seen) -> Iterator[str]:
        """All that match and came since have been joined, and no others by it."""
        for move in seen.moves:
            if move.trigger == "join" and move.source == _BY_ITSELF and move.key in self._said:
                case, rule = world.subjects.get(str(move.said["case"])), self._said[move.key].get("match")
                if case is not None and rule in _CONDITIONS:
                    as_it_was = (seen.before.get(case.key, case), case)
                    if not any(_matches(one, str(rule)) for one in as_it_was):
                        yield f"incident: {case.key} was joined to {move.key}, and {rule} does not hold of it"
        for key, said in self._said.items():
            incident, rule = world.subjects.get(key), said.get("match")
            if incident is None or incident.state not in _LISTENING or rule not in _CONDITIONS:
                continue
            since = _since(incident, said)
            for case in world.subjects.values():
                if (
                    case.lifecycle == "case"
                    and not case.closed
                    and case.opened_at >= since
                    and case.key not in self._joined[key]
                    and _matches(case, str(rule))
                ):
                    yield f"incident: {case.key} is not joined to {key}, and {rule} holds of it"


def _is_theirs(mark: str) -> bool:
    return mark.startswith("#incident")


def _since(incident: Known, said: Mapping[str, Any]) -> datetime:
    given = said.get("since")
    if isinstance(given, str) and given:
        return datetime.fromisoformat(given)
    return datetime.fromtimestamp(incident.opened_at.timestamp() - _HOUR, incident.opened_at.tzinfo)


def _matches(case: Known, rule: str) -> bool:
    name, value = _CONDITIONS[rule]
    known = case.data.get(name) if name == "part" else case.data.get("facts", {}).get(name)
    return bool(known == value)


def _customers(world: StormyWorld, seen: Seen, case: str) -> list[Mapping[str, Any]]:
    known = world.subjects.get(case)
    if known is None:
        return []
    both = (seen.before.get(case, known).data.get("customer"), known.data.get("customer"))
    return [one if isinstance(one, Mapping) else {} for one in both]


def _about_language(world: StormyWorld, seen: Seen, letter: Letter) -> Iterator[str]:
    spoken = {str(one.get("language") or "en")[:2] for one in _customers(world, seen, letter.subject)}
    if spoken <= {"de", "en"} and letter.payload.get("language") not in spoken:
        yield f"incident: {letter.key} is in {letter.payload.get('language')}, and they speak {spoken}"


def _at_once(world: StormyWorld, seen: Seen, letter: Letter) -> Iterator[str]:
    """Unless their hours or a cap forbid it, or they have just said something about being reached."""
    to = letter.to if isinstance(letter.to, Mapping) else {}
    wishes = [to, *_customers(world, seen, letter.subject), *world.profiles(seen, to)]
    if (
        letter.is_open
        and not letter.has_failed
        and letter.asked_at == world.now
        and world.was_calm_since(letter.asked_at)
        and not any(one.get("caps") or is_quiet(world.now, one) for one in wishes)
        and not any(move.key.startswith("customer:") for move in seen.moves)
    ):
        yield f"incident: {letter.key} to {to} waits"
