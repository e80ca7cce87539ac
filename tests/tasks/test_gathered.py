"""What is told to one colleague about one topic within a quarter of an hour is one message; none is lost."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from tasks.channels.port import Notice, OutcomeUnknown, Receipt, Retry
from tasks.sending.claim import NoticeClaims
from tasks.sending.gathered import MOST_LISTED, list_of
from tasks.sending.sender import NoticeSender
from tests.workflow.world import NOW, World, new_world
from workflow.engine.runtime import Runtime
from workflow.errors import NotRetryable
from workflow.maintenance.dead_letters import retry_effect, settle_effect
from workflow.maintenance.sweep import abandon
from workflow.outbox import effects as outbox
from workflow.outbox.held_notices import notices_held_under
from workflow.recovery.lost_sends import hand_over
from workflow.store.schema import subjects

QUARTER = timedelta(minutes=15)
CASE = """
edition: 2
lifecycle: case
version: 99
data: {documented_by: {type: text}}
triggers:
  ring: {data: {documented_by: {type: text}}}
  warn: {}
  come_back: {}
states: [{name: rung}]
transitions:
  - trigger: ring
    source: [initial, rung]
    dest: rung
    change: {copy: documented_by}
    effects:
      - notice:
          to: kim@shop.example
          about: hand_over
          title: ='Ring ' + subject.id
          words: ='Look at ' + subject.id
  - trigger: warn
    source: rung
    effects:
      - notice:
          to: kim@shop.example
          about: nudge
          title: ='Due ' + subject.id
          words: ='Look at ' + subject.id
  - trigger: come_back
    source: rung
    effects: {open: {lifecycle: case, trigger: ring, id: =subject.id + '-again'}}
