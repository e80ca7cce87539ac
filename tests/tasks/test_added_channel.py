"""A channel that was added by one file and one registration: notices of one's own lifecycle go over it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from pydantic import SecretStr

from state_machines.check import check
from tasks.channels.live import LiveChannel
from tasks.channels.port import Channel
from tasks.channels.recording import RecordingChannel
from tasks.channels.table import channels_for, configured
from tasks.sending.sender import NoticeSender
from tests.contracts.pager import PagerChannel
from tests.tasks.mailbox import Mailbox
from tests.tasks.wire_server import WireServer, answering, http_answer
from tests.workflow.world import World, new_world
from workflow.clock import SystemClock
from workflow.engine.runtime import Runtime
from workflow.errors import SettingsError
from workflow.outbox import effects as outbox
from workflow.recovery.links import LinkWriter
from workflow.settings import Settings

ROOT = Path(__file__).parents[2]
ADA = "customer:C-7"
WATCH = """\
lifecycle: watch
version: 1
topics:
  ward: {description: Somebody on the ward is needed., urgent: true, priority: answer}
triggers:
  call: {data: {channel: {type: string, format: channel, default: pager}}}
states: [called, {name: over, final: true}]
transitions:
  - trigger: call
    source: [initial, called]
    dest: called
    effects:
      - notice: {to: {key: 'customer:C-7'}, channel: =event.data.channel, about: ward, template: ward}
  - {trigger: end, source: called, dest: over}
templates:
  ward: {en: {default: {title: Ward, words: Please come to the ward.}, pager: {words: WARD 4}}}
"""


def options(said: object) -> SecretStr:
    """Options as the environment gives them."""
    return SecretStr(orjson.dumps(said).decode())


@pytest.fixture
def world(database_url: str) -> Iterator[World]:
    """The catalog, and a lifecycle that pages somebody."""
    world = new_world(database_url, WATCH)
    yield world
    world.store.close()


def send(world: World, runtime: Runtime, channels: dict[str, Channel]) -> Any:
    """Send what is due; the row of the last notice."""
    rows = outbox.claim(world.store, world.clock.now(), timedelta(minutes=2), 100)
    NoticeSender(runtime, channels).run([row.id for row in rows], rows[0].token, 60.0)
    world.settle()
    return [one for one in world.effects() if one.key.startswith("watch:")][-1]


def test_a_definition_may_use_it() -> None:
    assert check(WATCH, "watch.yaml") == []


def test_a_notice_goes_over_it_in_its_own_words_to_the_customers_address_for_it(
    world: World, runtime: Runtime
) -> None:
    world.post("customer.known", ADA, {"name": "Ada", "pager": "4711", "email": "ada@shop.example"})
    with WireServer(answering(http_answer(200))) as server:
        said = Settings(channel_options=options({"pager": {"gateway": server.url}}))
        table = configured(said, world.clock)
        world.post("watch.call", "watch:1", {})
        row = send(world, runtime, table)
    assert (row.state, row.target, row.receipt["channel"]) == ("settled", "pager", "pager")
    (request,) = server.requests
    assert orjson.loads(request.body) == {"to": "4711", "words": "WARD 4"}


def test_a_customer_may_like_it_best_or_refuse_it(world: World, runtime: Runtime) -> None:
    known = {"name": "Ada", "pager": "4711", "email": "ada@shop.example", "channels": ["pager", "email"]}
    world.post("customer.known", ADA, known)
    with WireServer(answering(http_answer(200))) as server:
        table = configured(Settings(channel_options=options({"pager": {"gateway": server.url}})), world.clock)
        table["email"] = RecordingChannel(
            runtime.settings.data_dir.with_suffix(".jsonl"), world.clock, LinkWriter(runtime.settings)
        )
        world.post("watch.call", "watch:1", {"channel": "preferred"})
        assert send(world, runtime, table).receipt["channel"] == "pager"
        world.post("customer.opt_out", ADA, {"channel": "pager"})
        world.post("watch.call", "watch:1", {})
        assert send(world, runtime, table).receipt["channel"] == "email"
    assert len(server.requests) == 1


def test_where_it_is_not_set_up_it_is_recorded_as_all_that_reach_the_world_are(
    runtime: Runtime, mailbox: Mailbox
) -> None:
    table = channels_for(runtime, mailbox.broker)
    outside = {"email", "sms", "dial", "chat", "social", "webhook", "pager"}
    assert table.keys() >= {*outside, "recording", "live"}
    assert {type(table[name]) for name in {*outside, "recording"}} == {RecordingChannel}
    assert isinstance(table["live"], LiveChannel)


def test_what_is_set_up_is_not_recorded(runtime: Runtime, mailbox: Mailbox) -> None:
    said = runtime.settings.model_copy(
        update={"channel_options": options({"pager": {"gateway": "http://g"}})}
    )
    table = channels_for(
        Runtime(
            said, runtime.store, runtime.registry, runtime.clock, runtime.engine, retries=runtime.retries
        ),
        mailbox.broker,
    )
    assert isinstance(table["pager"], PagerChannel)
    assert isinstance(table["sms"], RecordingChannel)


@pytest.mark.parametrize(
    ("said", "rule"),
    [
        ({"pager": {}}, "pager.gateway: needed"),
        ({"pigeon": {}}, "there is no channel 'pigeon'; there are email"),
    ],
)
def test_options_that_are_wrong_are_refused_at_the_start(said: object, rule: str) -> None:
    with pytest.raises(SettingsError, match="MAKEGOOD_CHANNEL_OPTIONS") as refused:
        configured(Settings(channel_options=options(said)), SystemClock())
    assert rule in str(refused.value)


LOADS = """
import sys
from pydantic import SecretStr
from tasks.channels.table import configured
from workflow.clock import SystemClock
from workflow.settings import Settings
given = {given}
configured(Settings(**given), SystemClock())
print(*sorted(name for name in sys.modules if name.startswith("tasks.channels.")))
"""
ALWAYS = {"tasks.channels.port", "tasks.channels.setup", "tasks.channels.table"}


@pytest.mark.parametrize(
    ("given", "adapters"),
    [
        ("{}", set()),
        ("{'channel': 'smtp'}", {"smtp", "smtp_watch", "address", "message"}),
    ],
)
def test_only_adapters_that_are_set_up_are_imported(given: str, adapters: set[str]) -> None:
    program = LOADS.format(given=given)
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert set(done.stdout.split()) == ALWAYS | {f"tasks.channels.{name}" for name in adapters}
