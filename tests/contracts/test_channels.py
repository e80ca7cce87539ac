"""What every channel keeps to, run against each adapter that ships."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tasks.channels.live import LiveChannel, callback_id
from tasks.channels.port import Channel, Notice, Receipt, Rejected
from tasks.channels.recording import RecordingChannel
from tasks.channels.smtp import SmtpChannel
from tests.tasks.mail_server import MailServer
from tests.workflow.world import World, new_world
from workflow.clock import SystemClock
from workflow.recording import recorded, recording_file
from workflow.settings import Settings

NOTICE = Notice(
    key="promise:P-1/3/0",
    subject="promise:P-1",
    channel="any",
    to={"name": "Ada", "email": "ada@example.com", "phone": "+44 20 7946 0000"},
    about="broken_promise",
    title="We have not kept our word",
    words="A person is looking after it.",
    context={"promise": "promise:P-1"},
    asked_at=datetime(2026, 3, 2, 10, tzinfo=UTC),
)
Counter = Callable[[], int]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """For the channel that opens callbacks."""
    world = new_world(f"sqlite:///{tmp_path / 'makegood.db'}")
    yield world
    world.store.close()


@pytest.fixture(params=["recording", "smtp", "live"])
def adapter(
    request: pytest.FixtureRequest, tmp_path: Path, world: World
) -> Iterator[tuple[Channel, Counter]]:
    """Each adapter, with a way to count what arrived."""
    if request.param == "recording":
        file = recording_file(tmp_path)
        yield RecordingChannel(file, SystemClock()), lambda: len(recorded(file))
    elif request.param == "smtp":
        with MailServer() as server:
            yield SmtpChannel(Settings(smtp_port=server.port)), lambda: len(server.behaviour.received)
    else:
        woken: list[str] = []
        yield LiveChannel(world.engine, world.clock, woken.extend), lambda: world.counts()["events"]


def test_a_notice_that_is_handed_over_gives_a_receipt(adapter: tuple[Channel, Counter]) -> None:
    channel, arrived = adapter
    receipt = channel.send(NOTICE, NOTICE.key)
    assert isinstance(receipt, Receipt)
    assert receipt.reference
    assert set(receipt.to_json()) == {"channel", "reference", "answer"}
    assert arrived() == 1


def test_the_same_key_has_the_same_reference_and_another_key_another(
    adapter: tuple[Channel, Counter],
) -> None:
    channel, _ = adapter
    first, again = (channel.send(NOTICE, NOTICE.key) for _ in range(2))
    other = channel.send(replace(NOTICE, key="promise:P-1/4/0"), "promise:P-1/4/0")
    assert first.reference == again.reference != other.reference


def children(world: World) -> list[tuple[str, str]]:
    """Who belongs to the promise."""
    with world.store.begin() as transaction:
        return transaction.children(["promise:P-1"])


def test_a_live_notice_opens_one_callback_however_often_it_is_tried(world: World) -> None:
    woken: list[str] = []
    channel = LiveChannel(world.engine, world.clock, woken.extend)
    for _ in range(3):
        receipt = channel.send(NOTICE, NOTICE.key)
    world.settle()
    key = "callback:promise-P-1-3-0"
    assert (receipt.reference, receipt.answer, set(woken)) == (key, "duplicate", {key})
    assert world.state(key) == "waiting"
    assert world.data(key)["customer"] == NOTICE.to
    assert world.data(key)["context"] == NOTICE.context
    assert ("promise:P-1", key) in children(world)


def test_a_live_notice_that_no_callback_can_come_of_is_rejected(world: World) -> None:
    channel = LiveChannel(world.engine, world.clock, [].extend)
    for nobody in (None, "", {}):
        with pytest.raises(Rejected, match="no-address"):
            channel.send(replace(NOTICE, to=nobody), NOTICE.key)
    with pytest.raises(Rejected, match=r"data\.due_at"):
        channel.send(replace(NOTICE, context={"due_at": "soon"}), NOTICE.key)
    assert world.counts()["events"] == 0


def test_callbacks_have_ids_that_fit() -> None:
    assert callback_id("promise:P-17/3/0") == "promise-P-17-3-0"
    long = callback_id("promise:" + "x" * 200 + "/3/0")
    assert len(long) <= 200
    assert long != callback_id("promise:" + "x" * 200 + "/3/1")


def test_a_recording_is_for_its_owner_and_keeps_everything_that_was_said(tmp_path: Path) -> None:
    file = recording_file(tmp_path)
    RecordingChannel(file, SystemClock()).send(NOTICE, NOTICE.key)
    assert file.stat().st_mode & 0o777 == 0o600
    (line,) = recorded(file)
    assert line.pop("at").endswith("Z")
    assert line == {
        "key": NOTICE.key,
        "subject": NOTICE.subject,
        "channel": NOTICE.channel,
        "to": NOTICE.to,
        "about": NOTICE.about,
        "title": NOTICE.title,
        "words": NOTICE.words,
        "context": NOTICE.context,
    }
