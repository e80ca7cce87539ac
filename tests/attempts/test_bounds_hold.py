"""Bounds: whatever somebody sends, it ends with an answer or a dead letter, and nobody else waits for it."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from sqlalchemy import select

from state_machines.decide import decide
from tests.api.conftest import NOON, House, open_house
from tests.attempts.playing import (
    Answer,
    Ask,
    Attempt,
    Scene,
    desk,
    document,
    event,
    http,
    refused,
    table_of,
    taken,
    with_tasks,
)
from workflow.access.role import Role
from workflow.api.http.head_bounds import HeadBounds
from workflow.engine import batch_decisions, deciding, decision_marks
from workflow.queries.dead_letters import first_dead_letters
from workflow.store import migrate, schema

KIB = 1024
FEW = 40
"""Hops after which a chain is cut off here; the way is the same with a thousand."""
AT_MOST = HeadBounds(head_seconds=0.2)
PROMISE = {"words": "We call", "owner": "ana@shop.example", "within": "P9D"}
MEMBERS = " || ".join(["'x' in facts.list"] * 4)
SQUARE = f"facts.list.exists(a, {MEMBERS})"
GROWING = "facts.list.map(a, facts.list + facts.list + facts.list + facts.list).size() > 0"
LOOPS = (
    """
lifecycle: ping
version: 1
triggers: {serve: {}, pong: {}}
states: [{name: playing}]
transitions:
  - {trigger: serve, source: initial, dest: playing, effects: [{emit: {to: "='pong:' + subject.id", trigger: ping}}]}
  - {trigger: pong, source: playing, effects: [{emit: {to: "='pong:' + subject.id", trigger: ping}}]}
""",
    """
lifecycle: pong
version: 1
triggers: {ping: {}}
states: [{name: playing}]
transitions:
  - {trigger: ping, source: [initial, playing], dest: playing, effects: [{emit: {to: "='ping:' + subject.id", trigger: pong}}]}
""",
    """
lifecycle: echo
version: 1
triggers: {call: {}}
states: [{name: heard}]
transitions:
  - {trigger: call, source: [initial, heard], dest: heard, effects: [{emit: {to: self, trigger: call}}]}
""",
    """
lifecycle: spin
version: 1
data: {pause: {type: string}}
triggers: {start: {data: {pause: {type: string}}}, turn: {}}
states: [{name: turning, timeouts: {next: {after: data.pause, on_timeout: turn}}}]
transitions:
  - {trigger: start, source: initial, dest: turning, set: {pause: =event.data.pause}}
  - {trigger: turn, source: turning, dest: turning}
""",
    """
lifecycle: bloat
version: 1
data: {words: {type: string}}
triggers: {start: {data: {words: {type: string}}}, double: {}}
states: [{name: growing}]
transitions:
  - {trigger: start, source: initial, dest: growing, set: {words: =event.data.words}}
  - {trigger: double, source: growing, set: {words: =data.words + data.words}}
