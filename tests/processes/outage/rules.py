"""What must hold of an outage: each rule by its name, and what breaks it.

None of them says how fast a machine must be: in time is what was promised.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from state_machines.calendars.quiet_hours import NeverAllowed, QuietHours, next_allowed
from tests.processes.outage.people import Caller
from tests.processes.outage.records import CALL, Message, Records
from tests.processes.outage.story import INCIDENT, LATER, PLAN, SAYS, SOLVED, UNDERSTOOD

_SHOWN = 3
ON_ITS_WAY = timedelta(seconds=3)
"""How long a message may be on its way: the interval is counted from when it was taken up."""


@dataclass(frozen=True, slots=True)
class Outage:
    """What was played, and what is on record of it.

    Attributes:
        callers: who reported.
        reported: by key of the case, when; UTC.
        interval: within which a colleague hears once about one topic.
        records: what is on record.
    """

    callers: Sequence[Caller]
    reported: Mapping[str, datetime]
    interval: timedelta
    records: Records

    def may_be_told(self, caller: Caller) -> datetime:
        """When their hours let somebody write to them first after their report, UTC."""
        return _allowed(self.reported[caller.key], caller)

    def due(self, caller: Caller) -> datetime:
        """Until when their first word must have gone out, UTC: as promised, from when they may be told."""
        promised = self.records.first_words[caller.key].due_at - self.reported[caller.key]
        return self.may_be_told(caller) + promised

    def first_word(self, caller: Caller) -> datetime | None:
        """When their first word went out, UTC; None: it has not."""
        text, messages = _first(caller), self.to_customers().get(caller.key, ())
        return next((one.at for one in messages if text in one.words), None)

    def waits(self, caller: Caller) -> bool:
        """Whether their first word waits for their hours, until just then."""
        mine = [one for one in self.records.waiting if one.subject == caller.key]
        return [one.until for one in mine if _first(caller) in one.words] == [self.may_be_told(caller)]

    def to_customers(self) -> Mapping[str, Sequence[Message]]:
        """Messages to customers, by key of the case."""
        found: dict[str, list[Message]] = defaultdict(list)
        for one in self.records.messages:
            if not one.is_to_a_colleague:
                found[one.subject].append(one)
        return found

    def to_colleagues(self) -> Mapping[tuple[str, str], Sequence[Message]]:
        """Messages to colleagues, by address and channel, each in the order in which they went out."""
        found: dict[tuple[str, str], list[Message]] = defaultdict(list)
        for one in self.records.messages:
            if one.is_to_a_colleague:
                found[one.to, one.channel].append(one)
        return {key: sorted(found[key], key=lambda one: one.at) for key in sorted(found)}


def broken(outage: Outage) -> list[str]:
    """Each rule that is broken, by its name, how often, and where first; none is as it should be."""
    found = []
    for name, rule in RULES.items():
        if faults := list(rule(outage)):
            more = f" and {len(faults) - _SHOWN} more" if len(faults) > _SHOWN else ""
            found.append(f"{name}: {len(faults)}: {'; '.join(faults[:_SHOWN])}{more}")
    return found


def _first(caller: Caller) -> str:
    return SAYS if caller.is_of_the_outage else UNDERSTOOD


def _allowed(at: datetime, caller: Caller) -> datetime:
    wishes = QuietHours.parse(caller.profile.get("quiet_hours"))
    found = next_allowed(at, wishes, caller.profile["zone"])
    assert not isinstance(found, NeverAllowed)
    return found


def _a_case_each(outage: Outage) -> Iterator[str]:
    number = sum(count for state, count in outage.records.states.items() if state.startswith("case/"))
    if number != len(outage.callers):
        yield f"{number} cases of {len(outage.callers)} reports"


def _joined(outage: Outage) -> Iterator[str]:
    wanted = {one.key for one in outage.callers if one.is_of_the_outage}
    for case in sorted(wanted - outage.records.joined):
        yield f"{case} is not joined"
    for case in sorted(outage.records.joined - wanted):
        yield f"{case} is joined"


def _first_word_in_time(outage: Outage) -> Iterator[str]:
    for one in outage.callers:
        promise = outage.records.first_words.get(one.key)
        if promise is None:
            yield f"{one.key} was promised none"
            continue
        if promise.kept_at is None or promise.kept_at > promise.due_at:
            yield f"the promise of {one.key} is {promise.state}"
        at = outage.first_word(one)
        if at is None and not outage.waits(one):
            yield f"{one.key} has none"
        if at is not None and at > outage.due(one):
            yield f"{one.key} had it at {at}, due {outage.due(one)}"


def _each_word_once(outage: Outage) -> Iterator[str]:
    """Who joins late hears of the plan with the first word, and of what was said before it not at all."""
    to = outage.to_customers()
    for one in outage.callers:
        waiting = [waits.words for waits in outage.records.waiting if waits.subject == one.key]
        words = "\n".join([*(message.words for message in to.get(one.key, ())), *waiting])
        least = int(one.is_of_the_outage)
        for text in (SAYS, PLAN, LATER, SOLVED):
            heard = words.count(text)
            if heard > least or (heard < least and text != LATER):
                yield f"{one.key} heard {heard} times: {text}"


def _in_their_hours(outage: Outage) -> Iterator[str]:
    people = {one.key: one for one in outage.callers}
    for case, messages in outage.to_customers().items():
        for one in messages:
            if case not in people:
                yield f"a message of {case}"
            elif _allowed(one.at, people[case]) != one.at:
                yield f"{case} at {one.at}"


def _once_in_a_quarter(outage: Outage) -> Iterator[str]:
    for (address, channel), messages in outage.to_colleagues().items():
        last: dict[str, Message] = {}
        for one in messages:
            before = last.get(one.about)
            last[one.about] = one
            if channel != CALL and before is not None:
                gap = one.at - before.at
                if gap < outage.interval - ON_ITS_WAY and not _is_one_ladder(before, one):
                    yield f"{address} about {one.about}, {gap.total_seconds():.1f} s after another"


def _is_one_ladder(one: Message, other: Message) -> bool:
    """Whether a ladder asks the same person again about the same matter."""
    return one.about == "escalation" and one.subject == other.subject and len(one.of) == len(other.of) == 1


def _nothing_untold(outage: Outage) -> Iterator[str]:
    told = Counter(key for one in outage.records.messages if one.is_to_a_colleague for key in one.of)
    for key in sorted(outage.records.asked | told.keys()):
        if told[key] != 1:
            yield f"{key} was told {told[key]} times"


def _one_ladder(outage: Outage) -> Iterator[str]:
    found = outage.records.states.items()
    ladders = {state: count for state, count in found if state.startswith("escalation/")}
    if ladders != {"escalation/resolved": 1}:
        yield str(ladders)


def _one_alert(outage: Outage) -> Iterator[str]:
    if list(outage.records.alerts) != [INCIDENT]:
        yield ", ".join(outage.records.alerts) or "none"


RULES: Mapping[str, Callable[[Outage], Iterator[str]]] = {
    "a-case-each": _a_case_each,
    "joined": _joined,
    "first-word-in-time": _first_word_in_time,
    "each-word-once": _each_word_once,
    "in-their-hours": _in_their_hours,
    "once-in-a-quarter": _once_in_a_quarter,
    "nothing-untold": _nothing_untold,
    "one-ladder": _one_ladder,
    "one-alert": _one_alert,
    "nothing-given-up": lambda outage: iter(outage.records.given_up),
    "nothing-refused": lambda outage: iter(outage.records.refused),
    "nothing-left": lambda outage: iter(outage.records.left),
}
"""By name."""
