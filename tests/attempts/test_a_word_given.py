"""A 202 is a word given: what was answered with one is kept exactly as it was sent, through every door.

Each row of the tables is one attempt: who tries what, how it is sent, and what it comes to. The test plays it
against a running door, the task of the broker, the command or a replay, and looks at what is stored.
"""

from __future__ import annotations

import io
import json
import re
import socket
import sys
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import redirect_stderr, redirect_stdout
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple
from unittest.mock import patch
from urllib.parse import quote

import httpx
import pytest
from kombu.serialization import dumps, loads

from tasks.pool.process import Process
from tasks.transport import EventsRefused
from tests.api.conftest import NOON, House, open_house, order
from tests.api.test_reports import LINE, receipt, sent
from tests.api.test_upgrade_offers import CURL, JAVA
from tests.replay.scene import HEADER, Scene
from tests.tasks.mailbox import Mailbox
from workflow.access.keys import Role
from workflow.broker.task_names import KEY_HEADER
from workflow.cli import main
from workflow.recovery.contact.webhook_ids import webhook_id
from workflow.settings import Settings

STRUCTURED, BATCHED = "application/cloudevents+json", "application/cloudevents-batch+json"
COMMAND, TASK = 1, 0
"""In place of an HTTP status: the command's exit code, and that the task raises."""


class Kept(NamedTuple):
    """It is accepted, and these are the data in the ledger."""

    data: Mapping[str, Any]


class Refused(NamedTuple):
    """It is refused by this field and rule, and no table has a row more or less."""

    status: int
    field: str
    rule: str


class Again(NamedTuple):
    """It is known, has the first outcome, and no table has a row more or less."""


class Unanswered(NamedTuple):
    """It gets no answer, since it never ended, and no table has a row more or less."""


Expected = Kept | Refused | Again | Unanswered


class Answer(NamedTuple):
    """What was answered, by whichever door: the status, the word about the event, the broken rules."""

    status: int | None
    said: str = ""
    broken: frozenset[tuple[str, str]] = frozenset()


_PROBLEM = re.compile(r"([^\s:]+): .* \[([\w-]+)\]")
"""How a line of the command, or of the task, names field and rule."""

Door = Callable[[House, Any], Answer]
"""Sends an event, or the bytes of one, to the house."""


class Attempt(NamedTuple):
    """One row. `event` is what makes it another than a plain order, or all of its bytes (NAME: its name)."""

    who: str
    what: str
    by: Door
    event: Mapping[str, Any] | bytes
    expected: Expected


def answer_of(response: httpx.Response) -> Answer:
    """What an HTTP answer says."""
    said = response.json()
    if response.status_code == 202:
        return Answer(202, said["items"][0]["status"] if said["items"] else "nothing")
    return Answer(
        response.status_code, broken=frozenset((one["field"], one["rule"]) for one in said["errors"])
    )


def http(house: House, event: Any) -> Answer:
    """One event, structured."""
    body = event if isinstance(event, bytes) else json.dumps(event).encode()
    headers = house.bearer() | {"Content-Type": STRUCTURED}
    return answer_of(house.http.post("/v1/events", content=body, headers=headers))


def batch(house: House, event: Any) -> Answer:
    """A batch, of this event if it is not one already."""
    body = event if isinstance(event, bytes) else json.dumps([event]).encode()
    headers = house.bearer() | {"Content-Type": BATCHED}
    return answer_of(house.http.post("/v1/events", content=body, headers=headers))


def binary(body: bytes = b'{"amount": 5}', **ce: bytes) -> Door:
    """Attributes in `ce-` headers, those of `ce` byte for byte; the body is the data."""

    def post(house: House, event: Any) -> Answer:
        said = {name: str(value).encode() for name, value in event.items() if name != "data"} | ce
        headers = {f"ce-{name}".encode(): value for name, value in said.items()}
        headers |= {b"content-type": b"application/json"}
        headers |= {name.encode(): value.encode() for name, value in house.bearer().items()}
        return answer_of(house.http.post("/v1/events", content=body, headers=headers))

    return post