""",
)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def scene(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """A house on each kind of database, whose chains are cut off early."""
    directory: Path = tmp_path_factory.mktemp("bounds")
    url, server = f"sqlite:///{directory / 'makegood.db'}", None
    if request.param == "postgresql":
        server = request.getfixturevalue("postgres_server")
        url = server.url(name := server.create_database())
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(batch_decisions, "MOST_HOPS", FEW)
        with open_house(url, broker_url="memory://", data_dir=directory) as house:
            house.runtime.registry.register([(text, None) for text in LOOPS], NOON)
            scene = Scene(
                house, {f"{'an' if role[0] in 'ao' else 'a'} {role}": key for role, key in house.keys.items()}
            )
            with with_tasks(scene):
                yield scene
    if server is not None:
        server.drop_database(name)


def _broker(*events: dict[str, Any]) -> Ask:
    return Ask("broker", "", "", list(events))


def _batch(*events: Any) -> Ask:
    return Ask(
        "http", "POST", "/v1/events", list(events), {"Content-Type": "application/cloudevents-batch+json"}
    )


def _promises(number: int, **more: Any) -> list[dict[str, Any]]:
    return [
        document("promise.make", f"promise:b{n}-<new>", data=PROMISE | more) | {"id": f"b{n}-<new>"}
        for n in range(number)
    ]


def _sized(size: int) -> dict[str, Any]:
    """An event of so many bytes, as it is sent."""
    bare = document("promise.make", "promise:sized", data=PROMISE | {"more": ""}, id="sized")
    bare["data"]["more"] = "x" * (size - len(json.dumps(bare, separators=(",", ":"))))
    return bare


def _nested(levels: int) -> Any:
    return json.loads("[" * levels + "1" + "]" * levels)


def _policy(eligible: str) -> dict[str, Any]:
    return {
        "title": "Mine", "text": "t", "eligible": eligible, "owner": "ana@shop.example",
        "grants": [{"role": "agent", "what": "refund"}],
    }  # fmt: skip


def _set(eligible: str) -> Ask:
    return event("policy.set", data=_policy(eligible))


def _facts(**facts: Any) -> Ask:
    return http("POST", "/v1/policies/search", {"facts": facts})


DOOR = [
    Attempt("a system", "an event of 64 KiB", Ask("http", "POST", "/v1/events", _sized(64 * KIB), {"Content-Type": "application/cloudevents+json"}), taken(202, "system:the tests' system")),
    Attempt("a system", "one byte more", Ask("http", "POST", "/v1/events", _sized(64 * KIB + 1), {"Content-Type": "application/cloudevents+json"}), refused(413, "body", "size")),
    Attempt("a system", "one byte more, in a batch", _batch(*_promises(1), _sized(64 * KIB + 1)), refused(413, "[1]", "size")),
    Attempt("a system", "much more, over the broker", _broker(_sized(64 * KIB + 2000)), refused(0, "[0]", "too-large")),
    Attempt("a system", "1,001 events", _batch(*_promises(1_001)), refused(413, "body", "batch-length")),
    Attempt("a system", "1,001 events, over the broker", _broker(*_promises(1_001)), refused(0, "events", "too-many")),
    Attempt("a system", "a batch of more than 8 MiB", _batch(*[_sized(60 * KIB)] * 150), refused(413, "body", "size")),
    Attempt("a system", "32 levels of nesting", event("promise.make", data=PROMISE | {"more": _nested(31)}), taken(202, "system:the tests' system")),
    Attempt("a system", "33 levels", event("promise.make", data=PROMISE | {"more": _nested(32)}), refused(422, "data", "depth")),
    Attempt("a system", "500 levels", event("promise.make", data=PROMISE | {"more": _nested(500)}), refused(422, "body", "depth")),
    Attempt("a system", "500 levels, over the broker", _broker(document("promise.make", data=PROMISE | {"more": _nested(500)})), refused(0, "[0].data", "depth")),
    Attempt("a system", "21,000 faults", event("escalation.open", data={"words": "w", "ladder": [7] * 21_000}), refused(422, "data.ladder[0]", "type")),
    Attempt("a system", "due in the year 10000", event("promise.make", data={**PROMISE, "within": "P999999D"}), refused(422, "data.within", "duration-length")),
    Attempt("a desk", "501 facts", _facts(**{f"f{n}": n for n in range(501)}), refused(422, "body.facts", "too_long")),
    Attempt("a desk", "facts of 33 levels", _facts(deep=_nested(32)), refused(422, "body.facts", "depth")),
    Attempt("a desk", "17 KB of facts", _facts(long="x" * 17_000), refused(413, "body", "size")),
    Attempt("an operator", "a condition of three walks", _set("facts.l.exists(a, facts.l.exists(b, facts.l.exists(c, a + b == c)))"), refused(422, "data.eligible", "too-many-walks")),
    Attempt("an operator", "a condition of 2,001 characters", _set("true || " + "facts.a" + " " * 1986), refused(422, "data.eligible", "too-long")),
    Attempt("an operator", "a condition of 900 brackets", _set("(" * 900 + "true" + ")" * 900), refused(422, "data.eligible", "not-cel")),
    Attempt("an operator", "a condition that is none", _set("facts."), refused(422, "data.eligible", "not-cel")),
    Attempt("an operator", "a condition that calls for time", _set("now > now"), refused(422, "data.eligible", "not-cel")),
]  # fmt: skip


@table_of(DOOR)
def test_the_door_holds(scene: Scene, attempt: Attempt) -> None:
    scene.observe(attempt)


class Deed(NamedTuple):
    """One row: what somebody does, and all that comes of it, as `do` tells it."""

    who: str
    what: str
    do: Callable[[Scene], Any]
    expected: Any


def _decided(scene: Scene, type_: str, subject: str, **data: Any) -> str:
    """Somebody's event, decided as a worker would, and the promise of somebody else in the same batch."""
    good = f"promise:good-{next(scene.numbers)}"
    events = [scene.document(type_, subject, data=data), scene.document("promise.make", good, data=PROMISE)]
    assert scene.house.post(events).status_code == 202
    scene.settle()
    return scene.state_of(good)


