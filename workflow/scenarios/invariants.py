"""What must be so whenever something has happened."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import time
from typing import Any
from zoneinfo import ZoneInfo

from state_machines.values.instants import format_instant, zone
from workflow.scenarios.document import Invariant, NeverTold, SubjectExpectation
from workflow.scenarios.matching import texts
from workflow.scenarios.meaning import Meaning
from workflow.scenarios.outcome import Difference
from workflow.scenarios.scenario import Placed
from workflow.scenarios.stage import SentNotice
from workflow.scenarios.subject_expectations import SubjectCheck


class Invariants:
    """Those of one scenario; each notice is looked at once."""

    def __init__(self, always: Sequence[tuple[Invariant, Placed]]) -> None:
        self._always = always
        self._notices = 0

    def begin(self, meaning: Meaning) -> None:
        """From here on: the notices that went out before are of no concern."""
        self._notices = len(meaning.stage.notices())

    def broken(self, meaning: Meaning) -> list[Difference]:
        """Those that do not hold now."""
        if not self._always:
            return []
        fresh = meaning.stage.notices()[self._notices :]
        self._notices += len(fresh)
        return [one for said, place in self._always for one in _broken(said, place, meaning, fresh)]


def _broken(
    said: Invariant, place: Placed, meaning: Meaning, fresh: Sequence[SentNotice]
) -> Iterator[Difference]:
    def differs(field: str, what: str, expected: Any, found: Any) -> Difference:
        path = f"{place.field}.{field}"
        because = (f"always: {said.because}",)
        return Difference(path, place.lines.of(path), str(place.file), what, expected, found, because)

    check = SubjectCheck(meaning)
    if said.each is not None:
        for subject in meaning.stage.subjects(str(meaning.text(said.each))):
            for expression in texts(said.holds):
                for one in check.expression(subject, expression):
                    yield differs("holds", one.what, one.expected, one.found)
    elif said.subject is not None:
        key = meaning.key(said.subject, "subject")
        if key is None or meaning.stage.subject(key) is None:
            return
        names = set(SubjectExpectation.model_fields) & said.model_fields_set
        wanted = SubjectExpectation(**{name: getattr(said, name) for name in names})
        for one in check.differences(key, wanted):
            yield differs(one.field.lstrip("."), one.what, one.expected, one.found)
    elif said.never_told is not None:
        for notice in fresh:
            if _is_forbidden(notice, said.never_told, meaning):
                at = format_instant(notice.at)
                found = {"to": notice.address, "about": notice.about, "channel": notice.channel, "at": at}
                yield differs("never_told", "a notice that must never go out", None, found)


def _is_forbidden(notice: SentNotice, never: NeverTold, meaning: Meaning) -> bool:
    if never.to is not None and notice.address != meaning.address(never.to, notice.channel):
        return False
    if never.about is not None and notice.about != meaning.text(never.about):
        return False
    if never.channel is not None and notice.channel != meaning.text(never.channel):
        return False
    if never.between is None:
        return True
    here = notice.at.astimezone(_zone_of(notice, meaning)).time()
    begin, end = (time.fromisoformat(str(meaning.fill(one))) for one in never.between)
    return begin <= here < end if begin < end else (here >= begin or here < end)


def _zone_of(notice: SentNotice, meaning: Meaning) -> ZoneInfo:
    """That of the person who was told: what stands in their notice, or of whom it is the address."""
    said = notice.to.get("zone") if isinstance(notice.to, Mapping) else None
    if isinstance(said, str):
        return zone(said)
    for name, where in meaning.fillings.moment.zones.items():
        if where is not None and notice.address == meaning.address(name, notice.channel):
            return zone(where)
    return meaning.fillings.moment.zone
