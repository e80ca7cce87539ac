"""What happens in the storm: one number is one step, whatever the world is like when it comes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from random import Random
from typing import get_args

from state_machines.definitions.lifecycle import Lifecycle
from state_machines.definitions.senders import DESK, OPERATOR, OUTSIDE
from state_machines.form.definition import Definition
from state_machines.subject import INITIAL
from tests.invariants.storm import incidents, people
from tests.invariants.storm.colleagues import helps, takes_on
from tests.invariants.storm.sight import Known
from tests.invariants.storm.values import PEOPLE, SILLY, data_for
from tests.invariants.storm.world import StormyWorld
from workflow.api.routes.desk_cases import Act
from workflow.scenarios.stage import SentNotice

_ONWARD = 0.3
"""The share of triggers that are sure to lead somewhere."""
_OWN = ("A", "B", "C")
"""What outside systems number theirs; no system takes the ids that subjects give their children."""
_LONG = 100
"""Minutes through which few escalations are left to ask again and again: that is most of the work."""
_DESK_ACTS = frozenset(get_args(Act))
_CODES = (None, "5.1.1", "4.2.2", "30003", "mailbox_full", "unknown_subscriber")
_CHANNELS = ("email", "sms", "chat", "social", "webhook")


def step(world: StormyWorld, number: int, helpful: float, among: Mapping[str, Sequence[str]] | None) -> None:
    """What this number stands for happens in this world.

    Args:
        helpful: how much of what happens is colleagues who do their work.
        among: these lifecycles and triggers from outside alone, and time; None: anything.
    """
    dice = Random(number)
    if among is not None:
        if dice.random() < 0.8:
            _happens(world, dice, among)
        else:
            world.passes(timedelta(minutes=dice.choice((1, 20, 60, 180))))
    elif dice.random() < helpful:
        helps(world, dice)
    else:
        kinds, weights = zip(*_KINDS, strict=True)
        dice.choices(kinds, weights)[0](world, dice)


def _happens(world: StormyWorld, dice: Random, among: Mapping[str, Sequence[str]] | None = None) -> None:
    """Another system, or an operator, sends an event."""
    heard = {
        name: among[name] if among else _heard(lifecycle)
        for name, lifecycle in world.lifecycles.items()
        if (among is None or name in among) and _heard(lifecycle)
    }
    known = [key for key, one in world.subjects.items() if one.lifecycle in heard]
    if known and dice.random() < 0.75:
        key = dice.choice(known[-12:] if dice.random() < 0.5 else known)
    else:
        name = dice.choice([*sorted(heard), *(("customer",) * 4 if among is None else ())])
        key = f"{name}:{name}-{dice.choice(_OWN)}"
    name = key.partition(":")[0]
    lifecycle = world.lifecycles[name]
    subject = world.subjects.get(key)
    trigger = _trigger(lifecycle, subject, heard[name], dice)
    data = data_for(lifecycle.definition.triggers[trigger].data, world.now, dice, world.keys())
    of_operator = OPERATOR in lifecycle.senders[trigger] and OUTSIDE not in lifecycle.senders[trigger]
    world.send(key, trigger, data, "operator" if of_operator else "system", again=dice.random() < 0.02)


def _heard(lifecycle: Lifecycle) -> list[str]:
    """What somebody outside, or an operator, may tell it."""
    return sorted(
        name for name in lifecycle.definition.triggers if {OUTSIDE, OPERATOR} & lifecycle.senders[name]
    )


def _trigger(lifecycle: Lifecycle, subject: Known | None, heard: Sequence[str], dice: Random) -> str:
    """One that its state knows, mostly, and often one that leads on: else no case would come to its end."""
    state = subject.state if subject else INITIAL
    possible = [one for one in heard if one in lifecycle.possible[state]]
    onward = [one for one in _leading_on(lifecycle.definition, state) if one in possible]
    if onward and dice.random() < _ONWARD:
        return dice.choice(onward)
    return dice.choice(possible if possible and dice.random() > SILLY else list(heard))


def _leading_on(definition: Definition, state: str) -> list[str]:
    """Triggers by which it may leave this state for one that is not final."""
    final = {one.name for one in definition.states if one.final}
    return sorted(
        {
            trigger
            for one in definition.transitions
            if state in one.source and one.dest not in (None, "=", state, *final)
            for trigger in one.triggers
        }
    )


def _fake(world: StormyWorld, dice: Random) -> None:
    """Somebody outside says what only makegood's own may say; no door may take it."""
    name = dice.choice(sorted(world.lifecycles))
    lifecycle = world.lifecycles[name]
    closed = [
        one for one in lifecycle.definition.triggers if not {OUTSIDE, OPERATOR} & lifecycle.senders[one]
    ]
    keys = [key for key, one in world.subjects.items() if one.lifecycle == name]
    if closed and keys:
        trigger = dice.choice(sorted(closed))
        data = data_for(lifecycle.definition.triggers[trigger].data, world.now, dice, world.keys())
        if world.send(dice.choice(keys), trigger, data).status < 300:
            world.complaints.append(f"false voice: {name}.{trigger} was taken from outside")


