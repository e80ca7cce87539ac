"""Delivery reports: what a report changes, once, and who hears of it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import orjson
import pytest

from tests.tasks.outgoing import carriers, escalations, lapse, look, notice, only, send
from tests.tasks.wire_server import Line, WireServer, after_request, answering, http_answer
from tests.workflow.world import World
from workflow.engine.runtime import Runtime
from workflow.errors import InvalidEvent, NotFound
from workflow.outbox import effects as outbox
from workflow.recovery.notice_counts import notice_counts
from workflow.recovery.reports import Report, Status, take

TAKEN = answering(http_answer(201, orjson.dumps({"sid": "SM12", "status": "queued"})))
ACCEPTED, DELIVERED, FAILED, ENDED = Status

ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
"""What the store has no part in."""


@pytest.fixture
def key(world: World, runtime: Runtime) -> str:
    """The key of a notice that Twilio has accepted."""
    lapse(world, "P", "sms")
    only(world)
    with WireServer(TAKEN) as server:
        assert send(world, runtime, carriers(server.port)) == 1
    assert notice(world).receipt["outcome"] == "accepted"
    return str(notice(world).key)


def reported(world: World, key: str, status: Status, code: str | None = None, **changes: Any) -> list[str]:
    """Take a report as Twilio's would come, and what follows from it; what was answered."""
    given = {"channel": None, "identity": f"SM12/{status}", "reference": "SM12"} | changes
    answers = take(world.engine, Report(key, status=status, code=code, **given))
    world.settle()
    return [answer.status for answer in answers]


def outcome(world: World) -> tuple[str, str]:
    """The state of the notice and what its receipt says."""
    return notice(world).state, notice(world).receipt["outcome"]


def test_what_was_accepted_becomes_delivered_once(world: World, key: str) -> None:
    assert reported(world, key, ACCEPTED) == [], "that is known"
    assert reported(world, key, DELIVERED) == ["accepted"]
    assert reported(world, key, DELIVERED) == ["duplicate"]
    assert outcome(world) == ("settled", "delivered")
    assert notice(world).receipt["reference"] == "SM12"
    subject = f"delivery:{notice(world).id}"
    assert world.moves(subject) == [("report", "initial", "delivered", "moved")]
    look(world)
    assert escalations(world, "undelivered") == []
    assert notice_counts(world.store)["sms", "delivered"] == 1


@ON_SQLITE
def test_what_failed_after_it_was_accepted_goes_to_one_person_with_what_was_to_be_said(
    world: World, key: str
) -> None:
    for _ in range(3):
        reported(world, key, FAILED, "30003")
        look(world)
    assert outcome(world) == ("settled", "failed")
    assert notice(world).receipt["code"] == "30003"
    ((escalation, state, data),) = escalations(world, "undelivered")
    assert state in ("asking", "notified")
    assert "30003" in data["words"]
    assert notice(world).payload["words"] in data["words"]
    assert (data["subject"], data["effect"]) == ("promise:P", key)
    assert data["customer"]["name"] == "Ada"
    counts = notice_counts(world.store)
    assert (counts["sms", "accepted"], counts["sms", "failed"]) == (1, 1)
    assert escalation.startswith("escalation:delivery-")


@ON_SQLITE
def test_a_bounce_after_hours_takes_the_delivery_back_and_an_arrival_after_all_ends_the_search(
    world: World, key: str
) -> None:
    reported(world, key, DELIVERED)
    reported(world, key, FAILED, "30005")
    assert outcome(world) == ("settled", "failed")
    ((escalation, _, _),) = escalations(world, "undelivered")
    assert world.state(f"delivery:{notice(world).id}") == "delivered", (
        "what is final stays; the data tell the rest"
    )
    assert world.data(f"delivery:{notice(world).id}")["outcome"] == "failed"
    assert world.state(escalation) in ("asking", "notified")


@ON_SQLITE
def test_what_arrived_after_all_needs_no_person_any_more(world: World, key: str) -> None:
    reported(world, key, FAILED, "30008")
    ((escalation, _, _),) = escalations(world, "undelivered")
    reported(world, key, DELIVERED)
    assert outcome(world) == ("settled", "delivered")
    assert world.state(escalation) == "resolved"


@pytest.mark.parametrize("status", [ACCEPTED, DELIVERED, FAILED])
def test_a_report_knows_what_the_sender_did_not(world: World, runtime: Runtime, status: Status) -> None:
    """The answer was lost, and a person was to find out; now Twilio says it itself."""
    lapse(world, "P", "sms")
    only(world)
    with WireServer(after_request(Line.break_off)) as server:
        send(world, runtime, carriers(server.port))
    look(world)
    ((escalation, _, _),) = escalations(world, "unknown_outcome")
    reported(world, notice(world).key, status)
    assert outcome(world) == ("settled", status)
    assert world.state(escalation) == "resolved"
    look(world)
    assert len(escalations(world, "unknown_outcome")) == 1
    assert len(escalations(world, "undelivered")) == (status == FAILED)
    assert notice_counts(world.store)["sms", "unknown"] == 1, "it was unknown once, for ever"
    world.clock.advance(timedelta(days=1))
    assert outbox.claim(world.store, world.clock.now(), timedelta(minutes=2), 10) == []


@ON_SQLITE
def test_a_report_that_comes_before_the_answer_counts_and_the_answer_does_not_undo_it(
    world: World, runtime: Runtime
) -> None:
    lapse(world, "P", "sms")
    only(world)

    def impatient(line: Line) -> None:
        reported(world, notice(world).key, DELIVERED)
        line.say(http_answer(201, orjson.dumps({"sid": "SM12", "status": "queued"})))

    with WireServer(after_request(impatient)) as server:
        send(world, runtime, carriers(server.port))
    assert outcome(world) == ("settled", "delivered")


@ON_SQLITE
def test_nothing_more_will_come_means_that_it_failed_unless_it_arrived(world: World, key: str) -> None:
    reported(world, key, DELIVERED)
    reported(world, key, ENDED)
    assert outcome(world) == ("settled", "delivered")
    assert escalations(world, "undelivered") == []


@ON_SQLITE
def test_a_report_about_nothing_that_was_sent_is_refused(world: World, runtime: Runtime, key: str) -> None:
    lapse(world, "Q", "sms")
    before = world.counts()["events"]
    with pytest.raises(NotFound, match="no notice has this key"):
        reported(world, "promise:P/99/0", DELIVERED)
    with pytest.raises(InvalidEvent, match="went over 'sms'"):
        reported(world, key, DELIVERED, channel="webhook")
    with pytest.raises(InvalidEvent, match="never handed over"):
        reported(world, notice(world, "promise:Q").key, DELIVERED)
    assert notice(world, "promise:Q").state == "pending"
    assert outcome(world) == ("settled", "accepted")
    assert world.counts()["events"] == before


@ON_SQLITE
def test_the_subject_that_asked_for_it_hears_of_it_if_it_wants_to(world: World, key: str) -> None:
    """A promise declares no `delivery_news`: it is not meant, and nothing of it is a dead letter."""
    reported(world, key, FAILED, "30003")
    with world.store.connect() as connection:
        dead = connection.exec_driver_sql("select count(*) from inbox where dead_at is not null").scalar()
    assert dead == 0
