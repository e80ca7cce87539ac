"""What stands on pages only now and then: beside the work of a desk, whatever else can be there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import insert, select

from tests.api.conftest import LIFECYCLE, NOON, House, order
from tests.api.signed_in import token_of
from tests.api.test_desk import asked
from tests.api.test_rehearsal import SHOUT, TO
from tests.browser.conftest import CHRIS
from tests.state_machines.case_stories import DIFFERENT, WHAT, WHY
from tests.waiting import wait_until
from workflow.access import invitations, keys, people
from workflow.access.role import Role
from workflow.queries.changes import ChangeFilter
from workflow.recovery.archive.writing import write_alerts
from workflow.store import schema
from workflow.subscriptions import book

OLGA = "olga@shop.example"
HELPED, DOCUMENTED = "callback:billing-helped", "case:D-9"
SECOND = (
    LIFECYCLE.read_text(encoding="utf-8").replace("version: 1\n", "version: 2\n").replace("placed", "ordered")
)
_SHOUT = "\n".join([
    SHOUT.rstrip("\n"),
    *(f"      - notice: {{to: =data.to, channel: {one}, about: reminder, title: Hi, words: Over {one}.}}"
      for one in ("email", "sms", "webhook")),
    "  - {trigger: done, source: said, dest: over}", "",
])  # fmt: skip
"""What a test key leads to: a task, and notices over some channels."""
_LONG = "a-rather-long-name-that-no-line-of-a-telephone-has-room-for"
_WORDS = (
    "The customer was promised a call within two hours, and nobody called; they have asked twice since then."
)


@dataclass(frozen=True, slots=True)
class MuchToSee:
    """How to come to what lies behind an id that nobody can know.

    Attributes:
        subscription: its id. welcome, first: the paths of a link for somebody new, and for the first of all.
        agent: the token of whoever has the call `HELPED`.
    """

    subscription: str
    welcome: str
    first: str
    agent: str


def much_to_see(house: House) -> MuchToSee:
    """Fill a house in which something works behind the door already."""
    _documented(house)
    _several_escalations(house)
    _turned_away(house)
    _gone_wrong(house)
    _of_two_versions(house)
    _rehearsed(house)
    store, now = house.runtime.store, house.runtime.clock.now()
    new = people.add(
        store, people.checked(f"{_LONG}@desk.example", "Zoë Overlong-Surname", [Role.AGENT], NOON)
    )
    return MuchToSee(
        _subscription(house),
        f"/welcome/{invitations.invite(store, new, now)}",
        f"/welcome/{invitations.invite(store, None, now)}",
        _helped(house),
    )


def _documented(house: House) -> None:
    said: list[tuple[str, dict[str, Any]]] = [
        ("open", {"customer": CHRIS, "words": _WORDS, "owner": OLGA, "part": "line", "team": "billing"}),
        ("acknowledge", {"understood": "Nobody called"}),
        ("promise", {"words": "We call you at five", "owner": OLGA, "due_at": "2026-07-01T17:00:00Z"}),
        ("calm", {}),
        ("plan", {"fix": "A new modem", "prevent": "Dispatch says it when it is late"}),
        ("agree", {}), ("deliver", {"evidence": "line test 12"}),
    ]  # fmt: skip
    for trigger, data in said:
        asked(house, f"case.{trigger}", DOCUMENTED, by=OLGA, **data)
    asked(house, "case.check_in_answered", DOCUMENTED, ok=True, words="It works")
    asked(house, "case.document", DOCUMENTED, what=WHAT, why=WHY, different=DIFFERENT, by=OLGA)
    query = select(schema.outbox.c.key).where(
        schema.outbox.c.kind == "task", schema.outbox.c.key.startswith(f"{DOCUMENTED}/")
    )
    with house.runtime.store.connect() as connection:
        effect = connection.scalars(query.order_by(schema.outbox.c.id.desc())).first()
    assert effect is not None
    write_alerts(house.runtime.store, house.runtime.registry, [effect])


def _several_escalations(house: House) -> None:
    ladder = [{"people": ["bea@desk.example"], "within": "PT1H"}]
    for number in range(3):
        asked(house, "escalation.open", f"escalation:E-{number}", words=_WORDS, ladder=ladder, customer=CHRIS)


def _turned_away(house: House) -> None:
    assert house.post(order("place", "away", _LONG, amount=5000)).status_code == 422
    headers = house.bearer() | {"Content-Type": "application/cloudevents+json"}
    assert house.http.post("/v1/events", content=b"{", headers=headers).status_code == 400
    house.post(order("place", "twice", "one", amount=5))
    house.apply()
    house.post(order("place", "twice", "two", amount=5))  # it is there already: refused when it is decided
    house.apply()

    def kept() -> int:
        audit = schema.audit.c
        with house.runtime.store.connect() as connection:
            return len(connection.execute(select(audit.id).where(audit.outcome == "turned_away")).all())

    wait_until(lambda: kept() >= 2, seconds=60, what="what was turned away to be kept")


def _gone_wrong(house: House) -> None:
    """Effects that were given up, and sends of unknown outcome."""
    subject = select(schema.subjects.c.id).where(schema.subjects.c.key == DOCUMENTED).scalar_subquery()
    row = {
        "subject_id": subject, "kind": "notice", "target": "email", "payload": {"to": CHRIS}, "priority": 1,
        "attempts": 3, "created_at": NOON, "error": f"timeout: {_LONG} did not answer within 30 s",
    }  # fmt: skip
    with house.runtime.store.begin() as transaction:
        for number, state in enumerate(("unknown", "unknown", "dead", "dead")):
            key = f"{DOCUMENTED}/{90 + number}/0"
            transaction.connection.execute(insert(schema.outbox).values(**row, key=key, state=state))


def _of_two_versions(house: House) -> None:
    """Orders of the first version of their lifecycle, two that were refused when they were to be moved."""
    for number in range(3):
        house.post(order("place", f"v{number}", f"v{number}", amount=950))
    house.apply()
    second = SECOND.replace("{type: integer}\n  due_at", "{type: integer, maximum: 900}\n  due_at")
    house.runtime.registry.register([(second, "order2.yaml")], NOON)
    wish = {"from": 1, "to": 2, "states": {"placed": "ordered"}}
    headers = house.bearer(Role.OPERATOR)
    assert house.http.post("/v1/lifecycles/order/migrations", json=wish, headers=headers).status_code == 200
    house.apply()


def _rehearsed(house: House) -> None:
    """What a test key has led to: notices over each channel, and a task."""
    house.runtime.registry.register([(_SHOUT, "shout.yaml")], NOON)
    assert house.door.rehearsal is not None
    opened = house.door.rehearsal.open()
    store = opened.runtime.store
    key = keys.create(store, Role.SYSTEM, "crm", house.runtime.clock.now(), prefix=keys.TEST_PREFIX)
    event = {
        "specversion": "1.0", "id": "1", "source": "/tests", "type": "shout.begin", "subject": "shout:S-1",
        "data": {"to": {**TO, "url": "https://erp.example/hook"}},
    }  # fmt: skip
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/cloudevents+json"}
    assert house.http.post("/v1/events", json=event, headers=headers).status_code == 202

    def kept() -> int:
        with store.connect() as connection:
            states = connection.scalars(select(schema.outbox.c.state))
            return sum(state == "settled" for state in states)

    wait_until(lambda: kept() >= 3, seconds=60, what="what would have been sent to be kept")


def _subscription(house: House) -> str:
    """One with attempts that went well, were refused, and had no answer."""
    store, now = house.runtime.store, house.runtime.clock.now()
    url = f"https://erp.example/{_LONG}/hook"
    id = book.create(store, book.Wish(url, ChangeFilter(["order"], [], [], [], [], None), 10**6), "x", now)
    row = {"subscription_id": id.subscription.id, "change": f"order:{_LONG}/1", "move_id": 1}
    answer = '{"error": "' + "no room in this line " * 20 + '"}'
    with store.begin() as transaction:
        for number, (status, error, said) in enumerate(
            ((204, None, ""), (503, None, answer), (None, "timeout", "")), 1
        ):
            one = {"number": number, "at": now - timedelta(minutes=number), "milliseconds": 12}
            what = {"status": status, "error": error, "answer": said}
            transaction.connection.execute(insert(schema.forward_attempts).values(**row, **one, **what))
    return id.subscription.id


def _helped(house: House) -> str:
    """A call that an agent has, with words between them and a supervisor."""
    asked(house, "callback.request", HELPED, customer=CHRIS, words=_WORDS, desk="billing", case="case:D-1")
    token = token_of(house, "ann", Role.AGENT, teams=("billing",))
    body = {"by": "ann@desk.example", "subject": HELPED}
    answer = house.http.post("/v1/desk/claim", json=body, headers=house.bearer(Role.DESK))
    assert answer.json()["outcome"] == "claimed", answer.text
    return token
