"""Messages: each notice goes out in one of them, and a colleague has few in a time of trouble.

By the table of docs/incidents.md: what concerns the cases of an incident, and what only says whose a case is
or how it went, is told to one colleague over one channel about one topic once in a quarter of an hour. A
further word about the one matter waits for nothing, unless it is what an incident says to its customers.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import pairwise

from tests.invariants.storm.post import Letter
from tests.invariants.storm.sight import Known, Seen
from tests.invariants.storm.world import StormyWorld
from workflow.scenarios.stage import SentNotice

_QUARTER = timedelta(minutes=15)
_NOTHING_IS_DUE = ("hand_over", "team_news", "ended")
_READ_BY_PEOPLE = ("email", "sms", "chat", "social")
_IN_FULL, _LISTED = 3, 20
_Line = tuple[str, str, str]


class Messages:
    """Which letter went with which message, and what each colleague was told when."""

    def __init__(self) -> None:
        self._went: dict[str, str] = {}
        self._told: dict[_Line, list[tuple[datetime, frozenset[str]]]] = defaultdict(list)
        self._of_incidents: set[str] = set()

    def look(self, world: StormyWorld, seen: Seen) -> Iterator[str]:
        """What is wrong with the messages of this instant, and with what waits after it."""
        for move in seen.moves:
            case = world.subjects.get(move.key)
            if case is not None and case.lifecycle == "case" and _incident_of(case):
                self._of_incidents.add(case.key)
        for notice in seen.notices:
            letters = world.post.of_message(notice.key)
            self._count(world, letters)
            yield from self._once(notice, letters)
            yield from _about_receipts(notice, letters)
            yield from _about_readers(world, seen, notice, letters)
            yield from _about_words(notice, letters)
            if all(_is_gathered(world, seen, one, notice.channel) for one in letters):
                yield from self._too_often(world, seen, notice, letters)
        for letter in seen.letters:
            if letter.is_settled and letter.receipt.get("channel") != "live" and letter.key not in self._went:
                yield f"in no message: {letter.key} is settled by {letter.receipt}"
        for letter in world.post.waiting():
            yield from self._too_late(world, letter)

    def _count(self, world: StormyWorld, letters: Sequence[Letter]) -> None:
        if len(letters) > 1:
            kind = "gathered" if letters[0].is_for_colleague else "digests"
            world.tally[f"weather: {kind}"] += 1
            world.tally[f"weather: {kind}, notices in them"] += len(letters)

    def _once(self, notice: SentNotice, letters: Sequence[Letter]) -> Iterator[str]:
        for letter in letters:
            before = self._went.setdefault(letter.key, notice.key)
            if before != notice.key:
                yield f"in two messages: {letter.key} went with {before} and with {notice.key}"

    def _too_often(
        self, world: StormyWorld, seen: Seen, notice: SentNotice, letters: Sequence[Letter]
    ) -> Iterator[str]:
        """One message in a quarter of an hour; more only about one matter alone, while nothing else waits."""
        line = (notice.channel, letters[0].about, notice.address.casefold())
        matters = frozenset(one.case or one.subject for one in letters)
        lately = [about for at, about in self._told[line] if notice.at - at < _QUARTER]
        waits_anyway = any(_says_only(world, one) and _is_of_incident(world, seen, one) for one in letters)
        if lately and (waits_anyway or len(matters.union(*lately)) > 1):
            yield f"too often: {notice.key} tells {line} of {sorted(matters)}, soon after {lately}"
        self._told[line].append((notice.at, matters))

    def _too_late(self, world: StormyWorld, letter: Letter) -> Iterator[str]:
        """At once, and what is gathered within the quarter."""
        if not letter.is_for_colleague or letter.has_failed or not world.was_calm_since(letter.asked_at):
            return
        may_be_gathered = _case_of(world, letter) in self._of_incidents or (
            letter.subject.startswith("case:") and letter.about in _NOTHING_IS_DUE
        )
        waited = world.now - letter.asked_at
        if waited >= (_QUARTER if may_be_gathered else timedelta(0)):
            yield f"too late: {letter.key} about {letter.about} to {letter.to} has waited {waited}"


def _incident_of(case: Known) -> str | None:
    known = case.data.get("documented_by")
    return known if isinstance(known, str) else None


def _case_of(world: StormyWorld, letter: Letter) -> str | None:
    """Key of the case that it is about; an escalation is about that of its promise."""
    subject = world.subjects.get(letter.subject)
    if letter.case is None and subject is not None and subject.lifecycle == "escalation":
        named = subject.data.get("case")
        return named if isinstance(named, str) else None
    return letter.case


def _is_gathered(world: StormyWorld, seen: Seen, letter: Letter, channel: str) -> bool:
    """Whether it is told together with others, both as things stood before this instant and after it."""
    case = world.subjects.get(str(_case_of(world, letter)))
    if case is None or not letter.is_for_colleague or channel not in _READ_BY_PEOPLE:
        return False
    return _says_only(world, letter) or _is_of_incident(world, seen, letter)


def _says_only(world: StormyWorld, letter: Letter) -> bool:
    """Whether a case says whose it is or how it went, and asks nobody for anything by a certain time."""
    return letter.subject.startswith("case:") and letter.about in _NOTHING_IS_DUE


def _is_of_incident(world: StormyWorld, seen: Seen, letter: Letter) -> bool:
    case = world.subjects[str(_case_of(world, letter))]
    return all(_incident_of(one) for one in (seen.before.get(case.key, case), case))


def _about_receipts(notice: SentNotice, letters: Sequence[Letter]) -> Iterator[str]:
    """The first says which went with it; of a colleague's, and if lost, each other one says with which."""
    keys, first = [one.key for one in letters], letters[0]
    if first.key != notice.key:
        yield f"receipts: {notice.key} says that it went with {keys}"
    if len(letters) == 1:
        return
    if first.receipt.get("digest") != keys or "gathered" in first.receipt:
        yield f"receipts: {first.key} went with {keys} and says {first.receipt}"
    lost = first.state == "unknown"
    for one in letters[1:]:
        said = (one.receipt.get("digest"), one.receipt.get("gathered"))
        right = (None, first.key) if one.is_for_colleague or lost else (keys, None)
        if said != right and one.state == first.state:
            yield f"receipts: {one.key} went with {keys} and says {one.receipt}"
        if one.state != first.state:
            yield f"receipts: {one.key} is {one.state} and went with {first.key}, which is {first.state}"


