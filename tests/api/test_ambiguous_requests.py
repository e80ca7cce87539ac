"""What can be understood in two ways, or is not what it says it is, is refused by name."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from tests.api.conftest import House, open_house
from workflow.access.role import Role

PROMISE = {"words": "We call back", "owner": "ana@shop.example", "due_at": "2030-03-05T17:00:00Z"}


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with open_house(f"sqlite:///{tmp_path_factory.mktemp('ambiguous') / 'makegood.db'}") as opened:
        yield opened


def problem(answer: httpx.Response) -> tuple[int, str, str]:
    """Status, field and rule."""
    (error,) = answer.json()["errors"]
    return answer.status_code, error["field"], error["rule"]


@pytest.mark.parametrize("name", ["If-Match", "Idempotency-Key"])
@pytest.mark.parametrize("path", ["/v1/promises/P-1/make", "/v1/jobs"])
def test_a_header_that_says_one_thing_is_there_once(house: House, path: str, name: str) -> None:
    before = house.counts()
    bearer = house.bearer(Role.OPERATOR)["Authorization"]
    headers = [("Authorization", bearer), (name, '"1"'), (name, '"2"')]
    answer = house.http.post(path, json=PROMISE, headers=headers)
    assert problem(answer) == (422, name.lower(), "single")
    assert house.counts() == before


@pytest.mark.parametrize(
    ("declared", "field", "rule"),
    [
        ({"Content-Type": "text/plain"}, "content-type", "json"),
        ({"Content-Type": "application/x-www-form-urlencoded"}, "content-type", "json"),
        ({"Content-Type": "multipart/form-data; boundary=x"}, "content-type", "json"),
        ({"Content-Type": "application/json; charset=utf-16"}, "content-type", "charset"),
        ({"Content-Type": "application/json", "Content-Encoding": "gzip"}, "content-encoding", "encoding"),
    ],
)
@pytest.mark.parametrize(
    "path",
    ["/v1/promises/P-2/make", "/v1/subscriptions", "/v1/desk/claim", "/v1/dead-letters/messages/1/discard"],
)
def test_a_body_that_says_it_is_no_json_is_not_read_as_json(
    house: House, path: str, declared: dict[str, str], field: str, rule: str
) -> None:
    before = house.counts()
    role = Role.DESK if "desk" in path else Role.OPERATOR
    answer = house.http.post(path, content=b"{}", headers=house.bearer(role) | declared)
    assert problem(answer) == (415, field, rule)
    assert house.counts() == before


@pytest.mark.parametrize("declared", ["", "application/json", "Application/JSON;charset=UTF-8"])
def test_a_body_that_says_nothing_of_itself_is_json(house: House, declared: str) -> None:
    headers = house.bearer() | ({"Content-Type": declared} if declared else {})
    content = b'{"words": "We call back", "owner": "ana@shop.example", "due_at": "2030-03-05T17:00:00Z"}'
    answer = house.http.post("/v1/promises/P-3/make", content=content, headers=headers)
    assert answer.status_code == 202


def test_no_body_is_of_no_type(house: House) -> None:
    headers = house.bearer() | {"Content-Type": "application/x-www-form-urlencoded"}
    assert house.http.post("/v1/promises/P-3/keep", headers=headers).status_code == 202


@pytest.mark.parametrize("url", ["https://xn--a/", "https://xn--/", "https://xn--zzzzzzzz-.example/"])
def test_an_address_in_broken_punycode_is_no_address(house: House, url: str) -> None:
    answer = house.http.post("/v1/subscriptions", json={"url": url}, headers=house.bearer(Role.OPERATOR))
    assert problem(answer) == (422, "url", "url")


def test_an_instant_that_utc_does_not_have_is_refused(house: House) -> None:
    early = {"since": "0001-01-01T00:00:00+14:00"}
    answer = house.http.post("/v1/subscriptions/x/redeliver", json=early, headers=house.bearer(Role.OPERATOR))
    assert problem(answer) == (422, "body.since", "instant-range")
    late = {"outcome": "asked_later", "at": "9999-12-31T23:59:59-14:00", "by": "ana@shop.example"}
    answer = house.http.post(
        "/v1/desk/callbacks/callback:C-1/outcome", json=late, headers=house.bearer(Role.DESK)
    )
    assert problem(answer) == (422, "body.at", "instant-range")


@pytest.mark.parametrize(
    ("target", "field"),
    [
        ("/v1/search?q=%ff", "query.q"),
        ("/v1/search?q=a&q=caf%E9", "query.q"),
        ("/v1/search?q=%C3%28&limit=5", "query.q"),
        ("/v1/search?q=%ED%A0%80", "query.q"),
        ("/v1/search?%ff=1", "query.\N{REPLACEMENT CHARACTER}"),
        ("/v1/subjects?cursor=%80", "query.cursor"),
        ("/v1/changes?team=%ff", "query.team"),
        ("/v1/changes/stream?team=%ff", "query.team"),
        ("/v1/subjects/promise:%ff", "path"),
        ("/v1/promises/%ff", "path"),
        ("/v1/customers/%ff", "path"),
        ("/search?q=%ff", "query.q"),
    ],
)
def test_what_is_no_text_is_not_read_as_another(house: House, target: str, field: str) -> None:
    assert problem(house.http.get(target, headers=house.bearer())) == (422, field, "utf-8")


def test_a_subject_is_not_begun_under_what_is_no_text(house: House) -> None:
    before = house.counts()
    answer = house.http.post("/v1/promises/%ff/make", json=PROMISE, headers=house.bearer())
    assert problem(answer) == (422, "path", "utf-8")
    assert house.counts() == before


def test_a_page_says_so_to_people(house: House) -> None:
    answer = house.http.get("/sign-in?next=%ff", headers={"Accept": "text/html"})
    assert (answer.status_code, answer.headers["content-type"]) == (422, "text/html; charset=utf-8")


def test_text_of_any_script_is_text(house: House) -> None:
    for said in ("m%C3%BCller", "%D9%85%D8%B1%D9%8A%D9%85", "%F0%9F%98%80", "%EF%BF%BD", "a+b%2Bc"):
        assert house.http.get(f"/v1/search?q={said}", headers=house.bearer()).status_code == 200
