"""Random definitions that are valid by construction, and random lives for their subjects."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from state_machines.form.definition import Definition

FINAL = "s4"
STATES = ["s0", "s1", "s2", "s3", FINAL]
RUNNING = STATES[:-1]
TRIGGERS = ["t0", "t1", "t2"]
TIMEOUTS = ["a", "b", "c"]

CONDITIONS = [
    "data.?n.orValue(0) < 3",
    "event.data.?x.orValue(0) > 1",
    "!has(data.flag)",
    "subject.seq != 4",
    "now.getHours() < 20",
]
CHANGES: list[Any] = [
    None,
    {"n": "=data.?n.orValue(0) + 1"},
    {"flag": True, "gone": None},
    {"due": "=now + duration('2h')", "seen": "=data.?seen.orValue([]) + [event.data.?x.orValue(0)]"},
    "{'at': now, 'span': now - subject.opened_at, 'map': {'z': 1, 'a': event.data.?x.orValue(null)}}",
    "event.data",
]
EFFECTS: list[dict[str, Any]] = [
    {"task": {"name": "a.b", "args": ["=now", 1], "kwargs": {"key": "=subject.key", "data": "=data"}}},
    {
        "notice": {
            "to": "=data.?people.orValue(['a@b.c', null])",
            "title": "t",
            "words": "='seq ' + string(subject.seq)",
        }
    },
    {"emit": {"to": "self", "trigger": "t0", "data": "merge(event.data, {'at': now})"}},
    {
        "open": {"lifecycle": "other", "trigger": "t", "id": "='x' + string(subject.seq)"},
        "when": "has(data.flag)",
    },
    {"each": "data.?seen.orValue([])", "emit": {"to": "children", "trigger": "t1", "data": {"n": "=item"}}},
]
FORMS: list[dict[str, Any]] = [
    {"after": "PT3H"},
    {"after": "PT30M"},
    {"after": "data.?patience.orValue('PT5H')"},
    {"after": "PT4H", "calendar": "desk"},
    {"after": "PT4H", "calendar": "desk", "zone": "'America/New_York'"},
    {"at": "data.?due.orValue('2026-07-02T06:00:00Z')"},
    {"at": "data.?due.orValue(null)"},
    {"before": "timestamp('2026-07-03T00:00:00Z')", "lead": "PT6H"},
    {"before": "timestamp('2026-07-03T00:00:00Z')", "share": 0.75},
    {"every": "PT2H"},
    {"every": "data.?entry.orValue('PT45M')"},
]


@st.composite
def timeouts(draw: st.DrawFn) -> dict[str, Any]:
    """One timeout over some states, with or without a pause and a condition."""
    scope = draw(st.lists(st.sampled_from(RUNNING), min_size=2, max_size=4, unique=True))
    paused = draw(st.sampled_from([[], scope[:1], scope[:1], scope[:2]]))
    when = draw(st.sampled_from([None, None, "!has(data.flag)"]))
    trigger = draw(st.sampled_from(TRIGGERS))
    return {
        **draw(st.sampled_from(FORMS)),
        "in": scope,
        "paused_in": paused,
        "when": when,
        "on_timeout": trigger,
    }


@st.composite
def transitions(draw: st.DrawFn, names: list[str]) -> dict[str, Any]:
    """One transition between any states."""
    guards = st.sampled_from([[], [], [], *([one] for one in CONDITIONS)])
    return {
        "trigger": draw(st.sampled_from(TRIGGERS)),
        "source": draw(
            st.sampled_from(["*", ["s0", "s1"], ["s1", "s2"], ["s2", "s3"], ["s3", FINAL], ["*", FINAL]])
        ),
        "dest": draw(st.sampled_from([*RUNNING, *RUNNING, FINAL, None, None, "="])),
        "conditions": draw(guards),
        "unless": draw(guards),
        "set": draw(st.sampled_from(CHANGES)),
        "restart": draw(st.lists(st.sampled_from(names), max_size=1)) if names else [],
        "effects": draw(st.lists(st.sampled_from(EFFECTS), max_size=2, unique_by=str)),
    }


@st.composite
def definitions(draw: st.DrawFn) -> Definition:
    """A definition with every state reachable by name, some timeouts and some transitions."""
    declared = {name: draw(timeouts()) for name in TIMEOUTS[: draw(st.integers(1, 3))]}
    opening = {
        "trigger": "t0",
        "source": "initial",
        "dest": draw(st.sampled_from(RUNNING)),
        "set": "event.data",
    }
    more = draw(st.lists(transitions(list(declared)), min_size=4, max_size=8))
    every_trigger = [{"trigger": name, "source": "s3"} for name in TRIGGERS]
    states = [
        {
            "name": name,
            "final": name == FINAL,
            "on_enter": draw(st.lists(st.sampled_from(EFFECTS[:2]), max_size=1)),
            "on_exit": draw(st.lists(st.sampled_from(EFFECTS[:2]), max_size=1)),
        }
        for name in STATES
    ]
    return Definition.model_validate(
        {
            "lifecycle": "thing",
            "version": 1,
            "calendars": {
                "desk": {"zone": "Europe/Berlin", "weekly": {"mon-fri": ["09:00-12:00", "13:00-17:00"]}}
            },
            "states": states,
            "transitions": [opening, *more, *every_trigger],
            "timeouts": declared,
        }
    )


DATA = st.fixed_dictionaries(
    {},
    optional={
        "x": st.integers(-1, 5),
        "n": st.integers(0, 4),
        "patience": st.sampled_from(["PT1H", "P1D"]),
        "entry": st.sampled_from(["PT20M", "PT3H"]),
        "people": st.lists(st.sampled_from(["a@b.c", "", None]), max_size=2),
        "flag": st.booleans(),
    },
)
EVENTS = st.tuples(st.just("event"), st.sampled_from(TRIGGERS), DATA, st.integers(0, 600))
FIRINGS = st.tuples(st.just("due"), st.just(""), st.just({}), st.integers(0, 90))
STALE = st.tuples(st.just("stale"), st.sampled_from(TIMEOUTS), st.just({}), st.integers(0, 3))
STEPS = st.lists(st.one_of(EVENTS, FIRINGS, EVENTS, FIRINGS, STALE), min_size=10, max_size=25)
"""What happens, to what, with which data, after how many minutes (stale: by how much its setting is off)."""
