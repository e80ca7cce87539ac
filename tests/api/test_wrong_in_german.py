"""What is wrong with a form of operators and integrators is said in words, in the language of the page."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

import pytest

from tests.api.conftest import House
from tests.api.signed_in import Browser, browser_of
from tests.api.test_desk import working
from tests.waiting import wait_until
from workflow.access.role import Role

_COUNT = count()
CALENDAR = """BEGIN:VCALENDAR
VERSION:2.0
BEGIN:VEVENT
UID:1
DTSTART:20260703T070000Z
DTEND:20260710T070000Z
SUMMARY:Who knows
END:VEVENT
END:VCALENDAR"""


@pytest.fixture
def browser(house: House) -> Iterator[Browser]:
    """An operator's, who reads German."""
    with working(house):
        found = browser_of(house, f"otto{next(_COUNT)}", Role.OPERATOR)
        found.http.headers["Accept-Language"] = "de"
        yield found


def test_a_length_that_is_none(browser: Browser) -> None:
    said = browser.send(
        "/admin/integrate", "/admin/integrate/keys", name="crm", role="system", expires="bald"
    )
    assert said.status_code == 422
    assert "ist keine Dauer; schreiben Sie sie etwa als 30 min, 2 h oder 3 d" in said.text
    assert "ISO 8601" not in said.text
    browser.http.headers["Accept-Language"] = "en"
    said = browser.send(
        "/admin/integrate", "/admin/integrate/keys", name="crm", role="system", expires="soon"
    )
    assert "is no length of time; write it as 30 min, 2 h or 3 d" in said.text and "ISO 8601" not in said.text
    said = browser.send("/new/promise/make", "/new/promise/make", words="w", within="soon")
    assert "is no length of time" in said.text and "ISO 8601" not in said.text


def test_an_address_and_a_condition_that_are_none(browser: Browser) -> None:
    page, place = "/admin/integrate", "/admin/integrate/subscriptions"
    said = browser.send(page, place, url="https://127.0.0.1/hook", condition="change.data.team = 'x'").text
    assert "ist keine öffentliche Adresse" in said and "ist keine Bedingung über change" in said
    assert "is no" not in said


def test_an_event_that_lacks_what_it_must_say(browser: Browser) -> None:
    page = "/admin/integrate/events/test?type=promise.make"
    said = browser.send(
        page, "/admin/integrate/events/test", type="promise.make", subject="promise:G-1",
        data='{"words": 5, "due_at": "morgen"}', kind="test",
    ).text  # fmt: skip
    for words in (
        "owner: fehlt",
        "words: 5 ist nicht vom Typ",
        "due_at: &#39;morgen&#39; ist kein Zeitpunkt",
    ):
        assert words in said
    assert "is missing" not in said and "is not" not in said


def test_a_calendar_with_a_name_that_nobody_knows(house: House, browser: Browser) -> None:
    shifts = [{"from": "2026-06-29T07:00:00Z", "to": "2026-08-13T07:00:00Z", "people": ["ada@desk.example"]}]
    event = {
        "specversion": "1.0", "id": "german", "source": "/tests", "type": "rotation.set",
        "subject": "rotation:german", "data": {"shifts": shifts, "until": "2026-08-13T07:00:00Z"},
    }  # fmt: skip
    assert house.post(event, Role.OPERATOR).status_code in (200, 202)
    wait_until(lambda: browser.http.get("/duty/german").status_code == 200, seconds=60, what="the rotation")
    said = browser.send("/duty/german", "/duty/german/import", calendar=CALENDAR).text
    assert "Zeile 3: um " in said and "keine Adresse angegeben" in said
    assert "--person" not in said and "events[" not in said


def test_a_lifecycle_without_its_words_says_where_they_go(browser: Browser) -> None:
    definition = """edition: 2
lifecycle: parcel
version: 1
states: [on_the_way, {name: here, final: true}]
triggers: {send: {}, arrive: {}}
transitions:
  - {trigger: send, source: initial, dest: on_the_way}
  - trigger: arrive
    source: on_the_way
    dest: here
    effects: [{notice: {to: ada@shop.example, channel: email, about: news, template: come}}]
"""
    place = "/admin/integrate/lifecycle"
    said = browser.send(place, place, definition=definition, what="check").text
    assert "unknown-template" in said and "Seine Vorlagen stehen in seinen Worten" in said
