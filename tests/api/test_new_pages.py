"""Beginning something on a page: a case, a promise, a subject of a lifecycle of one's own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.api.conftest import House
from tests.api.signed_in import browser_of
from tests.api.test_desk import working
from workflow.access.role import Role

CASE, PROMISE = "/new/case/open", "/new/promise/make"


@pytest.fixture(autouse=True)
def _working(house: House) -> Iterator[None]:
    """What comes in is decided."""
    with working(house):
        yield


def test_a_case_is_opened_in_the_name_of_whoever_writes_it_down(house: House) -> None:
    ada = browser_of(house, "new-ada", Role.AGENT)
    said = {"customer.name": "Chris", "customer.phone": "+49 30 1234", "words": "The modem is dead"}
    answer = ada.send(CASE, CASE, name_of_it="N-1", **said)
    assert (answer.status_code, answer.headers["location"]) == (303, "/cases/N-1")
    assert "It is written down" in ada.get("/cases/N-1").text
    case = house.get("/v1/subjects/case:N-1").json()
    assert case["data"]["customer"] == {"name": "Chris", "phone": "+49 30 1234"}
    assert case["data"]["owner"] == "new-ada@desk.example"


def test_a_promise_is_made_and_a_form_that_is_sent_twice_makes_one(house: House) -> None:
    ben = browser_of(house, "new-ben", Role.AGENT)
    fields = ben.forms(PROMISE).to(PROMISE) | {"words": "We call Chris", "within": "2 hours"}
    places = {ben.post(PROMISE, fields).headers["location"] for _ in range(2)}
    assert len(places) == 1
    key = places.pop().removeprefix("/subjects/")
    found = house.get(f"/v1/subjects/{key}").json()
    assert (found["state"], found["data"]["owner"], found["data"]["made_by"]) == (
        "made", "new-ben@desk.example", "new-ben@desk.example",
    )  # fmt: skip


def test_what_is_missing_or_refused_comes_back_with_what_was_written(house: House) -> None:
    cleo = browser_of(house, "new-cleo", Role.AGENT)
    answer = cleo.send(CASE, CASE, words="The modem is dead")
    assert answer.status_code == 422 and "The modem is dead" in answer.text
    assert "#field-open-customer.name" in answer.text
    answer = cleo.send(PROMISE, PROMISE, words="We call Chris")
    assert answer.status_code == 409 and "deadline" in answer.text and "We call Chris" in answer.text
    answer = cleo.send(CASE, CASE, **{"customer.name": "Chris", "customer.zone": "Nowhere", "words": "w"})
    assert answer.status_code == 422 and "#field-open-customer" in answer.text
    answer = cleo.send(CASE, CASE, name_of_it="no such: name", words="w", **{"customer.name": "C"})
    assert answer.status_code == 422 and "no such: name" in answer.text
    assert "#field-open-name_of_it" in answer.text


def test_a_lifecycle_of_ones_own_is_begun_by_its_own_form(house: House) -> None:
    dora = browser_of(house, "new-dora", Role.AGENT)
    listed = dora.get("/new").text
    assert 'href="/new/order/place"' in listed and CASE in listed
    assert "/new/order/ship" not in listed and "/new/callback" not in listed
    fields = {"amount": "12"}
    answer = dora.send("/new/order/place", "/new/order/place", name_of_it="N-7", **fields)
    assert answer.status_code == 303, answer.text
    assert house.get("/v1/subjects/order:N-7").json()["state"] == "placed"
    assert dora.get("/new/order/ship").status_code == 404


def test_whoever_is_not_of_the_desk_begins_nothing(house: House) -> None:
    answer = house.http.get("/new", headers=house.bearer(Role.SYSTEM) | {"Accept": "text/html"})
    assert answer.status_code == 403


def test_an_operator_says_on_a_page_who_hears_of_what_nobody_takes(house: House) -> None:
    ola, ada = browser_of(house, "new-ola", Role.OPERATOR), browser_of(house, "new-agent", Role.AGENT)
    place = "/new/team/set?called=desk"
    ada.send(PROMISE, PROMISE, words="We call Chris", within="2 h")
    assert f'href="{place}"' in ola.get("/").text
    assert ada.get(place).status_code == 404 and "/new/team/set" not in ada.get("/new").text
    fields = ola.forms(place).to("/new/team/set")
    assert fields["name_of_it"] == "desk"
    said = fields | {"members": "ada@shop.example\nben@shop.example", "lead": "lea@shop.example"}
    sent = ola.post("/new/team/set", said)
    assert sent.headers.get("location") == "/subjects/team:desk", sent.text[sent.text.index("<main") :]
    team = house.get("/v1/subjects/team:desk").json()
    assert (team["state"], team["data"]["members"]) == ("staffed", ["ada@shop.example", "ben@shop.example"])
    assert place not in ola.get("/").text, "somebody would hear of it now"
    page = ola.get("/subjects/team:desk").text
    assert "ada@shop.example, ben@shop.example" in page and "/subjects/team:desk/do/set" in page
    assert "/do/set" not in ada.get("/subjects/team:desk").text
    theirs = (
        said | ada.forms(PROMISE).to(PROMISE) | {"members": "ada@shop.example", "lead": "ada@shop.example"}
    )
    assert ada.post("/new/team/set", theirs).status_code == 404
    assert ada.post("/subjects/team:desk/do/set", theirs).status_code == 403
    assert house.get("/v1/subjects/team:desk").json()["data"]["lead"] == "lea@shop.example"