def broker(house: House, event: Any) -> Answer:
    """A message of the task `makegood.events.accept`, as Celery's JSON carries it."""
    task = import_module("tasks.events")
    content_type, encoding, body = dumps([[event]], serializer="json")
    (arrived,) = loads(body, content_type, encoding, accept=["application/json"])
    task.accept.push_request(headers={KEY_HEADER: house.keys[Role.SYSTEM]})
    try:
        done = task.accept.run(arrived)
    except EventsRefused as refused:
        return Answer(TASK, broken=frozenset(re.findall(r"(\S+) \[([\w-]+)\]", str(refused))))
    finally:
        task.accept.pop_request()
    return Answer(TASK, "accepted" if done["accepted"] else "duplicate")


def command(house: House, event: Any) -> Answer:
    """`makegood send`; a text as data goes as it is."""
    data = event["data"] if isinstance(event["data"], str) else json.dumps(event["data"])
    given = {"--data": data, "--id": event["id"], "--source": event["source"], "--time": event["time"]}
    given |= {"--url": str(house.http.base_url), "--key": house.keys[Role.SYSTEM]}
    argv = [
        "makegood",
        "send",
        event["type"],
        event["subject"],
        *(one for pair in given.items() for one in pair),
    ]
    out, err = io.StringIO(), io.StringIO()
    told = redirect_stdout(out), redirect_stderr(err)
    with patch.object(sys, "argv", argv), told[0], told[1], pytest.raises(SystemExit) as end:
        main()
    if not end.value.code:
        return Answer(0, json.loads(out.getvalue())["status"])
    lines = [line.strip().removeprefix("makegood: ") for line in err.getvalue().splitlines()]
    broken = [found.groups() for line in lines if (found := _PROBLEM.fullmatch(line))]
    return Answer(COMMAND, err.getvalue(), frozenset((field, rule) for field, rule in broken))


def raw(
    *head: str,
    pieces: Callable[[bytes], Sequence[bytes]] = lambda body: [body],
    apart: bool = False,
    ends: bool = False,
) -> Door:
    """Bytes on a connection, below a head with these lines (LENGTH is the body's).

    Head and body go in one packet if not `apart`; `ends` closes our half after them.
    """

    def post(house: House, event: Any) -> Answer:
        body = json.dumps(event).encode()
        lines = [line.replace("LENGTH", str(len(body))) for line in head]
        lines = [*lines, "Host: care", f"Content-Type: {STRUCTURED}", "Connection: close"]
        lines += [f"{name}: {value}" for name, value in house.bearer().items()]
        start = "".join(f"{line}\r\n" for line in ["POST /v1/events HTTP/1.1", *lines, ""]).encode()
        rest = b"".join(pieces(body))
        said = exchange(house, [start, rest] if apart else [start + rest], ends=ends)
        return answer_of(said) if said is not None else Answer(None)

    return post


def exchange(house: House, pieces: Sequence[bytes], *, ends: bool = False) -> httpx.Response | None:
    """What comes back over a connection of its own; None where that is nothing."""
    url = house.http.base_url
    with socket.create_connection((url.host, url.port or 80), timeout=20) as connection:
        for piece in pieces:
            connection.sendall(piece)
        if ends:
            connection.shutdown(socket.SHUT_WR)
        reading = connection.makefile("rb")
        first = reading.readline()
        if not first:
            return None
        length = 0
        while (line := reading.readline()) not in (b"\r\n", b""):
            name, _, value = line.partition(b":")
            length = int(value) if name.lower() == b"content-length" else length
        return httpx.Response(int(first.split()[1]), content=reading.read(length))


def chunks(size: int, *, last: bytes = b"0\r\n\r\n") -> Callable[[bytes], Sequence[bytes]]:
    """The body in chunks of so many bytes, and what ends them."""

    def cut(body: bytes) -> Sequence[bytes]:
        parts = [body[place : place + size] for place in range(0, len(body), size)]
        return [*(b"%x\r\n%s\r\n" % (len(part), part) for part in parts), last]

    return cut


def _bytes(data: bytes) -> dict[str, Any]:
    return {"data": None, "data_base64": b64encode(data).decode()}


