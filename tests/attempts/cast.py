"""Who comes to the house in `test_whose_voice`, and what stands there for them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from tests.api.conftest import NOON
from tests.attempts.playing import Scene
from workflow.access import keys
from workflow.access.bounds import Bounds
from workflow.access.role import Role
from workflow.engine.cloudevent import CloudEvent
from workflow.outbox.effects import begin, claim, settle
from workflow.recovery.contact.webhook_ids import webhook_id
from workflow.store.port import Store

DAY = timedelta(days=1)
ANNA, ANA, LEA, MIA, IVO = (f"{name}@shop.example" for name in ("anna", "ana", "lea", "mia", "ivo"))
SARA, DAN, IDA, GUS, BOSS = (f"{name}@shop.example" for name in ("sara", "dan", "ida", "gus", "boss"))
OURS, THEIRS = "hooks.shop.example", "hooks.partner.example"
"""Two receivers of webhooks."""

PEOPLE = {
    "anna, who asks": (Role.AGENT, ANNA),
    "ana, of the desk": (Role.AGENT, ANA),
    "lea, of the team": (Role.AGENT, LEA),
    "ivo, an intern": (Role.AGENT, IVO),
    "gus, no longer of the team": (Role.AGENT, GUS),
    "dan, on duty": (Role.AGENT, DAN),
    "ida, off duty": (Role.AGENT, IDA),
    "boss, of the second level": (Role.AGENT, BOSS),
    "sara, a supervisor": (Role.SUPERVISOR, SARA),
    "adam, an admin": (Role.ADMIN, "adam@shop.example"),
}
SYSTEMS: Mapping[str, tuple[Role, Bounds]] = {
    "a system": (Role.SYSTEM, Bounds()),
    "crm": (Role.SYSTEM, Bounds(("/crm",), ("promise", "case.open"), ("promise",))),
    "registrar": (Role.SYSTEM, Bounds(None, ("policy", "team", "rotation", "approval.request"))),
    "mute": (Role.SYSTEM, Bounds((), (), ())),
    "the desk's program": (Role.DESK, Bounds()),
    "the leads' program": (Role.DESK, Bounds(teams=("leads",))),
    "an operator": (Role.OPERATOR, Bounds()),
}

LINES = """
lifecycle: line
version: 1
data: {said: {type: array}}
triggers:
  ring: {data: {to: {required: true, personal: true}}}
  delivery_news: {data: {news: {type: string, required: true}, code: {type: string}}}
states: [ringing]
transitions:
  - trigger: ring
    source: initial
    dest: ringing
    set: {said: []}
    effects:
      - notice: {to: =event.data.to, channel: webhook, about: callback, title: A call, words: A customer waits.}
  - {trigger: delivery_news, source: ringing, set: "{'said': data.said + [event.data.news]}"}
"""
WORKS = """
edition: 2
lifecycle: work
version: 1
data: {}
triggers:
  begin: {}
  done: {from: [task, outside], data: {effect: text, result: any}}
  tell: {}
states: [{name: working}, {name: finished}]
transitions:
  - {trigger: begin, source: initial, dest: working, effects: [{task: {name: billing.work, queue: billing, succeeded: done}}]}
  - {trigger: tell, source: any}
  - {trigger: done, source: working, dest: finished}
