"""A whole installation in the storm: what comes in by which door, and what is seen of it afterwards."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import select

from state_machines.definitions.lifecycle import Lifecycle
from state_machines.values.instants import format_instant
from workflow.engine.fan_out import SOURCE as FAMILY_SOURCE
from workflow.scenarios.installation import Installation
from workflow.scenarios.stage import Answer, DeadThing, Role, SentNotice
from workflow.store.schema import events, moves, subjects, timers

START = datetime(2026, 3, 27, 13, 30, tzinfo=UTC)
"""A Friday afternoon in Berlin, two days before the clocks go forward."""
_FIELD = re.compile(r'<(input|textarea)[^>]*?name="([a-z_]+)"([^>]*)')
_VALUE = re.compile(r'value="([^"]*)"')
_LINK = re.compile(r"/l/\S+")
"""A link, which is signed with a secret of its own in each installation."""
_STRUCTURED = "application/cloudevents+json"


@dataclass(frozen=True, slots=True)
class Known:
    """A subject as it stands. `timers` are their due instants by name; None is paused, or dead."""

    key: str
    lifecycle: str
    state: str
    data: Mapping[str, Any]
    parent: str | None
    closed: bool
    opened_at: datetime
    timers: Mapping[str, datetime | None]

    @property
    def runs(self) -> bool:
        """Whether any clock of it runs."""
        return any(due is not None for due in self.timers.values())


@dataclass(frozen=True, slots=True)
class Move:
    """A decision, and where what brought it came from; `said` is what the event brought."""

    number: int
    at: datetime
    key: str
    trigger: str
    timer: str | None
    before: str
    after: str
    outcome: str
    reason: str | None
    source: str | None
    said: Mapping[str, Any]


@dataclass
class Seen:
    """What is new since it was looked last.

    Attributes:
        before: subjects that have changed, as they stood then.
    """

    moves: list[Move]
    notices: list[SentNotice]
    dead: list[DeadThing]
    before: Mapping[str, Known]


@dataclass
class StormyWorld:
    """An installation, and all that is known of it.

    Attributes:
        looked: called with what is new after each instant.
        complaints: what a door said that no door may say.
    """

    installation: Installation
    lifecycles: Mapping[str, Lifecycle]
    looked: Callable[[Seen], None]
    subjects: dict[str, Known] = field(default_factory=dict)
    tally: Counter[str] = field(default_factory=Counter)
    complaints: list[str] = field(default_factory=list)
    works: bool = True
    troubled: set[str] = field(default_factory=set)
    sent: list[dict[str, Any]] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    _last: int = 0
    _notices: int = 0
    _dead: set[str] = field(default_factory=set)
    _story: Any = field(default_factory=hashlib.sha256)
    _ids: int = 0

    @property
    def now(self) -> datetime:
        """The instant, UTC."""
        return self.installation.now()

    @property
    def story(self) -> str:
        """A digest of all that was decided and sent."""
        return str(self._story.hexdigest()[:16])

    def number(self) -> str:
        """A number that nothing else has in this world."""
        self._ids += 1
        return f"n{self._ids}"

    def send(
        self, key: str, trigger: str, data: Mapping[str, Any], role: Role = "system", again: bool = False
    ) -> Answer:
        """An event comes in by the front door; `again`: the last one once more, word for word."""
        event = {
            "specversion": "1.0",
            "id": self.number(),
            "source": "/outside",
            "type": f"{key.partition(':')[0]}.{trigger}",
            "subject": key,
            "time": format_instant(self.now),
            "data": dict(data),
        }
        if again and self.sent:
            event = self.sent[-1]
        self.say(f"{role} sends {event['type']} to {event['subject']}: {event['data']}")
        answer = self._asked("POST", "/v1/events", role, event, _STRUCTURED)
        if answer.status < 300:
            self.sent.append(event)
        self.settle()
        return answer

    def at_desk(self, path: str, body: Mapping[str, Any], *, in_query: bool = False) -> Answer:
        """An act at the desk: asked for, decided, and asked for again, which gives what became of it."""
        number = self.number()
        wish: dict[str, Any] = dict(body)
        if in_query:
            path = f"{path}?id={number}&patience=0"
        else:
            wish |= {"id": number, "patience": 0}
        self.say(f"desk: {path} {dict(body)}")
        answer = self._asked("POST", path, "desk", wish)
        self.settle()
        if answer.status == 202 and self.works:
            answer = self._asked("POST", path, "desk", wish)
            if answer.status == 202:
                self.complaints.append(f"undecided: the desk is not told what became of {path} {wish}")
        return answer

    def press(self, notice: SentNotice, link: str, choose: Callable[[list[str]], str]) -> None:
        """Somebody opens a link and sends its form; `choose` takes one of the values of a field."""
        page = self._asked_by_link(notice.links[link], None)
        if page.status >= 300:
            return
        form: dict[str, list[str]] = {}
        for kind, name, rest in _FIELD.findall(page.body):
            value = _VALUE.search(rest)
            radio = kind == "input" and 'type="radio"' in page.body
            form.setdefault(name, []).append(value[1] if radio and value else "so it is")
        answers = {name: choose(values) for name, values in form.items()}
        self.say(f"a customer presses {link} of {notice.key}: {answers}")
        self._asked_by_link(notice.links[link], answers)
        self.settle()

    def report(self, notice: SentNotice, status: str, code: str | None) -> None:
        """A channel says what became of a notice."""
        said = {"effect": notice.key, "status": status} | ({"code": code} if code else {})
        self.say(f"{notice.channel} reports {said}")
        self._asked("POST", f"/v1/reports/{notice.channel}", "system", said)
        self.settle()

    def channel(self, name: str, behaviour: str) -> None:
        """From here on a channel behaves so."""
        self.say(f"the channel {name} {behaviour}")
        self.troubled.discard(name)
        if behaviour != "works":
            self.troubled.add(name)
        self.installation.channel(name, behaviour)

    def worker(self, there: bool) -> None:
        """Whether anything is done."""
        self.works = there
        self.say("the workers are back" if there else "the workers are gone")
        self.installation.worker(there)
        self.settle()

    def task_done(self, place: int, well: bool) -> None:
        """A task of another program ends, one of those that wait."""
        waiting = [*self.installation.unanswered(), *self.installation.given_up()]
        if waiting:
            call = waiting[place % len(waiting)]
            self.say(f"the task {call.task} of {call.subject} " + ("succeeds" if well else "fails"))
            self.installation.end_task(call, well, {"paid": 20} if well else "no account")
            self.settle()

    def settle(self) -> None:
        """Everything that follows at this instant."""
        self.installation.settle()
        self.look()
        dead = [one for one in self.installation.dead() if one.identity not in self._dead]
        self._dead |= {one.identity for one in dead}
        if dead:
            self.looked(Seen([], [], dead, {}))

    def passes(self, time: timedelta) -> None:
        """Let time pass; each thing happens, and is looked at, at its instant."""
        self.say(f"{time} pass")
        self.installation.until(self.now + time, self.look)
        self.settle()

    def say(self, words: str) -> None:
        """Note what happens, to be told if anything is found."""
        self.told.append(f"{self.now:%d %H:%M:%S} {words}")

    def read(self, path: str) -> Answer:
        """An operator reads a resource."""
        return self._asked("GET", path, "operator", None)

    def look(self) -> None:
        """Take in what is new."""
        new = self._new_moves()
        before = {
            key: self.subjects[key] for key in dict.fromkeys(one.key for one in new) if key in self.subjects
        }
        if new:
            self._read_again(sorted({one.key for one in new}))
        notices = list(self.installation.notices()[self._notices :])
        self._notices += len(notices)
        if new or notices:
            for move in new:
                self.tally[f"{move.key.partition(':')[0]}.{move.after}"] += move.before != move.after
                self._story.update(repr((move.at, move.key, move.trigger, move.after, move.outcome)).encode())
            for notice in notices:
                self._story.update(
                    repr((notice.at, notice.key, notice.channel, _LINK.sub("", notice.words))).encode()
                )
            self.tally["decisions"] += len(new)
            self.tally["notices"] += len(notices)
            self.looked(Seen(new, notices, [], before))

    def _asked(self, method: str, path: str, role: Role, body: Any, kind: str = "") -> Answer:
        answer = self.installation.request(method, path, role, body, kind)
        return self._judged(answer, f"{method} {path} {body}")

    def _asked_by_link(self, url: str, answers: Mapping[str, str] | None) -> Answer:
        return self._judged(self.installation.browse(url, answers), f"{url} {answers}")

    def _judged(self, answer: Answer, asked: str) -> Answer:
        self.tally[f"answered {answer.status}"] += 1
        if answer.status >= 500:
            self.complaints.append(f"server error: {asked} is answered {answer.status}: {answer.body}")
        return answer

    def _new_moves(self) -> list[Move]:
        with self.installation.store.connect() as connection:
            rows = connection.execute(_MOVES.where(moves.c.id > self._last)).all()
        found = [Move(*row[:-1], said=row.data or {}) for row in rows]
        if found:
            self._last = found[-1].number
        return found

    def _read_again(self, keys: list[str]) -> None:
        with self.installation.store.connect() as connection:
            rows = connection.execute(_SUBJECTS.where(subjects.c.key.in_(keys))).all()
            due = connection.execute(_TIMERS.where(subjects.c.key.in_(keys))).all()
        running: dict[str, dict[str, datetime | None]] = {}
        for key, name, at in due:
            running.setdefault(key, {})[name] = at
        for row in rows:
            if row.opened_at is not None:
                known = (row.key, row.lifecycle, row.state, row.data, row.parent, row.closed_at is not None)
                self.subjects[row.key] = Known(*known, row.opened_at, running.get(row.key, {}))


_MOVES = (
    select(
        *(
            moves.c.id,
            moves.c.at,
            subjects.c.key,
            moves.c.trigger,
            moves.c.timer,
            moves.c.source,
            moves.c.dest,
        ),
        *(moves.c.outcome, moves.c.reason, events.c.source.label("came_from"), events.c.data),
    )
    .join_from(moves, subjects, subjects.c.id == moves.c.subject_id)
    .outerjoin(events, events.c.id == moves.c.event_id)
    .order_by(moves.c.id)
)
_SUBJECTS = select(
    *(subjects.c.key, subjects.c.lifecycle, subjects.c.state, subjects.c.data, subjects.c.parent),
    *(subjects.c.closed_at, subjects.c.opened_at),
).order_by(subjects.c.id)
_TIMERS = select(subjects.c.key, timers.c.name, timers.c.due_at).join_from(
    timers, subjects, subjects.c.id == timers.c.subject_id
)

__all__ = ["FAMILY_SOURCE", "START", "Known", "Move", "Seen", "StormyWorld"]
