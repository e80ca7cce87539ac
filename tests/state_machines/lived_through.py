"""A told life lived through by `decide` alone; what comes of each step is held against its sheet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from state_machines.catalog import load_catalog
from state_machines.decision import (
    Decision,
    Effect,
    EmitEvent,
    Event,
    Outcome,
    RecallNotice,
    RunTask,
    SendNotice,
)
from state_machines.values.durations import parse_duration
from state_machines.values.instants import parse_instant
from tests.state_machines.life import Life
from tests.state_machines.told_lives import Step, ToldLife, meant


def live_through(told: ToldLife) -> Life:
    """The life, lived. Raises AssertionError where something else comes of a step."""
    life = Life(load_catalog()[told.lifecycle], key=told.subject)
    for number, step in enumerate(told.steps, 1):
        before = life.state
        decision = happen(life, step, number, told.parent)
        if decision is not None:
            found = _found(life, decision, step)
            assert found == _expected(step, before, life.subject.seq), f"step {number} of {told}: {step}"
    return life


def happen(life: Life, step: Step, number: int, parent: str | None) -> Decision | None:
    """What a step says, at its time; the decision about it."""
    if "late" in step:
        life.now += parse_duration(step["late"])
        return None
    if "wait" in step:
        life.now += parse_duration(step["wait"])
        overdue = [
            timer for timer in life.subject.timers.values() if timer.due_at and timer.due_at < life.now
        ]
        assert overdue == [], f"{overdue} would have fired before"
        return None
    if "fires" in step:
        due = {name: timer.due_at for name, timer in life.subject.timers.items() if timer.due_at}
        at = due[step["fires"]]
        assert at == min(due.values()), f"{step['fires']} is not due before {due}"
        life.now = max(life.now, at)
        return life.fires(step["fires"])
    happened = parse_instant(meant(step["happened"])) if "happened" in step else life.now
    data = meant(step.get("data", {}))
    event = Event(step["send"], f"e-{number}", step.get("source", "/tests"), happened, data, parent)
    return life.meets(event)


def in_words(effect: Effect) -> str:
    """What an effect asks for, of whom, in a few words."""
    match effect:
        case RunTask():
            return f"run {effect.task}"
        case SendNotice():
            return f"tell {_named(effect.to)} over {effect.channel} about {effect.about}"
        case RecallNotice():
            return f"recall {effect.name}"
        case EmitEvent():
            news = f" {effect.data['news']}" if "news" in effect.data else ""
            if effect.opens:
                return f"open {effect.to} by {effect.trigger}"
            return f"send {effect.trigger}{news} to {effect.to}"


def _named(to: Any) -> str:
    match to:
        case list():
            return " and ".join(map(_named, to))
        case Mapping():
            return str(to.get("name") or to)
    return str(to)


def _found(life: Life, decision: Decision, step: Step) -> dict[str, Any]:
    """What came of a step, as far as the sheet speaks of it."""
    timers = life.subject.timers
    asked = [one for one in decision.effects if not isinstance(one, RecallNotice)]
    found: dict[str, Any] = {"state": life.state, "asks": _asked(asked, step.get("asks", ()))}
    if "recalls" in step:  # what is left in a state is mostly the same, whatever is said of it
        found["recalls"] = [one.name for one in decision.effects if isinstance(one, RecallNotice)]
    if decision.outcome is Outcome.REFUSED:
        found["refused"] = str(decision.reason).partition(":")[0]
    if "knows" in step:
        found["knows"] = _in_part({name: life.data.get(name) for name in step["knows"]}, step["knows"])
    if "due" in step:
        found["due"] = {name: timers[name].due_at if name in timers else None for name in step["due"]}
    return found


def _asked(effects: Sequence[Effect], said: Sequence[Any]) -> list[Any]:
    """Effects in words; of one of which the sheet says more than that, as much as it says."""
    asked: list[Any] = []
    for place, effect in enumerate(effects):
        words = in_words(effect)
        more = said[place] if place < len(said) else words
        if isinstance(more, Mapping):
            details = effect.data if isinstance(effect, EmitEvent) else effect._asdict()
            asked.append({words: _in_part(details, *more.values())})
        else:
            asked.append(words)
    return asked


def _in_part(found: Any, said: Any) -> Any:
    """Of an object the fields of which something is said, and of a list of objects the same, item by item."""
    if isinstance(found, Mapping) and isinstance(said, Mapping):
        return {name: _in_part(found.get(name), one) for name, one in said.items()}
    if isinstance(found, list) and isinstance(said, list) and len(found) == len(said):
        return [_in_part(one, other) for one, other in zip(found, said, strict=True)]
    return found


def _expected(step: Step, before: str, seq: int) -> dict[str, Any]:
    """What the sheet says of a step, in the form of `_found`."""
    expected: dict[str, Any] = {"state": step.get("becomes", before), "asks": step.get("asks", [])}
    expected |= {name: step[name] for name in ("refused", "knows", "due", "recalls") if name in step}
    expected = _numbered(meant(expected), seq)
    if "due" in expected:
        expected["due"] = {name: at and parse_instant(at) for name, at in expected["due"].items()}
    return expected


def _numbered(value: Any, seq: int) -> Any:
    """A value of a sheet with the number of the decision in it."""
    match value:
        case str():
            return value.replace("#", str(seq))
        case dict():
            return {_numbered(name, seq): _numbered(one, seq) for name, one in value.items()}
        case list():
            return [_numbered(one, seq) for one in value]
    return value
