"""Who may do what: every operation by every principal, every trigger of the catalog by every sender.

Both are walked as the code has them: an operation that nobody has decided about fails here.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import httpx
import pytest
from pydantic import SecretStr

from state_machines.catalog import load_catalog
from state_machines.decide import decide
from state_machines.decision import Event, Outcome
from state_machines.definitions.senders import OPERATOR, OUTSIDE, SENDERS
from state_machines.subject import Subject
from tests.api.conftest import NOON, House, open_house
from workflow.access import keys
from workflow.access.bounds import Bounds
from workflow.access.role import Role
from workflow.api.resources.collections import collection_of
from workflow.api.resources.senders import opening, sendable
from workflow.engine.cloudevent import CloudEvent
from workflow.errors import InvalidEvent, NotPermitted
from workflow.store.own_sources import OWN_SOURCES

_NOBODY = ("nobody", "wrong key", "revoked", "expired")
_ANYBODY = frozenset(
    {"system", "desk", "operator", "agent", "supervisor", "admin", "reads order", "reads case"}
)
_EVERYTHING = _ANYBODY - {"reads order", "reads case"}
_ORDERS, _CASES = _EVERYTHING | {"reads order"}, _EVERYTHING | {"reads case"}
_WENT_WRONG = frozenset({"system", "operator", "supervisor", "admin"})
_SENDING = frozenset({"system", "operator", "admin", "reads order", "reads case"})
_DESK = frozenset({"desk", "operator", "agent", "supervisor", "admin"})
_OPERATING = frozenset({"operator", "admin"})

WHO_MAY = {
    "POST /v1/events": _SENDING,
    "POST /v1/events/{source}/{id}/discard": _OPERATING,
    "GET /v1/events/{source}/{id}": _ORDERS,
    "GET /v1/subjects": _ORDERS,
    "GET /v1/search": _ORDERS,
    "GET /v1/subjects/{key}": _ORDERS,
    "GET /v1/subjects/{key}/timeline": _ORDERS,
    "GET /v1/subjects/{key}/explain": _ORDERS,
    "GET /v1/cases/{number}/packet": _CASES,
    "GET /v1/policies/fitting": _EVERYTHING,
    "GET /v1/lifecycles": _ANYBODY,
    "GET /v1/lifecycles/{name}": _ORDERS,
    "GET /v1/lifecycles/{name}/triggers": _ORDERS,
    "POST /v1/lifecycles/{name}/migrations": _OPERATING,
    "GET /v1/notices": _WENT_WRONG,
    "GET /v1/notices/{notice_id}": _WENT_WRONG,
    "POST /v1/policies/search": _EVERYTHING,
    "GET /v1/desk/line": _EVERYTHING,
    "GET /v1/desk/items/{key}": _EVERYTHING,
    "POST /v1/desk/claim": _DESK,
    "POST /v1/desk/callbacks/{key}/outcome": _DESK,
    "POST /v1/desk/escalations/{key}/outcome": _DESK,
    "POST /v1/desk/approvals/{number}/decision": _DESK,
    "POST /v1/desk/cases/{number}/{trigger}": _DESK,
    "GET /v1/customers/likely": _EVERYTHING,
    "POST /v1/desk/likenesses/{number}/{verdict}": _DESK,
    "POST /v1/desk/customers/{number}/merge": _DESK,
    "POST /v1/desk/customers/{number}/separate": _DESK,
    "GET /v1/incidents": _EVERYTHING,
    "GET /v1/incidents/{number}": _EVERYTHING,
    "GET /v1/incidents/{number}/cases": _EVERYTHING,
    "POST /v1/desk/incidents/{number}/{trigger}": _DESK,
    "GET /v1/barometer": _EVERYTHING,
    "GET /v1/barometer/{name}": _EVERYTHING,
    "GET /v1/barometer/{name}/subjects": _EVERYTHING,
    "GET /v1/alerts": _EVERYTHING,
    "GET /v1/alerts/{case}/{version}": _EVERYTHING,
    "GET /v1/effects": _WENT_WRONG,
    "GET /v1/effects/{effect_id}": _WENT_WRONG,
    "POST /v1/effects/{effect_id}/retry": _OPERATING,
    "POST /v1/effects/{effect_id}/settle": _OPERATING,
    "GET /v1/dead-letters": _WENT_WRONG,
    "POST /v1/dead-letters/events/{event_row}/retry": _OPERATING,
    "POST /v1/dead-letters/events/{event_row}/discard": _OPERATING,
    "POST /v1/dead-letters/timers/{name}/{subject}/retry": _OPERATING,
    "POST /v1/dead-letters/timers/{name}/{subject}/discard": _OPERATING,
    "POST /v1/dead-letters/messages/{message_row}/discard": _OPERATING,
    "GET /v1/refusals": _WENT_WRONG,
    "GET /v1/changes": _ORDERS,
    "GET /v1/changes/stream": _ORDERS,
    "GET /v1/hooks/unmapped": _WENT_WRONG,
    "GET /v1/hooks/unmapped/{message}": _OPERATING,
    "POST /v1/hooks/unmapped/{message}/retry": _OPERATING,
    "POST /v1/hooks/unmapped/{message}/discard": _OPERATING,
    "POST /v1/subscriptions": _OPERATING,
    "GET /v1/subscriptions": _OPERATING,
    "GET /v1/subscriptions/{id}": _OPERATING,
    "PATCH /v1/subscriptions/{id}": _OPERATING,
    "DELETE /v1/subscriptions/{id}": _OPERATING,
    "GET /v1/subscriptions/{id}/attempts": _OPERATING,
    "POST /v1/subscriptions/{id}/redeliver": _OPERATING,
    "POST /v1/subscriptions/{id}/secret": _OPERATING,
    "GET /v1/audit": _OPERATING,
    "GET /v1/clock": _EVERYTHING,
    "POST /v1/clock/advance": _OPERATING,
    "POST /v1/reports/{channel}": _SENDING,
    # By a provider's own signature, which no key replaces.
    "POST /v1/reports/twilio": frozenset(),
    "POST /v1/calls/twilio/connect": frozenset(),
    "POST /v1/hooks/{route}": frozenset(),
}
"""By operation, which principals are let in; what they then get is another matter. Of those that a lifecycle
makes, see `of_lifecycle`."""
OPEN = {"GET /healthz", "GET /readyz", "GET /metrics"}
"""Those that need no key."""
_OF_ORDERS = {"/v1/search", "/v1/subjects", "/v1/changes", "/v1/changes/stream"}
"""Where a query says which lifecycle is asked for."""
_PATH = {
    "key": "order:1", "source": "/tests", "id": "1", "number": "1", "trigger": "word", "name": "promises",
    "case": "case:1", "version": "1", "effect_id": "1", "notice_id": "1", "event_row": "1",
    "message_row": "1",
    "subject": "order:1", "channel": "webhook", "verdict": "merge", "message": "1",
    "route": "github",
}  # fmt: skip


class Caller(NamedTuple):
    """Somebody with a key, or without."""

    name: str
    text: str | None


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A door with everything set up, which does not tire of wrong keys; what is permitted asks no store."""
    with open_house(
        f"sqlite:///{tmp_path_factory.mktemp('door') / 'makegood.db'}",
        failed_keys_per_minute=0,
        public_url="https://care.example",
        twilio_account_sid="AC1",
        twilio_auth_token=SecretStr("token"),
        twilio_from="+15005550006",
        route_secrets=SecretStr('{"github": "a secret of GitHub"}'),
    ) as opened:
        yield opened


