"""HEAD wherever GET is answered, `Allow`, and OPTIONS: as RFC 9110 has them, over a real socket."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator

import httpx
import pytest
from fastapi.routing import APIRoute
from prometheus_client.parser import text_string_to_metric_families
from starlette.testclient import TestClient

from tests.api.conftest import House, open_house, order
from tests.api.signed_in import browser_of
from tests.waiting import wait_until
from workflow.access.audit import AuditFilter
from workflow.access.role import Role
from workflow.console.assets import asset_path
from workflow.queries.audit import audit_page

VARYING = {"date", "x-request-id"}
_VALUES = {
    "collection": "own/order",
    "key": "order:1",
    "name": "order",
    "version": "1",
    "path": "1",
    "number": "1",
}


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A door with one subject behind it."""
    url = f"sqlite:///{tmp_path_factory.mktemp('head') / 'makegood.db'}"
    with open_house(url, failed_keys_per_minute=0) as opened:
        opened.post(order("place", "1", "1", amount=5))
        opened.apply()
        yield opened


def _paths(house: House) -> list[str]:
    """One path of every operation that answers GET: pages, resources, what is for operators."""
    found = []
    for route in house.app.routes:  # type: ignore[attr-defined]
        if isinstance(route, APIRoute) and "GET" in route.methods:
            found.append(re.sub(r"{(\w+)(?::\w+)?}", lambda it: _VALUES.get(it[1], "1"), route.path))
    return [*dict.fromkeys(found), asset_path("console.css"), "/v1/own/order/2", "/nowhere"]


def _head_of(
    http: httpx.Client, method: str, path: str, headers: dict[str, str]
) -> tuple[int, dict[str, str]]:
    with http.stream(method, path, headers=headers) as answer:  # some have no end
        if method == "HEAD":
            assert answer.read() == b""
        return answer.status_code, {
            name: value for name, value in answer.headers.items() if name not in VARYING
        }


def test_head_says_what_get_would(house: House) -> None:
    browser = browser_of(house, "ada", Role.ADMIN)
    paths = _paths(house)
    assert len(paths) > 80
    for path in paths:
        for http, headers in ((house.http, house.bearer(Role.OPERATOR)), (browser.http, {})):
            status, head = _head_of(http, "HEAD", path, headers)
            expected, fields = _head_of(http, "GET", path, headers)
            assert status == expected, path
            fields.pop("transfer-encoding", None)  # of what has no length
            if "content-encoding" in fields:  # a form's token is masked anew: packed it differs in length
                del head["content-length"], fields["content-length"]
            if path == "/metrics" or "set-cookie" in fields:
                assert head.keys() == fields.keys(), path
            else:
                assert head == fields, path


def test_nothing_stands_behind_the_head(house: House) -> None:
    """The next answer on the same connection begins where the head ended."""
    url = house.http.base_url
    with socket.create_connection((url.host, url.port or 80), timeout=60) as connection:
        for path in ("/healthz", "/v1/promises", "/nowhere"):
            connection.sendall(f"HEAD {path} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
        connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        said = b""
        while piece := connection.recv(65_536):
            said += piece
    *heads, body = said.split(b"\r\n\r\n")
    assert [one.split()[1] for one in heads] == [b"200", b"401", b"404", b"200"]
    assert body == b'{"status":"alive"}'


def test_an_application_without_a_server_around_it_drops_the_body_too(house: House) -> None:
    client = TestClient(house.app)  # not as a context: the door stays open
    answer = client.head("/healthz")
    assert (answer.status_code, answer.content, answer.headers["content-length"]) == (200, b"", "18")


@pytest.mark.parametrize("path", ["/v1/changes/stream", "/v1/changes/stream?lifecycle=order"])
def test_a_stream_answers_its_head_and_ends(house: House, path: str) -> None:
    answer = house.http.head(path, headers=house.bearer())
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["content-type"] == "text/event-stream; charset=utf-8"
    wait_until(lambda: house.door.feed.streams == 0, seconds=60, what="the stream to end")


def test_head_is_refused_as_get_is(house: House) -> None:
    assert house.http.head("/v1/subjects").status_code == 401
    assert house.http.head("/v1/subjects?x=1", headers=house.bearer()).status_code == 422
    assert house.http.head("/v1/own/order/2", headers=house.bearer()).status_code == 404
    answer = house.http.head("/v1/own/order/1/ship", headers=house.bearer())
    assert (answer.status_code, answer.headers["allow"]) == (405, "OPTIONS, POST")
    assert house.http.head("/v1/events", headers=house.bearer()).status_code == 405


def test_head_keeps_what_is_known_of_a_subject(house: House) -> None:
    tag = house.get("/v1/own/order/1").headers["etag"]
    answer = house.http.head("/v1/own/order/1", headers=house.bearer() | {"If-None-Match": tag})
    assert (answer.status_code, answer.headers["etag"]) == (304, tag)


def test_head_is_counted_and_kept_as_head(house: House) -> None:
    house.http.head("/v1/subjects", headers=house.bearer() | {"X-Request-Id": "head-1"})

    def actions() -> list[str]:
        found = audit_page(house.runtime.store, AuditFilter(), limit=1_000).items
        return [one.action for one in found if one.request_id == "head-1"]

    wait_until(lambda: actions() == ["HEAD /v1/subjects"], seconds=60, what="the audit log")
    counted = {
        (sample.labels["method"], sample.labels["route"])
        for family in text_string_to_metric_families(house.http.get("/metrics").text)
        for sample in family.samples
        if "route" in sample.labels
    }
    assert ("HEAD", "/v1/subjects") in counted


def test_the_document_knows_nothing_of_it(house: House) -> None:
    document = house.http.get("/openapi.json").json()
    assert not [
        path for path, operations in document["paths"].items() if {"head", "options"} & operations.keys()
    ]


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/healthz", "GET, HEAD, OPTIONS"),
        ("/v1/subjects", "GET, HEAD, OPTIONS"),
        ("/v1/subscriptions/1", "DELETE, GET, HEAD, OPTIONS, PATCH"),
        ("/v1/events", "OPTIONS, POST"),
        ("/v1/own/order", "GET, HEAD, OPTIONS, POST"),
        ("/v1/own/order/1/ship", "OPTIONS, POST"),
        ("/line/claim", "OPTIONS, POST"),
        ("*", "DELETE, GET, HEAD, OPTIONS, PATCH, POST"),
    ],
)
def test_options_says_which_methods_there_are(house: House, path: str, allowed: str) -> None:
    answer = _options(house, path)
    assert answer.startswith(b"HTTP/1.1 204 ")
    assert f"\r\nallow: {allowed}\r\n".encode() in answer
    assert answer.endswith(b"\r\n\r\n") and b"access-control" not in answer.lower()


def test_options_of_what_is_not_there(house: House) -> None:
    assert _options(house, "/nowhere").startswith(b"HTTP/1.1 404 ")
    assert house.http.request("PROPFIND", "/healthz").headers["allow"] == "GET, HEAD, OPTIONS"


def _options(house: House, target: str) -> bytes:
    url = house.http.base_url
    with socket.create_connection((url.host, url.port or 80), timeout=60) as connection:
        connection.sendall(f"OPTIONS {target} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".encode())
        said = b""
        while piece := connection.recv(65_536):
            said += piece
    return said