def _about_readers(
    world: StormyWorld, seen: Seen, notice: SentNotice, letters: Sequence[Letter]
) -> Iterator[str]:
    """Those of one message are for one person: a colleague by address and topic, a customer by key."""
    for one, other in pairwise(letters):
        if one.is_for_colleague != other.is_for_colleague:
            yield f"mixed: {one.key} and {other.key} went as {notice.key}"
        elif one.is_for_colleague:
            if one.about != other.about or _mail(one) != _mail(other):
                yield f"mixed: {one.key} and {other.key} went to {notice.address} as {notice.key}"
        elif not (_readers(world, seen, one) & _readers(world, seen, other) & world.who(seen, notice.to)):
            yield f"mixed: {one.key} to {one.to} and {other.key} to {other.to} went as {notice.key}"


def _readers(world: StormyWorld, seen: Seen, letter: Letter) -> set[str]:
    """Whom it was asked for, or whose the case has turned out to be since."""
    case = world.subjects.get(str(letter.case))
    return world.who(seen, letter.to) | (world.who(seen, case.data.get("customer")) if case else set())


def _mail(letter: Letter) -> str:
    to = letter.to
    return str(to if isinstance(to, str) else to.get("email")).casefold()


def _about_words(notice: SentNotice, letters: Sequence[Letter]) -> Iterator[str]:
    """What each had to say stands in it; of many for a colleague the first titles, and how many there are."""
    if len(letters) == 1:
        return
    text, few = " ".join(f"{notice.title} {notice.words}".split()), len(letters) <= _IN_FULL
    if letters[0].is_for_colleague and str(len(letters)) not in notice.title:
        yield f"words: {notice.key} does not say that it is {len(letters)}: {notice.title!r}"
    shown = letters if few or not letters[0].is_for_colleague else letters[:_LISTED]
    for letter in shown:
        if not any(" ".join(title.split()) in text for title, _ in letter.texts):
            yield f"words: {notice.key} says nothing of {letter.key}: {text!r}"