def _data(more: str) -> bytes:
    """An order whose data have this JSON more."""
    text = json.dumps(order("place", "NAME", "NAME"))
    return text.replace('"data": {}', f'"data": {{"amount": 5, {more}}}').encode()


def _promise(**data: Any) -> dict[str, Any]:
    promised = {"words": "soon", "owner": "ana@shop.example", "due_at": "2026-07-02T00:00:00Z"} | data
    return {"type": "promise.make", "subject": "promise:NAME", "data": promised}


LAST = "9999-12-31T23:59:59Z"
RANGE, FINITE, OTHER_CONTENT, TOO_LONG = "integer-range", "finite", "other-content", "duration-length"
BY_CURL, BY_JAVA = CURL.split("\r\n")[:-1], JAVA.split("\r\n")[:-1]
PLAIN: Mapping[str, Any] = {}
FIVE = Kept({"amount": 5})
BAD_HTTP = Refused(400, "request", "http")
NOT_JSON = Refused(400, "body", "json")
TWICE = Refused(400, "body", "doubled-member")

ATTEMPTS = [
    # offers of HTTP/2, and lengths
    Attempt("curl", "offers h2c with its event",
        raw(*BY_CURL, "Content-Length: LENGTH"), PLAIN, FIVE),
    Attempt("the JDK's client", "offers h2c, its head and body apart",
        raw(*BY_JAVA, "Content-Length: LENGTH", apart=True), PLAIN, FIVE),
    Attempt("the JDK's client", "offers h2c with a chunked body",
        raw(*BY_JAVA, "Transfer-Encoding: chunked", pieces=chunks(9)), PLAIN, FIVE),
    Attempt("a client", "sends its body in chunks of seven bytes",
        raw("Transfer-Encoding: chunked", pieces=chunks(7)), PLAIN, FIVE),
    Attempt("a client", "breaks off between two chunks",
        raw("Transfer-Encoding: chunked", pieces=chunks(50, last=b""), ends=True), PLAIN, Unanswered()),
    Attempt("a client", "announces fewer bytes than it sends",
        raw("Content-Length: 60"), PLAIN, NOT_JSON),
    Attempt("a client", "announces more bytes than it sends, and hangs up",
        raw("Content-Length: 4000", ends=True), PLAIN, Unanswered()),
    Attempt("a client", "announces no length at all",
        raw(), PLAIN, NOT_JSON),
    Attempt("a smuggler", "announces two different lengths",
        raw("Content-Length: LENGTH", "Content-Length: 60"), PLAIN, BAD_HTTP),
    Attempt("a smuggler", "announces one length twice",
        raw("Content-Length: LENGTH", "Content-Length: LENGTH"), PLAIN, BAD_HTTP),
    Attempt("a smuggler", "announces a length and chunks",
        raw("Content-Length: 5", "Transfer-Encoding: chunked", pieces=chunks(999)), PLAIN, BAD_HTTP),
    Attempt("a smuggler", "announces a length below zero",
        raw("Content-Length: -5"), PLAIN, BAD_HTTP),
    # numbers
    Attempt("a shop", "counts to 2^63",
        http, _data(f'"n": {2**63}'), Kept({"amount": 5, "n": 2**63})),
    Attempt("a shop", "counts to 2^64 - 1, over the broker",
        broker, {"data": {"amount": 5, "n": 2**64 - 1}}, Kept({"amount": 5, "n": 2**64 - 1})),
    Attempt("a shop", "counts to -2^63, by command",
        command, {"data": {"amount": 5, "n": -(2**63)}}, Kept({"amount": 5, "n": -(2**63)})),
    Attempt("a shop", "counts to 2^64",
        http, _data(f'"n": {2**64}'), Refused(422, "data.n", RANGE)),
    Attempt("a shop", "counts to 2^64 in a batch",
        batch, {"data": {"amount": 5, "n": [2**64]}}, Refused(422, "[0].data.n[0]", RANGE)),
    Attempt("a shop", "counts to 2^64, over the broker",
        broker, {"data": {"amount": 5, "n": 2**64}}, Refused(TASK, "[0].data.n", RANGE)),
    Attempt("a shop", "counts to 2^64, by command",
        command, {"data": {"amount": 5, "n": 2**64}}, Refused(COMMAND, "data.n", RANGE)),
    Attempt("a shop", "counts to -2^63 - 1",
        http, _data(f'"n": {-(2**63) - 1}'), Refused(422, "data.n", RANGE)),
    Attempt("a shop", "counts to -2^63 - 1, over the broker",
        broker, {"data": {"amount": 5, "n": -(2**63) - 1}}, Refused(TASK, "[0].data.n", RANGE)),
    Attempt("a sensor", "measures 1e400",
        http, _data('"n": 1e400'), NOT_JSON),
    Attempt("a sensor", "measures 1e400, over the broker",
        broker, {"data": {"amount": 5, "n": 1e400}}, Refused(TASK, "[0].data.n", FINITE)),
    Attempt("a sensor", "measures 1e400, by command",
        command, {"data": '{"amount": 5, "n": 1e400}'}, Refused(COMMAND, "data", "json")),
    Attempt("a sensor", "measures NaN",
        http, _data('"n": NaN'), NOT_JSON),
    Attempt("a sensor", "measures NaN, over the broker",
        broker, {"data": {"amount": 5, "n": float("nan")}}, Refused(TASK, "[0].data.n", FINITE)),
    Attempt("a sensor", "measures NaN, by command",
        command, {"data": '{"amount": 5, "n": NaN}'}, Refused(COMMAND, "data", "json")),
    Attempt("a sensor", "measures -Infinity",
        http, _data('"n": -Infinity'), NOT_JSON),
    Attempt("a sensor", "measures Infinity, over the broker",
        broker, {"data": {"amount": 5, "n": float("inf")}}, Refused(TASK, "[0].data.n", FINITE)),
    # members twice, and characters
    Attempt("a careless program", "names a datum twice",
        http, _data('"n": 1, "n": 2'), TWICE),
    Attempt("a careless program", "names the id twice",
        http, b'{"id": "1", "id": "2"}', TWICE),
    Attempt("a careless program", "names a datum twice, by command",
        command, {"data": '{"n": 1, "n": 2}'}, Refused(COMMAND, "data", "doubled-member")),
    Attempt("a careless program", "names a datum twice, in bytes",
        http, _bytes(b'{"n": 1, "n": 2}'), Refused(422, "data_base64", "doubled-member")),
    Attempt("a careless program", "sends half of a surrogate pair",
        http, _data('"n": "\\ud800"'), NOT_JSON),
    Attempt("a careless program", "sends half of one, over the broker",
        broker, {"data": {"amount": 5, "n": "\ud800"}}, Refused(TASK, "[0].data", "json-data")),
    Attempt("a careless program", "sends U+0000",
        http, _data('"n": "\\u0000"'), Refused(422, "data", "nul")),
    Attempt("a careless program", "sends U+0000, over the broker",
        broker, {"data": {"amount": 5, "n": "\x00"}}, Refused(TASK, "[0].data", "nul")),
    Attempt("a careless program", "has a C1 control in its id, over the broker",
        broker, {"id": "a\x85b"}, Refused(TASK, "[0].id", "form")),
    Attempt("a careless program", "sends two events in one body",
        http, 2 * _data('"n": 1'), NOT_JSON),
    Attempt("a careless program", "sends lines of events for a batch",
        batch, _data('"n": 1') + b"\n" + _data('"n": 2'), NOT_JSON),
    Attempt("a program on Windows", "begins with a byte order mark",
        http, b"\xef\xbb\xbf" + _data('"n": 1'), NOT_JSON),
    Attempt("a program on Windows", "sends UTF-16",
        http, _data('"n": 1').decode().encode("utf-16"), Refused(400, "body", "utf-8")),
    Attempt("a PHP program", "writes ce-subject in raw UTF-8",
        binary(subject="order:Müller".encode()), PLAIN, Refused(422, "ce-subject", "percent-encoding")),
    Attempt("a PHP program", "writes ce-id in Latin-1",
        binary(id=b"M\xfcller"), PLAIN, Refused(422, "ce-id", "percent-encoding")),
    Attempt("a PHP program", "writes a C1 control into ce-source",
        binary(source=b"/a%C2%85"), PLAIN, Refused(422, "ce-source", "form")),
    Attempt("a PHP program", "writes U+0000 into ce-id",
        binary(id=b"a%00"), PLAIN, Refused(422, "ce-id", "form")),
    Attempt("a PHP program", "writes half of a surrogate pair into ce-id",
        binary(id=b"a%ED%A0%80"), PLAIN, Refused(422, "ce-id", "utf-8")),
    Attempt("a program by the book", "percent-encodes its headers",
        binary(id=b"M%C3%BCller%20%F0%9F%98%80"), PLAIN, FIVE),
    # data as bytes, batches, lists
    Attempt("an SDK", "sends JSON as bytes",
        http, _bytes(b'{"amount": 5}'), FIVE),
    Attempt("an SDK", "sends JSON as bytes, over the broker",
        broker, _bytes(b'{"amount": 5}'), FIVE),
    Attempt("an SDK", "sends bytes that are no JSON",
        http, _bytes(b"amount=5"), Refused(422, "data_base64", "json")),
    Attempt("an SDK", "sends bytes that are no base64",
        http, {"data": None, "data_base64": "{}"}, Refused(422, "data_base64", "base64")),
    Attempt("an SDK", "sends data and bytes",
        http, {"data_base64": "e30="}, Refused(422, "data_base64", "data-twice")),
    Attempt("an SDK", "sends bytes with NaN in them, over the broker",
        broker, _bytes(b'{"n": NaN}'), Refused(TASK, "[0].data_base64", "json")),
    Attempt("an SDK", "flushes an empty batch",
        batch, b"[]", Again()),
    # what can be known at the door
    Attempt("a desk", "wants a warning 2,700 years ahead",
        http, _promise(warn_before="P999999D"), Refused(422, "data.warn_before", TOO_LONG)),
    Attempt("a desk", "wants the same over the broker",
        broker, _promise(warn_before="P999999D"), Refused(TASK, "data.warn_before", TOO_LONG)),
    Attempt("a desk", "wants the same by command",
        command, _promise(warn_before="P999999D"), Refused(COMMAND, "data.warn_before", TOO_LONG)),
    Attempt("a desk", "promises for the year 1",
        http, _promise(due_at="0001-01-01T00:00:00Z"), Refused(422, "data.due_at", "instant-range")),
    Attempt("a desk", "promises for the end of the year 9999",
        http, _promise(due_at=LAST), Kept(_promise(due_at=LAST)["data"])),
    Attempt("a desk", "promises for the year 10000",
        http, _promise(due_at="10000-01-01T00:00:00Z"), Refused(422, "data.due_at", "instant-form")),
    Attempt("a desk", "has a level of a ladder answer within a century and more",
        http, _promise(ladder=[{"people": ["ana"], "within": "P36526D"}]),
        Refused(422, "data.ladder[0].within", TOO_LONG)),
]  # fmt: skip


