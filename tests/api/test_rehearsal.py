"""Test keys: what they send is decided on the real definitions, and nothing of it goes out by any channel."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import SecretStr
from sqlalchemy import func, select, text

from tasks.channels.table import configured
from tasks.sending.sender import NoticeSender
from tests.api.conftest import NOON, House, open_house, order
from tests.api.signed_in import browser_of
from tests.contracts.situations import SID
from tests.tasks.smtp_talk import smtp_talk
from tests.tasks.wire_server import WireServer, answering, http_answer
from tests.waiting import wait_until
from workflow.access import keys
from workflow.access.bounds import Bounds
from workflow.access.role import Role
from workflow.clock import Clock, SystemClock
from workflow.outbox.receipts import TaskOutcome, record
from workflow.outbox.relay import Relay
from workflow.recovery.contact.channels import registered
from workflow.rehearsal.place import SCHEMA
from workflow.store import Store, open_store
from workflow.store.port import EffectRow
from workflow.store.purpose import Purpose, claim
from workflow.store.schema import metadata, moves, outbox, subjects

TO = {"name": "Ada", "email": "ada@example.com", "phone": "+44 20 7946 0000", "chat": "ada", "social": "ada"}
OUTSIDE = [one.name for one in registered().values() if one.outside]
SPOKEN = ("sms", "dial", "chat", "social", "webhook")
_ABOUT = {"dial": "callback", "push": "bell"}
SHOUT = """
lifecycle: shout
version: 1
edition: 2
data: {to: {type: object, personal: true}}
triggers: {begin: {data: {to: {type: object, required: true}}}, done: {}}
states:
  - name: said
  - {name: over, final: true}
transitions:
  - trigger: begin
    source: initial
    dest: said
    set: {to: =event.data.to}
    effects:
      - task: {name: billing.charge, queue: billing, succeeded: done}
