"""Nothing is refused in silence: who could know of it is told, by an answer, a list, a figure or a person.

Each row of the tables is one attempt: who tries what, and where it shows. The test plays it against a running
door, the real relay and the real tasks, and looks at what is told and what is stored.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from hashlib import sha256
from importlib import import_module
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest
from kombu.message import Message
from prometheus_client.core import Metric
from sqlalchemy import select

from state_machines.values.retry_policy import RetryPolicy
from tasks.consumer.dead_messages import bury
from tasks.consumer.message_check import MessageCheck
from tasks.pool.process import Process
from tasks.scheduler.sweep import sweep
from tests.api.conftest import NOON, House, open_house
from tests.api.test_desk import working
from tests.tasks.mailbox import Mailbox
from tests.tasks.outgoing import escalations
from tests.workflow.fitters import FITTER
from tests.workflow.test_refusals import TICKING
from tests.workflow.world import LAMP, NOW, World
from workflow.access.keys import Role
from workflow.api.http.store_metrics import StoreCollector
from workflow.broker.dead_messages import FORGED, INVALID, UNKNOWN_TASK, UNREADABLE, UNSIGNED
from workflow.broker.task_names import ACCEPT, APPLY, FAILED, SEND, SUCCEEDED
from workflow.engine.runtime import Runtime
from workflow.maintenance.doctor import examine
from workflow.outbox.relay import Relay
from workflow.recovery.dead_letter_news import KEY, PAUSE, tell_of_dead_letters
from workflow.settings import Settings
from workflow.store import schema

_NUMBERS = count(1)
TRAP = """
lifecycle: trap
version: 1
triggers: {arm: {}, spring: {data: {who: {type: string}}}}
states: [armed]
transitions:
  - {trigger: arm, source: initial, dest: armed}
  - {trigger: spring, source: armed, set: {x: =int(event.data.who)}}
"""
NO_BROKER = "redis://127.0.0.1:1/0"


class Said(NamedTuple):
    """An event that is sent and decided; NAME stands for the row's own."""

    type: str
    subject: str
    data: Mapping[str, Any] = {}


class Refusal(NamedTuple):
    """What `GET /v1/refusals` says of the last event."""

    subject: str
    rule: str
    sender: str | None = None


class Attempt(NamedTuple):
    """One row: these events, of which the last or what follows from it is refused."""

    who: str
    what: str
    events: Sequence[Said]
    listed: Refusal


PROMISE = {"words": "soon", "owner": "ana@shop.example", "due_at": "2026-07-02T00:00:00Z"}
PLACE, SHIP = Said("order.place", "order:NAME", {"amount": 5}), Said("order.ship", "order:NAME")
ORDER = Said("fitter.order", "fitter:NAME", {"lamp": "NAME", "level": 1})
KEEP, MAKE = Said("promise.keep", "promise:NAME"), Said("promise.make", "promise:NAME", PROMISE)


def _ladder(key: str) -> list[Said]:
    return [Said("escalation.open", f"escalation:{key}", {"words": "mine"})]


