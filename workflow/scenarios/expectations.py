"""What must be so after a step, held against what is and what has happened."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from state_machines.values.instants import format_instant
from workflow.scenarios.document import (
    DeadExpectation,
    NoticeExpectation,
    RefusalExpectation,
    SubjectExpectation,
    TaskExpectation,
    Then,
    WaitingExpectation,
)
from workflow.scenarios.matching import fits, part_of
from workflow.scenarios.meaning import Meaning
from workflow.scenarios.news import News
from workflow.scenarios.outcome import Difference
from workflow.scenarios.pairing import pair
from workflow.scenarios.scenario import Placed
from workflow.scenarios.stage import DeadThing, SeenMove, SentNotice, TaskCall, WaitingNotice
from workflow.scenarios.subject_expectations import SubjectCheck

_OK = 200


class Expectations:
    """Holds the `then` of one step against the stage.

    Args:
        meaning: of its texts.
        place: where the step stands.
        strict: whether what nobody named is a fault.
    """

    def __init__(self, meaning: Meaning, place: Placed, *, strict: bool) -> None:
        self._meaning = meaning
        self._stage = meaning.stage
        self._place = place
        self._strict = strict

    def differences(self, then: Then, news: News) -> list[Difference]:
        """Everything that is not as it must be."""
        return [
            *self._subjects(then.subjects),
            *self._told(then.told, news.notices),
            *self._refused(then.refused, news.refused),
            *self._tasks(then.tasks, news.calls),
            *self._dead(then.dead, news.dead),
            *self._waiting(then.waiting),
            *self._line(then.line),
            *self._all(then.all),
            *self._figures(then.figures),
        ]

    def left(self, then: Then) -> Iterator[Difference]:
        """What is left at the end of a scenario and was not named by its last step."""
        if not self._strict:
            return
        if then.waiting is None:
            for notice in self._stage.waiting():
                yield self._differs("waiting", "a notice that still waits", None, _waits(notice))
        unanswered = self._stage.unanswered()
        for number in pair(then.tasks, unanswered, self._is_call).extra:
            call = unanswered[number]
            yield self._differs("tasks", "a task that was not answered", None, _called(call))
        if then.line is None:
            for key in self._stage.line():
                yield self._differs("line", "somebody who waits at the desk", None, key)

    def _differs(
        self, field: str, what: str, expected: Any, found: Any, more: Sequence[str] = ()
    ) -> Difference:
        path = f"{self._place.field}.then.{field}" if field else self._place.field
        line = self._place.lines.of(path)
        return Difference(path, line, str(self._place.file), what, expected, found, tuple(more))

    def _subjects(self, wanted: Mapping[str, str | SubjectExpectation]) -> Iterator[Difference]:
        check = SubjectCheck(self._meaning)
        for pattern, said in wanted.items():
            for one in check.differences(pattern, said):
                yield self._differs(f"{pattern}{one.field}", one.what, one.expected, one.found, one.more)

    def _told(self, wanted: Sequence[NoticeExpectation], found: Sequence[SentNotice]) -> Iterator[Difference]:
        yield from self._paired(
            "told", "a notice", wanted, found, self._is_notice,
            lambda one: self._as_expected(one), self._as_found,
        )  # fmt: skip

    def _is_notice(self, wanted: NoticeExpectation, found: SentNotice) -> bool:
        meaning = self._meaning
        return (
            found.about == meaning.text(wanted.about)
            and found.channel == meaning.text(wanted.channel)
            and found.address == meaning.address(wanted.to, found.channel)
            and (wanted.title is None or found.title == meaning.text(wanted.title))
            and all(one in found.words for one in meaning.texts(wanted.words))
            and not any(one in found.words for one in meaning.texts(wanted.without))
            and (wanted.language is None or found.language == meaning.text(wanted.language))
            and (wanted.subject is None or meaning.is_key(found.subject, wanted.subject))
        )

    def _as_expected(self, wanted: NoticeExpectation) -> Any:
        said = self._meaning.fill(wanted.model_dump(exclude_none=True))
        return said | {"to": self._meaning.address(wanted.to, str(said["channel"]))}

    def _as_found(self, found: SentNotice, beside: NoticeExpectation | None) -> Any:
        shown = {"to": found.address, "about": found.about, "channel": found.channel, "title": found.title}
        if beside is None or beside.words or beside.without:
            shown["words"] = found.words
        if beside is not None and beside.title is None:
            del shown["title"]
        if beside is not None and beside.language:
            shown["language"] = found.language or "not known"
        return shown if beside is not None and not beside.subject else shown | {"subject": found.subject}

    def _refused(
        self, wanted: Sequence[RefusalExpectation], found: Sequence[SeenMove]
    ) -> Iterator[Difference]:
        def is_it(one: RefusalExpectation, move: SeenMove) -> bool:
            reason = self._meaning.text(one.reason) or ""
            return (
                self._meaning.is_key(move.subject, one.subject)
                and move.trigger == self._meaning.text(one.trigger)
                and reason in (move.reason or "")
            )

        yield from self._paired(
            "refused", "a refusal", wanted, found, is_it,
            lambda one: self._meaning.fill(one.model_dump(exclude_none=True)),
            lambda move, _: {"subject": move.subject, "trigger": move.trigger, "reason": move.reason},
        )  # fmt: skip

    def _tasks(self, wanted: Sequence[TaskExpectation], found: Sequence[TaskCall]) -> Iterator[Difference]:
        yield from self._paired(
            "tasks", "a call of a task", wanted, found, self._is_call,
            lambda one: self._meaning.fill(one.model_dump(exclude_none=True, by_alias=True)),
            lambda call, _: _called(call),
        )  # fmt: skip

    def _is_call(self, wanted: TaskExpectation, call: TaskCall) -> bool:
        arguments = self._meaning.fill(wanted.arguments)
        return (
            call.task == self._meaning.text(wanted.task)
            and (wanted.of is None or self._meaning.is_key(call.subject, wanted.of))
            and (arguments is None or fits(arguments, call.arguments))
        )

    def _dead(self, wanted: Sequence[DeadExpectation], found: Sequence[DeadThing]) -> Iterator[Difference]:
        def is_it(one: DeadExpectation, dead: DeadThing) -> bool:
            reason = self._meaning.text(one.reason) or ""
            return self._meaning.is_key(dead.subject, one.subject) and reason in dead.reason

        yield from self._paired(
            "dead", "something that failed", wanted, found, is_it,
            lambda one: self._meaning.fill(one.model_dump(exclude_none=True)),
            lambda dead, _: {"subject": dead.subject, "reason": dead.reason},
        )  # fmt: skip

    def _waiting(self, wanted: Sequence[WaitingExpectation] | None) -> Iterator[Difference]:
        if wanted is None:
            return

        def is_it(one: WaitingExpectation, notice: WaitingNotice) -> bool:
            return (
                notice.about == self._meaning.text(one.about)
                and not self._meaning.addresses(one.to).isdisjoint(_addresses(notice))
                and (one.until is None or self._same(self._meaning.instant(one.until), notice.until))
            )

        yield from self._paired(
            "waiting", "a notice that waits", wanted, self._stage.waiting(), is_it,
            lambda one: self._meaning.fill(one.model_dump(exclude_none=True)),
            lambda notice, _: _waits(notice), always=True,
        )  # fmt: skip

    def _line(self, wanted: Sequence[str] | None) -> Iterator[Difference]:
        if wanted is None:
            return
        found = list(self._stage.line())
        expected = [str(self._meaning.fill(one)) for one in wanted]
        right = len(found) == len(expected) and all(map(self._meaning.is_key, found, expected))
        if not right:
            yield self._differs("line", "the desk's line", expected, found)

    def _all(self, wanted: Mapping[str, Mapping[str, int | list[str]]]) -> Iterator[Difference]:
        for lifecycle, states in wanted.items():
            there = self._stage.subjects(str(self._meaning.fill(lifecycle)))
            if not states and there:
                yield self._differs(f"all.{lifecycle}", f"all of {lifecycle}", [], [one.key for one in there])
            for name, said in states.items():
                state = str(self._meaning.fill(name))
                keys = [one.key for one in there if one.state == state]
                what = f"all of {lifecycle} that are {state}"
                if isinstance(said, int):
                    if len(keys) != said:
                        yield self._differs(f"all.{lifecycle}.{name}", what, said, keys)
                    continue
                expected = [str(self._meaning.fill(one)) for one in said]
                rest = pair(expected, keys, lambda one, key: self._meaning.is_key(key, one))
                if rest.missing or rest.extra:
                    yield self._differs(f"all.{lifecycle}.{name}", what, expected, keys)

    def _figures(self, wanted: Mapping[str, Any]) -> Iterator[Difference]:
        for figure, said in wanted.items():
            expected = self._meaning.fill(said)
            answer = self._stage.request("GET", f"/v1/barometer/{self._meaning.fill(figure)}", "operator")
            if answer.status != _OK or not fits(expected, answer.body):
                found = part_of(expected, answer.body) if answer.status == _OK else answer.body
                yield self._differs(f"figures.{figure}", f"the figures {figure}", expected, found)

    def _same(self, one: datetime, other: datetime) -> bool:
        return one == other

    def _paired(
        self,
        field: str,
        what: str,
        wanted: Sequence[Any],
        found: Sequence[Any],
        is_it: Any,
        as_expected: Any,
        as_found: Any,
        *,
        always: bool = False,
    ) -> Iterator[Difference]:
        """A difference for what did not happen, beside what comes nearest; and for what nobody named."""
        pairing = pair(wanted, found, is_it)
        extra = list(pairing.extra)
        for place in pairing.missing:
            expected = as_expected(wanted[place])
            near = max(
                extra, key=lambda one: _alike(expected, as_found(found[one], wanted[place])), default=None
            )
            if near is not None and _alike(expected, as_found(found[near], wanted[place])):
                extra.remove(near)
                shown = as_found(found[near], wanted[place])
                yield self._differs(f"{field}[{place}]", what, expected, shown)
            else:
                yield self._differs(f"{field}[{place}]", f"{what} that must be there", expected, None)
        if self._strict or always:
            for place in extra:
                yield self._differs(field, f"{what} that nobody named", None, as_found(found[place], None))


def _alike(expected: Mapping[str, Any], found: Mapping[str, Any]) -> int:
    """How much of it is the same."""
    return sum(fits(said, found.get(name)) for name, said in expected.items())


def _called(call: TaskCall) -> dict[str, Any]:
    return {"task": call.task, "of": call.subject, "with": dict(call.arguments)}


def _waits(notice: WaitingNotice) -> dict[str, Any]:
    return {"to": notice.to, "about": notice.about, "until": format_instant(notice.until)}


def _addresses(notice: WaitingNotice) -> set[str]:
    """Everything by which somebody is reached: over which channel it will go is not known yet."""
    if isinstance(notice.to, Mapping):
        return {said for said in notice.to.values() if isinstance(said, str)}
    return {str(notice.to)}
