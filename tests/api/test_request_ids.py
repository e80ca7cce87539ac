"""Every request has an id, by which its answer, the logs, the audit log and the ledger name it."""

from __future__ import annotations

import re

import pytest
from structlog.testing import capture_logs

from tests.api.conftest import House, order
from tests.waiting import wait_until
from workflow.access.role import Role
from workflow.api.http.request_ids import request_id_of
from workflow.engine.cloudevent import CloudEvent
from workflow.telemetry.logs import with_request
from workflow.telemetry.request_id import current_request_id, enter_request, leave_request

CLOSED = {"Connection": "close"}
"""After a fault the server closes the connection: nobody is to take it for the next request."""
MADE = re.compile(r"[0-9a-f]{32}")


@pytest.mark.parametrize("said", ["7f2c1e", "a", "A-1._~:/@+=", "x" * 128, "4bf92f35-77b3-4da6"])
def test_an_id_of_the_callers_is_taken(said: str) -> None:
    assert request_id_of([(b"accept", b"x"), (b"x-request-id", said.encode())]) == said


@pytest.mark.parametrize(
    "said", [b"", b"a b", b"x" * 129, b"a\n", b"a\r\nb: c", "ä".encode(), b"<script>", b'"']
)
def test_what_is_none_is_replaced(said: bytes) -> None:
    assert MADE.fullmatch(request_id_of([(b"x-request-id", said)]))


def test_without_one_each_request_has_another() -> None:
    assert len({request_id_of([]) for _ in range(100)}) == 100


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/healthz", 200),
        ("GET", "/v1/subjects?lifecycle=order", 200),
        ("GET", "/v1/own/order/nobody", 404),
        ("GET", "/nowhere", 404),
        ("DELETE", "/v1/events", 405),
        ("POST", "/v1/events", 415),
        ("POST", "/v1/own/order/x/ship", 202),
        ("GET", "/openapi.json", 200),
        ("GET", "/docs", 200),
    ],
)
def test_every_answer_names_it(house: House, method: str, path: str, status: int) -> None:
    headers = house.bearer() | {"X-Request-Id": "mine-1"}
    answer = house.http.request(method, path, headers=headers)
    assert (answer.status_code, answer.headers.get_list("X-Request-Id")) == (status, ["mine-1"])
    made = house.http.request(method, path, headers=house.bearer())
    assert MADE.fullmatch(made.headers["X-Request-Id"])


def test_an_answer_to_a_fault_of_ours_names_it(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    from workflow.api.routes import resources

    monkeypatch.setattr(resources, "resource", None)
    answer = house.http.get("/v1/own/order/x", headers=house.bearer() | CLOSED | {"X-Request-Id": "fault-1"})
    assert (answer.status_code, answer.headers["X-Request-Id"]) == (500, "fault-1")


def test_the_ledger_names_the_request_of_each_event(house: House) -> None:
    events = [order("place", f"named-{n}", f"named-{n}", amount=5) for n in range(2)]
    headers = house.bearer() | {"Content-Type": "application/cloudevents-batch+json"}
    house.http.post("/v1/events", json=events, headers=headers | {"X-Request-Id": "batch-1"})
    large = [order("place", f"large-{n}", f"large-{n}", amount=5, more="x" * 2000) for n in range(20)]
    house.http.post("/v1/events", json=large, headers=headers | {"X-Request-Id": "large-1"})
    house.http.post(
        "/v1/own/order/named-2/place", json={"amount": 5}, headers=house.bearer() | {"X-Request-Id": "own-1"}
    )
    house.runtime.engine.accept(
        [CloudEvent("named-3", "/tests", "order.place", "order:named-3", None, {"amount": 5})]
    )
    house.apply()
    expected = {
        "named-0": "batch-1",
        "named-1": "batch-1",
        "large-19": "large-1",
        "named-2": "own-1",
        "named-3": None,
    }
    for name, request_id in expected.items():
        (entry,) = house.get(f"/v1/subjects/order:{name}/timeline").json()["items"]
        assert entry["event"]["request_id"] == request_id
    assert house.get("/v1/events/%2Ftests/named-0").json()["request_id"] == "batch-1"


def test_the_audit_log_names_the_request(house: House) -> None:
    house.http.get("/v1/own/order/audited", headers=house.bearer() | {"X-Request-Id": "read-1"})
    house.http.get("/v1/own/order/audited", headers={"X-Request-Id": "refused-1"})

    def entries() -> list[tuple[str, str]]:
        found = house.get("/v1/audit", Role.OPERATOR, target="/v1/own/order/audited").json()["items"]
        return [(one["request_id"], one["outcome"]) for one in found]

    wait_until(lambda: len(entries()) == 2, seconds=60, what="the audit log to be written")
    assert entries() == [("read-1", "done"), ("refused-1", "refused")]


def test_log_lines_within_a_request_name_it() -> None:
    assert with_request(None, "info", {"event": "x"}) == {"event": "x"}
    token = enter_request("r-1")
    try:
        assert current_request_id() == "r-1"
        assert with_request(None, "info", {"event": "x"}) == {"event": "x", "request_id": "r-1"}
    finally:
        leave_request(token)
    assert current_request_id() is None


def test_a_fault_is_logged_under_the_request(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    from workflow.api.routes import resources

    monkeypatch.setattr(resources, "resource", None)
    with capture_logs(processors=[with_request]) as lines:
        house.http.get("/v1/own/order/x", headers=house.bearer() | CLOSED | {"X-Request-Id": "fault-2"})
    assert [one["request_id"] for one in lines if one["event"] == "request failed"] == ["fault-2"]