class Used(NamedTuple):
    """One row: an event is accepted over HTTP, then this one comes under its source and id."""

    who: str
    what: str
    by: Door
    event: Mapping[str, Any]
    expected: Refused | Again


FIRST = {"data": {"amount": 5, "note": "ü"}}
OTHER = {"data": {"amount": 6, "note": "ü"}}
USED = [
    Used("a CRM with the order's number for an id", "says something else",
        http, OTHER, Refused(409, "id", OTHER_CONTENT)),
    Used("that CRM", "says it of another order",
        http, FIRST | {"subject": "order:other"}, Refused(409, "id", OTHER_CONTENT)),
    Used("that CRM", "says that the order is shipped",
        http, FIRST | {"type": "order.ship"}, Refused(409, "id", OTHER_CONTENT)),
    Used("that CRM", "names a parent now",
        http, FIRST | {"parent": "order:parent"}, Refused(409, "id", OTHER_CONTENT)),
    Used("that CRM", "says something else in a batch",
        batch, OTHER, Refused(409, "[0].id", OTHER_CONTENT)),
    Used("that CRM", "says something else in a header",
        binary(b'{"amount": 6}'), FIRST, Refused(409, "ce-id", OTHER_CONTENT)),
    Used("that CRM", "says something else over the broker",
        broker, OTHER, Refused(TASK, "id", OTHER_CONTENT)),
    Used("that CRM", "says it of another order over the broker",
        broker, FIRST | {"subject": "order:other"}, Refused(TASK, "id", OTHER_CONTENT)),
    Used("that CRM", "names a parent now, over the broker",
        broker, FIRST | {"parent": "order:parent"}, Refused(TASK, "id", OTHER_CONTENT)),
    Used("that CRM", "says something else by command",
        command, OTHER, Refused(COMMAND, "id", OTHER_CONTENT)),
    Used("that CRM", "says that the order is shipped, by command",
        command, FIRST | {"type": "order.ship"}, Refused(COMMAND, "id", OTHER_CONTENT)),
    Used("that CRM", "writes its umlaut in two characters",
        http, {"data": {"amount": 5, "note": "u\u0308"}}, Refused(409, "id", OTHER_CONTENT)),
    Used("that CRM", "adds a datum without a value",
        http, {"data": {"amount": 5, "note": "ü", "more": None}}, Refused(409, "id", OTHER_CONTENT)),
    Used("that CRM", "leaves a datum out, over the broker",
        broker, {"data": {"amount": 5}}, Refused(TASK, "id", OTHER_CONTENT)),
    Used("a sender that tries again", "says the same",
        http, FIRST, Again()),
    Used("a sender that tries again", "writes 5 as 5.0, and in another order",
        http, {"data": {"note": "ü", "amount": 5.0}}, Again()),
    Used("a sender that tries again", "says the same in a batch",
        batch, FIRST, Again()),
    Used("a sender that tries again", "says the same in headers, with more white space",
        binary(b'{ "note" : "\\u00fc",\t"amount" :  5 }\n'), FIRST, Again()),
    Used("a sender that tries again", "says the same over the broker",
        broker, {"data": {"note": "ü", "amount": 5.0}}, Again()),
    Used("a sender that tries again", "says the same by command",
        command, FIRST, Again()),
    Used("a sender that tries again", "says the same as bytes",
        http, _bytes(b'{"amount":5.0,"note":"\\u00FC"}'), Again()),
    Used("a sender that tries again", "builds it anew, at another time",
        http, FIRST | {"time": "2026-07-01T12:00:00+02:00"}, Again()),
]  # fmt: skip


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def house(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A door with each kind of database behind it, and the tasks of the broker beside it."""
    place = tmp_path_factory.mktemp("given")
    if request.param == "sqlite":
        url = f"sqlite:///{place / 'makegood.db'}"
    else:
        server = request.getfixturevalue("postgres_server")
        url = server.url(server.create_database())
    settings = Settings(broker_url="memory://", data_dir=place)
    with open_house(url) as opened, Mailbox(settings) as mailbox, pytest.MonkeyPatch.context() as patched:
        opened.runtime.registry.register([(LINE, "line.yaml")], NOON)
        patched.setenv("MAKEGOOD_BROKER_URL", "memory://")
        process = Process(opened.runtime, mailbox.broker, {})
        patched.setattr(import_module("tasks.events"), "here", lambda app: process)
        yield opened


def _named(event: Mapping[str, Any] | bytes, name: str) -> Any:
    """The event of a row, about a subject and under an id of its own."""
    if isinstance(event, bytes):
        return event.replace(b"NAME", name.encode())
    whole = order("place", name, name, amount=5) | dict(event)
    return {key: value.replace("NAME", name) if key == "subject" else value for key, value in whole.items()}


def _counts(house: House) -> dict[str, int]:
    """Rows by table; the audit log is written behind the requests."""
    return {table: number for table, number in house.counts().items() if table != "audit"}


def _kept(house: House, subject: str) -> list[Any]:
    entries = house.get(f"/v1/subjects/{subject}").json()["timeline"]
    return [entry["event"]["data"] for entry in entries]


def _holds(house: House, answer: Answer, expected: Expected, before: Mapping[str, int], subject: str) -> None:
    if isinstance(expected, Kept):
        assert answer.said == "accepted", answer
        assert _kept(house, subject) == [expected.data]
        house.apply()
        assert house.get("/v1/dead-letters").json()["events"] == [], "it can be decided"
        return
    assert _counts(house) == before, "nothing is half done"
    match expected:
        case Refused(status, field, rule):
            assert (answer.status, {(field, rule)}) == (status, set(answer.broken)), answer
        case Again():
            assert answer.said in ("duplicate", "nothing"), answer
        case Unanswered():
            assert answer == Answer(None)


def _id(row: Attempt | Used) -> str:
    return f"{row.who} {row.what}"


@pytest.mark.parametrize("number", range(len(ATTEMPTS)), ids=lambda number: _id(ATTEMPTS[number]))
def test_it_is_kept_as_it_was_sent_or_refused_by_field_and_rule(house: House, number: int) -> None:
    row, name = ATTEMPTS[number], f"attempt-{number}"
    event, before = _named(row.event, name), _counts(house)
    subject = event["subject"] if isinstance(event, dict) else f"order:{name}"
    _holds(house, row.by(house, event), row.expected, before, subject)


@pytest.mark.parametrize("number", range(len(USED)), ids=lambda number: _id(USED[number]))
def test_another_event_under_a_used_id_is_no_duplicate(house: House, number: int) -> None:
    row, name = USED[number], f"used-{number}"
    assert http(house, _named(FIRST, name)).said == "accepted"
    house.apply()
    before = _counts(house)
    _holds(house, row.by(house, _named(row.event, name)), row.expected, before, f"order:{name}")
    again = house.post(_named(FIRST, name)).json()["items"][0]
    assert (again["status"], again["outcome"]) == ("duplicate", "moved"), "the first keeps its word"
    assert _kept(house, f"order:{name}") == [FIRST["data"]]


class Report(NamedTuple):
    """One row: a provider reports on a notice of the subject with this name, under the key it was given."""

    who: str
    name: str


REPORTS = [
    Report("who writes a number sign", "a#b"),
    Report("who writes an umlaut", "Müller"),
    Report("who adds", "a+b"),
    Report("who brackets", "a(b"),
    Report("who has an address", "ada@shop.example"),
    Report("who writes a percent sign", "50%"),
    Report("who has encoded it already", "a%2Fb"),
    Report("who smiles", "😀"),
    Report("who divides", "a/b?c=d&e"),
]


@pytest.mark.parametrize("row", REPORTS, ids=lambda row: row.who)
def test_a_report_on_any_key_is_heard(house: House, row: Report) -> None:
    key = sent(house, row.name, "webhook")
    body = {"effect": webhook_id(key), "status": "delivered"}
    answer = house.http.post("/v1/reports/webhook", json=body, headers=house.bearer())
    assert (answer.status_code, receipt(house, key)["outcome"]) == (202, "delivered"), answer.text
    house.apply()
    subject = house.get(f"/v1/subjects/line:{quote(row.name, safe='')}").json()
    assert subject["data"]["said"] == ["delivered"]


class Read(NamedTuple):
    """One row: a key, and the path under which it is read."""

    who: str
    name: str
    path: str
    shows: str


READ = [
    Read("a key that ends in /explain", "x/explain", "order:x%2Fexplain", "placed"),
    Read("a key that is nothing but /explain", "explain", "order:explain", "placed"),
    Read("the deadlines of such a key", "y/explain", "order:y%2Fexplain/explain", "reminder"),
    Read(
        "the deadlines of such a key, its slash as it is", "z/explain", "order:z/explain/explain", "reminder"
    ),
    Read("a key that ends in /timeline", "x/timeline", "order:x%2Ftimeline", "placed"),
    Read("a key with a slash as it is", "2026/17", "order:2026/17", "placed"),
    Read("a key with a slash in capitals and encoded", "2026/18", "order:2026%2F18", "placed"),
    Read("a key with an encoded slash for a name", "a%2Fb", "order:a%252Fb", "placed"),
    Read("a key with an umlaut", "Müller", "order:M%C3%BCller", "placed"),
]


@pytest.mark.parametrize("row", READ, ids=lambda row: row.who)
def test_any_key_can_be_read(house: House, row: Read) -> None:
    assert http(house, order("place", row.name, f"read-{row.name}", amount=5)).said == "accepted"
    house.apply()
    answer = house.http.get(f"/v1/subjects/{row.path}", headers=house.bearer())
    assert answer.status_code == 200 and row.shows in answer.text
    said = answer.json()
    assert said.get("key", said.get("subject")) == f"order:{row.name}"


def test_whatever_the_openapi_document_refers_to_is_there(house: House) -> None:
    """Whoever makes a client of it."""
    document = house.http.get("/openapi.json").json()
    references = re.findall(r'"\$ref": "([^"]+)"', json.dumps(document))
    assert len(references) > 100
    for reference in references:
        found = document
        root, *path = reference.split("/")
        assert root == "#", reference
        for part in path:
            found = found[part.replace("~1", "/").replace("~0", "~")]


PLACES = {"effect_id": "1", "event_row": "1", "message_row": "1", "source": "%2Ftests", "trigger": "word"}
BODIES = [b'["surprise"]', b"{", b"", b"MessageSid=SM1&MessageStatus=delivered"]


def test_an_offer_changes_no_answer_of_any_route_that_takes_a_body(house: House) -> None:
    """One attempt for each POST of the OpenAPI document and each of these bodies: with an offer, and none."""
    document = house.http.get("/openapi.json").json()["paths"]
    posts = {path: methods["post"] for path, methods in document.items() if "post" in methods}
    assert len(posts) > 15
    before = _counts(house)
    for path, operation in posts.items():
        place = re.sub(r"\{(\w+)\}", lambda found: PLACES.get(found[1], "nowhere"), path)
        needs_body = operation.get("requestBody", {"required": True}).get("required", False)
        for body in BODIES if needs_body else [one for one in BODIES if one]:
            answers = [_posted(house, place, body, offer) for offer in ("", JAVA, CURL)]
            assert answers[0] is not None and answers[0].status_code >= 400, path
            for answer in answers[1:]:
                assert answer is not None
                assert (answer.status_code, answer.json()) == (answers[0].status_code, answers[0].json())
    assert _counts(house) == before


def _posted(house: House, path: str, body: bytes, offer: str) -> httpx.Response | None:
    head = f"POST {path} HTTP/1.1\r\nHost: care\r\n{offer}Content-Type: application/json\r\n"
    head += f"Content-Length: {len(body)}\r\n"
    key = "".join(f"{name}: {value}\r\n" for name, value in house.bearer(Role.ADMIN).items())
    return exchange(house, [f"{head}{key}\r\n".encode() + body])


class Row(NamedTuple):
    """One row of a log, replayed after `A,1,2026-03-02 10:00,sent,5`, and what the report says."""

    who: str
    what: str
    row: str
    expected: tuple[str, Any]


REPLAYED = [
    Row("a log", "says the same twice", "A,1,2026-03-02 10:00,sent,5", ("duplicates", True)),
    Row("a log", "says something else under one id", "A,1,2026-03-02 10:00,sent,6", ("duplicates", False)),
    Row("a log", "counts to 2^64", f"B,1,2026-03-02 10:00,sent,{2**64}", ("refusals", "integer")),
    Row("a log", "weighs NaN", "B,1,2026-03-02 10:00,sent,NaN", ("refusals", "integer")),
    Row("a log", "has a C1 control in a key", "a\x85b,1,2026-03-02 10:00,sent,5", ("refusals", "form")),
    Row("a log", "is of the year 0000", "B,1,0000-03-02 10:00,sent,5", ("refusals", "time-format")),
]


@pytest.mark.parametrize("row", REPLAYED, ids=lambda row: row.what)
def test_a_replay_says_of_each_row_what_became_of_it(tmp_path: Path, row: Row) -> None:
    scene = Scene(tmp_path)
    report = scene.play(f"{HEADER}A,1,2026-03-02 10:00,sent,5\n{row.row}\n")
    assert (report["rows"]["applied"], len(scene.story)) == (1, 1), "the first keeps its word"
    where, said = row.expected
    if where == "duplicates":
        assert [(one["row"], one["identical"]) for one in report["duplicates"]] == [(2, said)]
    else:
        assert [(one["row"], one["rule"]) for one in report["refusals"]["items"]] == [(2, said)]
