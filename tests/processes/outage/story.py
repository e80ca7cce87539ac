"""The story: customers report in bursts, somebody sees that it is one thing, and it is put right."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import httpx

from tests.processes.installation import Installation
from tests.processes.outage.people import INCIDENT_OWNER, MANY, TEAM, Caller
from tests.processes.outage.records import left, states
from tests.waiting import wait_until
from workflow.access.role import Role
from workflow.clock import monotonic

INCIDENT = "incident:north"
SAYS = "The power is out in the north. We know it, and people are on their way."
PLAN = "A new line is up by noon, and the trees along it are cut."
LATER = "Half of the streets have light again."
SOLVED = "The power is back."
UNDERSTOOD = "Your bill shows a month twice; we look into it."
BEFORE_IT_IS_SEEN = 20
"""Reports after which somebody sees that it is one thing."""
_CLIENTS = 8
_PATIENCE = 600.0
"""Seconds, for what comes about by itself within some: however slow the machine is."""


class Story:
    """Plays it, step by step.

    Attributes:
        reported: by key of the case, when the report was sent, UTC.
        reported_within: seconds in which they did.
    """

    def __init__(
        self,
        installation: Installation,
        callers: Sequence[Caller],
        seconds: float,
        interval: timedelta,
        tell: Callable[[str], None],
    ) -> None:
        """They report within so many seconds; `tell` hears of each step."""
        self._installation = installation
        self._store = installation.runtime.store
        self._callers = callers
        self._seconds = seconds
        self._patience = _PATIENCE + interval.total_seconds()
        self._tell = tell
        self._http = httpx.Client(
            base_url=f"http://127.0.0.1:{installation.settings.api_port}",
            headers={"Authorization": f"Bearer {installation.key(Role.OPERATOR)}"},
            timeout=60,
        )
        self.reported: dict[str, datetime] = {}
        self.reported_within = 0.0

    def play(self) -> None:
        """All of it; returns once nothing is left to be done but what waits for the hours of customers."""
        self._prepare()
        self._burst()
        self._wait(self._all_joined, "every case of it to be joined")
        self._wait(self._all_is_said, "all that was said in the outage to have been sent")
        self._event("incident.solve", INCIDENT, {"words": SOLVED, "by": INCIDENT_OWNER})
        self._wait(self._customers_are_told, "the customers to be asked whether it works")
        self._answer_some()
        self._wait(self._customers_are_told, "their answers to be decided")
        data = {
            "what": {"part": "grid"},
            "why": {"cause": "a storm"},
            "different": {"process": "Trees are cut"},
        }
        self._event("incident.document", INCIDENT, {**data, "by": INCIDENT_OWNER})
        self._wait(lambda: self._get("/v1/alerts")["items"], "the service alert")
        self._wait(self._all_is_said, "the rest to have been sent")

    def listed(self) -> Mapping[str, Any]:
        """What the API lists of what went wrong, and of service alerts."""
        effects = self._get("/v1/effects", limit=1000)["items"]
        dead = self._get("/v1/dead-letters", limit=1000)
        return {
            "given_up": {"effects": effects}
            | {kind: dead[kind] for kind in ("events", "timers", "messages")},
            "refused": self._get("/v1/refusals", limit=1000)["items"],
            "alerts": self._get("/v1/alerts", limit=200)["items"],
        }

    def _get(self, path: str, **query: Any) -> Any:
        answer = self._http.get(path, params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def close(self) -> None:
        """Its connections."""
        self._http.close()

    def _prepare(self) -> None:
        """The team, the desk, and the customers whom the book knows."""
        self._event("team.set", "team:north", {"members": TEAM})
        self._event("team.set", "team:desk", {"members": ["desk@grid.example"]})
        known = [(f"customer:{one.case}", one.known) for one in self._callers if one.known is not None]
        for key, profile in known:
            self._event("customer.known", key, profile)
        self._wait(self._all_is_said, "the book to be read")

    def _burst(self) -> None:
        """The reports, and between them what colleagues do, each when its time has come."""
        begin = monotonic()
        seen = min(BEFORE_IT_IS_SEEN, len(self._callers) // 3)
        acts = {0.2: self._take_on, 0.5: self._half_a_plan, 0.6: self._plan, 0.8: self._say_more}
        steps: list[tuple[float, Callable[[], None]]] = [
            (at * self._seconds, act) for at, act in acts.items()
        ]
        with ThreadPoolExecutor(_CLIENTS) as pool:
            sent: list[Future[None]] = []
            for number, (at, caller) in enumerate(zip(self._times(), self._callers, strict=True)):
                while steps and steps[0][0] <= at:
                    self._at(begin, steps.pop(0))
                if number == seen:
                    for one in sent:
                        one.result()
                    self._declare()
                self._at(begin, (at, lambda: None))
                sent.append(pool.submit(self._report, caller))
            for step in steps:
                self._at(begin, step)
            for one in sent:
                one.result()
        self.reported_within = monotonic() - begin
        for caller in self._callers:
            if not caller.is_of_the_outage:
                said = {"understood": UNDERSTOOD, "by": MANY, "channel": caller.way}
                self._event("case.acknowledge", caller.key, said)

    def _times(self) -> list[float]:
        """When each of them reports: in bursts of different sizes, most of them early."""
        draw = random.Random(13)
        bursts = [self._seconds * draw.random() ** 1.5 for _ in range(max(5, len(self._callers) // 25))]
        length = self._seconds / 50
        times = sorted(draw.choice(bursts) + length * draw.random() for _ in self._callers)
        return [one * self._seconds / times[-1] for one in times]

    def _at(self, begin: float, step: tuple[float, Callable[[], None]]) -> None:
        at, act = step
        wait_until(lambda: monotonic() >= begin + at, seconds=self._seconds + _PATIENCE, what="its time")
        act()

    def _report(self, caller: Caller) -> None:
        self.reported[caller.key] = self._installation.runtime.clock.now()
        self._event("case.open", caller.key, caller.report)

    def _declare(self) -> None:
        said = {
            "words": "The north is dark",
            "says": SAYS,
            "owner": INCIDENT_OWNER,
            "ladder": [{"people": [INCIDENT_OWNER], "within": "PT30M"}],
            "match": "facts.part == 'power'",
            "part": "grid",
            "by": MANY,
        }
        self._event("incident.declare", INCIDENT, said)

    def _take_on(self) -> None:
        """By the link in the mail."""
        found: list[dict[str, Any]] = []

        def asked() -> bool:
            found[:] = [one for one in self._installation.notices() if one["about"] == "escalation"]
            return bool(found)

        self._wait(asked, "the ladder to be told")
        self._press(found[0], "acknowledge", {})

    def _half_a_plan(self) -> None:
        self._event("incident.plan", INCIDENT, {"fix": "A new line", "by": INCIDENT_OWNER})

    def _plan(self) -> None:
        self._event(
            "incident.plan", INCIDENT, {"prevent": "Trees are cut", "words": PLAN, "by": INCIDENT_OWNER}, 1
        )

    def _say_more(self) -> None:
        self._event("incident.tell", INCIDENT, {"words": LATER, "by": INCIDENT_OWNER})

    def _answer_some(self) -> None:
        """One in ten says whether it works; one that somebody answers for, that it does not.

        Of one that is the desk's, which has no address, a ladder would be opened besides.
        """
        some = self._asked_whether_it_works()[::10]
        answered_for = {one.key for one in self._callers if "owner" in one.report}
        fails = next(number for number, one in enumerate(some) if one["subject"] in answered_for)
        for number, notice in enumerate(some):
            self._press(notice, "answer", {"ok": "no" if number == fails else "yes"})

    def _asked_whether_it_works(self) -> list[dict[str, Any]]:
        return [one for one in self._installation.notices() if one["about"] == "check_in"]

    def _press(self, notice: Mapping[str, Any], link: str, answers: Mapping[str, str]) -> None:
        url = notice["links"][link]
        with httpx.Client(timeout=60) as browser:
            page = browser.get(url)
            assert page.status_code == 200, page.text
            answer = browser.post(str(page.url), data=answers)
            assert answer.status_code == 200, answer.text

    def _event(self, kind: str, subject: str, data: Mapping[str, Any], number: int = 0) -> None:
        event = {"specversion": "1.0", "id": f"{subject}/{kind}/{number}", "source": "/reports", "type": kind,
                 "subject": subject, "data": data}  # fmt: skip
        answer = self._http.post(
            "/v1/events", json=event, headers={"Content-Type": "application/cloudevents+json"}
        )
        assert answer.status_code == 202, answer.text

    def _all_joined(self) -> bool:
        return len(states(self._store, "membership")) >= sum(one.is_of_the_outage for one in self._callers)

    def _customers_are_told(self) -> bool:
        """Whether nothing is left but what waits for a customer's hours, or is gathered for a colleague."""
        return not left(self._store, gathered=False)

    def _all_is_said(self) -> bool:
        """Whether nothing is left but what waits for a customer's hours."""
        return not left(self._store)

    def _wait(self, condition: Callable[[], object], what: str) -> None:
        begin = monotonic()
        wait_until(condition, seconds=self._patience, what=what, seen=self._installation.seen, every=0.5)
        self._tell(f"waited {monotonic() - begin:.0f} s for {what}")