"""


def voices_of(store: Store) -> dict[str, str]:
    """Everybody's key, by who they are."""
    before = NOON - 2 * DAY
    found = {
        name: keys.create(store, role, name, NOON, person=person) for name, (role, person) in PEOPLE.items()
    }
    found |= {
        name: keys.create(store, role, name, NOON, bounds=said) for name, (role, said) in SYSTEMS.items()
    }
    found["an expired key"] = keys.create(store, Role.SYSTEM, "expired", before, expires_at=NOON - DAY)
    revoked = found["a revoked key"] = keys.create(store, Role.SYSTEM, "revoked", before)
    keys.revoke(store, public(revoked), NOON - DAY)
    old = found["the old key, in its overlap"] = keys.create(store, Role.SYSTEM, "renewed", before)
    found["the new key"] = keys.rotate(store, public(old), NOON, DAY)
    old = found["the old key, after its overlap"] = keys.create(store, Role.SYSTEM, "replaced", before)
    keys.rotate(store, public(old), before, DAY)
    rotated = keys.create(
        store, Role.SYSTEM, "narrow", before, bounds=SYSTEMS["crm"][1], expires_at=NOON + DAY
    )
    found["a bounded key, renewed"] = keys.rotate(store, public(rotated), before, DAY)
    prefix, part, _ = found["a system"].split("_", 2)
    found["half a key"] = f"{prefix}_{part}_{found['an operator'].split('_', 2)[2]}"
    found["no key"] = "mg_0_0"
    return found


def public(text: str) -> str:
    """The public part of a key."""
    return text.split("_")[1]


def furnished(scene: Scene) -> None:
    """What everybody finds there."""
    scene.house.runtime.registry.register([(LINES, "line.yaml"), (WORKS, "work.yaml")], NOON)
    lead = {"name": "Lea Lind", "email": LEA}
    scene.own("team.set", "team:leads", members=[MIA], lead=lead)
    scene.own("team.set", "team:desk", members=[ANA, ANNA])
    shifts = [
        {"from": "2026-06-01T00:00:00Z", "to": "2026-07-01T00:00:00Z", "people": [IDA]},
        {"from": "2026-07-01T00:00:00Z", "to": "2026-08-01T00:00:00Z", "people": [DAN]},
    ]
    scene.own("rotation.set", "rotation:duty", shifts=shifts)
    grants = [{"role": "agent", "what": "refund", "up_to": 50}, {"role": "supervisor", "what": "refund"}]
    scene.own(
        "policy.set", "policy:refunds", title="Refunds", text="We refund.", eligible="true", grants=grants,
        owner=BOSS, approvers=[{"people": [BOSS]}],
    )  # fmt: skip
    scene.own("promise.make", "promise:seen", words="We call", owner=ANA, within="P9D")
    scene.own("case.open", "case:seen", customer={"name": "Chris"}, words="No line", owner=ANA)


def approval(**said: Any) -> Callable[[Scene], str]:
    """Makes an approval that anna asks for, of the team `leads`; or as `said`."""

    def made(scene: Scene) -> str:
        key = f"approval:{next(scene.numbers)}"
        asked = {
            "words": "A refund",
            "what": "refund",
            "amount": 80,
            "by": ANNA,
            "ladder": [{"team": "leads"}],
        }
        scene.own("approval.request", key, **asked | said)
        return key

    return made


def _asked_a_member_who_left(scene: Scene) -> str:
    team = f"leaving-{next(scene.numbers)}"
    scene.own("team.set", f"team:{team}", members=[GUS, MIA])
    key = approval(ladder=[{"team": team}])(scene)
    scene.own("team.set", f"team:{team}", members=[MIA])
    return key


def _climbed(scene: Scene) -> str:
    key = approval(
        ladder=[{"people": [MIA], "within": "PT1M"}, {"people": [BOSS], "within": "P9D"}], within="PT1M"
    )(scene)
    for _ in range(3):
        scene.later(minutes=2)
    return key


def _hung(scene: Scene) -> str:
    """An approval under which somebody outside has hung a ladder, which has climbed."""
    key = approval(ladder=[{"people": [MIA]}, {"people": [BOSS]}])(scene)
    steps = [{"people": [IVO], "within": "PT1M"}, {"people": [IVO], "within": "P9D"}]
    scene.own("escalation.open", f"escalation:{next(scene.numbers)}", key, words="Look", ladder=steps)
    for _ in range(2):
        scene.later(minutes=2)
    return key


