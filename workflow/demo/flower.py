"""Whether Flower, seen from outside, shows what it should: behind its password, and nobody's address."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from http import HTTPStatus

import httpx

from workflow.broker.task_names import APPLY, FIRE, SEND
from workflow.maintenance.check_result import CheckResult
from workflow.settings import Settings

_SECONDS = 5.0
_WANTED = ((APPLY, FIRE), (SEND,))
"""Tasks of each of these are seen: whoever applies events decides deadlines, too, while it listens."""


@dataclass(frozen=True, slots=True)
class FlowerSeen:
    """What Flower's doors answered: without and with the password, and the tasks it has seen, by name.

    `text` is all that its API shows of them.
    """

    without_password: int
    with_password: int
    tasks: Mapping[str, int]
    text: str


def see_flower(url: str, settings: Settings, password: str) -> FlowerSeen:
    """Ask Flower for its tasks, with the password and without. What cannot be reached counts as status 0."""
    with httpx.Client(base_url=url, timeout=_SECONDS, trust_env=False) as http:
        closed = _answer(http, None)
        opened = _answer(http, httpx.BasicAuth(settings.flower_user, password))
    if opened is None or opened.status_code != httpx.codes.OK:
        return FlowerSeen(_status(closed), _status(opened), {}, "")
    names = [task["name"] for task in opened.json().values()]
    counted = {name: names.count(name) for name in sorted({name for name in names if name})}
    return FlowerSeen(_status(closed), opened.status_code, counted, opened.text)


def flower_result(flower: FlowerSeen, people: Collection[str]) -> CheckResult:
    """Flower asks for its password, has seen our tasks by their names, and shows nobody's address."""
    missing = [" or ".join(wanted) for wanted in _WANTED if not flower.tasks.keys() & set(wanted)]
    personal = [address for address in people if address in flower.text]
    wrong = []
    if (flower.without_password, flower.with_password) != (HTTPStatus.UNAUTHORIZED, HTTPStatus.OK):
        answers = f"{flower.without_password} without and {flower.with_password} with the password"
        wrong.append(f"answered {answers}")
    if missing:
        wrong.append(f"has not seen {', '.join(missing)}")
    if personal:
        wrong.append(f"shows {', '.join(personal)}")
    seen = ", ".join(f"{name} x{count}" for name, count in flower.tasks.items())
    return CheckResult("Flower", not wrong, "; ".join(wrong) or f"behind its password, and has seen {seen}")


def _answer(http: httpx.Client, auth: httpx.BasicAuth | None) -> httpx.Response | None:
    try:
        return http.get("/api/tasks", params={"limit": 10_000}, auth=auth)
    except httpx.HTTPError:
        return None


def _status(response: httpx.Response | None) -> int:
    return 0 if response is None else response.status_code