ATTEMPTS = [
    # what comes too early, too late or to a wrong key
    Attempt("a program", "keeps a promise before it is made",
        [KEEP], Refusal("promise:NAME", "impossible-now")),
    Attempt("a program", "makes a promise twice",
        [MAKE, MAKE], Refusal("promise:NAME", "impossible-now")),
    Attempt("a program", "ships what was never ordered",
        [SHIP], Refusal("order:NAME", "impossible-now")),
    Attempt("a program", "ships twice",
        [PLACE, SHIP, SHIP], Refusal("order:NAME", "impossible-now")),
    Attempt("a program", "orders a lamp of a mistyped key", [ORDER, Said("lamp.fail", "lamp:NAMEE")],
        Refusal("lamp:NAMEE", "impossible-now")),
    Attempt("a program", "presses a lamp that is on", [ORDER, Said("lamp.press", "lamp:NAME", {"level": 7})],
        Refusal("lamp:NAME", "guard")),
    Attempt("a program", "resolves an escalation that is none",
        [Said("escalation.resolve", "escalation:NAME", {"by": "ana"})],
        Refusal("escalation:NAME", "impossible-now")),
    Attempt("a program", "cancels a job that nobody scheduled", [Said("job.cancel", "job:NAME")],
        Refusal("job:NAME", "impossible-now")),
    # what our own subjects send each other
    Attempt("a fitter", "orders a lamp that is there",
        [ORDER, ORDER], Refusal("lamp:NAME", "guard", "fitter:NAME")),
    Attempt("a fitter", "dims its lamps in the wrong shape",
        [ORDER, Said("fitter.dim", "fitter:NAME", {"level": "dark"})],
        Refusal("lamp:NAME", "event-data", "fitter:NAME")),
    Attempt("a fitter", "dims a lamp that may not be",
        [ORDER, Said("fitter.dim", "fitter:NAME", {"level": 3})],
        Refusal("lamp:NAME", "guard", "fitter:NAME")),
    Attempt("a fitter", "tells a lamp that was never opened",
        [ORDER, Said("fitter.tell", "fitter:NAME", {"lamp": "NAME-2"})],
        Refusal("lamp:NAME-2", "impossible-now", "fitter:NAME")),
    # names that only makegood gives
    Attempt("an attacker", "takes the name of the digest of dead letters",
        _ladder("dead-letters-NAME"),
        Refusal("escalation:dead-letters-NAME", "guard")),
    Attempt("an attacker", "takes the name of a promise's ladder",
        _ladder("promise-NAME"),
        Refusal("escalation:promise-NAME", "guard")),
    Attempt("an attacker", "takes the name of an unknown outcome",
        _ladder("effect-NAME"),
        Refusal("escalation:effect-NAME", "guard")),
    Attempt("an attacker", "takes the name of a call's ladder",
        _ladder("callback-NAME"),
        Refusal("escalation:callback-NAME", "guard")),
    Attempt("an attacker", "takes the name of an approval's ladder",
        _ladder("approval-NAME"),
        Refusal("escalation:approval-NAME", "guard")),
    Attempt("an attacker", "takes the name of a delivery's ladder",
        _ladder("delivery-NAME"),
        Refusal("escalation:delivery-NAME", "guard")),
    Attempt("an attacker", "takes the name of an appointment's ladder",
        _ladder("appointment-NAME"),
        Refusal("escalation:appointment-NAME", "guard")),
]  # fmt: skip


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def house(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A door with each kind of database behind it, which workers and the doctor find too."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path_factory.mktemp('silence') / 'makegood.db'}"
    else:
        server = request.getfixturevalue("postgres_server")
        url = server.url(server.create_database())
    with pytest.MonkeyPatch.context() as patched, open_house(url) as opened:
        patched.setenv("MAKEGOOD_DATABASE_URL", url)
        patched.setenv("MAKEGOOD_BROKER_URL", "memory://")
        sources = [(source, None) for source in (LAMP, FITTER, TICKING, TRAP)]
        opened.runtime.registry.register(sources, NOON)
        yield opened


def _put(value: Any, name: str) -> Any:
    if isinstance(value, str):
        return value.replace("NAME", name)
    return {key: _put(one, name) for key, one in value.items()} if isinstance(value, Mapping) else value


def event_of(said: Said, name: str) -> dict[str, Any]:
    """A CloudEvent with an id of its own."""
    return {
        "specversion": "1.0",
        "id": f"{name}-{next(_NUMBERS)}",
        "source": "/tests",
        "type": said.type,
        "subject": _put(said.subject, name),
        "time": "2026-07-01T11:59:00Z",
        "data": _put(said.data, name),
    }


def play(house: House, events: Sequence[Said], name: str) -> dict[str, Any]:
    """Send these and decide each; the last event."""
    event: dict[str, Any] = {}
    for said in events:
        event = event_of(said, name)
        answer = house.post(event)
        assert answer.status_code == 202, answer.text
        house.apply()
    return event


def figure(house: House, metric: str, **labels: str) -> float:
    """What `/metrics` says under this name and these labels, counted this instant."""
    runtime = house.runtime
    families: list[Metric] = list(
        StoreCollector(runtime.store, runtime.clock, runtime.registry.triggers).collect()
    )
    samples = [sample for family in families for sample in family.samples]
    return sum(one.value for one in samples if one.name == metric and labels.items() <= one.labels.items())


def _counts(house: House) -> dict[str, int]:
    """Rows by table; the audit log is written behind the requests."""
    return {table: number for table, number in house.counts().items() if table != "audit"}


def refusals_of(house: House, subject: str) -> list[dict[str, Any]]:
    """What is listed of one subject."""
    lifecycle = subject.partition(":")[0]
    items = house.get("/v1/refusals", limit=1000, lifecycle=lifecycle).json()["items"]
    return [one for one in items if one["subject"] == subject]


def doctor(house: House, about: str) -> tuple[bool, str]:
    """What `makegood doctor` finds about something: whether it is well, and its words."""
    store = house.runtime.store
    url = store.engine.url.render_as_string(hide_password=False)
    settings = Settings(database_url=url, broker_url=NO_BROKER)
    (found,) = [one for one in examine(settings) if one.name == about]
    return found.well, found.words


@pytest.mark.parametrize(
    "number", range(len(ATTEMPTS)), ids=lambda n: f"{ATTEMPTS[n].who} {ATTEMPTS[n].what}"
)
def test_a_refusal_is_listed_with_its_sender_counted_and_told_to_who_asks(house: House, number: int) -> None:
    row, name = ATTEMPTS[number], f"r{number}"
    *before, last = row.events
    play(house, before, name)
    expected = Refusal(*(_put(one, name) for one in row.listed))
    lifecycle = expected.subject.partition(":")[0]
    counted = figure(house, "makegood_decisions_total", lifecycle=lifecycle, outcome="refused")
    known = refusals_of(house, expected.subject)
    event = play(house, [last], name)
    (listed,) = refusals_of(house, expected.subject)[len(known) :]
    assert Refusal(listed["subject"], listed["rule"], listed["sender"]) == expected
    assert (listed["source"], listed["reason"].partition(":")[0]) == (
        "/tests" if expected.sender is None else "/makegood",
        expected.rule,
    )
    assert figure(house, "makegood_decisions_total", lifecycle=lifecycle, outcome="refused") == counted + 1
    if expected.sender is None:
        told = house.get(f"/v1/events//tests/{event['id']}").json()
        assert (told["outcome"], told["reason"]) == ("refused", listed["reason"])
    subject = house.get(f"/v1/subjects/{expected.subject}").json()
    unopened = house.get("/v1/subjects", opened="false", lifecycle=lifecycle, limit=1000).json()["items"]
    assert (expected.subject in [one["key"] for one in unopened]) is (subject["state"] == "initial")


def test_a_timer_that_is_refused_is_listed(house: House) -> None:
    play(house, [Said("clock.wind", "clock:T")], "T")
    house.runtime.clock.advance(timedelta(hours=1))  # type: ignore[attr-defined]
    house.runtime.engine.fire()
    house.apply()
    (listed,) = refusals_of(house, "clock:T")
    assert (listed["timer"], listed["source"], listed["rule"]) == ("hour", "/makegood/timers", "guard")


class Dead(NamedTuple):
    """One row: what these events come to is a dead letter, about this subject, with this error."""

    who: str
    what: str
    events: Sequence[Said]
    subject: str
    error: str
    kind: str
    sender: str | None = None


BRIGHT = Said("fitter.order", "fitter:NAME", {"lamp": "NAME", "level": "bright"})
DEAD = [
    Dead("a fitter", "opens a lamp in the wrong shape", [BRIGHT], "lamp:NAME",
        "refused-opening: event-data: data.level [type]", "opening", "fitter:NAME"),
    Dead("a fitter", "opens a lamp in the wrong shape once more",
        [ORDER, Said("fitter.order", "fitter:NAME", {"lamp": "NAME-2", "level": []})],
        "lamp:NAME-2", "refused-opening: event-data: data.level [type]", "opening", "fitter:NAME"),
    Dead("an author", "divides by nothing",
        [PLACE, Said("order.divide", "order:NAME", {"by": 0})], "order:NAME",
        "ExpressionError", "event"),
    Dead("an author", "reads what is not there",
        [ORDER, Said("lamp.fail", "lamp:NAME")], "lamp:NAME", "ExpressionError", "event"),
]  # fmt: skip


@pytest.mark.parametrize("number", range(len(DEAD)), ids=lambda n: f"{DEAD[n].who} {DEAD[n].what}")
def test_what_we_could_not_do_is_a_dead_letter_that_the_doctor_knows(house: House, number: int) -> None:
    row, name = DEAD[number], f"d{number}"
    counted = figure(house, "makegood_dead_letters", kind=row.kind)
    play(house, row.events, name)
    subject = _put(row.subject, name)
    (letter,) = [one for one in house.get("/v1/dead-letters").json()["events"] if one["subject"] == subject]
    assert row.error in letter["error"]
    assert letter["sender"] == (row.sender and _put(row.sender, name))
    assert figure(house, "makegood_dead_letters", kind=row.kind) == counted + 1
    assert not doctor(house, "dead letters")[0]
    path = f"/v1/dead-letters/events/{letter['id']}"
    operator = house.bearer(Role.OPERATOR)
    assert house.http.post(f"{path}/retry", headers=operator).status_code in (200, 202, 204)
    house.apply()
    (again,) = [one for one in house.get("/v1/dead-letters").json()["events"] if one["subject"] == subject]
    assert again["error"] == letter["error"], "and it is not forgotten when it is tried in vain"
    dropped = house.http.post(f"{path}/discard", headers=operator, json={"reason": "tried"})
    assert dropped.status_code == 204, dropped.text
    assert subject not in [one["subject"] for one in house.get("/v1/dead-letters").json()["events"]]


class Asked(NamedTuple):
    """One row: what `GET /v1/events/{source}/{id}` says of the last of these events."""

    who: str
    events: Sequence[Said]
    outcome: str
    state: str | None
    then: str = "apply"


REMIND = Said("order.remind", "order:NAME")
NAUGHT = Said("order.divide", "order:NAME", {"by": 0})
ASKED = [
    Asked("who moved a subject", [PLACE], "moved", "placed"),
    Asked(
        "who left it where it was", [PLACE, Said("order.divide", "order:NAME", {"by": 2})], "stayed", "placed"
    ),
    Asked("who was refused", [SHIP], "refused", "initial"),
    Asked("whose event is dead", [PLACE, NAUGHT], "dead", None),
    Asked("whose event was dropped", [PLACE, SHIP], "discarded", None, "discard"),
    Asked("whose dead event was dropped", [PLACE, NAUGHT], "discarded", None, "apply and discard"),
    Asked("whose event waits", [PLACE], "pending", None, "wait"),
]


@pytest.mark.parametrize("number", range(len(ASKED)), ids=lambda n: ASKED[n].who)
@pytest.mark.parametrize("prefers", [{}, {"Prefer": "wait=0"}], ids=["asks", "asks with wait=0"])
def test_whoever_asks_is_told_what_became_of_it(house: House, number: int, prefers: dict[str, str]) -> None:
    row, name = ASKED[number], f"a{number}{len(prefers)}"
    *before, last = row.events
    play(house, before, name)
    event = event_of(last, name)
    house.post(event)
    path = f"/v1/events/%2Ftests/{event['id']}"
    if "apply" in row.then:
        house.apply()
    if "discard" in row.then:
        body = {"reason": "sent by mistake"}
        dropped = house.http.post(f"{path}/discard", headers=house.bearer(Role.OPERATOR), json=body)
        assert dropped.status_code == 200, dropped.text
    for role in (Role.SYSTEM, Role.OPERATOR):
        told = house.http.get(path, headers=house.bearer(role) | prefers)
        assert (told.status_code, told.json()["outcome"], told.json()["state"]) == (
            200,
            row.outcome,
            row.state,
        )
        assert ("Preference-Applied" in told.headers) is bool(prefers)
    again = house.post(event).json()["items"][0]
    assert (again["status"], again["outcome"]) == ("duplicate", row.outcome)
    house.apply()


def test_of_an_event_that_nobody_sent_that_is_said(house: House) -> None:
    assert house.get("/v1/events/%2Ftests/nobody-1").status_code == 404


class Waited(NamedTuple):
    """One row: the answer to `Prefer: wait=10` while a worker decides."""

    who: str
    events: Sequence[Said]
    status: int
    outcome: str


WAITED = [
    Waited("who is served", [PLACE], 200, "moved"),
    Waited("who is refused", [SHIP], 200, "refused"),
    Waited("who keeps a promise that is not made", [KEEP], 200, "refused"),
    Waited("whose event cannot be decided", [PLACE, NAUGHT], 200, "dead"),
]


@pytest.mark.parametrize("number", range(len(WAITED)), ids=lambda n: WAITED[n].who)
def test_whoever_prefers_to_wait_hears_the_decision(house: House, number: int) -> None:
    row, name = WAITED[number], f"w{number}"
    *before, last = row.events
    play(house, before, name)
    headers = house.bearer() | {"Content-Type": "application/cloudevents+json", "Prefer": "wait=10"}
    with working(house), ThreadPoolExecutor(1) as pool:
        posting = pool.submit(house.http.post, "/v1/events", json=event_of(last, name), headers=headers)
        answer = posting.result(timeout=20)
    assert (answer.status_code, answer.headers["Preference-Applied"]) == (row.status, "wait=10")
    assert answer.json()["items"][0]["outcome"] == row.outcome


def test_a_ladder_of_the_wrong_shape_is_refused_at_the_door(house: House) -> None:
    """It was a promise that nobody would have been told of when it broke."""
    before = _counts(house)
    for ladder in (["ana"], [{"people": "ana"}], {"people": ["ana"]}, [{"people": ["ana"], "within": 15}]):
        answer = house.post(event_of(Said("promise.make", "promise:L", PROMISE | {"ladder": ladder}), "L"))
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["field"].startswith("data.ladder")
    assert _counts(house) == before


# A dead effect moves its subject.


class Lost(NamedTuple):
    """One row: a job's task brings no receipt, or a late one. What the effect and the job come to.

    Attributes:
        repeat: what the job says of a second message.
        then: what happens after all messages that are sent.
        messages: how many went out.
    """

    who: str
    what: str
    repeat: str
    then: Sequence[str]
    effect: str
    job: str
    messages: int


LOST = [
    Lost("a worker", "never answers", "safe", (), "dead", "failed", 3),
    Lost("a worker", "never answers, and is not to be asked twice", "ask", (), "unknown", "running", 1),
    Lost("a worker", "answers when it was given up", "safe", ("succeeds",), "settled", "done", 3),
    Lost("a worker", "answers when a person was asked", "ask", ("succeeds",), "settled", "done", 1),
    Lost("a worker", "fails when a person was asked", "ask", ("fails",), "settled", "failed", 1),
    Lost("a person", "retries the job", "safe", ("job.retry", "relay"), "published", "running", 4),
    Lost("a person", "cancels the job", "safe", ("job.cancel",), "dead", "cancelled", 3),
    Lost("a stranger", "forges the receipt", "ask", ("forges",), "unknown", "running", 1),
    Lost("a stranger", "sends an unsigned receipt", "ask", ("does not sign",), "unknown", "running", 1),
]  # fmt: skip


class Bench(NamedTuple):
    """A world, what a worker has, a broker to read, and the tasks that take receipts."""

    world: World
    runtime: Runtime
    mailbox: Mailbox
    receipts: Any


@pytest.fixture
def bench(
    world: World, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Bench]:
    """On each store, with a broker in memory."""
    monkeypatch.setenv("MAKEGOOD_BROKER_URL", "memory://")
    settings = Settings(database_url=database_url, broker_url="memory://", data_dir=tmp_path, max_attempts=3)
    engine = world.engine
    retries = RetryPolicy(settings.max_attempts)
    runtime = Runtime(settings, world.store, engine.registry, world.clock, engine, retries)
    with Mailbox(settings) as mailbox:
        receipts = import_module("tasks.receipts")
        process = Process(runtime, mailbox.broker, {})
        monkeypatch.setattr(receipts, "here", lambda app: process)
        yield Bench(world, runtime, mailbox, receipts)


def _relay(bench: Bench) -> None:
    """Publish until nothing is due any more, and decide what follows."""
    world, relay = bench.world, Relay(bench.runtime, bench.mailbox.broker)
    relay.run()
    while dues := [
        one.due_at for one in world.effects() if one.due_at is not None and one.key.startswith("job:")
    ]:
        world.clock.move_to(max(world.clock.now(), *dues))
        relay.run()
    world.settle()


@pytest.mark.parametrize("row", LOST, ids=lambda row: f"{row.who} {row.what}")
def test_a_receipt_that_is_lost_moves_the_job_or_asks_a_person(bench: Bench, row: Lost) -> None:
    world = bench.world
    schedule = {"task": "bank.transfer", "queue": "shop", "repeat": row.repeat}
    world.post("job.schedule", "job:J", schedule)
    world.advance(timedelta(seconds=1))
    _relay(bench)
    messages = bench.mailbox.take("shop")
    sent = len(messages)
    embedded = messages[0].embedded
    links = {link["task"]: link["args"] for link in [*embedded["callbacks"], *embedded["errbacks"]]}
    sweep(world.engine, world.clock)
    world.settle()
    assert len(escalations(world, "unknown_outcome")) == (1 if row.repeat == "ask" else 0)
    for then in row.then:
        if then == "relay":
            Relay(bench.runtime, bench.mailbox.broker).run()
            sent += len(bench.mailbox.take("shop"))
        elif then.startswith("job."):
            world.post(then, "job:J", {"reason": "by hand"} if then == "job.cancel" else {})
        else:
            key, signature = links[FAILED if then == "fails" else SUCCEEDED]
            said = {"forges": (key, "0" * len(signature)), "does not sign": (key,)}.get(
                then, (key, signature)
            )
            task = bench.receipts.failed if then == "fails" else bench.receipts.succeeded
            task.run("an answer", *said)
            world.settle()
    jobs = [one for one in world.effects() if one.key.startswith("job:J/")]
    assert (jobs[-1].state, world.state("job:J"), sent) == (row.effect, row.job, row.messages)
    with world.store.connect() as connection:
        dead = connection.scalars(select(schema.dead_messages.c.reason)).all()
    assert dead == {"forges": [FORGED], "does not sign": [UNSIGNED]}.get(row.then[0] if row.then else "", [])


class Told(NamedTuple):
    """One row: so many dead letters in each round, and of how many each escalation then speaks."""

    who: str
    rounds: Sequence[int]
    told: Sequence[int]


TOLD = [
    Told("of one a person hears once", (1, 0, 0), (1,)),
    Told("of many a person hears once, in a digest", (40,), (40,)),
    Told("of those that come later a person hears after a pause", (3, 2), (3, 2)),
    Told("of none a person hears nothing", (0, 0), ()),
]


@pytest.mark.parametrize("row", TOLD, ids=lambda row: row.who)
def test_a_person_hears_of_dead_letters(world: World, row: Told) -> None:
    world.engine.registry.register([(TRAP, None)], NOW)
    world.post("trap.arm", "trap:1")
    for number in row.rounds:
        world.engine.accept([world.event("trap.spring", "trap:1", {"who": "Ada"}) for _ in range(number)])
        world.settle()
        for _ in range(3):
            tell_of_dead_letters(world.engine, world.clock.now())
        world.settle()
        world.clock.advance(PAUSE)
    opened = select(schema.subjects.c.data).where(schema.subjects.c.key.startswith(KEY)).order_by("id")
    with world.store.connect() as connection:
        words = [data["words"] for data in connection.scalars(opened)]
    assert [int(one.split()[0]) for one in words] == list(row.told)
    assert "Ada" not in "".join(words)


class Name(NamedTuple):
    """One row: a name that somebody outside takes first, and whether our own escalation has it then."""

    who: str
    key: str
    ours: Callable[[World], object]


def _lapses(world: World) -> None:
    due = {"due_at": (world.clock.now() + timedelta(hours=1)).isoformat()}
    world.post("promise.make", "promise:P", PROMISE | due)
    world.advance(timedelta(hours=1))


def _dies(world: World) -> None:
    world.engine.registry.register([(TRAP, None)], NOW)
    world.post("trap.arm", "trap:1")
    world.post("trap.spring", "trap:1", {"who": "Ada"})
    tell_of_dead_letters(world.engine, world.clock.now())
    world.settle()


NAMES = [
    Name("a promise that breaks", "escalation:promise-P", _lapses),
    Name("the first digest of dead letters", "escalation:dead-letters-1", _dies),
]


@pytest.mark.parametrize("row", NAMES, ids=lambda row: row.who)
def test_a_name_that_was_tried_outside_is_there_for_us(world: World, row: Name) -> None:
    world.post("escalation.open", row.key, {"words": "mine", "ladder": [{"people": ["eve@evil.example"]}]})
    assert (world.state(row.key), world.moves(row.key)[-1][3]) == ("initial", "refused")
    row.ours(world)
    assert world.state(row.key) in ("asking", "notified")
    assert "eve@evil.example" not in json.dumps(world.data(row.key))
    with world.store.connect() as connection:
        dead = connection.scalars(
            select(schema.inbox.c.error).where(schema.inbox.c.dead_at.is_not(None))
        ).all()
    assert not [one for one in dead if one and "refused-opening" in one]


# What stands in the queues.


class Unread(NamedTuple):
    """One row: the bytes and the headers of a message in one of our queues, and what it is dead of."""

    who: str
    what: str
    body: bytes
    reason: str
    headers: Any = None
    content_type: str = "application/json"


def _head(task: str, **more: Any) -> dict[str, Any]:
    return {"lang": "py", "task": task, "id": "an-id", **more}


NOTHING = b"[[], {}, null]"
UNREAD = [
    Unread("a stray program", "writes text", b"garbage ada@example.com", UNREADABLE, _head(APPLY)),
    Unread("a stray program", "writes a list of two", b"[[], {}]", UNREADABLE, _head(APPLY)),
    Unread("a stray program", "writes an empty list", b"[]", UNREADABLE, _head(APPLY)),
    Unread("a stray program", "writes null", b"null", UNREADABLE, _head(APPLY)),
    Unread("a stray program", "names no task", NOTHING, UNREADABLE, {"id": "a"}),
    Unread("a stray program", "names a task by number", NOTHING, UNREADABLE, _head(APPLY) | {"task": 7}),
    Unread("a stray program", "has a time limit without end",
        NOTHING, UNREADABLE, _head(APPLY, timelimit=[1e999, None])),
    Unread("an attacker", "writes a pickle",
        b"\x80\x04N.", UNREADABLE, _head(APPLY), "application/x-python-serialize"),
    Unread("an attacker", "writes YAML",
        b"!!python/object/apply:os.system [ls]", UNREADABLE, _head(APPLY), "application/x-yaml"),
    Unread("another installation", "sends a task of its own", NOTHING, UNKNOWN_TASK, _head("shop.order")),
    Unread("a careless program", "sends an event that names a datum twice",
        b'[[[{"data": {"amount": 1, "amount": 2}}]], {}, null]', UNREADABLE, _head(ACCEPT)),
    Unread("a careless program", "does so in Celery's first protocol",
        b'{"task": "%s", "id": "a", "args": [[{"id": "1", "id": "2"}]]}' % ACCEPT.encode(), UNREADABLE, {}),
    Unread("an old version", "sends a task with other arguments",
        b'[["ada@example.com"], {}, null]', INVALID, _head(APPLY)),
    Unread("an old version", "sends notices without a token", b"[[[1]], {}, null]", INVALID, _head(SEND)),
]  # fmt: skip


@pytest.mark.parametrize("row", UNREAD, ids=lambda row: f"{row.who} {row.what}")
def test_a_message_that_cannot_be_read_is_a_dead_letter_without_its_body(house: House, row: Unread) -> None:
    app = import_module("tasks.app").app
    app.loader.import_default_modules()
    message = Message(
        row.body,
        content_type=row.content_type,
        content_encoding="utf-8",
        headers=row.headers,
        accept={"application/json"},
    )
    counted = figure(house, "makegood_dead_messages_total", reason=row.reason)
    reason = MessageCheck(app.tasks).problem(message)
    assert reason == row.reason
    bury("makegood", reason, row.body)
    letters = house.get("/v1/dead-letters").json()["messages"]
    (listed, *_) = [one for one in letters if one["digest"] == sha256(row.body).hexdigest()][::-1]
    assert (listed["queue"], listed["reason"], listed["size"]) == ("makegood", row.reason, len(row.body))
    assert "ada@example.com" not in json.dumps(letters)
    assert figure(house, "makegood_dead_messages_total", reason=row.reason) == counted + 1
    assert not doctor(house, "dead letters")[0]
    path = f"/v1/dead-letters/messages/{listed['id']}/discard"
    assert (
        house.http.post(path, headers=house.bearer(Role.OPERATOR), json={"reason": "none"}).status_code == 204
    )


# What one person takes from another.


class Claim(NamedTuple):
    """One row: these people claim one escalation, one after the other; what the last of them is answered."""

    who: str
    by: Sequence[str]
    status: int
    taken_from: str | None
    told: Sequence[str]


ANA, EMIL = "ana@shop.example", "emil@shop.example"
CLAIMS = [
    Claim("who comes first", [ANA], 200, None, []),
    Claim("who takes it from somebody", [ANA, EMIL], 200, ANA, [ANA, EMIL]),
    Claim("who has it already", [ANA, ANA], 409, None, []),
    Claim("who has it already, in capital letters", [ANA, ANA.upper()], 409, None, []),
    Claim("who takes it back", [ANA, EMIL, ANA], 200, EMIL, [ANA, EMIL, EMIL, ANA]),
]


@pytest.mark.parametrize("number", range(len(CLAIMS)), ids=lambda n: CLAIMS[n].who)
def test_who_takes_an_escalation_and_who_loses_it_are_told(house: House, number: int) -> None:
    row, name = CLAIMS[number], f"c{number}"
    ladder = [{"people": ["boss@shop.example"]}]
    play(house, [Said("escalation.open", "escalation:NAME", {"words": "Help", "ladder": ladder})], name)
    key = f"escalation:{name}"
    with working(house):
        for person in row.by:
            answer = claim(house, person, key)
    assert answer.status_code == row.status, answer.text
    if row.status == 200:
        assert (answer.json()["outcome"], answer.json()["item"]["taken_from"]) == ("claimed", row.taken_from)
    else:
        assert answer.json()["errors"][0]["rule"] == "not-possible-now"
    moves = house.get(f"/v1/subjects/{key}").json()["timeline"][1:]  # after its level was told
    notices = [
        effect["payload"] for move in moves for effect in move["effects"] if effect["kind"] == "notice"
    ]
    assert [(notice["about"], notice["to"]) for notice in notices] == [("escalation", to) for to in row.told]


def claim(house: House, person: str, key: str) -> httpx.Response:
    """What somebody at the desk is answered."""
    body = {"by": person, "subject": key, "patience": 10}
    return house.http.post("/v1/desk/claim", json=body, headers=house.bearer(Role.DESK))
