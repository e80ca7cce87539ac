"""What every channel keeps to, run against each adapter that ships."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from threading import Barrier
from typing import Any
from urllib.parse import quote

import pytest
from pydantic import SecretStr

from tasks.channels.live import LiveChannel, callback_id
from tasks.channels.port import Channel, ConcurrentChannel, Notice, Receipt, Rejected, Retry
from tasks.channels.recording import RecordingChannel
from tasks.channels.table import configured
from tests.contracts.local_channels import LOCAL, Counter
from tests.contracts.one_bell import BELL, store_with_bell
from tests.contracts.situations import CHANNELS, PATIENT, SITUATIONS, TWILIO
from tests.tasks.wire_server import Line, WireServer, answering, http_answer
from tests.workflow.world import World, new_world
from workflow.clock import SystemClock
from workflow.embedded.ports import free_port
from workflow.recovery.contact.recording import recorded, recording_file
from workflow.recovery.links import LinkWriter
from workflow.settings import Settings

TOKEN = "hush0123456789"
SECRET = "whsec_" + b64encode(b"hush" * 8).decode()
CUSTOMER = {
    "name": "Ada",
    "email": "ada@example.com",
    "phone": "+44 20 7946 0000",
    "chat": "ada-l",
    "pager": "4711",
}
PRIVATE = ("Ada", "ada", "7946", "+44", "whsec", "hush", "care of", "A person")
NOTICE = Notice(
    key="promise:P-1/3/0",
    subject="promise:P-1",
    channel="any",
    to=CUSTOMER,
    about="broken_promise",
    title="We have not kept our word",
    words="A person is looking after it.",
    context={"promise": "promise:P-1", "customer_phone": "+44 20 7946 0001"},
    asked_at=datetime(2026, 3, 2, 10, tzinfo=UTC),
)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """For the channels inside of makegood."""
    world = new_world(f"sqlite:///{tmp_path / 'makegood.db'}")
    yield world
    world.store.close()


def towards(channel: str, port: int, seconds: float = PATIENT) -> Channel:
    """The adapter of a channel to the outside, set up for the server on this port."""
    url = f"http://127.0.0.1:{port}"
    settings = Settings(
        channel="smtp",
        smtp_port=port,
        channel_seconds=seconds,
        public_url="https://care.example",
        twilio_account_sid="AC1",
        twilio_auth_token=SecretStr(TOKEN),
        twilio_from="+15005550006",
        twilio_url=url,
        apprise_chat=SecretStr(f"json://care:{TOKEN}@127.0.0.1:{port}/{{to}}"),
        webhook_secret=SecretStr(SECRET),
        webhook_hosts=url,
        channel_options=SecretStr(f'{{"pager": {{"gateway": "{url}/page"}}}}'),
        push_contact="mailto:ops@care.example",
        push_networks="127.0.0.0/8",
    )
    store = store_with_bell(url) if channel == "push" else None
    return configured(settings, SystemClock(), store)[channel]


def addressed(channel: str, port: int) -> Notice:
    """A notice for this channel; a webhook's goes to the server on this port."""
    to = {**CUSTOMER, "url": f"http://127.0.0.1:{port}/hook", "push": BELL}
    return about_what_fits(NOTICE._replace(channel=channel, to=to))


def about_what_fits(notice: Notice) -> Notice:
    """One that its channel takes: some are for some topics alone."""
    return notice._replace(about="bell") if notice.channel == "push" else notice


@pytest.fixture(params=[*LOCAL, *CHANNELS])
def adapter(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Channel, Counter, Notice]]:
    """Each adapter, with a way to count what arrived and a notice for it."""
    name = request.param
    if name in LOCAL:
        channel, counter = LOCAL[name](tmp_path, request.getfixturevalue("world"))
        yield channel, counter, NOTICE._replace(channel=name)
        return
    well = SITUATIONS["all is well"]
    with WireServer(well.email if name == "email" else well.http(name)) as server:
        yield towards(name, server.port), lambda: arrived(server), addressed(name, server.port)


def arrived(server: WireServer) -> int:
    """Whole requests and whole mails."""
    return len(server.requests) + len(server.messages)


def test_a_notice_that_is_handed_over_gives_a_receipt(adapter: tuple[Channel, Counter, Notice]) -> None:
    channel, arrived, notice = adapter
    receipt = channel.send(notice, NOTICE.key)
    assert isinstance(receipt, Receipt)
    assert receipt.reference
    assert receipt.channel == notice.channel
    assert set(receipt.to_json()) - {"receiver"} == {"channel", "reference", "answer", "outcome"}
    assert arrived() == 1


def test_the_same_key_has_the_same_reference(adapter: tuple[Channel, Counter, Notice]) -> None:
    """Twilio's comes from Twilio; all others are made of the key, and another key has another."""
    channel, _, notice = adapter
    first, again = (channel.send(notice, NOTICE.key) for _ in range(2))
    assert first.reference == again.reference
    if notice.channel not in TWILIO:
        other = channel.send(notice._replace(key="promise:P-1/4/0"), "promise:P-1/4/0")
        assert other.reference != first.reference