def _desk(world: StormyWorld, dice: Random) -> None:
    """Somebody at a desk acts on a case, or takes what is next in the line."""
    cases = [key for key, one in world.subjects.items() if one.lifecycle == "case"]
    what = dice.random()
    if cases and what < 0.6:
        lifecycle = world.lifecycles["case"]
        key = dice.choice(cases)
        may = [
            one for one in sorted(_DESK_ACTS & lifecycle.triggers.keys()) if DESK in lifecycle.senders[one]
        ]
        possible = [one for one in may if one in lifecycle.possible[world.subjects[key].state]]
        trigger = dice.choice(possible if possible and dice.random() > SILLY else may)
        data = data_for(lifecycle.definition.triggers[trigger].data, world.now, dice, world.keys())
        data["by"] = dice.choice(PEOPLE)
        world.at_desk(f"/v1/desk/cases/{key}/{trigger}", data, in_query=True)
    elif what < 0.8:
        world.at_desk("/v1/desk/claim", {"by": dice.choice(PEOPLE)})
    else:
        _outcome(world, dice)


def _outcome(world: StormyWorld, dice: Random) -> None:
    """How a call went, what somebody does about an escalation, how an approval is decided."""
    by = dice.choice(PEOPLE)
    open_ones = [one for one in world.subjects.values() if not one.closed]
    calls = [one.key for one in open_ones if one.lifecycle == "callback"]
    ladders = [one.key for one in open_ones if one.lifecycle == "escalation"]
    approvals = [one.key for one in open_ones if one.lifecycle == "approval"]
    kind = dice.choice(
        [name for name, keys in zip("cla", (calls, ladders, approvals), strict=True) if keys] or [""]
    )
    if kind == "c":
        outcome = dice.choice(("reached", "no_answer", "busy", "wrong_number", "customer_calls"))
        world.at_desk(f"/v1/desk/callbacks/{dice.choice(calls)}/outcome", {"by": by, "outcome": outcome})
    elif kind == "l":
        said = dice.choice(
            (
                {"outcome": "resolved"},
                {"outcome": "refused"},
                {"outcome": "reassigned", "to": dice.choice(PEOPLE)},
            )
        )
        world.at_desk(f"/v1/desk/escalations/{dice.choice(ladders)}/outcome", {"by": by, **said})
    elif kind == "a":
        decision = {"decision": dice.choice(("granted", "refused")), "by": by, "reason": "so it is"}
        world.at_desk(f"/v1/desk/approvals/{dice.choice(approvals)}/decision", decision)


def _press(world: StormyWorld, dice: Random) -> None:
    """A customer answers by one of the links that they have."""
    linked = [one for one in world.installation.notices() if one.links]
    if linked:
        notice = dice.choice(linked[-8:] if dice.random() < 0.8 else linked)
        world.press(notice, dice.choice(sorted(notice.links)), dice.choice)


def _report(world: StormyWorld, dice: Random) -> None:
    """A channel says what became of a notice: it is there, or it bounces."""
    sent: Sequence[SentNotice] = world.installation.notices()
    if sent:
        notice = dice.choice(sent[-10:])
        status = dice.choice(("accepted", "delivered", "delivered", "failed", "failed", "ended"))
        world.report(notice, status, dice.choice(_CODES) if status in ("failed", "ended") else None)


def _channel(world: StormyWorld, dice: Random) -> None:
    """A channel begins to behave otherwise; most come to themselves again."""
    how = dice.choice(("works", "works", "works", "busy", "busy PT5M", "refuses", "unknown"))
    world.channel(dice.choice(_CHANNELS), how)


def _worker(world: StormyWorld, dice: Random) -> None:
    """The workers go, or come back."""
    world.worker(not world.works)


def _task(world: StormyWorld, dice: Random) -> None:
    """A task of another program ends."""
    world.task_done(dice.randrange(20), dice.random() < 0.7)


def _time(world: StormyWorld, dice: Random) -> None:
    """Time passes; workers that were gone for a while come back, and channels come to themselves."""
    minutes = dice.choice((1, 5, 16, 20, 60, 180, 480))
    if minutes > 5:
        for channel in sorted(world.troubled):
            if dice.random() < 0.8:
                world.channel(channel, "works")
    if minutes > _LONG:
        takes_on(world, dice)
    world.passes(timedelta(minutes=minutes))
    if not world.works and dice.random() < 0.5:
        world.worker(True)


_KINDS: tuple[tuple[Callable[[StormyWorld, Random], None], float], ...] = (
    (_happens, 36),
    (incidents.act, 11),
    (people.act, 7),
    (_desk, 16),
    (_time, 22),
    (_press, 8),
    (_report, 5),
    (_channel, 3),
    (_worker, 1.5),
    (_task, 2),
    (_fake, 1),
)
"""What may happen, and how often."""