def _last_letter(scene: Scene, subject: str) -> str:
    letters = first_dead_letters(scene.house.runtime.store, 1_000)
    (found,) = [one for one in [*letters.events, *letters.timers] if one.subject == subject]
    return str(found.error).partition(":")[0]


def _searched(eligible: str, **facts: Any) -> Callable[[Scene], Any]:
    def do(scene: Scene) -> Any:
        key = f"policy:p{next(scene.numbers)}"
        scene.own("policy.set", key, **_policy(eligible))
        answer = scene.play("a desk", _facts(**facts))
        scene.own("policy.withdraw", key, reason="tried")
        (one,) = [one for one in answer.body["items"] if f"policy:{one['policy']}" == key]
        return one["eligible"], "the bound of one evaluation" in one["reason"]

    return do


def _asked_by_a_case(eligible: str) -> Callable[[Scene], Any]:
    """The engine itself evaluates the condition, over 7,000 facts."""

    def do(scene: Scene) -> Any:
        number = next(scene.numbers)
        scene.own("policy.set", f"policy:p{number}", **_policy(eligible))
        facts = {"list": [n % 9 for n in range(7_000)]}
        scene.own(
            "case.open",
            f"case:{number}",
            customer={"name": "Chris"},
            words="w",
            owner="ana@shop.example",
            facts=facts,
        )
        said = {"by": "ana@shop.example", "policy": f"p{number}", "what": "refund", "amount": 5}
        grant = desk(f"cases/{number}/grant?patience=0&id=g{number}", **said)
        scene.play("a desk", grant._replace(body=said))
        scene.own("policy.withdraw", f"policy:p{number}", reason="tried")
        (given,) = scene.data_of(f"case:{number}")["grants"]
        return given["outcome"], "the bound of one evaluation" in given["reason"]

    return do


def _looping(type_: str, **data: Any) -> Callable[[Scene], Any]:
    """How the other's promise fares, and what became of the loop."""

    def do(scene: Scene) -> Any:
        key = f"{type_.partition('.')[0]}:{next(scene.numbers)}"
        good = _decided(scene, type_, key, **data)
        for _ in range(FEW + 2):
            scene.later(seconds=1)
        pair = {key, key.replace("ping:", "pong:")}
        letters = first_dead_letters(scene.house.runtime.store, 1_000)
        found = [one for one in [*letters.events, *letters.timers] if one.subject in pair]
        return good, [str(one.error).partition(":")[0] for one in found]

    return do