@pytest.mark.timeout(PATIENT - 5)
@pytest.mark.parametrize("channel", CHANNELS)
@pytest.mark.parametrize("name", SITUATIONS)
def test_whatever_happens_on_the_wire_a_channel_says_what_is_known(name: str, channel: str) -> None:
    """It ends, hands over once at most and names nobody. One that waits out its patience is stopped."""
    situation = SITUATIONS[name]
    talk = situation.email if channel == "email" else situation.http(channel)
    with WireServer(talk) as server:
        adapter = towards(channel, server.port, situation.seconds)
        outcome = told(adapter, addressed(channel, server.port))
    assert type(outcome) in situation.means[channel], repr(outcome)
    assert arrived(server) <= server.connections == 1
    if isinstance(outcome, Retry) and name == "it has too much to do" and channel != "email":
        assert outcome.after == 7
    if isinstance(outcome, Rejected) and channel in TWILIO:
        assert "twilio-21211" in str(outcome)
    assert not [private for private in PRIVATE if private in str(outcome)]


@pytest.mark.parametrize("name", ["sms", "webhook", "push"])
def test_one_that_takes_several_at_once_is_handed_them_by_as_many_threads(name: str) -> None:
    """Nobody is answered before all are there: one after the other they would wait for ever."""
    together, well = Barrier(8, timeout=PATIENT), SITUATIONS["all is well"].http(name)

    def all_there(line: Line, server: WireServer) -> None:
        together.wait()
        well(line, server)

    with WireServer(all_there) as server:
        channel, notice = towards(name, server.port), addressed(name, server.port)
        assert isinstance(channel, ConcurrentChannel) and channel.at_once == 8
        with ThreadPoolExecutor(8) as pool:
            keys = [f"promise:P-{number}/3/0" for number in range(8)]
            receipts = list(pool.map(lambda key: channel.send(notice._replace(key=key), key), keys))
    assert {receipt.channel for receipt in receipts} == {name} and len(server.requests) == 8


def told(channel: Channel, notice: Notice) -> Receipt | Exception:
    """What a channel says of a notice, given back or raised."""
    try:
        return channel.send(notice, notice.key)
    except Exception as error:
        return error


@pytest.mark.parametrize("channel", CHANNELS)
def test_where_nobody_listens_it_is_tried_again(channel: str) -> None:
    port = free_port()
    assert type(told(towards(channel, port), addressed(channel, port))) is Retry


@pytest.mark.parametrize("channel", [name for name in CHANNELS if name != "email"])
@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_nobody_is_sent_to_another_place(channel: str, status: int) -> None:
    """What is said, and the secrets that go with it, stay where they were meant to go."""
    elsewhere = WireServer(answering(http_answer(200)))
    there = answering(http_answer(status, b"", f"Location: {elsewhere.url}/"))
    with elsewhere, WireServer(there) as server:
        outcome = told(towards(channel, server.port), addressed(channel, server.port))
    assert type(outcome) is Rejected
    assert elsewhere.connections == 0


@pytest.mark.parametrize("channel", CHANNELS)
@pytest.mark.parametrize("to", [None, "", {}, {"name": "Ada"}, {"phone": 7}, {"url": "file:///etc/passwd"}])
def test_who_has_no_address_is_refused_before_anybody_is_asked(channel: str, to: Any) -> None:
    with WireServer(answering(http_answer(200))) as server:
        notice = about_what_fits(NOTICE._replace(channel=channel, to=to))
        outcome = told(towards(channel, server.port), notice)
    assert isinstance(outcome, Rejected)
    assert server.connections == 0


@pytest.mark.parametrize("channel", ["email", "sms", "dial", "webhook"])
def test_the_key_is_handed_over_where_the_protocol_has_a_place(channel: str) -> None:
    well = SITUATIONS["all is well"]
    with WireServer(well.email if channel == "email" else well.http(channel)) as server:
        receipt = towards(channel, server.port).send(addressed(channel, server.port), NOTICE.key)
    if channel == "email":
        assert f"Message-ID: {receipt.reference}".encode() in server.messages[0].replace(b"\r\n ", b" ")
        return
    (request,) = server.requests
    if channel == "webhook":
        assert request.headers["webhook-id"] == NOTICE.key == receipt.reference
    else:
        told_at = request.form["StatusCallback"]
        assert told_at == f"https://care.example/v1/reports/twilio?effect={quote(NOTICE.key, safe='')}"


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
            channel.send(NOTICE._replace(to=nobody), NOTICE.key)
    with pytest.raises(Rejected, match=r"data\.due_at"):
        channel.send(NOTICE._replace(context={"due_at": "soon"}), NOTICE.key)
    assert world.counts()["events"] == 0


def test_callbacks_have_ids_that_fit() -> None:
    assert callback_id("promise:P-17/3/0") == "promise-P-17-3-0"
    long = callback_id("promise:" + "x" * 200 + "/3/0")
    assert len(long) <= 200
    assert long != callback_id("promise:" + "x" * 200 + "/3/1")


def test_a_recording_is_for_its_owner_and_keeps_everything_that_was_said(tmp_path: Path) -> None:
    file = recording_file(tmp_path)
    RecordingChannel(file, SystemClock(), LinkWriter(Settings())).send(NOTICE, NOTICE.key)
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
        "language": NOTICE.language,
        "links": {},
    }