def _taken_on(trigger: str, **data: Any) -> Callable[[Scene], str]:
    """Makes an approval whose ladder ivo has taken on, or was given, who was not asked."""

    def made(scene: Scene) -> str:
        key = _climbed(scene)
        (ladder,) = scene.house.get("/v1/subjects", Role.OPERATOR, parent=key, lifecycle="escalation").json()[
            "items"
        ]
        scene.own(f"escalation.{trigger}", ladder["key"], by=IVO, **data)
        return key

    return made


def _case(scene: Scene) -> str:
    key = f"case:{next(scene.numbers)}"
    scene.own("case.open", key, customer={"name": "Chris"}, words="No line", owner=ANA)
    return key


def _case_event(scene: Scene) -> str:
    """The id of the event that opened a case."""
    return scene.own(
        "case.open", f"case:{next(scene.numbers)}", customer={"name": "Chris"}, words="w", owner=ANA
    )


def _call(scene: Scene) -> str:
    key = f"callback:{next(scene.numbers)}"
    customer = {"name": "Chris", "phone": "+49 30 1234"}
    scene.own("callback.request", key, customer=customer, words="Say sorry")
    return key


def _ladder(scene: Scene) -> str:
    key = f"escalation:{next(scene.numbers)}"
    scene.own("escalation.open", key, words="Look", ladder=[{"people": [ANA], "within": "P1D"}])
    return key


def _held_ladder(scene: Scene) -> str:
    key = _ladder(scene)
    scene.own("escalation.acknowledge", key, by=ANA)
    return key


def _job(scene: Scene) -> str:
    key = f"job:{next(scene.numbers)}"
    scene.own("job.schedule", key, task="billing.remind", queue="billing")
    scene.later(seconds=1)
    return key


def _work(scene: Scene) -> str:
    key = f"work:{next(scene.numbers)}"
    scene.own("work.begin", key)
    return key


def _notice(scene: Scene) -> str:
    """The key of a notice that a receiver of webhooks has taken."""
    key, store = f"line:{next(scene.numbers)}", scene.house.runtime.store
    now = scene.house.runtime.clock.now()
    ring = CloudEvent(f"ring-{key}", "/operator", "line.ring", key, now, {"to": {"phone": "+15005550001"}})
    scene.house.runtime.engine.accept([ring])
    scene.settle()
    (row,) = [one for one in claim(store, now, timedelta(minutes=2), 10_000) if one.subject == key]
    with store.begin() as transaction:
        begin(transaction, [row.id], row.token, now, timedelta(minutes=2))
    outcome = {
        "channel": "webhook",
        "reference": "r",
        "answer": "ok",
        "outcome": "accepted",
        "receiver": OURS,
    }
    settle(store, [(row.id, outcome)], now)
    return row.key


PREPARATIONS: dict[str, Callable[[Scene], str]] = {
    "approval": approval(),
    "approval_of_people": approval(ladder=[{"people": ["Lea.Lind@Shop.example", ANA]}]),
    "approval_of_a_phone": approval(ladder=[{"people": [{"name": "Boss", "phone": "+49 30 4711"}]}]),
    "approval_on_duty": approval(ladder=[{"rotation": "duty"}]),
    "approval_of_who_asks": approval(ladder=[{"team": "desk"}]),
    "approval_asked_by_name": approval(by={"name": "Lea Lind", "email": LEA}),
    "approval_of_sara": approval(by=SARA, ladder=[{"people": [SARA]}]),
    "approval_left": _asked_a_member_who_left,
    "approval_of_levels": approval(ladder=[{"people": [MIA]}, {"people": [BOSS]}]),
    "approval_climbed": _climbed,
    "approval_hung": _hung,
    "approval_taken_on": _taken_on("acknowledge"),
    "approval_given": _taken_on("reassign", to=IVO),
    "case": _case,
    "case_event": _case_event,
    "call": _call,
    "ladder": _ladder,
    "held_ladder": _held_ladder,
    "job": _job,
    "work": _work,
    "notice": _notice,
    "webhook": lambda scene: webhook_id(_notice(scene)),
}