def _doubling(scene: Scene) -> Any:
    key = f"bloat:{next(scene.numbers)}"
    scene.own("bloat.start", key, words="x" * 60_000)
    for _ in range(7):
        scene.own("bloat.double", key)
    words = len(scene.data_of(key)["words"])
    return words < 4 * KIB * KIB, _last_letter(scene, key)


def _deadly(scene: Scene) -> Any:
    """The decision of one event takes all memory there is, and takes it again without a rest in between."""
    key, failures = f"promise:deadly-{next(scene.numbers)}", 0

    def decide_or_fail(lifecycle: Any, subject: Any, event: Any, now: Any, **asking: bool) -> Any:
        if subject.key == key:
            raise MemoryError
        return decide(lifecycle, subject, event, now, **asking)

    events = [scene.document("promise.make", one, data=PROMISE) for one in (key, f"{key}-good")]
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(deciding, "decide", decide_or_fail)
        patched.setattr(decision_marks, "CALM", 0.0)
        assert scene.house.post(events).status_code == 202
        for _ in range(10):
            try:
                scene.settle()
            except MemoryError:
                failures += 1
    return failures, _last_letter(scene, key), scene.state_of(f"{key}-good")


def _discarding(who: str, body: Any) -> Callable[[Scene], Any]:
    """Status, first problem, what became of the event, why, and by whom."""

    def do(scene: Scene) -> Any:
        sent = scene.document(
            "promise.make", f"promise:drop-{next(scene.numbers)}", data=PROMISE, source="/tests"
        )
        assert scene.house.post(sent).status_code == 202
        path = f"/v1/events//tests/{sent['id']}"
        answer: Answer = scene.play(who, http("POST", f"{path}/discard", body))
        scene.settle()
        found = scene.house.get(path).json()
        drops, events = schema.discards.c, schema.events.c
        query = select(drops.discarded_by).join(schema.events, events.id == drops.event_id)
        with scene.house.runtime.store.connect() as connection:
            by = connection.scalar(query.where(events.event_id == sent["id"]))
        return answer.status, answer.problems[:1], found["outcome"], found["reason"], by

    return do


def _pages(scene: Scene) -> Any:
    """Of 300 events: how many an answer shows, and how many there are page by page."""
    key = f"promise:long-{next(scene.numbers)}"
    scene.own("promise.make", key, **PROMISE, calendar="always")
    words = [scene.document("promise.displeasure", key, data={"policy": "p"}) for _ in range(299)]
    assert scene.house.post(words).status_code == 202
    scene.settle()
    shown = scene.house.get(f"/v1/subjects/{key}").json()
    told, cursor = 0, {}
    while True:
        page = scene.house.get(f"/v1/subjects/{key}/timeline", limit=200, **cursor).json()
        told += len(page["items"])
        if page["next"] is None:
            return len(shown["timeline"]), shown["earlier"], told
        cursor = {"cursor": page["next"]}


def _never_due(scene: Scene) -> Any:
    key = f"promise:never-{next(scene.numbers)}"
    scene.own("promise.make", key, words="One day", owner="ana@shop.example", due_at="9999-12-31T23:59:59Z")
    explained = scene.house.get(f"/v1/subjects/{key}/explain")
    return scene.state_of(key), explained.status_code


def _answered(path: str, *names: str, **headers: str) -> Callable[[Scene], Any]:
    """The status, and how often each of these fields is said."""

    def do(scene: Scene) -> Any:
        answer = scene.house.http.get(path, headers=headers, follow_redirects=False)
        said = [name.lower() for name, _ in answer.headers.multi_items()]
        assert len(said) == len(set(said)), "a field is said twice"
        return answer.status_code, [said.count(name) for name in names]

    return do


def _framing(scene: Scene) -> Any:
    return "frame-ancestors 'none'" in scene.house.http.get("/docs").headers["content-security-policy"]


