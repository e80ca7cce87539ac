"""Lives that are told in sheets: `lives/<lifecycle>.yaml` says what happens and what comes of it.

A sheet has a `subject`, its `parent` if it has one, what steps have in `common`, `beginnings` that several
lives share, and `lives`. A life starts `from` a beginning, or from each of a list of them, and goes on with
its steps (`then`). Of each step:

  * what happens: `send` a trigger with `data`; or the timer that is due next `fires`, at its instant; or time
    passes, in which nothing is due (`wait`) or what was due has not fired yet (`late`). `source` is who sends
    it, and `happened` when it was, if not now;
  * what comes of it: the state that it `becomes` (none: it stays as it is), what the subject then `knows`
    (null: nothing of it), when its timers are `due` (null: not at all), and what it `asks` for, all of it. Or
    it is `refused`, by that rule.

``+PT2H`` is the instant two hours after the beginning, and ``#`` the number of the decision.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from state_machines.catalog import NAMES
from state_machines.values.durations import parse_duration
from tests.state_machines.life import NOON
from tests.state_machines.story_world import text_of

SHEETS = Path(__file__).with_name("lives")
_QUICK: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_INSTANT = re.compile(r"[+-]P[0-9T]\S*")
Step = Mapping[str, Any]


@dataclass(frozen=True)
class ToldLife:
    """One life of a sheet, from one of its beginnings.

    Attributes:
        lifecycle: its name.
        title: what the life tells.
        beginning: the name of its beginning, or nothing.
        subject, parent: keys.
        steps: all that happens, its beginning first.
    """

    lifecycle: str
    title: str
    beginning: str
    subject: str
    parent: str | None
    steps: tuple[Step, ...]

    def __str__(self) -> str:
        start = f" from {self.beginning}" if self.beginning else ""
        return f"{self.lifecycle}: {self.title}{start}".replace(" ", "_")


@cache
def told_lives() -> tuple[ToldLife, ...]:
    """Those of all sheets."""
    return tuple(life for name in NAMES for life in _lives_of(name, sheet(name)))


@cache
def sheet(lifecycle: str) -> Mapping[str, Any]:
    """What the sheet of a lifecycle says."""
    text = (SHEETS / f"{lifecycle}.yaml").read_text(encoding="utf-8")
    found: Mapping[str, Any] = yaml.load(text, Loader=_QUICK)
    return found


def meant(value: Any) -> Any:
    """A value of a sheet with its instants."""
    match value:
        case str() if _INSTANT.fullmatch(value):
            length = parse_duration(value[1:])
            return text_of(NOON - length if value.startswith("-") else NOON + length)
        case dict():
            return {name: meant(one) for name, one in value.items()}
        case list():
            return [meant(one) for one in value]
    return value


def _lives_of(name: str, said: Mapping[str, Any]) -> Iterator[ToldLife]:
    beginnings: dict[str, tuple[Step, ...]] = {"": ()}
    for title, told in said.get("beginnings", {}).items():
        beginnings[title] = (*beginnings[told.get("from", "")], *told["then"])
    for told in said["lives"]:
        starts = told.get("from", "")
        for start in starts if isinstance(starts, list) else [starts]:
            parent = told.get("parent", said.get("parent"))
            steps = (*beginnings[start], *told["then"])
            yield ToldLife(name, told["life"], start, said["subject"], parent, steps)