"""


def shout() -> str:
    """A lifecycle that says the same over every channel to the world."""
    said = [
        f"      - notice: {{to: =data.to, channel: {one}, about: {_ABOUT.get(one, 'reminder')}, "
        f"title: Rehearsed, words: 'Over {one}.', "
        "context: {customer_phone: '+44 20 7946 0001'}}"
        for one in OUTSIDE
    ]
    return SHOUT + "\n".join([*said, "  - {trigger: done, source: said, dest: over}", ""])


@pytest.fixture
def outside() -> Iterator[tuple[WireServer, WireServer]]:
    """The world: a mail server, and one for all else."""
    http = answering(http_answer(201, b'{"sid": "%s", "status": "queued"}' % SID.encode()))
    with WireServer(smtp_talk()) as mail, WireServer(http) as web:
        yield mail, web


@contextmanager
def house_with_rehearsal(url: str, directory: Path, clock: Clock, **settings: Any) -> Iterator[House]:
    """A door whose rehearsal lies beside its database, and is gone at the end."""
    with open_house(url, data_dir=directory, database_url=url, clock=clock, **settings) as opened:
        yield opened
    if url.startswith("postgresql"):
        store = open_store(url)
        with store.begin() as transaction:
            transaction.connection.execute(text(f"drop schema if exists {SCHEMA} cascade"))
        store.close()


@pytest.fixture
def house(database_url: str, tmp_path: Path, outside: tuple[WireServer, WireServer]) -> Iterator[House]:
    """A door with every channel to the world set up."""
    mail, web = outside
    settings: dict[str, Any] = {
        "channel": "smtp",
        "smtp_port": mail.port,
        "public_url": "https://care.example",
        "twilio_account_sid": "AC1",
        "twilio_auth_token": SecretStr("hush"),
        "twilio_from": "+15005550006",
        "twilio_url": web.url,
        "apprise_chat": SecretStr(f"json://care:hush@127.0.0.1:{web.port}/{{to}}"),
        "apprise_social": SecretStr(f"json://care:hush@127.0.0.1:{web.port}/{{to}}"),
        "webhook_secret": SecretStr("whsec_" + b64encode(b"hush" * 8).decode()),
        "webhook_hosts": web.url,
    }
    with house_with_rehearsal(database_url, tmp_path, SystemClock(), **settings) as opened:
        opened.runtime.registry.register([(shout(), "shout.yaml")], NOON)
        yield opened


def key_of_tests(house: House, **more: Any) -> str:
    """A new test key."""
    assert house.door.rehearsal is not None
    opened = house.door.rehearsal.open()
    return keys.create(
        opened.runtime.store, Role.SYSTEM, "crm", SystemClock().now(), prefix=keys.TEST_PREFIX, **more
    )


def asked(house: House, key: str, path: str, event: object = None, **parameters: Any) -> httpx.Response:
    """A request with this key: an event is sent, anything else is read."""
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/cloudevents+json"}
    if event is None:
        return house.http.get(path, headers=headers, params=parameters)
    return house.http.post(path, json=event, headers=headers, params=parameters)


def shouting(house: House, web: WireServer) -> dict[str, Any]:
    """An event that asks for everything that can go out."""
    return {
        "specversion": "1.0", "id": "1", "source": "/tests", "type": "shout.begin", "subject": "shout:S-1",
        "data": {"to": {**TO, "url": f"{web.url}/hook"}},
    }  # fmt: skip


class Reaching:
    """A publisher as a worker of what is real has it: with the channels that are set up."""

    def __init__(self, house: House) -> None:
        settings, clock = house.runtime.settings, house.runtime.clock
        self._sender = NoticeSender(house.runtime, configured(settings, clock))
        self.called: list[str] = []

    def send_notices(
        self, ids: Sequence[int], token: str, subjects: Sequence[str], *, urgent: bool = False
    ) -> None:
        """Over the wire."""
        left: Sequence[int] = ids
        while left:
            left = self._sender.run(left, token).left

    def run_tasks(self, effects: Sequence[EffectRow], sign: Callable[[str, str], str]) -> None:
        """Note which."""
        self.called += [one.target for one in effects]

    def reachable(self) -> bool:
        """Yes."""
        return True


def carried_out(house: House) -> Reaching:
    """All that is due in what is real, done as workers do it."""
    house.apply()
    reaching = Reaching(house)
    Relay(house.runtime, reaching).run(30.0)
    return reaching


def test_nothing_of_a_test_key_goes_out_by_any_channel(
    house: House, outside: tuple[WireServer, WireServer]
) -> None:
    mail, web = outside
    key = key_of_tests(house)
    carried_out(house)  # the secret that signs receipts is made with the first
    before = house.counts()
    answer = asked(house, key, "/v1/events", shouting(house, web))
    assert answer.status_code == 202, answer.text
    found: dict[str, dict[str, Any]] = {}

    def all_kept() -> bool:
        items = asked(house, key, "/v1/notices").json()["items"]
        found.update({one["channel"]: one for one in items if one["state"] == "settled"})
        return len(found) == len(OUTSIDE)

    wait_until(all_kept, seconds=60, what="every notice to be kept", seen=lambda: found)
    for channel, one in found.items():
        assert one["receipt"]["answer"] == "not sent: a test key asked for it", channel
        assert one["receipt"]["words"] == f"Over {channel}.", channel
        assert one["receipt"]["to"], "whom it would have reached"
    carried_out(house)
    assert mail.connections == web.connections == 0
    assert house.counts() == before, "no table of what is real has a row more"

    assert house.post(shouting(house, web)).status_code == 202
    reaching = carried_out(house)
    with house.runtime.store.connect() as connection:
        query = select(outbox.c.target, outbox.c.state).where(outbox.c.kind == "notice")
        assert set(connection.execute(query).all()) == {(one, "settled") for one in OUTSIDE}
    assert mail.connections >= 1 and web.connections >= len(SPOKEN), "it has gone out"
    assert reaching.called == ["billing.charge"]


def test_a_task_is_not_called_and_its_receipt_goes_on(
    house: House, outside: tuple[WireServer, WireServer]
) -> None:
    key = key_of_tests(house)
    asked(house, key, "/v1/events", shouting(house, outside[1]))
    rehearsed = house.door.rehearsal.there() if house.door.rehearsal else None
    assert rehearsed is not None
    query = select(outbox.c.key, outbox.c.receipt).where(outbox.c.kind == "task", outbox.c.state == "settled")

    def task() -> Any:
        with rehearsed.runtime.store.connect() as connection:
            return connection.execute(query).one_or_none()

    wait_until(task, seconds=60, what="the task to be noted")
    assert "not_called" in task().receipt
    record(rehearsed.runtime.engine, task().key, TaskOutcome.SUCCEEDED, {"result": 5})
    rehearsed.worker.wake("")
    wait_until(
        lambda: asked(house, key, "/v1/subjects/shout:S-1").json()["state"] == "over",
        seconds=60,
        what="the receipt to be decided",
    )


def test_each_key_opens_its_own_side_alone(house: House) -> None:
    key = key_of_tests(house)
    real = house.keys[Role.SYSTEM]
    assert house.post(order("place", "1", "1", amount=5)).status_code == 202
    house.apply()
    assert asked(house, key, "/v1/subjects/order:1").status_code == 404, "it is not there"
    assert asked(house, key, "/v1/events", order("place", "1", "1", amount=7)).status_code == 202, (
        "nor its id"
    )
    wait_until(
        lambda: asked(house, key, "/v1/subjects/order:1").json()["state"] == "placed", seconds=60, what="it"
    )
    assert asked(house, key, "/v1/subjects/order:1").json()["data"]["amount"] == 7
    assert house.get("/v1/subjects/order:1").json()["data"]["amount"] == 5
    _, public, secret = real.split("_", 2)
    assert asked(house, f"mgtest_{public}_{secret}", "/v1/subjects/order:1").status_code == 401
    _, public, secret = key.split("_", 2)
    assert asked(house, f"mg_{public}_{secret}", "/v1/subjects/order:1").status_code == 401
    assert asked(house, f"{key}x", "/v1/subjects/order:1").status_code == 401
    page = house.http.get("/line", auth=("", key))
    assert page.status_code == 401, "no page is for a test key"
    assert asked(house, key, "/v1/subscriptions").status_code == 404, "nobody is told of a rehearsal"


def test_a_test_key_keeps_to_its_bounds_and_to_the_rules_of_the_door(house: House) -> None:
    key = key_of_tests(house, bounds=Bounds(sources=("/tests",), sends=("order",)))
    assert asked(house, key, "/v1/events", order("place", "1", "1", amount=5)).status_code == 202
    wrong = asked(house, key, "/v1/events", order("place", "1", "2", amount=0))
    assert wrong.status_code == 422 and "amount" in wrong.text
    other = order("place", "1", "3", amount=1) | {"source": "/else"}
    assert asked(house, key, "/v1/events", other).status_code == 403


def test_an_event_is_waited_for_as_for_real(house: House) -> None:
    key = key_of_tests(house)
    headers = {
        "Authorization": f"Bearer {key}", "Content-Type": "application/cloudevents+json", "Prefer": "wait=10"
    }  # fmt: skip
    answer = house.http.post("/v1/events", json=order("place", "9", "9", amount=5), headers=headers)
    assert answer.status_code == 200, answer.text
    assert answer.json()["items"][0]["outcome"] == "moved"


def test_a_key_of_nobody_makes_no_rehearsal(house: House) -> None:
    assert asked(house, "mgtest_0123456789ab_guessed", "/v1/subjects/order:1").status_code == 401
    assert house.door.rehearsal is not None and house.door.rehearsal.there() is None


def test_a_store_of_one_is_not_taken_for_the_other(house: House) -> None:
    key_of_tests(house)
    opened = house.door.rehearsal.there() if house.door.rehearsal else None
    assert opened is not None
    with pytest.raises(Exception, match=r"\[rehearsal\]"):
        claim(opened.runtime.store, SystemClock())
    claim(house.runtime.store, SystemClock())
    with pytest.raises(Exception, match=r"\[earnest\]"):
        claim(house.runtime.store, SystemClock(), Purpose.REHEARSAL)


def test_both_sides_have_the_same_schema_and_definitions(house: House) -> None:
    key_of_tests(house)
    opened = house.door.rehearsal.there() if house.door.rehearsal else None
    assert opened is not None
    query = select(func.count()).select_from(metadata.tables["definitions"])
    with opened.runtime.store.connect() as there, house.runtime.store.connect() as here:
        assert there.scalar(query) == here.scalar(query)
    assert opened.runtime.registry.names() == house.runtime.registry.names()


def test_the_console_makes_test_keys_and_shows_what_would_have_been_sent(
    house: House, outside: tuple[WireServer, WireServer]
) -> None:
    ola = browser_of(house, "ola", Role.OPERATOR)
    place = "/admin/integrate"
    assert "Nothing yet" in ola.get(f"{place}/rehearsal").text
    shown = ola.send(place, f"{place}/keys", name="crm", kind="test").text
    key = re.search(r"mgtest_[0-9a-f]+_[\w-]+", shown)
    assert key, "it is shown once"
    assert asked(house, key[0], "/v1/events", shouting(house, outside[1])).status_code == 202
    for channel in OUTSIDE:
        wait_until(
            lambda channel=channel: f"Over {channel}." in ola.get(f"{place}/rehearsal").text,
            seconds=60,
            what=f"what would have gone over {channel}",
        )
    wait_until(
        lambda: "ada@example.com" in ola.get(f"{place}/rehearsal").text,
        seconds=60,
        what="whom it would reach",
    )
    assert "billing.charge" in ola.get(f"{place}/rehearsal").text
    assert ola.get("/search?q=shout:S-1").text.count("shout:S-1") == 1, "nothing but what was asked for"
    assert "shout.begin" in ola.get(f"{place}/events?test=true").text
    assert "shout.begin" not in ola.get(f"{place}/events").text
    assert ola.send(f"{place}/rehearsal", f"{place}/rehearsal/ended").status_code == 303
    page = ola.get(f"{place}/rehearsal").text
    assert "How it ended was said." in page and "Say that it failed" not in page, "the first word counts"
    wait_until(
        lambda: asked(house, key[0], "/v1/subjects/shout:S-1").json()["state"] == "over",
        seconds=60,
        what="the end of the task to be decided",
    )
    public = key[0].split("_")[1]
    forms = ola.forms(place).to(f"{place}/keys/change") | {"key": public, "kind": "test", "what": "revoke"}
    assert ola.post(f"{place}/keys/change", forms).status_code == 303
    assert keys.verify(kept(house), key[0], SystemClock().now(), keys.TEST_PREFIX) is None


def test_a_rehearsal_is_begun_with_examples_by_its_page_and_they_go_nowhere_else(
    house: House, outside: tuple[WireServer, WireServer]
) -> None:
    ola = browser_of(house, "ola", Role.OPERATOR)
    place = "/admin/integrate/rehearsal"
    assert "Send examples" in ola.get(place).text
    form = ola.forms(place).to(f"{place}/examples")
    for _ in range(2):  # pressed twice, they are sent once
        assert ola.post(f"{place}/examples", form).status_code == 303

    def opened() -> set[str]:
        with kept(house).connect() as connection:
            return set(connection.scalars(select(subjects.c.lifecycle).where(subjects.c.state != "initial")))

    wait_until(lambda: {"customer", "case", "promise"} <= opened(), seconds=60, what="examples to be decided")
    wait_until(lambda: "Send examples" not in ola.get(place).text, seconds=60, what="something to follow")
    with house.runtime.store.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(subjects)) == 0, "nothing of it is real"
    with kept(house).connect() as connection:
        assert connection.scalars(select(moves.c.outcome).where(moves.c.outcome == "refused")).all() == []
    assert outside[0].messages == outside[1].requests == []


def kept(house: House) -> Store:
    """Where the test keys are."""
    opened = house.door.rehearsal.there() if house.door.rehearsal else None
    assert opened is not None
    return opened.runtime.store


def test_a_test_event_of_the_page_is_rehearsed_unless_somebody_says_in_earnest(house: House) -> None:
    ola = browser_of(house, "ola", Role.OPERATOR)
    place = "/admin/integrate/events/test"
    before = house.counts()["events"]
    form = ola.forms(f"{place}?type=order.place").to(place)
    form |= {"subject": "order:T-9", "data": '{"amount": 5}'}
    answer = ola.post(place, form)
    assert answer.status_code == 200 and "decided" in answer.text, answer.text
    assert house.counts()["events"] == before