@pytest.fixture(scope="module")
def callers(house: House) -> list[Caller]:
    """One of each kind."""
    store = house.runtime.store
    revoked = keys.create(store, Role.OPERATOR, "revoked", NOON)
    keys.revoke(store, revoked.split("_")[1], NOON)
    ended = keys.create(store, Role.OPERATOR, "expired", NOON)
    keys.rotate(store, ended.split("_")[1], NOON, NOON - NOON)
    bounded = {
        f"reads {name}": keys.create(store, Role.SYSTEM, f"reads {name}", NOON, bounds=Bounds(reads=(name,)))
        for name in ("order", "case")
    }
    return [
        Caller("nobody", None),
        Caller("wrong key", "mg_0123456789ab_wrong"),
        Caller("revoked", revoked),
        Caller("expired", ended),
        *(Caller(role.value, text) for role, text in house.keys.items()),
        *(Caller(*one) for one in bounded.items()),
    ]


def operations(house: House) -> Iterator[tuple[str, str]]:
    """(method, path) of every operation that the API's own document names."""
    for path, known in house.http.get("/openapi.json").json()["paths"].items():
        yield from ((method.upper(), path) for method in known)


LIFECYCLES = [*sorted(load_catalog()), "order"]


def of_lifecycle(house: House, name: str) -> dict[str, frozenset[str]]:
    """The same as `WHO_MAY` of the operations that a definition makes, by one rule for all lifecycles.

    Whoever may read its subjects reads them; whoever may send events sends its triggers, as far as the
    trigger is taken from them, which is asked of the event. One that is written out above is not among them.
    """
    lifecycle, path = house.runtime.registry.latest(name), f"/v1/{collection_of(name)}"
    reading = _EVERYTHING | {f"reads {name}"} & _ANYBODY
    found = dict.fromkeys((f"GET {path}", f"GET {path}/{{id}}", f"GET {path}/{{id}}/possible"), reading)
    sent = [f"POST {path}/{{id}}/{trigger}" for trigger in sendable(lifecycle)]
    found |= dict.fromkeys([*sent, *([f"POST {path}"] if opening(lifecycle) else [])], _SENDING)
    written = {one.replace("{number}", "{id}") for one in WHO_MAY}
    return {one: who for one, who in found.items() if one not in written}