DROPPED = (200, [], "discarded", "by mistake")
FORBIDDEN = (403, [("authorization", "role")], "moved", None, None)
WHY = {"reason": "by mistake"}
DEEDS = [
    Deed("a desk", "searches a condition of 4 x `in` with 7,000 facts", _searched(SQUARE, list=[n % 9 for n in range(7_000)]), (False, True)),
    Deed("a desk", "searches a condition that copies its list for each fact", _searched(GROWING, list=[n % 9 for n in range(7_000)]), (False, True)),
    Deed("a desk", "searches a condition that reaches for its insides", _searched("facts.__class__.__mro__ != null"), (False, False)),
    Deed("a desk", "grants by a condition of 4 x `in` over 7,000 facts", _asked_by_a_case(SQUARE), ("not_eligible", True)),
    Deed("a desk", "grants by a condition that copies its list for each fact", _asked_by_a_case(GROWING), ("not_eligible", True)),
    Deed("an author", "two subjects that answer each other", _looping("ping.serve"), ("made", ["endless-chain"])),
    Deed("an author", "a subject that sends to itself", _looping("echo.call"), ("made", ["endless-chain"])),
    Deed("an author", "a timer of PT0S", _looping("spin.start", pause="PT0S"), ("made", ["endless-chain"])),
    Deed("an author", "a timer of half a second", _looping("spin.start", pause="PT0.5S"), ("made", ["endless-chain"])),
    Deed("an author", "a timer of a second, which is honest", _looping("spin.start", pause="PT1S"), ("made", [])),
    Deed("an author", "data that double with each event", _doubling, (True, "ExpressionError")),
    Deed("a system", "an event that takes all memory", _deadly, (2, "ended-processes", "made")),
    Deed("an operator", "drops a pending event, with a reason", _discarding("an operator", WHY), (*DROPPED, "operator:the tests' operator")),
    Deed("an admin", "drops a pending event, with a reason", _discarding("an admin", WHY), (*DROPPED, "person:admin@example.com")),
    Deed("an operator", "drops it without a reason", _discarding("an operator", {}), (422, [("body.reason", "missing")], "moved", None, None)),
    Deed("an operator", "drops it with an empty reason", _discarding("an operator", {"reason": ""}), (422, [("body.reason", "string_too_short")], "moved", None, None)),
    Deed("a system", "drops its own pending event", _discarding("a system", WHY), FORBIDDEN),
    Deed("an agent", "drops a pending event", _discarding("an agent", WHY), FORBIDDEN),
    Deed("a supervisor", "drops a pending event", _discarding("a supervisor", WHY), FORBIDDEN),
    Deed("a system", "reads a subject of 300 events", _pages, (50, 250, 300)),
    Deed("a system", "a promise that is due at the end of time", _never_due, ("made", 200)),
    Deed("anybody", "a path with a slash too many, from another host", _answered("/v1/subjects/", "location", Host="evil.example"), (401, [0])),
    Deed("anybody", "a page with a slash too many", _answered("/docs/", "location", Host="evil.example"), (404, [0])),
    Deed("anybody", "the documentation: each header once", _answered("/docs", "content-security-policy", "x-content-type-options", "cache-control"), (200, [1, 1, 1])),
    Deed("anybody", "what is not there: each header once", _answered("/nowhere", "x-content-type-options", "cache-control"), (404, [1, 1])),
    Deed("another page", "frames the documentation", _framing, True),
]  # fmt: skip


@pytest.mark.parametrize("deed", [pytest.param(one, id=f"{one.who}: {one.what}") for one in DEEDS])
def test_it_ends_and_nobody_waits(scene: Scene, deed: Deed) -> None:
    assert deed.do(scene) == deed.expected


class Head(NamedTuple):
    """One row: what is sent before anything is looked at, and the only answer before the connection ends."""

    what: str
    sent: bytes
    status: int
    field: str
    rule: str