"""
"""Cases that tell Kim whose they are, and that something is due."""


@dataclass
class Mail:
    """A mail server that answers as told, and remembers what it was given."""

    answer: Exception | None = None
    sent: list[Notice] = field(default_factory=list)

    def send(self, notice: Notice, idempotency_key: str) -> Receipt:
        """Answer as told."""
        if self.answer is not None:
            raise self.answer
        self.sent.append(notice)
        return Receipt(notice.channel, f"M-{len(self.sent)}")

    @property
    def titles(self) -> list[str]:
        """Of what went out."""
        return [notice.title for notice in self.sent]


@pytest.fixture
def world(database_url: str) -> Any:
    """An installation with such cases."""
    world = new_world(database_url, CASE)
    yield world
    world.store.close()


def ring(world: World, *names: str) -> None:
    for name in names:
        world.post("case.ring", f"case:{name}", {})


def deliver(world: World, runtime: Runtime, mail: Mail) -> list[str]:
    """Send what is due; the states of all notices, the oldest first."""
    rows = outbox.claim(world.store, world.clock.now(), timedelta(minutes=2), 100)
    if rows:
        NoticeSender(runtime, {"email": mail}).run([row.id for row in rows], rows[0].token, 60.0)
    return [effect.state for effect in world.effects()]


def test_the_first_goes_at_once_and_the_rest_as_one_with_a_receipt_each(
    world: World, runtime: Runtime
) -> None:
    mail = Mail()
    ring(world, "A", "B", "C", "D", "E")
    assert deliver(world, runtime, mail) == ["settled", *["pending"] * 4]
    waiting = world.effects()[1]
    assert waiting.due_at == NOW + QUARTER and waiting.error.startswith("waits: gathered until 2")
    world.advance(QUARTER)
    assert deliver(world, runtime, mail) == ["settled"] * 5
    assert mail.titles == ["Ring A", "4 hand-overs"]
    assert [f"* Ring {one}" in mail.sent[1].words for one in "ABCDE"] == [False, True, True, True, True]
    keys = [effect.key for effect in world.effects()[1:]]
    receipts = [effect.receipt for effect in world.effects()[1:]]
    assert receipts[0]["digest"] == keys
    assert [one["gathered"] for one in receipts[1:]] == [keys[0]] * 3


def test_the_same_subject_alone_waits_for_nothing(world: World, runtime: Runtime) -> None:
    mail = Mail()
    ring(world, "A", "A", "A")
    assert deliver(world, runtime, mail) == ["settled"] * 3
    ring(world, "B", "A")
    assert deliver(world, runtime, mail)[3:] == ["pending", "pending"]


def test_what_an_incident_says_is_told_together_even_of_one_case(world: World, runtime: Runtime) -> None:
    """But not what is due in it, such as a ladder that asks again."""
    mail = Mail()
    for _ in range(3):
        world.post("case.ring", "case:A", {"documented_by": "incident:I"})
    assert deliver(world, runtime, mail) == ["settled", "pending", "pending"]
    world.post("case.warn", "case:A", {})
    world.post("case.warn", "case:A", {})
    assert deliver(world, runtime, mail)[3:] == ["settled", "settled"]
    world.advance(QUARTER)
    deliver(world, runtime, mail)
    assert mail.titles == ["Ring A", "Due A", "Due A", "2 hand-overs"]


def test_a_case_that_came_out_of_another_is_a_matter_of_its_own(world: World, runtime: Runtime) -> None:
    mail = Mail()
    ring(world, "A")
    world.post("case.come_back", "case:A", {})
    assert deliver(world, runtime, mail) == ["settled", "pending"]


def test_what_is_due_is_gathered_for_the_cases_of_an_incident_alone(world: World, runtime: Runtime) -> None:
    mail = Mail()
    for name in "ABC":
        world.post("case.ring", f"case:{name}", {"documented_by": "incident:I"})
    ring(world, "D", "E")
    deliver(world, runtime, mail)
    for name in "ABCDE":
        world.post("case.warn", f"case:{name}", {})
    deliver(world, runtime, mail)
    assert [one for one in mail.titles if one.startswith("Due")] == ["Due A", "Due D", "Due E"]
    world.advance(QUARTER)
    deliver(world, runtime, mail)
    assert sorted(mail.titles[4:]) == ["2 promises are due", "4 hand-overs"]
    assert {effect.state for effect in world.effects()} == {"settled"}


def test_nothing_is_gathered_where_the_interval_is_none(world: World, runtime: Runtime) -> None:
    mail = Mail()
    runtime = replace(runtime, settings=runtime.settings.model_copy(update={"gather": "PT0S"}))
    ring(world, "A", "B", "C")
    assert deliver(world, runtime, mail) == ["settled"] * 3 and len(mail.sent) == 3


def test_two_workers_send_one_message(world: World, runtime: Runtime) -> None:
    mail = Mail()
    ring(world, *(f"N{number}" for number in range(12)))
    claims = [outbox.claim(world.store, NOW, timedelta(minutes=2), 3) for _ in range(4)]
    with ThreadPoolExecutor(4) as workers:
        list(workers.map(lambda rows: _run(runtime, mail, rows), claims))
    assert len(mail.sent) == 1
    world.advance(QUARTER)
    claims = [outbox.claim(world.store, world.clock.now(), timedelta(minutes=2), 3) for _ in range(4)]
    with ThreadPoolExecutor(4) as workers:
        list(workers.map(lambda rows: _run(runtime, mail, rows), claims))
    assert mail.titles[1:] == ["11 hand-overs"]
    assert {effect.state for effect in world.effects()} == {"settled"}


def _run(runtime: Runtime, mail: Mail, rows: Sequence[Any]) -> None:
    if rows:
        NoticeSender(runtime, {"email": mail}).run([row.id for row in rows], rows[0].token, 60.0)


def test_what_did_not_go_out_is_tried_again_and_is_one_message(world: World, runtime: Runtime) -> None:
    mail = Mail()
    ring(world, "A", "B", "C")
    deliver(world, runtime, mail)
    world.advance(QUARTER)
    mail.answer = Retry("the mail server is down")
    assert deliver(world, runtime, mail) == ["settled", "pending", "pending"]
    mail.answer = None
    world.advance(timedelta(minutes=5))
    assert deliver(world, runtime, mail) == ["settled"] * 3
    assert mail.titles == ["Ring A", "2 hand-overs"]


def escalations(world: World, runtime: Runtime) -> list[Any]:
    """What persons hear of after some sweeps."""
    for _ in range(3):
        hand_over(runtime.engine, world.clock.now())
        world.settle()
    query = select(subjects.c.key, subjects.c.parent, subjects.c.data).order_by(subjects.c.id)
    with world.store.connect() as connection:
        return list(connection.execute(query.where(subjects.c.key.startswith("escalation:effect-"))))


def rung(world: World) -> list[Any]:
    """The notices of cases, the oldest first."""
    return [one for one in world.effects() if one.key.startswith("case:")]


def test_of_one_message_whose_outcome_nobody_knows_a_person_hears_once_of_each_notice(
    world: World, runtime: Runtime
) -> None:
    mail = Mail()
    ring(world, "A", *(f"B{number:02}" for number in range(30)))
    deliver(world, runtime, mail)
    world.advance(QUARTER)
    mail.answer = OutcomeUnknown("silence")
    assert deliver(world, runtime, mail) == ["settled", *["unknown"] * 30]
    (one,) = escalations(world, runtime)
    first = rung(world)[1]
    assert one.key == f"escalation:effect-{first.id}-{first.token[:8]}"
    assert one.data["effects"] == [effect.key for effect in rung(world)[1:]]
    assert "of 30 matters: Ring B00; Ring B01" in one.data["words"] and "and 10 more" in one.data["words"]
    assert one.parent is None and "customer" not in one.data


def test_what_a_person_finds_out_of_a_message_is_true_of_all_that_it_said(
    world: World, runtime: Runtime
) -> None:
    mail = Mail()
    ring(world, "A", "B", "C", "D")
    deliver(world, runtime, mail)
    world.advance(QUARTER)
    mail.answer = OutcomeUnknown("silence")
    deliver(world, runtime, mail)
    assert len(escalations(world, runtime)) == 1
    retry_effect(world.store, rung(world)[2].id, world.clock.now())
    assert [effect.state for effect in rung(world)] == ["settled", *["pending"] * 3]
    for _ in range(2):  # the first at once, the others in one message
        world.advance(QUARTER)
        deliver(world, runtime, mail)
    assert [effect.state for effect in rung(world)] == ["settled", *["unknown"] * 3]
    keys = [one.key for one in rung(world)]
    found = [one.data.get("effects", one.data["effect"]) for one in escalations(world, runtime)]
    assert found == [keys[1:], keys[1], keys[2:]]
    settle_effect(world.store, rung(world)[3].id, "Kim has it", "zoe", world.clock.now())
    assert [effect.state for effect in rung(world)] == ["settled", "unknown", "settled", "settled"]
    for one in (rung(world)[0], rung(world)[2]):
        with pytest.raises(NotRetryable):
            retry_effect(world.store, one.id, world.clock.now())


def test_a_worker_that_dies_while_it_sends_leaves_all_of_it_to_a_person(
    world: World, runtime: Runtime
) -> None:
    ring(world, "A", "B", "C")
    deliver(world, runtime, Mail())
    world.advance(QUARTER)
    rows = outbox.claim(world.store, world.clock.now(), timedelta(minutes=2), 100)
    (held, *_) = notices_held_under(world.store, [row.id for row in rows], rows[0].token)
    (bundle,) = NoticeClaims(runtime).claim([held], rows[0].token, timedelta(minutes=2), []).bundles
    assert len(bundle.rows) == 2
    world.advance(timedelta(minutes=3))
    assert abandon(world.store, world.clock.now()) == 2
    assert [effect.state for effect in world.effects()] == ["settled", "unknown", "unknown"]
    (one,) = escalations(world, runtime)
    assert one.data["effects"] == [effect.key for effect in rung(world)[1:]]


def test_of_many_the_first_are_listed_and_the_rest_is_counted() -> None:
    many = [
        Notice(
            f"bell:{number}/1/0", "bell:X", "email", "kim@shop.example", "nudge", f"T{number}", "words", {},
            NOW, language="de",
        )
        for number in range(200)
    ]  # fmt: skip
    one = list_of(many, "https://care.example")
    assert one.title == "200 Zusagen werden fällig"
    assert one.words.count("* T") == MOST_LISTED
    assert one.words.endswith("Und 180 weitere: https://care.example/line")