def test_somebody_has_decided_about_every_operation(house: House) -> None:
    decided = {one for name in LIFECYCLES for one in of_lifecycle(house, name)}
    assert {f"{method} {path}" for method, path in operations(house)} == WHO_MAY.keys() | OPEN | decided


@pytest.mark.parametrize("name", LIFECYCLES)
def test_a_resource_lets_in_whom_it_is_for(house: House, callers: list[Caller], name: str) -> None:
    before = _stored(house)
    for operation, who in of_lifecycle(house, name).items():
        method, path = operation.split(" ", 1)
        for caller in callers:
            headers = {} if caller.text is None else {"Authorization": f"Bearer {caller.text}"}
            answer = house.http.request(method, path.format(id="1"), headers=headers, content=b"[")
            if caller.name in _NOBODY:
                assert answer.status_code == 401, (operation, caller.name, answer.text)
            elif caller.name in who:
                assert answer.status_code not in (401, 403, 405, 500), (operation, caller.name, answer.text)
            else:
                assert answer.status_code == 403, (operation, caller.name, answer.text)
    assert _stored(house) == before, "whoever is refused, or says nothing of sense, leaves nothing behind"


@pytest.mark.parametrize("operation", WHO_MAY)
def test_an_operation_lets_in_whom_it_is_for(house: House, callers: list[Caller], operation: str) -> None:
    before = _stored(house)
    for caller in callers:
        answer = _call(house, operation, caller)
        if not WHO_MAY[operation]:
            unsigned = 401 if "/hooks/" in operation else 403
            assert answer.status_code == unsigned, (caller.name, answer.text)
        elif caller.name in _NOBODY:
            assert answer.status_code == 401, (caller.name, answer.text)
        elif caller.name in WHO_MAY[operation]:
            assert answer.status_code not in (401, 403, 500), (caller.name, answer.text)
        else:
            assert answer.status_code == 403, (caller.name, answer.text)
    assert _stored(house) == before, "whoever is refused, or says nothing of sense, leaves nothing behind"


_FORM = "application/x-www-form-urlencoded"
_TYPES = {
    "/v1/events": "application/cloudevents+json",
    "/v1/reports/twilio": _FORM,
    "/v1/calls/twilio/connect": _FORM,
}


def _call(house: House, operation: str, caller: Caller) -> httpx.Response:
    method, path = operation.split(" ", 1)
    said = _PATH | ({"key": "escalation:1"} if "/desk/items" in path else {})
    said |= {"name": "order"} if "/lifecycles/" in path else {}
    query = {"lifecycle": "order"} if path in _OF_ORDERS else {}
    if path == "/v1/events/{source}/{id}":
        _known_event(house)
    headers = {} if caller.text is None else {"Authorization": f"Bearer {caller.text}"}
    headers["Content-Type"] = _TYPES.get(path, "application/json")
    body = None if method == "GET" else b"{}"
    with house.http.stream(
        method, path.format(**said), headers=headers, content=body, params=query
    ) as answer:
        if not answer.headers.get("content-type", "").startswith("text/event-stream"):  # which never ends
            answer.read()
        return answer


