"""A whole installation in the storm: what comes in by which door, and what is seen of it afterwards."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from state_machines.definitions.lifecycle import Lifecycle
from state_machines.values.instants import format_instant
from tests.invariants.storm.marks import marked
from tests.invariants.storm.post import Post
from tests.invariants.storm.sight import Known, Seen, moves_after, subjects_named
from workflow.scenarios.installation import Installation
from workflow.scenarios.stage import Answer, Role, SentNotice

START = datetime(2026, 3, 27, 13, 30, tzinfo=UTC)
"""A Friday afternoon in Berlin, two days before the clocks go forward."""
_FIELD = re.compile(r'<(input|textarea)[^>]*?name="([a-z_]+)"([^>]*)')
_VALUE = re.compile(r'value="([^"]*)"')
_LINK = re.compile(r"/l/\S+")
"""A link, which is signed with a secret of its own in each installation."""
_STRUCTURED = "application/cloudevents+json"


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
    post: Post = field(default_factory=Post)
    _trouble_until: datetime = START
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
        return f"n{self._next_mark()}"

    def keys(self) -> dict[str, list[str]]:
        """Keys of all subjects, by lifecycle, the oldest first."""
        found: dict[str, list[str]] = {}
        for one in self.subjects.values():
            found.setdefault(one.lifecycle, []).append(one.key)
        return found

    def was_calm_since(self, instant: datetime) -> bool:
        """Whether workers were there and all channels did their work, from then on."""
        return self.works and not self.troubled and self._trouble_until <= instant

    def whose(self, seen: Seen, key: str) -> set[str]:
        """Who the customer with this key has turned out to be, before this instant and after it."""
        found = set()
        for stood in (self.subjects, {**self.subjects, **seen.before}):
            last, known = key, stood.get(key)
            while known is not None:
                last = known.key
                known = stood.get(str(known.data.get("into")))
            found.add(last)
        return found

    def who(self, seen: Seen, to: Any) -> set[str]:
        """The same of whom a notice is for; an address is nobody but itself."""
        key = to.get("key") if isinstance(to, Mapping) else None
        return self.whose(seen, key) if isinstance(key, str) else {repr(to)}

    def profiles(self, seen: Seen, to: Any) -> list[Mapping[str, Any]]:
        """What is known of whom a notice is for, before this instant and after it."""
        return [
            stood[key].data.get("customer") or {}
            for key in sorted(self.who(seen, to))
            for stood in (seen.before, self.subjects)
            if key in stood
        ]

    def send(
        self, key: str, trigger: str, data: Mapping[str, Any], role: Role = "system", again: bool = False
    ) -> Answer:
        """An event comes in by the front door; `again`: the last one once more, word for word."""
        data = marked(key.partition(":")[0], trigger, data, self._next_mark)
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
        if self.troubled:
            self._trouble_until = self.now
        self.troubled.discard(name)
        if behaviour != "works":
            self.troubled.add(name)
        self.installation.channel(name, behaviour)

    def worker(self, there: bool) -> None:
        """Whether anything is done."""
        if not self.works:
            self._trouble_until = self.now
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
        new = moves_after(self.installation.store, self._last)
        before = {
            key: self.subjects[key] for key in dict.fromkeys(one.key for one in new) if key in self.subjects
        }
        if new:
            self._last = new[-1].number
            changed = sorted({one.key for one in new})
            self.subjects.update({one.key: one for one in subjects_named(self.installation.store, changed)})
        letters = self.post.read(self.installation.store)
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
        if new or notices or letters:
            self.looked(Seen(new, notices, [], before, letters))

    def _next_mark(self) -> int:
        self._ids += 1
        return self._ids

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