HEADS = [
    Head("a field of 20 KB", b"GET / HTTP/1.1\r\na: " + b"b" * 20_000 + b"\r\n\r\n", 431, "headers", "size"),
    Head("60 MB of fields, as far as they are read", b"GET / HTTP/1.1\r\n" + (b"a: " + b"b" * 700 + b"\r\n") * 90, 431, "headers", "size"),
    Head("101 fields", b"GET / HTTP/1.1\r\n" + b"a: b\r\n" * 101 + b"\r\n", 431, "headers", "fields"),
    Head("a path of 9 KB", b"GET /" + b"a" * 9_000 + b" HTTP/1.1\r\n\r\n", 414, "path", "size"),
    Head("half a head, and then nothing", b"GET / HTTP/1.1\r\nHost: a\r\n", 408, "headers", "timeout"),
    Head("what is no HTTP", b"\x16\x03\x01 this is TLS", 400, "request", "http"),
]  # fmt: skip


@pytest.fixture
def alone(tmp_path: Path) -> Iterator[House]:
    """A house for one test: impatient, and where a key may come three times."""
    url = f"sqlite:///{tmp_path / 'makegood.db'}"
    with open_house(url, bounds=AT_MOST, key_rate=0.01, key_burst=3, failed_keys_per_minute=3) as opened:
        yield opened


@pytest.mark.parametrize("head", [pytest.param(one, id=one.what) for one in HEADS])
def test_a_head_ends(alone: House, head: Head) -> None:
    url, found = alone.http.base_url, b""
    with socket.create_connection((url.host, url.port or 80), timeout=30) as connection:
        connection.sendall(head.sent)
        while piece := connection.recv(65_536):
            found += piece
    first, _, body = found.partition(b"\r\n\r\n")
    (error,) = json.loads(body)["errors"]
    assert (int(first.split()[1]), error["field"], error["rule"]) == (head.status, head.field, head.rule)
    assert alone.http.get("/healthz").status_code == 200


class Hurry(NamedTuple):
    """One row: who comes how often, how each time is answered, and the rule at the end."""

    who: str
    what: str
    key: Callable[[House, int], str]
    statuses: list[int]
    rule: str


HURRIES = [
    Hurry("a key", "comes a fourth time", lambda house, _: house.keys[Role.SYSTEM], [200, 200, 200, 429], "key-rate"),
    Hurry("whoever guesses", "a fourth wrong key", lambda _, n: f"mg_{n:012x}_x", [401, 401, 401, 429], "wrong-keys"),
]  # fmt: skip


@pytest.mark.parametrize("hurry", [pytest.param(one, id=f"{one.who}: {one.what}") for one in HURRIES])
def test_who_comes_too_often_is_told_when_to_come_again(alone: House, hurry: Hurry) -> None:
    others = alone.bearer(Role.OPERATOR)
    assert alone.http.get("/v1/subjects", headers=others).status_code == 200
    answers = [
        alone.http.get("/v1/subjects", headers={"Authorization": f"Bearer {hurry.key(alone, n)}"})
        for n in range(len(hurry.statuses))
    ]
    last = answers[-1]
    assert [one.status_code for one in answers] == hurry.statuses
    assert last.json()["errors"][0]["rule"] == hurry.rule
    assert last.headers["ratelimit"].startswith(f'"{hurry.rule}";r=0;t=')
    assert int(last.headers["retry-after"]) >= 1
    assert alone.http.get("/v1/subjects", headers=others).status_code == 200, "others go on"


def test_the_database_and_its_directory_are_their_owners_alone(tmp_path: Path) -> None:
    database, before = tmp_path / "data" / "makegood.db", os.umask(0o022)
    try:
        migrate(f"sqlite:///{database}")
    finally:
        os.umask(before)
    modes = {path.name: path.stat().st_mode & 0o777 for path in (database.parent, database)}
    assert modes == {"data": 0o700, "makegood.db": 0o600}