def _known_event(house: House) -> None:
    event = CloudEvent("1", "/tests", "order.place", "order:1", NOON, {"amount": 5})
    house.runtime.engine.accept([event])
    house.apply()


def _stored(house: House) -> dict[str, int]:
    _known_event(house)
    return {name: count for name, count in house.counts().items() if name != "audit"}


CATALOG_TRIGGERS = [
    (name, trigger) for name, lifecycle in sorted(load_catalog().items()) for trigger in lifecycle.triggers
]


@pytest.mark.parametrize("name", sorted(load_catalog()))
def test_a_trigger_is_taken_from_whom_it_declares(house: House, callers: list[Caller], name: str) -> None:
    """At acceptance, and again when it is decided; nothing of what is refused is told."""
    lifecycle = load_catalog()[name]
    own = {kind: source for source, kind in OWN_SOURCES.items()}
    assert own.keys() | {OUTSIDE, OPERATOR} == SENDERS
    before = _stored(house)
    for trigger, heard in lifecycle.senders.items():
        for kind in SENDERS - {OPERATOR}:
            taken = kind in heard or (kind == OUTSIDE and OPERATOR in heard)
            event = CloudEvent("never", own.get(kind, "/tests"), f"{name}.{trigger}", f"{name}:never", NOON)
            assert _is_permitted(house, event) is taken, (trigger, kind)
            subject = Subject(f"{name}:never", name, lifecycle.version)
            decided = Event(trigger, "never", "/tests", NOON, sender=kind)
            decision = decide(lifecycle, subject, decided, NOON)
            unheard = decision.outcome is Outcome.REFUSED and (decision.reason or "").startswith("from: ")
            assert unheard is not taken, (trigger, kind, decision.reason)
            if not taken:
                assert (decision.effects, decision.timers_set) == ((), ()), (trigger, kind)
    assert _stored(house) == before


def _is_permitted(house: House, event: CloudEvent) -> bool:
    """Whether acceptance lets this sender through; what it says of missing data is another matter."""
    try:
        house.runtime.engine.acceptor.check([event])
    except NotPermitted:
        return False
    except InvalidEvent:
        return True
    return True


@pytest.mark.parametrize(("name", "trigger"), CATALOG_TRIGGERS)
def test_a_key_sends_over_http_what_is_taken_from_outside(
    house: House, callers: list[Caller], name: str, trigger: str
) -> None:
    heard = load_catalog()[name].senders[trigger]
    outside, operators = OUTSIDE in heard, OPERATOR in heard
    named = Bounds(sends=(f"{name}.{trigger}",))
    other = Bounds(sends=("order",))
    who: dict[str, tuple[str, bool]] = {
        "system": (house.keys[Role.SYSTEM], outside),
        "operator": (house.keys[Role.OPERATOR], outside or operators),
        "system that names it": (_bounded(house, named), outside or operators),
        "system for something else": (_bounded(house, other), False),
        "desk": (house.keys[Role.DESK], False),
        "agent": (house.keys[Role.AGENT], False),
    }
    before = _stored(house)
    for caller, (text, permitted) in who.items():
        event = {"type": f"{name}.{trigger}", "subject": f"{name}:n", "data": {"x" * 9: []}}
        path = f"/v1/{collection_of(name)}/n/{trigger}"
        bearer = {"Authorization": f"Bearer {text}"}
        for answer in (
            _send(house, text, event),
            house.http.post(path, json=event["data"], headers=bearer | {"Idempotency-Key": "never"}),
        ):
            assert (answer.status_code != 403) is permitted, (caller, answer.text)
            if not permitted:
                assert answer.json()["errors"][0]["rule"] in ("from", "operator", "not-yours", "role")
    refused_only = not (outside or operators)
    assert not refused_only or _stored(house) == before


def _send(house: House, text: str, more: dict[str, Any]) -> httpx.Response:
    event = {"specversion": "1.0", "id": "never", "source": "/matrix"} | more
    headers = {"Authorization": f"Bearer {text}", "Content-Type": "application/cloudevents+json"}
    return house.http.post("/v1/events", json=event, headers=headers)


_KEYS: dict[tuple[int, Bounds], str] = {}


def _bounded(house: House, bounds: Bounds) -> str:
    made = _KEYS.get((id(house), bounds))
    if made is None:
        made = _KEYS[id(house), bounds] = keys.create(
            house.runtime.store, Role.SYSTEM, "bounded", NOON, bounds=bounds
        )
    return made
